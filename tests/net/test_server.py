"""The whole path over real sockets: packet, policy, upstream, reply, record."""

import asyncio
import random
import socket
import time
from collections.abc import Iterable
from typing import Any

import dns.flags
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.resolve.record import Origin

Message = dns.message.Message


def test_blocked_and_allowed_names_over_udp_and_tcp(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as upstream,
            net.running_server(upstream.address) as running,
            net.connected(running.port) as (reader, writer),
        ):
            for name, address, origin in [
                ("porn.example", "0.0.0.0", Origin.OURSELVES),
                ("porn.example", "0.0.0.0", Origin.OURSELVES),
                ("news.example", "192.0.2.7", Origin.UPSTREAM),
                ("news.example", "192.0.2.7", Origin.CACHE),
                ("news.example", "192.0.2.7", Origin.CACHE),
            ]:
                reply = dns.message.from_wire(await net.ask_udp(running.port, net.query(name)))
                assert reply.answer[0][0].to_text() == address
                assert (running.records[-1].name, running.records[-1].origin) == (name, origin)
                packet = net.query(name, message_id=9)
                writer.write(len(packet).to_bytes(2) + packet)
                assert dns.message.from_wire(await net.read_frame(reader)).answer == reply.answer
            assert len(upstream.asked) == 1
            assert len(running.records) == 10

    asyncio.run(main())


def test_a_long_answer_is_cut_over_udp_and_whole_over_tcp(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda asked, _: [net.answer(asked, count=20)]) as upstream,
            net.running_server(upstream.address) as running,
            net.connected(running.port) as (reader, writer),
        ):
            packet = net.query("long.example", "TXT")
            cut = dns.message.from_wire(await net.ask_udp(running.port, packet))
            assert cut.flags & dns.flags.TC
            writer.write(len(packet).to_bytes(2) + packet)
            assert len(dns.message.from_wire(await net.read_frame(reader)).answer[0]) == 20

    asyncio.run(main())


def test_a_helpline_is_answered_and_nothing_is_written(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as upstream,
            net.running_server(upstream.address) as running,
        ):
            for _ in range(3):
                await net.ask_udp(running.port, net.query("helpline.example"))
            assert running.records == []

    asyncio.run(main())


def test_equal_questions_in_flight_are_asked_once(net: Any) -> None:
    held: list[Message] = []

    def behave(asked: Message, _: str) -> Iterable[bytes]:
        held.append(asked)
        return []

    async def main() -> None:
        async with (
            net.nano_upstream(behave) as upstream,
            net.running_server(upstream.address) as running,
        ):
            asking = [
                asyncio.create_task(
                    net.ask_udp(
                        running.port,
                        net.query(
                            "News.example" if number % 2 else "news.example", message_id=number
                        ),
                    )
                )
                for number in range(30)
            ]
            await net.until(lambda: held and len(running.server._inflight) == 30)
            upstream.transport.sendto(net.answer(held[0]), upstream.peers[0])
            replies = [dns.message.from_wire(reply) for reply in await asyncio.gather(*asking)]
            assert len(upstream.asked) == 1
            assert [reply.id for reply in replies] == list(range(30))
            names = {reply.question[0].name.to_text() for reply in replies}
            assert names == {"News.example.", "news.example."}
            assert len(running.records) == 30
            assert running.server.forwarded == 1

    asyncio.run(main())


def test_a_dead_upstream_is_servfail_in_time_and_the_next_query_tries_again(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda *_: []) as upstream,
            net.running_server(upstream.address) as running,
        ):
            began = time.monotonic()
            reply = await net.ask_udp(running.port, net.query("news.example"))
            assert time.monotonic() - began < 2.5
            assert dns.message.from_wire(reply).rcode() == 2
            assert running.records[-1].origin == Origin.FAILED
            upstream.behave = lambda asked, _: [net.answer(asked)]
            again = await net.ask_udp(running.port, net.query("news.example"))
            assert dns.message.from_wire(again).answer

    asyncio.run(main())


def test_a_dead_upstream_does_not_slow_what_is_blocked_or_cached(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as upstream,
            net.running_server(upstream.address) as running,
        ):
            await net.ask_udp(running.port, net.query("news.example"))
            upstream.behave = lambda *_: []
            waiting = [
                asyncio.create_task(
                    net.ask_udp(running.port, net.query(f"n{number}.example"), timeout_s=9)
                )
                for number in range(50)
            ]
            await asyncio.sleep(0)
            began = time.monotonic()
            for name in ("news.example", "porn.example"):
                await net.ask_udp(running.port, net.query(name))
            assert time.monotonic() - began < 0.5
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(main())


