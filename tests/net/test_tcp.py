"""Many queries on one connection, in any pieces, and no client that can take it all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.net.tcp import FRAMES_PER_TURN, MOST_IN_FLIGHT, Limits, TcpListener


class Answerer:
    """Echoes each packet, but for "drop", "big", and "later", which waits for ``release``."""

    def __init__(self) -> None:
        self.handled: list[bytes] = []
        self.waiting: list[tuple[Callable[[bytes], None], bytes]] = []

    def may_ask(self, address: str) -> bool:
        return address != "127.0.0.66"

    def handle(
        self, packet: bytes, address: str, *, over_stream: bool, send: Callable[[bytes], None]
    ) -> bool:
        assert over_stream
        self.handled.append(packet)
        if packet.startswith(b"drop"):
            return False
        if packet.startswith(b"later"):
            self.waiting.append((send, packet))
        elif packet.startswith(b"big"):
            send(bytes(60_000))
        else:
            send(packet + address.encode())
        return True

    def release(self) -> None:
        waiting, self.waiting = self.waiting, []
        for send, packet in reversed(waiting):
            send(packet)


@pytest.fixture(scope="session")
def listening(net: Any) -> Callable[..., Any]:
    @asynccontextmanager
    async def listen(**limits: Any) -> AsyncIterator[tuple[Answerer, int, TcpListener]]:
        udp, tcp = net.bound_pair("127.0.0.1")
        udp.close()
        answerer = Answerer()
        listener = TcpListener(asyncio.get_running_loop(), tcp, answerer, Limits(**limits))
        await listener.start()
        try:
            yield answerer, tcp.getsockname()[1], listener
        finally:
            await listener.stop()
            tcp.close()

    return listen


def framed(*packets: bytes) -> bytes:
    return b"".join(len(packet).to_bytes(2) + packet for packet in packets)


async def frames(reader: asyncio.StreamReader) -> list[bytes]:
    """Everything up to the end of the stream."""
    found = []
    async with asyncio.timeout(5):
        with suppress(asyncio.IncompleteReadError):
            while True:
                size = int.from_bytes(await reader.readexactly(2))
                found.append(await reader.readexactly(size))
    return found


async def is_closed(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(5):
        try:
            return await reader.read(1) == b""
        except ConnectionError:
            return True


def test_pipelined_queries_are_answered_as_they_become_ready(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with listening() as (answerer, port, _), net.connected(port) as (reader, writer):
            writer.write(framed(b"later 1", b"now 2", b"later 3", b"now 4"))
            assert [await net.read_frame(reader) for _ in range(2)] == [
                b"now 2127.0.0.1",
                b"now 4127.0.0.1",
            ]
            answerer.release()
            assert [await net.read_frame(reader) for _ in range(2)] == [b"later 3", b"later 1"]

    asyncio.run(main())


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 60), max_size=8))
def test_frames_may_arrive_in_any_pieces(net: Any, listening: Any, cuts: list[int]) -> None:
    stream = framed(b"one", b"", b"x" * 20, b"later four", b"five")

    async def main() -> None:
        async with listening() as (answerer, port, _), net.connected(port) as (reader, writer):
            edges = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
            for start, end in pairwise(edges):
                writer.write(stream[start:end])
                await writer.drain()
                await asyncio.sleep(0)
            replies = [await net.read_frame(reader) for _ in range(4)]
            assert replies == [
                packet + b"127.0.0.1" for packet in (b"one", b"", b"x" * 20, b"five")
            ]
            assert answerer.handled[3] == b"later four"

    asyncio.run(main())


def test_half_a_connection_is_enough_to_be_answered(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with listening() as (answerer, port, _), net.connected(port) as (reader, writer):
            writer.write(framed(b"later", *[b"now"] * 100))
            writer.write_eof()
            await net.until(lambda: len(answerer.handled) == 101)
            answerer.release()
            replies = await frames(reader)
            assert len(replies) == 101
            assert replies[-1] == b"later"

    asyncio.run(main())


@pytest.mark.parametrize("rest", [b"", b"\0", b"\0\x20half a frame"])
def test_who_ends_without_a_question_is_closed(net: Any, listening: Any, rest: bytes) -> None:
    async def main() -> None:
        async with listening() as (_, port, _), net.connected(port) as (reader, writer):
            writer.write(rest)
            writer.write_eof()
            assert await is_closed(reader)

    asyncio.run(main())


def test_idle_connections_are_closed_and_busy_ones_are_not(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with (
            listening(idle_s=0.4) as (_, port, _),
            net.connected(port) as (idle, _),
            net.connected(port) as (busy, writer),
        ):
            closed = asyncio.create_task(is_closed(idle))
            while not closed.done():
                writer.write(framed(b"now"))
                await net.read_frame(busy)
                await asyncio.sleep(0.02)
            assert closed.result()
            writer.write(framed(b"still"))
            assert await net.read_frame(busy) == b"still127.0.0.1"

    asyncio.run(main())


@pytest.mark.parametrize("trickle", [b"\xff", b"drop"], ids=["half frames", "unanswerable"])
def test_a_client_that_trickles_counts_as_idle(net: Any, listening: Any, trickle: bytes) -> None:
    async def main() -> None:
        async with listening(idle_s=0.3) as (_, port, _), net.connected(port) as (reader, writer):
            closed = asyncio.create_task(is_closed(reader))
            while not closed.done():
                writer.write(trickle if trickle == b"\xff" else framed(trickle))
                await asyncio.sleep(0.02)
            assert closed.result()

    asyncio.run(main())


def test_one_too_many_costs_the_idlest_its_place(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with (
            listening(connections=3, per_address=9) as (answerer, port, listener),
            net.connected(port) as (first, to_first),
            net.connected(port) as (second, _),
            net.connected(port) as (third, to_third),
        ):
            to_third.write(framed(b"later"))
            to_first.write(framed(b"now"))
            await net.read_frame(first)
            await net.until(lambda: len(answerer.handled) == 2)
            async with net.connected(port) as (fourth, to_fourth):
                assert await is_closed(second)
                to_fourth.write(framed(b"hello"))
                assert await net.read_frame(fourth) == b"hello127.0.0.1"
                async with net.connected(port):
                    assert await is_closed(first), "the third waits for its answer"
            answerer.release()
            assert await net.read_frame(third) == b"later"
            assert (listener.accepted, listener.displaced) == (5, 2)

    asyncio.run(main())


def test_a_stranger_gets_no_place(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with (
            listening(connections=1) as (_, port, listener),
            net.connected(port) as (reader, writer),
        ):
            writer.write(framed(b"hello"))
            await net.read_frame(reader)
            async with net.connected(port, "127.0.0.66") as (stranger, _):
                assert await is_closed(stranger)
            writer.write(framed(b"again"))
            assert await net.read_frame(reader) == b"again127.0.0.1"
            assert (listener.accepted, listener.received) == (1, 2)

    asyncio.run(main())


def test_one_address_cannot_take_all_places(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with (
            listening(connections=100, per_address=2) as (_, port, _),
            net.connected(port, "127.0.0.2") as (other, to_other),
            net.connected(port) as (first, _),
            net.connected(port) as (_, _),
            net.connected(port) as (third, to_third),
        ):
            assert await is_closed(first)
            for reader, writer in ((other, to_other), (third, to_third)):
                writer.write(framed(b"hello"))
                assert (await net.read_frame(reader)).startswith(b"hello")

    asyncio.run(main())


def test_one_connection_keeps_few_upstream_queries_and_loses_none(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with listening() as (answerer, port, _), net.connected(port) as (reader, writer):
            writer.write(framed(*(b"later %d" % number for number in range(300))))
            await net.until(lambda: len(answerer.waiting) == MOST_IN_FLIGHT)
            await asyncio.sleep(0.05)
            assert len(answerer.handled) == MOST_IN_FLIGHT
            replies = 0
            while replies < 300:
                await net.until(lambda: bool(answerer.waiting))
                count = len(answerer.waiting)
                answerer.release()
                for _ in range(count):
                    await net.read_frame(reader)
                replies += count

    asyncio.run(main())


def test_others_get_their_turn_within_a_long_pipeline(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with (
            listening() as (answerer, port, _),
            net.connected(port) as (_, writer),
            net.connected(port) as (other, to_other),
        ):
            to_other.write(framed(b"warm"))
            await net.read_frame(other)
            writer.write(framed(*[b"now"] * 3000))
            to_other.write(framed(b"me too"))
            await net.read_frame(other)
            assert answerer.handled.index(b"me too") <= 5 * FRAMES_PER_TURN
            await net.until(lambda: len(answerer.handled) == 3002)

    asyncio.run(main())


def test_a_client_that_does_not_read_is_not_answered_without_end(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with listening(idle_s=1.0) as (answerer, port, _), net.connected(port) as (_, writer):
            flood = framed(*[b"x" * 30_000] * 4)
            with suppress(ConnectionError):
                async with asyncio.timeout(5):
                    while True:
                        writer.write(flood)
                        await writer.drain()
            # The kernel's buffers hold some megabytes; ours hold next to nothing.
            assert len(answerer.handled) * 30_000 < 40_000_000

    asyncio.run(main())


def test_small_queries_with_big_answers_do_not_fill_the_memory(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with listening(idle_s=0.5) as (answerer, port, _), net.connected(port) as (_, writer):
            writer.write(framed(*[b"big"] * 5000))
            await net.until(lambda: len(answerer.handled) > 5)
            await writer.drain()
            await asyncio.sleep(0.2)
            assert len(answerer.handled) < 400

    asyncio.run(main())


def test_queries_without_an_answer_take_no_place(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with listening() as (_, port, _), net.connected(port) as (reader, writer):
            writer.write(framed(*[b"drop"] * (2 * MOST_IN_FLIGHT), b"now"))
            assert await net.read_frame(reader) == b"now127.0.0.1"

    asyncio.run(main())


def test_an_answer_for_who_has_gone_is_lost_in_peace(net: Any, listening: Any) -> None:
    async def main() -> None:
        async with listening() as (answerer, port, _):
            async with net.connected(port) as (_, writer):
                writer.write(framed(b"later"))
                await net.until(lambda: bool(answerer.waiting))
                writer.transport.abort()
            await asyncio.sleep(0.05)
            answerer.release()
            async with net.connected(port) as (reader, writer):
                writer.write(framed(b"next"))
                assert await net.read_frame(reader) == b"next127.0.0.1"

    asyncio.run(main())


def test_stopping_closes_every_connection_but_not_the_given_socket(net: Any) -> None:
    async def main() -> None:
        udp, tcp = net.bound_pair("127.0.0.1")
        udp.close()
        port = tcp.getsockname()[1]
        for _ in range(2):  # a child that starts again finds the same socket
            listener = TcpListener(asyncio.get_running_loop(), tcp, Answerer())
            await listener.start()
            async with net.connected(port) as (reader, writer):
                writer.write(framed(b"one"))
                await net.read_frame(reader)
                await listener.stop()
                assert await is_closed(reader)
        tcp.close()

    asyncio.run(main())
