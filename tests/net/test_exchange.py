"""Upstreams lie, are slow, are cut off or are dead; the question is answered or ends in time."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import dns.flags
import dns.message
import dns.name
import pytest

from filterd.net.exchange import Exchanger
from filterd.resolve.upstreams import Upstream, Upstreams
from filterd.wire.forge import to_upstream
from filterd.wire.query import scan

Message = dns.message.Message


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter times, for what is not about them."""
    monkeypatch.setattr("filterd.net.exchange.DEADLINE_S", 0.5)
    monkeypatch.setattr("filterd.net.exchange.NEXT_TRY_S", 0.15)


async def ask(exchanger: Exchanger, packet: bytes) -> bytes | None:
    heard: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    exchanger.ask(packet, heard.set_result)
    async with asyncio.timeout(10):
        return await heard


def exchanger_of(*upstreams: Upstream, **more: Any) -> Exchanger:
    return Exchanger(asyncio.get_running_loop(), Upstreams(upstreams), **more)


def silent(_: Message, _transport: str) -> list[bytes]:
    return []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_reply_comes_back_and_every_question_has_its_own_id_and_port(
    net: Any, address: str
) -> None:
    async def main() -> None:
        async with net.nano_upstream(lambda asked, _: [net.answer(asked)], address) as upstream:
            exchanger = exchanger_of(upstream.address)
            for number in range(20):
                reply = await ask(exchanger, net.query(f"n{number}.example"))
                assert dns.message.from_wire(reply).answer
            await exchanger.close()
            assert len(set(upstream.ids)) > 15
            assert len(set(upstream.peers)) > 15

    asyncio.run(main())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_truncated_reply_is_fetched_whole_over_tcp(net: Any, address: str) -> None:
    def behave(asked: Message, transport: str) -> Iterable[bytes]:
        if transport == "tcp":
            return [net.answer(asked, count=100)]
        cut = dns.message.make_response(asked)
        cut.flags |= dns.flags.TC
        return [cut.to_wire()]

    async def main() -> None:
        async with net.nano_upstream(behave, address) as upstream:
            exchanger = exchanger_of(upstream.address)
            reply = await ask(exchanger, net.query("long.example", "TXT"))
            assert reply is not None
            assert len(reply) > 10_000
            assert upstream.asked == [("long.example", "udp"), ("long.example", "tcp")]
            assert len(set(upstream.ids)) == 2
            await exchanger.close()

    asyncio.run(main())


def other_id(asked: Message, right: bytes) -> bytes:
    return (asked.id ^ 1).to_bytes(2) + right[2:]


def other_name(asked: Message, right: bytes) -> bytes:
    return right.replace(b"\4news", b"\4fake")


def other_type(asked: Message, right: bytes) -> bytes:
    at = right.index(b"\0\0\1\0\1") + 2
    return right[:at] + b"\x1c" + right[at + 1 :]


def no_reply(asked: Message, right: bytes) -> bytes:
    return right[:2] + bytes([right[2] & 0x7F]) + right[3:]


def short(asked: Message, right: bytes) -> bytes:
    return right[:14]


@pytest.mark.parametrize("forge", [other_id, other_name, other_type, no_reply, short])
def test_a_forged_reply_is_ignored_and_the_true_one_taken(
    net: Any, forge: Callable[[Message, bytes], bytes]
) -> None:
    def behave(asked: Message, _: str) -> Iterable[bytes]:
        lie = forge(asked, net.answer(asked, "203.0.113.66"))
        return [lie] * 40 + [net.answer(asked)]

    async def main() -> None:
        async with net.nano_upstream(behave) as upstream:
            exchanger = exchanger_of(upstream.address)
            reply = await ask(exchanger, net.query("news.example"))
            assert "192.0.2.7" in dns.message.from_wire(reply).answer[0].to_text()
            assert len(upstream.asked) == 1
            await exchanger.close()

    asyncio.run(main())


def test_a_reply_from_another_port_is_not_heard(net: Any, hasty: None) -> None:
    async def main() -> None:
        async with net.nano_upstream(silent) as upstream, net.nano_upstream(silent) as stranger:

            def behave(asked: Message, _: str) -> Iterable[bytes]:
                stranger.transport.sendto(net.answer(asked), upstream.peers[-1])
                return []

            upstream.behave = behave
            exchanger = exchanger_of(upstream.address)
            assert await ask(exchanger, net.query("news.example")) is None
            await exchanger.close()

    asyncio.run(main())


