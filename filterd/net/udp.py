"""Receives queries over UDP in batches and sends the replies from the address that was asked.

A drain loop instead of one event per packet: that is worth a factor of three.  Knows nothing of
DNS; nothing that a packet or a socket does ends it.
"""

import socket
import struct
import sys
import time
from asyncio import AbstractEventLoop
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from filterd.resolve.record import Record

# Packets per wake-up, so that other sockets and timers get their turn.
BATCH = 64
LARGEST_QUERY = 4096
RECEIVE_BUFFER = 1 << 20
# Python names IP_PKTINFO from 3.12 on; the numbers are those of ip(7) and of Darwin's netinet/in.h.
IP_PKTINFO = getattr(socket, "IP_PKTINFO", 26 if sys.platform == "darwin" else 8)
WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 (compared with, not bound to)

Address = Any  # whatever recvfrom gives: it is only handed back
Via = tuple[tuple[int, int, bytes], ...]


class Send(Protocol):
    """Takes the one reply to a query."""

    def __call__(self, reply: bytes) -> None: ...


class Front(Protocol):
    """What a listener needs of the server behind it."""

    def turn(self, wall: float, tick: float) -> None: ...

    def hit(
        self, packet: bytes, address: str, wall: float, tick: float
    ) -> tuple[bytes, Record | None] | None: ...

    def log(self, record: Record) -> None: ...

    def handle(self, packet: bytes, address: str, *, over_stream: bool, send: Send) -> bool: ...


class UdpListener:
    """Drains one bound socket; ``start`` and ``stop`` must be called in the loop."""

    def __init__(self, loop: AbstractEventLoop, sock: socket.socket, front: Front) -> None:
        self.received = 0
        self.send_errors = 0
        self._loop = loop
        self._sock = sock
        self._front = front
        self._is_wild = sock.getsockname()[0] in WILDCARDS

    def start(self) -> None:
        """Begin to answer."""
        self._sock.setblocking(False)
        with suppress(OSError):  # a bigger queue is a wish
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if not self._is_wild:
            self._loop.add_reader(self._sock.fileno(), self._drain)
            return
        if self._sock.family == socket.AF_INET6:
            self._sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            self._sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self._loop.add_reader(self._sock.fileno(), self._drain_wild)

    def stop(self) -> None:
        """Stop receiving; the socket stays open, it belongs to whoever gave it."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())

    def _drain(self) -> None:
        recvfrom, sendto = self._sock.recvfrom, self._sock.sendto
        front = self._front
        hit, log = front.hit, front.log
        # One look at the clock for the whole batch: it is over within a few milliseconds.
        wall, tick = time.time(), time.monotonic()
        front.turn(wall, tick)
        received = 0
        for _ in range(BATCH):
            try:
                packet, peer = recvfrom(LARGEST_QUERY)
            except OSError:  # nothing left, or an ICMP error of an earlier reply
                break
            received += 1
            found = hit(packet, peer[0], wall, tick)
            if found is None:
                front.handle(packet, peer[0], over_stream=False, send=partial(self._send, peer))
                continue
            reply, record = found
            try:
                sendto(reply, peer)
            except OSError:
                self.send_errors += 1
            if record is not None:
                log(record)
        self.received += received

    def _drain_wild(self) -> None:
        front = self._front
        wall, tick = time.time(), time.monotonic()
        front.turn(wall, tick)
        for _ in range(BATCH):
            try:
                packet, control, _, peer = self._sock.recvmsg(LARGEST_QUERY, 128)
            except OSError:
                return
            self.received += 1
            send = partial(self._send_via, peer, _reply_via(control, peer))
            found = front.hit(packet, peer[0], wall, tick)
            if found is None:
                front.handle(packet, peer[0], over_stream=False, send=send)
                continue
            reply, record = found
            send(reply)
            if record is not None:
                front.log(record)

    def _send(self, peer: Address, reply: bytes) -> None:
        """Send a reply; a full queue, a lost route or a closed socket is the client's time-out."""
        try:
            self._sock.sendto(reply, peer)
        except OSError:
            self.send_errors += 1

    def _send_via(self, peer: Address, via: Via, reply: bytes) -> None:
        try:
            self._sock.sendmsg([reply], via, 0, peer)
        except OSError:
            self.send_errors += 1


def _reply_via(control: list[tuple[int, int, bytes]], peer: Address) -> Via:
    """Turn "came in at this address" into "leave from this address"."""
    for level, kind, data in control:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(data) >= 12:
            # The interface is left to the routing table; the middle field is our own address.
            return ((level, kind, struct.pack("=I4s4s", 0, data[4:8], bytes(4))),)
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO and len(data) >= 20:
            # A link-local address means nothing without its interface.
            interface = data[16:20] if peer[3] else bytes(4)
            return ((level, kind, data[:16] + interface),)
    return ()
