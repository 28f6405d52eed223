"""Keeps the workers told whom to ask, and the upstreams' health told what the workers heard.

Only healthy upstreams are asked by workers.  One that fails is looked after by Python's exchange,
which finds out when it is well again; meanwhile the next one is asked, or, where there is none,
every question is passed.
"""

import socket
import struct
from collections.abc import Sequence

from filterd.fast.common import Core
from filterd.fast.loop import Worker
from filterd.resolve.upstreams import Upstream, Upstreams

_V4 = struct.Struct("=H2s4s8x")
_V6 = struct.Struct("=H2sI16sI")
_UPSTREAMS = 2

Heard = tuple[list[int], list[int]]


class Ways:
    """``follow`` is to be called a few times a second, and when the upstreams were replaced."""

    def __init__(self, core: Core, workers: Sequence[Worker], upstreams: Upstreams) -> None:
        self._core = core
        self._workers = workers
        self._upstreams = upstreams
        self._way: tuple[Upstream, ...] = ()
        self._number = -1
        self._heard: dict[Worker, Heard] = {}

    def follow(self, tick: float) -> None:
        """Pass on what was heard since the last call; ``tick`` is monotonic seconds."""
        for worker in self._workers:
            number, answered, failed = worker.health()
            if number == self._number:
                self._tell(worker, answered, failed, tick)
        way = self._upstreams.healthy()[:_UPSTREAMS]
        if way != self._way:
            self._way = way
            self._heard.clear()
            self._number = self._core.set_way(_sockaddrs(way))

    def _tell(self, worker: Worker, answered: list[int], failed: list[int], tick: float) -> None:
        none = [0] * _UPSTREAMS
        before = self._heard.get(worker, (none, none))
        self._heard[worker] = answered, failed
        for at, upstream in enumerate(self._way):
            if answered[at] > before[0][at]:
                self._upstreams.succeeded(upstream)
            elif failed[at] > before[1][at]:
                self._upstreams.failed(upstream, tick)


def _sockaddrs(way: Sequence[Upstream]) -> list[bytes]:
    """Return the upstreams' addresses; none when one lies behind an interface that is gone."""
    try:
        return [sockaddr(upstream) for upstream in way]
    except OSError:
        return []


def sockaddr(upstream: Upstream) -> bytes:
    """Return an upstream's address as the kernel takes it."""
    host, _, scope = upstream.address.partition("%")
    port = upstream.port.to_bytes(2)
    if ":" not in host:
        return _V4.pack(socket.AF_INET, port, socket.inet_pton(socket.AF_INET, host))
    number = int(scope) if scope.isdigit() else socket.if_nametoindex(scope) if scope else 0
    packed = socket.inet_pton(socket.AF_INET6, host)
    return _V6.pack(socket.AF_INET6, port, 0, packed, number)
