"""Ties the engine to sockets and upstreams, and keeps both from stopping one another.

Decides nothing about a query: it does what ``resolve.engine`` says.  The sockets come in bound
and stay open when this stops; processes, signals and stores are ``service``'s.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from filterd.net.exchange import Exchanger
from filterd.net.tcp import TcpListener
from filterd.net.udp import Send, UdpListener
from filterd.policy.snapshot import Policy
from filterd.resolve.asked import Now
from filterd.resolve.cache import Key
from filterd.resolve.engine import Drop, Engine, Forward, Reply
from filterd.resolve.inflight import InFlight, Joined
from filterd.resolve.record import Record
from filterd.resolve.upstreams import Upstreams
from filterd.wire import forge
from filterd.wire.codes import SERVFAIL

_log = logging.getLogger(__name__)

# A fault that every packet meets must not fill the disk.
MOST_FAULTS_LOGGED = 20

Waiter = tuple[Forward, Send]


def no_mac(_address: str) -> str | None:
    """Know no neighbours."""
    return None


class Sockets(NamedTuple):
    """Where a server answers: bound UDP sockets and listening TCP sockets, of any family."""

    udp: Sequence[socket.socket]
    tcp: Sequence[socket.socket]


class DnsServer:
    """Answers on the given sockets until it is stopped.

    ``on_record`` gets every line for the log, in the loop: it must be quick and never raise.
    ``mac_of`` tells a client's MAC (None: unknown) and must be a look-up, not a search.
    """

    def __init__(
        self,
        engine: Engine,
        upstreams: Upstreams,
        sockets: Sockets,
        on_record: Callable[[Record], None],
        mac_of: Callable[[str], str | None] = no_mac,
    ) -> None:
        self.engine = engine
        self.upstreams = upstreams
        self.faults = 0
        self.forwarded = 0
        self.failed = 0
        # What the listeners call once per packet is the engine's own method, not a wrapper.
        self.may_ask = engine.may_ask
        self.turn = engine.turn
        self.hit = engine.hit
        self.log = on_record
        self._mac_of = mac_of
        self._sockets = sockets
        self._udp: list[UdpListener] = []
        self._tcp: list[TcpListener] = []
        self._exchanger: Exchanger | None = None
        self._inflight = InFlight[Key, Waiter]()

    async def start(self) -> None:
        """Begin to answer, in the running loop."""
        loop = asyncio.get_running_loop()
        self._exchanger = Exchanger(loop, self.upstreams)
        self._udp = [UdpListener(loop, sock, self) for sock in self._sockets.udp]
        self._tcp = [TcpListener(loop, sock, self) for sock in self._sockets.tcp]
        for listener in self._tcp:
            await listener.start()
        for datagrams in self._udp:
            datagrams.start()

    async def stop(self) -> None:
        """Stop answering; who still waits for an upstream hears nothing."""
        for datagrams in self._udp:
            datagrams.stop()
        for listener in self._tcp:
            await listener.stop()
        if self._exchanger is not None:
            await self._exchanger.close()
        self._inflight = InFlight[Key, Waiter]()

    def counts(self) -> dict[str, int]:
        """Return what was counted since the start; nothing in it belongs to a name or a client."""
        engine, exchanger = self.engine, self._exchanger
        return {
            "udp_queries": sum(listener.received for listener in self._udp),
            "udp_send_errors": sum(listener.send_errors for listener in self._udp),
            "tcp_queries": sum(listener.received for listener in self._tcp),
            "tcp_connections": sum(listener.accepted for listener in self._tcp),
            "tcp_displaced": sum(listener.displaced for listener in self._tcp),
            "refused": engine.refused,
            "dropped": engine.dropped,
            "forwarded": self.forwarded,
            "failed": self.failed,
            "faults": self.faults,
            "upstream_tries": 0 if exchanger is None else exchanger.asked,
            "upstream_full": 0 if exchanger is None else exchanger.refused_full,
            "cached": len(engine.cache),
        }

    def replace_policy(self, policy: Policy) -> None:
        """Decide by another policy from the next packet on; see ``upstreams.replace`` as well."""
        self.engine.replace_policy(policy)

    def handle(self, packet: bytes, address: str, *, over_stream: bool, send: Send) -> bool:
        """Answer a packet through ``send``, once, now or later; False when it gets no answer."""
        try:
            return self._handle(packet, address, over_stream=over_stream, send=send)
        except Exception as error:  # noqa: BLE001 (a fault in one answer must not end the others)
            self._note_fault(error)
            return _apologise(packet, send)

    def _handle(self, packet: bytes, address: str, *, over_stream: bool, send: Send) -> bool:
        now = Now(time.time(), time.monotonic())
        mac = self._mac_of(address)
        done = self.engine.ask(packet, address, mac, now, over_stream=over_stream)
        if isinstance(done, Reply):
            self._reply(done, send)
        elif isinstance(done, Forward):
            self._forward(done, send, now)
        return not isinstance(done, Drop)

    def _forward(self, forward: Forward, send: Send, now: Now) -> None:
        joined = self._inflight.join(forward.key, (forward, send), forward.asked.address)
        if joined is Joined.FULL or self._exchanger is None:
            self.failed += 1
            self._reply(self.engine.failed(forward, now), send)
        elif joined is Joined.FIRST:
            self.forwarded += 1
            try:
                self._exchanger.ask(forward.packet, partial(self._heard, forward))
            except Exception as error:  # noqa: BLE001 (or all who ask this later would wait)
                self._note_fault(error)
                self._heard(forward, None)

    def _heard(self, first: Forward, reply: bytes | None) -> None:
        """Answer everybody who waited for this question."""
        now = Now(time.time(), time.monotonic())
        waiters = self._inflight.take(first.key)
        try:
            entry = None if reply is None else self.engine.learn(first, reply, now.tick)
        except Exception as error:  # noqa: BLE001 (as above)
            self._note_fault(error)
            entry = None
        for forward, send in waiters:
            try:
                if entry is None:
                    self.failed += 1
                    done = self.engine.failed(forward, now)
                else:
                    done = self.engine.answered(forward, entry, now)
            except Exception as error:  # noqa: BLE001 (as above)
                self._note_fault(error)
                _apologise(forward.asked.packet, send)
            else:
                self._reply(done, send)

    def _reply(self, reply: Reply, send: Send) -> None:
        send(reply.packet)
        if reply.record is not None:
            self.log(reply.record)

    def _note_fault(self, error: Exception) -> None:
        self.faults += 1
        if self.faults > MOST_FAULTS_LOGGED:
            return
        # The place and the kind, never the words: those may hold a name that is written nowhere.
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "" if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
        _log.error("a query could not be answered: %s at %s", type(error).__name__, where)


def _apologise(packet: bytes, send: Send) -> bool:
    """Send SERVFAIL where anything can be sent at all."""
    try:
        reply = forge.error(packet, SERVFAIL)
    except Exception:  # noqa: BLE001 (it is the last resort of a fault nobody foresaw)
        return False
    send(reply)
    return True