def test_the_name_may_come_back_in_another_case(net: Any) -> None:
    def behave(asked: Message, _: str) -> Iterable[bytes]:
        return [net.answer(asked).replace(b"\4news", b"\4NEWS")]

    async def main() -> None:
        async with net.nano_upstream(behave) as upstream:
            exchanger = exchanger_of(upstream.address)
            assert await ask(exchanger, net.query("news.example")) is not None
            await exchanger.close()

    asyncio.run(main())


@pytest.mark.parametrize("count", [1, 3])
def test_dead_upstreams_are_given_up_within_two_and_a_half_seconds(net: Any, count: int) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(silent) as one,
            net.nano_upstream(silent) as two,
            net.nano_upstream(silent) as three,
        ):
            dead = [one, two, three][:count]
            exchanger = exchanger_of(*(upstream.address for upstream in dead))
            began = time.monotonic()
            assert await ask(exchanger, net.query("news.example")) is None
            assert time.monotonic() - began < 2.5
            assert all(upstream.asked for upstream in dead)
            assert sum(len(upstream.asked) for upstream in dead) >= 2
            assert exchanger.unanswered == 1
            await exchanger.close()

    asyncio.run(main())


def test_the_second_is_asked_when_the_first_is_silent_and_first_next_time(
    net: Any, hasty: None
) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(silent) as dead,
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as alive,
        ):
            exchanger = exchanger_of(dead.address, alive.address)
            assert await ask(exchanger, net.query("one.example")) is not None
            assert await ask(exchanger, net.query("two.example")) is not None
            assert dead.asked == [("one.example", "udp")]
            assert [name for name, _ in alive.asked] == ["one.example", "two.example"]
            await exchanger.close()

    asyncio.run(main())


def test_a_port_where_nobody_listens_costs_no_time(net: Any) -> None:
    async def main() -> None:
        udp, tcp = net.bound_pair("127.0.0.1")
        nobody = Upstream(*udp.getsockname())
        udp.close()
        tcp.close()
        async with net.nano_upstream(lambda asked, _: [net.answer(asked)]) as alive:
            exchanger = exchanger_of(nobody, alive.address)
            began = time.monotonic()
            assert await ask(exchanger, net.query("news.example")) is not None
            assert time.monotonic() - began < 0.5
            await exchanger.close()
        alone = exchanger_of(nobody)
        assert await ask(alone, net.query("news.example")) is None
        await alone.close()

    asyncio.run(main())


def test_a_slow_answer_counts_even_when_the_next_was_asked(net: Any, hasty: None) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with net.nano_upstream(silent) as slow, net.nano_upstream(silent) as dead:

            def behave(asked: Message, _: str) -> Iterable[bytes]:
                loop.call_later(0.25, slow.transport.sendto, net.answer(asked), slow.peers[-1])
                return []

            slow.behave = behave
            exchanger = exchanger_of(slow.address, dead.address)
            assert await ask(exchanger, net.query("news.example")) is not None
            assert dead.asked
            assert exchanger.upstreams.order(loop.time())[0] == slow.address
            await exchanger.close()

    asyncio.run(main())


def refuses(asked: Message, _: str) -> Iterable[bytes]:
    reply = dns.message.make_response(asked)
    reply.set_rcode(5)
    return [reply.to_wire()]


def test_an_upstream_that_refuses_is_not_the_last_word(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(refuses) as unwilling,
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as willing,
        ):
            exchanger = exchanger_of(unwilling.address, willing.address)
            reply = await ask(exchanger, net.query("news.example"))
            assert dns.message.from_wire(reply).rcode() == 0
            await exchanger.close()

    asyncio.run(main())


@pytest.mark.parametrize("second", ["refuses", "silent"])
def test_a_refusal_is_better_than_nothing(net: Any, hasty: None, second: str) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(refuses) as one,
            net.nano_upstream({"refuses": refuses, "silent": silent}[second]) as two,
        ):
            exchanger = exchanger_of(one.address, two.address)
            reply = await ask(exchanger, net.query("news.example"))
            assert dns.message.from_wire(reply).rcode() == 5
            assert len(two.asked) == 1
            await exchanger.close()

    asyncio.run(main())


def cannot_read_edns(asked: Message, _: str) -> Iterable[bytes]:
    """Answer as some old home routers do: a bare header to whatever holds an OPT."""
    if asked.edns < 0:
        return [dns.message.make_response(asked).to_wire()]
    return [asked.id.to_bytes(2) + b"\x81\x81" + bytes(8)]


