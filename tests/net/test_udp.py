"""Datagrams in batches, from the address that was asked, whatever the sockets do."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from filterd.net.udp import BATCH, UdpListener
from filterd.resolve.record import Record


class Front:
    """Answers "hit..." at once, "drop..." never, and everything else through ``handle``."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.turns = 0
        self.handled: list[tuple[bytes, str]] = []
        self.kept: list[Callable[[bytes], None]] = []

    def turn(self, _wall: float, _tick: float) -> None:
        self.turns += 1

    def hit(
        self, packet: bytes, address: str, wall: float, _tick: float
    ) -> tuple[bytes, Record | None] | None:
        if packet.startswith(b"hit"):
            return packet.upper(), Record._make([wall, address, *range(14)])
        if packet == b"huge":
            return bytes(70_000), None
        return (b"QUIET", None) if packet == b"quiet" else None

    def log(self, record: Record) -> None:
        self.records.append(record)

    def handle(
        self, packet: bytes, address: str, *, over_stream: bool, send: Callable[[bytes], None]
    ) -> bool:
        assert not over_stream
        self.handled.append((packet, address))
        if packet.startswith(b"later"):
            self.kept.append(send)
        elif not packet.startswith(b"drop"):
            send(packet.upper())
        return True


def bound(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, 0))
    except OSError:
        sock.close()
        pytest.skip(f"this machine has no address {address}")
    return sock


@asynccontextmanager
async def listening(address: str = "127.0.0.1") -> AsyncIterator[tuple[Front, int, UdpListener]]:
    sock = bound(address)
    front = Front()
    listener = UdpListener(asyncio.get_running_loop(), sock, front)
    listener.start()
    try:
        yield front, sock.getsockname()[1], listener
    finally:
        listener.stop()
        sock.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "::"])
def test_hits_and_others_are_answered_and_hits_are_logged(net: Any, address: str) -> None:
    at = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)

    async def main() -> None:
        async with listening(address) as (front, port, listener):
            assert await net.ask_udp(port, b"hit one", at=at) == b"HIT ONE"
            assert await net.ask_udp(port, b"quiet", at=at) == b"QUIET"
            assert await net.ask_udp(port, b"other", at=at) == b"OTHER"
            assert [record.address for record in front.records] == [at]
            assert front.handled == [(b"other", at)]
            assert listener.received == 3
            assert listener.send_errors == 0

    asyncio.run(main())


@pytest.mark.parametrize("packet", [b"hit", b"other"])
@pytest.mark.parametrize("asked", ["127.0.0.1", "127.0.0.53", "127.1.2.3"])
def test_on_a_wildcard_the_reply_leaves_from_the_address_that_was_asked(
    net: Any, packet: bytes, asked: str
) -> None:
    async def main() -> None:
        async with listening("0.0.0.0") as (_, port, _):
            # The client's socket is connected: it hears nobody else.
            assert await net.ask_udp(port, packet, at=asked, source="127.0.0.1") == packet.upper()

    asyncio.run(main())


def test_a_late_answer_leaves_from_the_address_that_was_asked_too(net: Any) -> None:
    async def main() -> None:
        async with listening("0.0.0.0") as (front, port, _):
            asking = asyncio.create_task(
                net.ask_udp(port, b"later", at="127.0.0.53", source="127.0.0.1")
            )
            await net.until(lambda: bool(front.kept))
            front.kept[0](b"at last")
            assert await asking == b"at last"

    asyncio.run(main())


def test_a_thousand_waiting_packets_are_drained_in_batches(net: Any) -> None:
    async def main() -> None:
        sock = bound("127.0.0.1")
        front = Front()
        listener = UdpListener(asyncio.get_running_loop(), sock, front)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for number in range(500):
                client.sendto(b"hit %d" % number, sock.getsockname())
            listener.start()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert 0 < listener.received <= 2 * BATCH, "others get their turn in between"
            await net.until(lambda: len(front.records) >= 200)
            assert front.turns >= 200 / BATCH
            listener.stop()
        sock.close()

    asyncio.run(main())


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("packet", [b"hit", b"other", b"later"])
def test_a_client_that_has_gone_stops_nobody(net: Any, address: str, packet: bytes) -> None:
    async def main() -> None:
        async with listening(address) as (front, port, _):
            for _ in range(20):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
                    gone.sendto(packet, ("127.0.0.1", port))
            assert await net.ask_udp(port, b"hit") == b"HIT"
            for send in front.kept:
                send(b"too late")
            assert await net.ask_udp(port, b"other") == b"OTHER"

    asyncio.run(main())


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_what_cannot_be_sent_is_counted_and_forgotten(net: Any, address: str) -> None:
    async def main() -> None:
        async with listening(address) as (front, port, listener):
            asking = asyncio.create_task(net.ask_udp(port, b"later"))
            await net.until(lambda: bool(front.kept))
            front.kept[0](bytes(70_000))  # EMSGSIZE
            assert listener.send_errors == 1
            front.kept[0](b"small")
            assert await asking == b"small"
            with pytest.raises(TimeoutError):
                await net.ask_udp(port, b"huge", timeout_s=0.1)
            assert listener.send_errors == 2
            assert await net.ask_udp(port, b"hit" + bytes(100)) == b"HIT" + bytes(100)

    asyncio.run(main())


def test_a_listener_may_stop_and_another_take_the_socket(net: Any) -> None:
    async def main() -> None:
        sock = bound("127.0.0.1")
        for _ in range(2):
            listener = UdpListener(asyncio.get_running_loop(), sock, Front())
            listener.start()
            assert await net.ask_udp(sock.getsockname()[1], b"hit") == b"HIT"
            listener.stop()
        sock.close()
        listener.stop()

    asyncio.run(main())
