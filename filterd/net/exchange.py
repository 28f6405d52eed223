"""Asks upstreams: fresh port and id per try, replies checked, one deadline for everything.

A try that is slow is not given up: the next upstream is asked *beside* it and the first valid
reply wins, so a far-away name is not lost and a dead upstream costs less than a second.
Which upstream comes first is decided in ``resolve.upstreams``.
Source: RFC 5452 §9 (what a reply must match), RFC 7766 §5 (TCP after truncation).
"""

import asyncio
import secrets
import socket
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from filterd.errors import UpstreamError
from filterd.resolve.pace import DEADLINE_S, MOST_READS, NEXT_TRY_S, SLOW_SHARE
from filterd.resolve.upstreams import Upstream, Upstreams
from filterd.wire.answer import is_reply_to, is_truncated, refuses_edns
from filterd.wire.codes import NOTIMP, REFUSED, SERVFAIL
from filterd.wire.forge import without_edns

MOST_TRIES = 3
# Sockets open at once; each is a file descriptor, and 1024 is the usual limit of a process.
MOST_SOCKETS = 512
LARGEST_REPLY = 4096
# What another upstream may know better.
UNSURE = frozenset({SERVFAIL, NOTIMP, REFUSED})

Done = Callable[[bytes | None], None]


@dataclass(slots=True, eq=False)
class Try:
    """One question on its way to one upstream: a connected UDP socket, or a task over TCP."""

    upstream: Upstream
    query: bytes
    started: float
    sock: socket.socket | None
    task: "asyncio.Task[None] | None" = None
    is_open: bool = True


@dataclass(slots=True, eq=False)
class Exchange:
    """One question, from the first packet to the reply or the deadline."""

    packet: bytes
    waiting: list[Upstream]
    deadline: float
    done: Done
    tries: list[Try] = field(default_factory=list)
    spare: bytes | None = None  # an unsure reply, used when nobody says better
    timer: TimerHandle | None = None