def test_a_new_policy_holds_from_the_next_packet_on(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as upstream,
            net.running_server(upstream.address) as running,
        ):
            addresses = []
            for blocked in ((), ("news.example",), ()):
                running.server.replace_policy(net.policy(*blocked))
                for _ in range(3):
                    reply = await net.ask_udp(running.port, net.query("news.example"))
                    addresses.append(dns.message.from_wire(reply).answer[0][0].to_text())
            assert addresses == ["192.0.2.7"] * 3 + ["0.0.0.0"] * 3 + ["192.0.2.7"] * 3

    asyncio.run(main())


def test_a_server_that_starts_again_waits_for_nobody(net: Any) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda *_: []) as upstream,
            net.running_server(upstream.address) as running,
        ):
            asking = asyncio.create_task(net.ask_udp(running.port, net.query("news.example")))
            await net.until(lambda: bool(upstream.asked))
            await running.server.stop()
            upstream.behave = lambda asked, _: [net.answer(asked)]
            await running.server.start()
            reply = await net.ask_udp(running.port, net.query("news.example"))
            assert dns.message.from_wire(reply).answer
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(main())


def test_what_is_counted_has_no_names(net: Any) -> None:
    async def main() -> None:
        async with net.running_server() as running:
            for name in ("porn.example", "porn.example", "news.example", "helpline.example"):
                await net.ask_udp(running.port, net.query(name))
            counts = running.server.counts()
            assert (counts["udp_queries"], counts["forwarded"], counts["failed"]) == (4, 2, 2)
            assert "example" not in str(counts)

    asyncio.run(main())


def test_a_device_is_known_by_its_mac(net: Any) -> None:
    macs = {"127.0.0.5": "02:00:00:00:00:01"}

    async def main() -> None:
        async with (
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as upstream,
            net.running_server(upstream.address, mac_of=macs.get) as running,
        ):
            for source, address in [("127.0.0.5", "192.0.2.7"), ("127.0.0.6", "0.0.0.0")]:
                for _ in range(2):
                    packet = net.query("porn.example")
                    reply = await net.ask_udp(running.port, packet, source=source)
                    assert dns.message.from_wire(reply).answer[0][0].to_text() == address

    asyncio.run(main())


def test_a_fault_in_one_answer_is_servfail_and_the_next_is_answered(
    net: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(address: str) -> str:
        raise ZeroDivisionError(f"secret {address}")

    async def main() -> None:
        async with net.running_server(mac_of=fault) as running:
            for _ in range(30):
                reply = await net.ask_udp(running.port, net.query("porn.example"))
                assert dns.message.from_wire(reply).rcode() == 2
            assert running.server.faults == 30
            running.server._mac_of = lambda _: None
            reply = await net.ask_udp(running.port, net.query("porn.example"))
            assert dns.message.from_wire(reply).answer

    asyncio.run(main())
    assert 0 < len(caplog.records) < 30
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text


def test_a_fault_while_answering_those_who_wait_leaves_nobody_waiting(
    net: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with (
            net.nano_upstream(lambda asked, _: [net.answer(asked)]) as upstream,
            net.running_server(upstream.address) as running,
        ):
            for broken in ("learn", "answered"):
                with monkeypatch.context() as patch:
                    patch.setattr(running.server.engine, broken, lambda *_: 1 / 0)
                    reply = await net.ask_udp(running.port, net.query(f"{broken}.example"))
                    assert dns.message.from_wire(reply).rcode() == 2
                    assert len(running.server._inflight) == 0
            reply = await net.ask_udp(running.port, net.query("learn.example"))
            assert dns.message.from_wire(reply).answer

    asyncio.run(main())


@settings(max_examples=20)
@given(
    packets=st.lists(st.binary(max_size=300), max_size=40),
    seed=st.integers(0, 2**32),
    address=st.sampled_from(["127.0.0.1", "0.0.0.0"]),
)
def test_no_packets_stop_the_server(
    net: Any, packets: list[bytes], seed: int, address: str
) -> None:
    noise = random.Random(seed)
    for _ in range(20):
        damaged = bytearray(net.query("www.porn.example", use_edns=0))
        for _ in range(noise.randint(1, 4)):
            damaged[noise.randrange(len(damaged))] = noise.randrange(256)
        packets.append(bytes(damaged))

    async def main() -> None:
        async with net.running_server(address=address) as running:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for packet in packets:
                    sock.sendto(packet, ("127.0.0.1", running.port))
                stream = b"".join(len(packet).to_bytes(2) + packet for packet in packets)
                async with net.connected(running.port) as (reader, writer):
                    right = net.query("porn.example", message_id=4711)
                    writer.write(stream + len(right).to_bytes(2) + right)
                    while (reply := await net.read_frame(reader))[:2] != right[:2]:
                        pass
                    assert dns.message.from_wire(reply).answer
                reply = await net.ask_udp(running.port, right)
                assert dns.message.from_wire(reply).answer
            assert running.server.faults == 0

    asyncio.run(main())