def test_an_upstream_that_cannot_read_edns_is_asked_without_it(net: Any) -> None:
    async def main() -> None:
        async with net.nano_upstream(cannot_read_edns) as old:
            exchanger = exchanger_of(old.address)
            packet = to_upstream(scan(net.query("news.example")), 0)
            reply = await ask(exchanger, packet)
            assert dns.message.from_wire(reply).rcode() == 0
            assert len(old.asked) == 2
            await exchanger.close()

    asyncio.run(main())


def test_a_connection_that_says_nothing_ends_at_the_deadline(net: Any, hasty: None) -> None:
    def behave(asked: Message, transport: str) -> Iterable[bytes]:
        cut = dns.message.make_response(asked)
        cut.flags |= dns.flags.TC
        return [] if transport == "tcp" else [cut.to_wire()]

    async def main() -> None:
        async with net.nano_upstream(behave) as upstream:
            exchanger = exchanger_of(upstream.address)
            assert await ask(exchanger, net.query("long.example", "TXT")) is None
            assert ("long.example", "tcp") in upstream.asked
            await exchanger.close()

    asyncio.run(main())


def test_a_lie_over_tcp_sends_us_to_the_next(net: Any, hasty: None) -> None:
    def behave(asked: Message, transport: str) -> Iterable[bytes]:
        if transport == "tcp":
            return [other_id(asked, net.answer(asked, "203.0.113.66"))]
        cut = dns.message.make_response(asked)
        cut.flags |= dns.flags.TC
        return [cut.to_wire()]

    async def main() -> None:
        async with (
            net.nano_upstream(behave) as liar,
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as honest,
        ):
            exchanger = exchanger_of(liar.address, honest.address)
            reply = await ask(exchanger, net.query("news.example"))
            assert "192.0.2.7" in dns.message.from_wire(reply).answer[0].to_text()
            await exchanger.close()

    asyncio.run(main())


def test_too_many_at_once_fail_at_once_and_there_is_room_again(net: Any, hasty: None) -> None:
    async def main() -> None:
        async with net.nano_upstream(silent) as upstream:
            exchanger = exchanger_of(upstream.address, most_sockets=3)
            waiting = [
                asyncio.create_task(ask(exchanger, net.query(f"n{number}.example")))
                for number in range(3)
            ]
            await asyncio.sleep(0)
            began = time.monotonic()
            assert await ask(exchanger, net.query("more.example")) is None
            assert time.monotonic() - began < 0.1
            assert exchanger.refused_full == 1
            assert await asyncio.gather(*waiting) == [None] * 3
            upstream.behave = lambda asked, _: [net.answer(asked)]
            assert await ask(exchanger, net.query("again.example")) is not None
            await exchanger.close()

    asyncio.run(main())


def test_closing_ends_everything_in_silence(net: Any) -> None:
    def behave(asked: Message, transport: str) -> Iterable[bytes]:
        if transport == "tcp" or "udp" in asked.question[0].name.to_text():
            return []
        cut = dns.message.make_response(asked)
        cut.flags |= dns.flags.TC
        return [cut.to_wire()]

    async def main() -> None:
        async with net.nano_upstream(behave) as upstream:
            exchanger = exchanger_of(upstream.address)
            heard: list[bytes | None] = []
            exchanger.ask(net.query("udp.example"), heard.append)
            exchanger.ask(net.query("tcp.example"), heard.append)
            await net.until(lambda: ("tcp.example", "tcp") in upstream.asked)
            began = time.monotonic()
            await exchanger.close()
            assert time.monotonic() - began < 1.0
            assert heard == []
            assert len(asyncio.all_tasks()) <= 2, "ours, and the upstream's connection"

    asyncio.run(main())


def test_without_an_upstream_the_answer_is_none(net: Any) -> None:
    async def main() -> None:
        assert await ask(exchanger_of(), net.query("news.example")) is None

    asyncio.run(main())


@pytest.mark.parametrize("address", ["fe80::1%nowhere", "::ffff:0:0"])
def test_an_address_that_cannot_be_asked_is_skipped(net: Any, address: str) -> None:
    async def main() -> None:
        async with net.nano_upstream(lambda asked, _: [net.answer(asked)]) as alive:
            exchanger = exchanger_of(Upstream(address), alive.address)
            assert await ask(exchanger, net.query("news.example")) is not None
            await exchanger.close()

    asyncio.run(main())
