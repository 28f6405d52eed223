"""The core beside a server: its threads, the packets they pass, and what Python tells them.

A worker answers what it can prove; whatever else comes to it is passed here and takes Python's
usual way through ``Behind.handle``, which teaches the core by the way.  Used in the event loop,
but for ``Lines``.
"""

import asyncio
import signal
import socket
import struct
import threading
import time
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from filterd.fast.lines import Lines
from filterd.fast.loop import Worker
from filterd.fast.slices import Slices
from filterd.fast.teacher import Teacher
from filterd.fast.ways import Ways
from filterd.policy.snapshot import Policy
from filterd.resolve.asked import Now
from filterd.resolve.engine import SAME_CLIENT_S, Engine
from filterd.resolve.upstreams import Upstreams

# Packets answered here at once, so that other sockets and timers get their turn.
_AT_ONCE = 32
_EVERY_S = SAME_CLIENT_S / 8
# Who asked so lately is met again before the core forgets who it is, so that the next packet need
# not be passed; beyond so many clients, the oldest are left to be passed.
_LATELY_S = 600.0
_MOST_MET = 1024
_END_WITHIN_S = 2.0
# Python names IP_PKTINFO from 3.12 on.
_IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8)
_WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 (compared with, not bound to)

Control = list[tuple[int, int, bytes]]


class Behind(Protocol):
    """What answers the packets that the core passes."""

    def handle(
        self, packet: bytes, address: str, *, over_stream: bool, send: Callable[[bytes], None]
    ) -> bool: ...


class Macs(NamedTuple):
    """How to tell a client's MAC, None when it is unknown.

    ``of_asker`` is for one who has just asked, and may note so; ``known`` for one who has not.
    """

    of_asker: Callable[[str], str | None]
    known: Callable[[str], str | None]


