"""Receives queries over TCP: framing, pipelining, half-close, idle connections, limits.

Replies leave in the order in which they become ready.  Whoever is above a limit costs the
longest idle connection its place; nobody is refused because others are there.
Source: RFC 7766 (§6.2 connections, §8 framing), RFC 1035 §4.2.2.
"""

import asyncio
import socket
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from filterd.net.udp import Send

# Queries of one connection that wait for an upstream at once.
MOST_IN_FLIGHT = 64
# Queries of one connection that are handled before others get their turn.
FRAMES_PER_TURN = 32


class Front(Protocol):
    """What a listener needs of the server behind it.

    ``handle`` answers a query through ``send``, once, now or later; False when it never will.
    """

    def may_ask(self, address: str) -> bool: ...

    def handle(self, packet: bytes, address: str, *, over_stream: bool, send: Send) -> bool: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may hold of one listener."""

    idle_s: float = 10.0
    connections: int = 256
    per_address: int = 32


LIMITS = Limits()


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, loop: AbstractEventLoop, front: Front, listener: "TcpListener") -> None:
        self.address = ""
        self.active = loop.time()
        self._loop = loop
        self._front = front
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._in_flight = 0
        self._next_turn: asyncio.Handle | None = None
        self._is_in_turn = False
        self._is_half_closed = False
        self._is_choked = False  # the client does not read its replies

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (TCP gives no other)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        # Gone already, or a stranger, who must not cost the house a place.
        if peer is None or not self._front.may_ask(peer[0]):
            transport.abort()
            return
        self.address = peer[0]
        self._listener.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._next_turn is not None:
            self._next_turn.cancel()
        self._buffer.clear()
        self._listener.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._next_turn is None:
            self._take_turn()

    def eof_received(self) -> bool:
        """Keep the writing half open until everything that was asked is answered."""
        self._is_half_closed = True
        return not self._is_done()

    def pause_writing(self) -> None:
        self._is_choked = True
        self._steer()

    def resume_writing(self) -> None:
        self._is_choked = False
        self._steer()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_waiting(self) -> bool:
        """Whether a query of this connection is still being answered."""
        return self._in_flight > 0

    def _take_turn(self) -> None:
        """Handle some of the frames that are complete."""
        self._next_turn = None
        self._is_in_turn = True
        for _ in range(FRAMES_PER_TURN):
            packet = self._next_frame()
            if packet is None:
                break
            self._in_flight += 1
            self._listener.received += 1
            if self._front.handle(packet, self.address, over_stream=True, send=self._send):
                self.active = self._loop.time()
            else:
                self._in_flight -= 1
        self._is_in_turn = False
        self._steer()

    def _next_frame(self) -> bytes | None:
        if self._is_choked or self._in_flight >= MOST_IN_FLIGHT or not self._has_frame():
            return None
        end = 2 + int.from_bytes(self._buffer[:2])
        packet = bytes(self._buffer[2:end])
        del self._buffer[:end]
        return packet

    def _has_frame(self) -> bool:
        size = len(self._buffer)
        return size >= 2 and size >= 2 + int.from_bytes(self._buffer[:2])

    def _is_done(self) -> bool:
        """Whether a client that will send no more has got everything."""
        return self._is_half_closed and self._in_flight == 0 and not self._has_frame()

    def _send(self, reply: bytes) -> None:
        self._in_flight -= 1
        if self._transport is None:
            return
        self.active = self._loop.time()
        self._transport.write(len(reply).to_bytes(2) + reply)
        if not self._is_in_turn:
            self._steer()

    def _steer(self) -> None:
        """Read on, wait, or close, as the state demands."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_done():
            self._transport.close()
            return
        is_full = self._is_choked or self._in_flight >= MOST_IN_FLIGHT
        if not is_full and self._has_frame() and self._next_turn is None:
            self._next_turn = self._loop.call_soon(self._take_turn)
        if self._is_half_closed:
            return
        # More is read only when what was read is used up: that bounds the buffer.
        if is_full or self._has_frame():
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


class TcpListener:
    """Accepts connections on one listening socket and keeps their number in bounds."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        sock: socket.socket,
        front: Front,
        limits: Limits = LIMITS,
    ) -> None:
        self.received = 0
        self.accepted = 0
        self.displaced = 0
        self._loop = loop
        self._sock = sock
        self._front = front
        self._limits = limits
        self._connections: dict[Connection, None] = {}
        self._server: asyncio.Server | None = None
        self._sweeper: TimerHandle | None = None

    async def start(self) -> None:
        """Begin to accept."""
        # A duplicate, because the event loop closes what it is given.
        self._server = await self._loop.create_server(
            lambda: Connection(self._loop, self._front, self), sock=self._sock.dup()
        )
        self._sweep()

    async def stop(self) -> None:
        """Stop accepting and close every connection; the given socket stays open."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        await self._server.wait_closed()

    def add(self, connection: Connection) -> None:
        """Take in a new connection, at the price of the idlest one when there are too many."""
        self.accepted += 1
        address = connection.address
        self._make_room(self._limits.per_address, lambda other: other.address == address)
        self._make_room(self._limits.connections, lambda _: True)
        self._connections[connection] = None

    def discard(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._connections.pop(connection, None)

    def _make_room(self, most: int, counts: Callable[[Connection], bool]) -> None:
        rivals = [connection for connection in self._connections if counts(connection)]
        if len(rivals) >= most:
            idlest = min(rivals, key=lambda one: (one.is_waiting, one.active))
            self.displaced += 1
            self.discard(idlest)
            idlest.abort()

    def _sweep(self) -> None:
        """Close what was idle for too long; a client that trickles bytes counts as idle."""
        latest = self._loop.time() - self._limits.idle_s
        for connection in tuple(self._connections):
            if connection.active < latest:
                connection.abort()
        self._sweeper = self._loop.call_later(min(1.0, self._limits.idle_s / 4), self._sweep)