class Exchanger:
    """Runs exchanges on one event loop; every method must be called in it."""

    def __init__(
        self, loop: AbstractEventLoop, upstreams: Upstreams, *, most_sockets: int = MOST_SOCKETS
    ) -> None:
        self.upstreams = upstreams
        self.asked = 0
        self.unanswered = 0
        self.refused_full = 0
        self._loop = loop
        self._most_sockets = most_sockets
        self._sockets = 0
        self._running: set[Exchange] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, packet: bytes, done: Done) -> None:
        """Ask the upstreams; ``done`` gets the reply's bytes, or None within ``DEADLINE_S``.

        ``packet`` is a whole query, whose id is replaced.  ``done`` is called exactly once,
        perhaps before this returns, unless ``close`` comes first.
        """
        now = self._loop.time()
        order: list[Upstream] = []
        if self._sockets < self._most_sockets:
            order += self.upstreams.order(now)[:MOST_TRIES]
        else:
            self.refused_full += 1
        if len(order) == 1:
            order *= 2  # one lost packet is no dead upstream
        exchange = Exchange(packet, order, now + DEADLINE_S, done)
        self._running.add(exchange)
        self._next_try(exchange)

    async def close(self) -> None:
        """End all exchanges without calling back, and close their sockets."""
        for exchange in tuple(self._running):
            self._forget(exchange)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _next_try(self, exchange: Exchange) -> None:
        """Send to the next upstream that a packet can be sent to at all."""
        while exchange.waiting and self._sockets < self._most_sockets:
            if self._send(exchange, exchange.waiting.pop(0)):
                break
        if exchange.timer is not None:
            exchange.timer.cancel()
        if not exchange.tries:
            self._finish(exchange, exchange.spare)
            return
        left = exchange.deadline - self._loop.time()
        wait = min(NEXT_TRY_S, left) if exchange.waiting else left
        exchange.timer = self._loop.call_later(max(0.0, wait), self._waited, exchange)

    def _waited(self, exchange: Exchange) -> None:
        """Ask the next upstream as well, or end at the deadline."""
        exchange.timer = None
        if exchange.waiting and self._loop.time() < exchange.deadline - 0.1:
            self._next_try(exchange)
        else:
            self._finish(exchange, exchange.spare)

    def _send(self, exchange: Exchange, upstream: Upstream) -> bool:
        query = _with_fresh_id(exchange.packet)
        family = socket.AF_INET6 if ":" in upstream.address else socket.AF_INET
        self.asked += 1
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
        except OSError:  # out of descriptors: not this upstream's fault
            return False
        try:
            sock.setblocking(False)
            # Connected without a bind: the kernel picks a random port, and lets no other peer in.
            sock.connect(upstream)
            sock.send(query)
        except OSError:
            sock.close()
            self.upstreams.failed(upstream, self._loop.time())
            return False
        one = Try(upstream, query, self._loop.time(), sock)
        self._sockets += 1
        exchange.tries.append(one)
        self._loop.add_reader(sock.fileno(), self._readable, exchange, one)
        return True

    def _readable(self, exchange: Exchange, one: Try) -> None:
        for _ in range(MOST_READS):
            if one.sock is None:
                return
            try:
                reply = one.sock.recv(LARGEST_REPLY)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # the upstream's host says that nobody listens there
                self._try_failed(exchange, one)
                return
            if refuses_edns(one.query, reply):
                self._ask_plainly(exchange, one)
                return
            if is_reply_to(one.query, reply):
                self._heard(exchange, one, reply)
                return

    def _ask_plainly(self, exchange: Exchange, one: Try) -> None:
        """Ask an upstream that cannot read EDNS once more, without it."""
        exchange.packet = without_edns(one.query)
        exchange.waiting.insert(0, one.upstream)
        self._end_try(exchange, one)
        self._next_try(exchange)

    def _heard(self, exchange: Exchange, one: Try, reply: bytes) -> None:
        if one.sock is not None and is_truncated(reply):
            self._close_socket(one)
            one.task = self._loop.create_task(self._over_tcp(exchange, one))
            self._tasks.add(one.task)
            one.task.add_done_callback(self._tasks.discard)
            return
        self.upstreams.succeeded(one.upstream)
        others = [upstream for upstream in exchange.waiting if upstream != one.upstream]
        if reply[3] & 0x0F in UNSURE and others:
            exchange.spare = exchange.spare or reply
            exchange.waiting = others
            self._end_try(exchange, one)
            self._next_try(exchange)
            return
        self._end_try(exchange, one)
        self._finish(exchange, reply)

    async def _over_tcp(self, exchange: Exchange, one: Try) -> None:
        """Ask the same upstream again over TCP, within the same deadline."""
        one.query = _with_fresh_id(exchange.packet)
        try:
            async with asyncio.timeout_at(exchange.deadline):
                reply = await _tcp_round_trip(one.upstream, one.query)
        except (OSError, TimeoutError, EOFError, UpstreamError):
            self._try_failed(exchange, one)
        else:
            self._heard(exchange, one, reply)

    def _try_failed(self, exchange: Exchange, one: Try) -> None:
        self.upstreams.failed(one.upstream, self._loop.time())
        self._end_try(exchange, one)
        if exchange in self._running:
            self._next_try(exchange)

    def _end_try(self, exchange: Exchange, one: Try) -> None:
        if one.is_open:
            one.is_open = False
            self._sockets -= 1
            exchange.tries.remove(one)
            self._close_socket(one)

    def _finish(self, exchange: Exchange, reply: bytes | None) -> None:
        now = self._loop.time()
        for one in exchange.tries:
            # One that was asked a moment ago is not slow; one that others overtook is.
            if now - one.started >= NEXT_TRY_S * SLOW_SHARE:
                self.upstreams.failed(one.upstream, now)
        if reply is None:
            self.unanswered += 1
        self._forget(exchange)
        exchange.done(reply)

    def _forget(self, exchange: Exchange) -> None:
        self._running.discard(exchange)
        if exchange.timer is not None:
            exchange.timer.cancel()
        for one in tuple(exchange.tries):
            self._end_try(exchange, one)
            if one.task is not None:
                one.task.cancel()

    def _close_socket(self, one: Try) -> None:
        if one.sock is not None:
            self._loop.remove_reader(one.sock.fileno())
            one.sock.close()
            one.sock = None


def _with_fresh_id(packet: bytes) -> bytes:
    return secrets.token_bytes(2) + packet[2:]


async def _tcp_round_trip(upstream: Upstream, query: bytes) -> bytes:
    """Send one framed query on a connection of its own and read one framed reply.

    Raises OSError, EOFError, and UpstreamError for an answer to another question.
    """
    reader, writer = await asyncio.open_connection(*upstream)
    try:
        writer.write(len(query).to_bytes(2) + query)
        size = int.from_bytes(await reader.readexactly(2))
        reply = await reader.readexactly(size)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    if not is_reply_to(query, reply):
        raise UpstreamError(f"{upstream} answered another question")
    return reply