class Front:
    """Workers on the given bound UDP sockets; the sockets stay open when it stops.

    Of sockets with one address each worker gets one, so there are as many workers as an address
    has sockets.
    """

    def __init__(
        self,
        teacher: Teacher,
        engine: Engine,
        upstreams: Upstreams,
        sockets: Sequence[socket.socket],
        macs: Macs,
    ) -> None:
        self.send_errors = 0
        self._teacher = teacher
        self._engine = engine
        self._macs = macs
        self._shares = _shares(sockets)
        self._workers = [
            Worker(teacher.core, [(one.fileno(), _is_wild(one)) for one in share])
            for share in self._shares
        ]
        self._threads = [
            threading.Thread(target=_serve, args=(worker,), name="dns-worker", daemon=True)
            for worker in self._workers
        ]
        self.lines = Lines(self._workers, teacher.told)
        self._ways = Ways(teacher.core, self._workers, upstreams)
        self._asked: dict[str, float] = {}
        self._met: dict[str, float] = {}
        self._turns = 0
        self._slices: Slices | None = None
        teacher.on_new_world = self._begin_again
        self._loop: AbstractEventLoop | None = None
        self._behind: Behind | None = None
        self._timer: TimerHandle | None = None

    def start(self, behind: Behind) -> None:
        """Begin to answer, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._behind = behind
        self._slices = Slices(self._loop)
        for share in self._shares:
            for one in share:
                _prepare(one)
        self._loop.add_reader(self._teacher.core.passed_event, self._passed)
        self._keep_up()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; packets that were passed and not yet answered hear nothing."""
        for worker in self._workers:
            worker.stop()
        for thread in self._threads:
            thread.join(_END_WITHIN_S)
        if self._timer is not None:
            self._timer.cancel()
        if self._slices is not None:
            self._slices.stop()
        if self._loop is not None:
            self._loop.remove_reader(self._teacher.core.passed_event)

    def replace_policy(self, policy: Policy) -> None:
        """Let the core forget what it was taught; to be called when the engine's was replaced."""
        self._teacher.replace_policy(policy)
        self._ways.follow(time.monotonic())

    def counts(self) -> dict[str, int]:
        """Return what all workers counted since the start."""
        counts = [worker.count() for worker in self._workers]
        return {key: sum(count[key] for count in counts) for key in counts[0]}

    def _passed(self) -> None:
        self._teacher.core.clear_event()
        self._answer_passed()

    def _answer_passed(self) -> None:
        """Answer some packets of each worker; the rest after whatever else the loop has to do."""
        is_all = True
        for share, worker in zip(self._shares, self._workers, strict=True):
            passed = worker.taken(_AT_ONCE)
            is_all = is_all and len(passed) < _AT_ONCE
            for _, number, peer, control, _, packet in passed:
                self._answer(packet, _peer_of(peer), partial(self._send, share[number], control))
        if not is_all and self._loop is not None:
            self._loop.call_soon(self._answer_passed)

    def _answer(self, packet: bytes, peer: tuple[Any, ...], send: Callable[..., None]) -> None:
        behind = self._behind
        if behind is not None:
            behind.handle(packet, peer[0], over_stream=False, send=partial(send, peer))

    def _send(
        self, sock: socket.socket, control: bytes, peer: tuple[Any, ...], reply: bytes
    ) -> None:
        try:
            if control:
                sock.sendmsg([reply], _control_of(control), 0, peer)
            else:
                sock.sendto(reply, peer)
        except OSError:
            self.send_errors += 1

    def _keep_up(self) -> None:
        """Do a few times a second what must not wait for a query."""
        tick = time.monotonic()
        self._ways.follow(tick)
        self._meet_again(tick)
        if self._slices is not None and not self._slices.is_busy:
            self._slices.begin(self._teacher.ahead(_now))
        if self.lines.turns != self._turns:
            self._turns = self.lines.turns
            self._teacher.forget_old()
        if self._loop is not None:
            self._timer = self._loop.call_later(_EVERY_S, self._keep_up)

    def _meet_again(self, tick: float) -> None:
        """Recognise again who asked lately, before the core must ask who it is."""
        for address in self._teacher.active():
            self._asked[address] = tick
            self._meet(address, self._macs.of_asker(address), tick)
        for address, asked in tuple(self._asked.items()):
            if tick - asked > _LATELY_S or len(self._asked) > _MOST_MET:
                del self._asked[address]
                self._met.pop(address, None)
            elif tick - self._met.get(address, 0.0) > SAME_CLIENT_S / 2:
                self._meet(address, self._macs.known(address), tick)

    def _begin_again(self) -> None:
        """In a new world nobody is known: meet who asked lately, and teach what they may ask."""
        self._met.clear()
        if self._slices is not None:
            self._slices.begin(self._renew())

    def _renew(self) -> Iterator[None]:
        for address in tuple(self._asked):
            self._meet(address, self._macs.known(address), time.monotonic())
            yield
        yield from self._teacher.ahead(_now)

    def _meet(self, address: str, mac: str | None, tick: float) -> None:
        subject = self._engine.recognise(address, mac, tick)
        if subject is not None:
            self._met[address] = tick
            self._teacher.meet(address, subject, tick + SAME_CLIENT_S)


def _now() -> Now:
    return Now(time.time(), time.monotonic())


def _serve(worker: Worker) -> None:
    # Signals are the event loop's.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    worker.serve()


def _shares(sockets: Sequence[socket.socket]) -> list[list[socket.socket]]:
    """Give each worker one socket of every address."""
    by_name = sorted(sockets, key=lambda one: (one.family, one.getsockname()))
    groups = [list(group) for _, group in groupby(by_name, lambda one: one.getsockname())]
    most = max(map(len, groups), default=0)
    return [[group[at] for group in groups if at < len(group)] for at in range(most)]


def _is_wild(sock: socket.socket) -> bool:
    return sock.getsockname()[0] in _WILDCARDS


def _prepare(sock: socket.socket) -> None:
    sock.setblocking(False)
    if not _is_wild(sock):
        return
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def _peer_of(raw: bytes) -> tuple[Any, ...]:
    """Read a sockaddr of the kernel as Python's sockets write it."""
    family, port = struct.unpack("=H", raw[:2])[0], int.from_bytes(raw[2:4])
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    flow = int.from_bytes(raw[4:8])
    scope = struct.unpack("=I", raw[24:28])[0]
    return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port, flow, scope


def _control_of(raw: bytes) -> Control:
    """Read the kernel's control message, which ``fast.kernel`` made, for ``sendmsg``."""
    size, level, kind = struct.unpack_from("@Nii", raw)
    head = socket.CMSG_LEN(0)
    return [(level, kind, raw[head:size])]
