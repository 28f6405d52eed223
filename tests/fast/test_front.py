"""The core on real sockets: it answers what it was taught, as Python would, and passes the rest."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import dns.message
import pytest

from filterd.resolve.record import Origin


async def turned(is_so: Callable[[], Any]) -> None:
    """Give the loop its turns until it is so."""
    while not is_so():  # noqa: ASYNC110 (it has no event)
        await asyncio.sleep(0)


def test_a_second_equal_question_is_answered_without_python(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            for name in ("porn.example", "www.porn.example", "news.example"):
                first = await fast.ask(running.port, fast.query(name))
                before = running.passed()
                second = await fast.ask(running.port, fast.query(name, message_id=7))
                assert running.passed() == before, name
                assert second == b"\0\7" + first[2:]
            assert running.upstream.asked == ["news.example"]
            names = [(record.name, record.action) for record in running.all_records()]
            assert names == [
                ("porn.example", "block"),
                ("porn.example", "block"),
                ("www.porn.example", "block"),
                ("www.porn.example", "block"),
                ("news.example", "allow"),
                ("news.example", "allow"),
            ]
            assert dns.message.from_wire(second).answer[0][0].to_text() == "192.0.2.7"

    asyncio.run(main())


def test_a_miss_is_asked_by_the_core_once_for_all_who_wait(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            await fast.ask(running.port, fast.query("first.example"))
            before = running.passed()
            running.upstream.asked.clear()
            replies = await asyncio.gather(
                *(fast.ask(running.port, fast.query("New.example", message_id=n)) for n in range(9))
            )
            assert running.upstream.asked == ["new.example"]
            assert running.passed() == before
            assert [reply[1] for reply in replies] == list(range(9))
            assert len({reply[2:] for reply in replies}) == 1
            assert b"\3New" in replies[0]
            origins = [r.origin for r in running.all_records() if r.name == "new.example"]
            assert origins == [Origin.UPSTREAM] * 9

    asyncio.run(main())


def test_patterns_leave_new_names_that_none_fits_to_the_core(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy(patterns=["*zork*", "/^ads?[0-9]+[.]/"])) as running:
            await fast.ask(running.port, fast.query("first.example"))
            before = running.passed()
            for name in ("new.example", "NEW-2.example", "bad1.example", "a.ads.example"):
                reply = dns.message.from_wire(await fast.ask(running.port, fast.query(name)))
                assert reply.answer[0][0].to_text() == "192.0.2.7", name
            assert running.passed() == before
            for count, name in enumerate(("a.zork.example", "ADS1.example", "xzork.example"), 1):
                reply = dns.message.from_wire(await fast.ask(running.port, fast.query(name)))
                assert reply.answer[0][0].to_text() == "0.0.0.0", name
                assert running.passed() == before + count

    asyncio.run(main())


def test_a_silent_upstream_is_servfail_within_its_time(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            await fast.ask(running.port, fast.query("first.example"))
            running.upstream.is_silent = True
            began = asyncio.get_running_loop().time()
            reply = await fast.ask(running.port, fast.query("new.example", use_edns=0))
            assert asyncio.get_running_loop().time() - began < 2.5
            assert dns.message.from_wire(reply).rcode() == 2
            assert running.all_records()[-1].origin == Origin.FAILED
            # Python hears of it, and finds out when the upstream is well again.
            async with asyncio.timeout(2):
                while running.server.upstreams.healthy():  # noqa: ASYNC110 (it has no event)
                    await asyncio.sleep(0.02)
            running.upstream.is_silent = False
            again = await fast.ask(running.port, fast.query("new.example"))
            assert dns.message.from_wire(again).answer

    asyncio.run(main())


@pytest.mark.parametrize("reply", ["truncated", "refuses EDNS", "of another question", "garbage"])
def test_a_reply_that_is_not_proven_is_left_to_python(fast: Any, reply: str) -> None:
    def odd(packet: bytes) -> bytes:
        if reply == "truncated":
            return packet[:2] + b"\x83\x80" + packet[4:]
        if reply == "refuses EDNS":
            return packet[:2] + b"\x81\x81" + bytes(8)
        if reply == "of another question":
            return packet[:12] + b"\3bad" + packet[16:]
        return packet[:2] + b"\x81\x80\0\1\0\7\0\0\0\0" + packet[12:]

    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            await fast.ask(running.port, fast.query("first.example"))
            running.upstream.odd = odd
            asking = asyncio.create_task(fast.ask(running.port, fast.query("new.example")))
            async with asyncio.timeout(2):
                while "new.example" not in running.upstream.asked:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            running.upstream.odd = None
            answered = dns.message.from_wire(await asking)
            assert answered.answer or answered.rcode() == 2

    asyncio.run(main())


def test_what_leads_to_a_blocked_name_is_blocked_for_whom_it_is(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            running.upstream.zone["shop.example"] = [
                "shop.example. 300 IN CNAME cdn.example.",
                "cdn.example. 300 IN CNAME porn.example.",
                "porn.example. 300 IN A 192.0.2.9",
            ]
            for _ in range(3):
                child = await fast.ask(running.port, fast.query("shop.example"))
                mother = await fast.ask(
                    running.port, fast.query("shop.example"), source="127.0.0.3"
                )
                assert dns.message.from_wire(child).answer[-1][0].to_text() == "0.0.0.0"
                assert dns.message.from_wire(mother).answer[-1][0].to_text() == "192.0.2.9"
            before = running.passed()
            await fast.ask(running.port, fast.query("shop.example"))
            assert running.passed() == before
            assert {r.matched for r in running.all_records() if r.action == "block"} == {
                "porn.example"
            }

    asyncio.run(main())


def test_a_changed_policy_holds_from_the_next_packet_on(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            running.upstream.zone["cdn.example"] = [
                "cdn.example. 300 IN CNAME target.example.",
                "target.example. 300 IN A 192.0.2.9",
            ]
            for blocked in ((), ("news.example", "target.example"), ()):
                policy = fast.policy(blocked_names=list(blocked))
                running.server.replace_policy(policy)
                running.front.replace_policy(policy)
                for name in ("news.example", "cdn.example"):
                    for _ in range(3):
                        reply = await fast.ask(running.port, fast.query(name))
                        address = dns.message.from_wire(reply).answer[-1][0].to_text()
                        assert (address == "0.0.0.0") == bool(blocked), (name, blocked)

    asyncio.run(main())


def test_who_asked_lately_need_not_be_taught_again_after_a_change(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            names = ("news.example", "porn.example")
            for name in names * 2:
                await fast.ask(running.port, fast.query(name))
            front = running.front
            async with asyncio.timeout(5):
                await turned(lambda: front._asked and not front._slices.is_busy)
                policy = fast.policy(blocked_categories=["games"])
                running.server.replace_policy(policy)
                front.replace_policy(policy)
                await turned(lambda: not front._slices.is_busy)
            before = running.passed()
            for name, address in zip(names, ("192.0.2.7", "192.0.2.7"), strict=True):
                reply = await fast.ask(running.port, fast.query(name))
                assert dns.message.from_wire(reply).answer[-1][0].to_text() == address
            assert running.passed() == before

    asyncio.run(main())


def test_work_ahead_is_done_in_slices_and_gives_way_to_newer() -> None:
    slices_of = pytest.importorskip("filterd.fast.slices")
    took: list[str] = []

    def steps(name: str, count: int) -> Any:
        for _ in range(count):
            took.append(name)
            yield

    async def main() -> None:
        slices = slices_of.Slices(asyncio.get_running_loop())
        slices.begin(steps("old", 1_000_000_000))
        async with asyncio.timeout(5):
            await turned(lambda: len(took) >= 10)
            slices.begin(steps("new", 3))
            await turned(lambda: not slices.is_busy)
            slices.begin(steps("last", 1_000_000_000))
            slices.stop()
            await asyncio.sleep(0)
        assert took[-3:] == ["new"] * 3

    asyncio.run(main())


def test_old_tables_are_freed_when_no_worker_uses_them(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            for version in range(2, 30):
                await fast.ask(running.port, fast.query("porn.example"))
                policy = fast.policy(version)
                running.server.replace_policy(policy)
                running.front.replace_policy(policy)
                running.all_records()
            async with asyncio.timeout(3):
                while len(running.front.lines._told) > 1:
                    running.all_records()
                    await asyncio.sleep(0.05)
            assert running.front._teacher.core.release() == 0
            assert len(running.records) == 28
            assert running.front.lines.lost == 0

    asyncio.run(main())


@pytest.mark.parametrize("at", ["127.0.0.1", "127.0.0.7", "::1"])
def test_the_reply_leaves_from_the_address_that_was_asked(fast: Any, at: str) -> None:
    async def main() -> None:
        wild = "::" if ":" in at else "0.0.0.0"
        try:
            socket.create_server(
                (at, 0), family=socket.AF_INET6 if ":" in at else socket.AF_INET
            ).close()
        except OSError:
            pytest.skip(f"this machine has no address {at}")
        async with fast.running(fast.policy(), addresses=[wild]) as running:
            for name in ("porn.example", "news.example", "porn.example", "news.example"):
                # The socket is connected: a reply from another address is not let in.
                assert await fast.ask(running.port, fast.query(name), at=at)
            assert running.front.counts()["answered"] >= 2

    asyncio.run(main())


def test_packets_the_core_does_not_read_are_answered_by_python(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            for packet, rcode in [
                (fast.query("version.bind", "TXT", rdclass="CH"), 5),
                (b"\0\1\x28\0" + bytes(8), 4),
                (fast.query("printer.local"), 3),
                (fast.query("use-application-dns.net"), 3),
                (fast.query("a.example", "ANY"), 0),
                (fast.query("a b.example"), 0),
            ]:
                for _ in range(2):
                    reply = await fast.ask(running.port, packet)
                    assert reply[3] & 15 == rcode
                    assert reply[2] & 0x80

    asyncio.run(main())


def test_helplines_leave_no_line_with_or_without_a_suffix(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            for _ in range(3):
                for name in ("helpline.example", "www.helpline.example", "helpline.example.lan"):
                    await fast.ask(running.port, fast.query(name))
            assert running.all_records() == []

    asyncio.run(main())


def test_log_depths_hold_for_lines_of_the_core(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            for source in ("127.0.0.4", "127.0.0.5"):
                for _ in range(3):
                    await fast.ask(running.port, fast.query("porn.example"), source=source)
            records = running.all_records()
            assert [(r.profile, r.name, r.matched, r.category) for r in records] == [
                ("quiet", "", "", "adult")
            ] * 3

    asyncio.run(main())


def test_a_flood_loses_lines_and_counts_each(fast: Any) -> None:
    packet = fast.query("porn.example")

    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            await fast.ask(running.port, packet)
            worker = running.front._workers[0]
            before = len(running.records)
            address = bytes(10) + b"\xff\xff\x7f\0\0\1"
            for _ in range(60_000):
                assert isinstance(
                    worker.answer_at(packet, address, time.time(), time.monotonic()), bytes
                )
            kept = len(running.all_records()) - before
            assert kept >= 300
            assert kept + running.front.lines.lost == 60_000

    asyncio.run(main())


def test_all_workers_end_when_the_front_stops(fast: Any) -> None:
    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            threads = running.front._threads
            assert all(thread.is_alive() for thread in threads)
        assert not any(thread.is_alive() for thread in threads)

    asyncio.run(main())
