"""``filterd bench``: how fast the DNS server of this house answers, as one of its devices sees it.

A few questions are under way at any time, a bounded number in all, for names that nobody owns (RFC
2606, RFC 6761) and ``example.com``.  Only addresses of a house are asked, never a public resolver.
What is asked, answered and cached on the other side is not known here.
"""

import ipaddress
import selectors
import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Self

from filterd.config.address import SYSTEM, Endpoint, parse_endpoint, parse_upstream, plain_address
from filterd.config.wrong import Wrong
from filterd.errors import FilterdError
from filterd.wire.answer import is_reply_to
from filterd.wire.codes import AAAA, A
from filterd.wire.name import to_wire

MOST_SECONDS = 30
MOST_QUESTIONS = 100_000
AT_ONCE = 4  # what a family's devices have under way, not what a server can bear
TIMEOUT_S = 1.0
# Of an address where nothing answers, no more is asked than this.
_GIVE_UP_AFTER = 3 * AT_ONCE

NAMES = (
    "example.com",
    "www.example.com",
    *(f"device{number}.home.example" for number in range(20)),
    *(f"device{number}.filterd.invalid" for number in range(4)),
)
_TYPES = (A, AAAA)
# What private networks have (RFC 1918, RFC 4193), link-local and loopback; ipaddress's own
# ``is_private`` takes in documentation and test networks, which may be routed anywhere.
_HOUSE = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8",
            "fc00::/7", "fe80::/10", "::1/128",
        ),
    )
)  # fmt: skip
_CLASS_IN = 1
_RD = 0x0100
_LARGEST = 4096
_PORT = 53


class BenchError(FilterdError):
    """The resolver cannot be asked, or nothing answers there."""


@dataclass(slots=True)
class Asked:
    """What came of it.  ``times`` are the seconds to each answer, ``took_s`` all of it."""

    lost: int = 0
    took_s: float = 0.0
    times: list[float] = field(default_factory=list)


def bench_in_words(against: str, seconds: float) -> Iterator[str]:
    """Ask the resolver at ``against`` for some seconds and yield lines about it.

    Raises BenchError when it is no address of a house, or when nothing answers there.
    """
    endpoint = _resolver(against)
    asked = ask_for(endpoint, min(seconds, MOST_SECONDS))
    if not asked.times:
        raise BenchError(f"nothing answers at {endpoint}: {asked.lost} questions were lost")
    count = len(asked.times)
    usual, slow = _share(asked.times, 50), _share(asked.times, 99)
    noun = "answer" if count == 1 else "answers"
    yield f"{endpoint}: {count:,} {noun} in {asked.took_s:.1f} s, {AT_ONCE} questions at a time"
    yield f"  {count / asked.took_s:,.0f} answers a second"
    yield f"  half of them within {usual:.2f} ms (p50), 99 % within {slow:.2f} ms (p99)"
    yield f"  {asked.lost:,} lost: no answer within {TIMEOUT_S:.0f} s"


def ask_for(endpoint: Endpoint, seconds: float) -> Asked:
    """Ask until the time is over or the most questions are asked; lasts a second longer at most.

    Stops early when the first questions are all lost.  Raises BenchError when there is no way to
    the address.
    """
    with _Asker(endpoint) as asker:
        return asker.run(seconds)


def _resolver(against: str) -> Endpoint:
    """Return whom to ask; raises BenchError for any but an address of a house."""
    try:
        upstream = parse_upstream(against)
        if upstream == SYSTEM:
            raise BenchError("write the address of the resolver, like 192.168.1.2 or [::1]:5300")
        has_port = plain_address(upstream) is None
        endpoint = parse_endpoint(upstream) if has_port else Endpoint(upstream, _PORT)
    except Wrong as wrong:
        raise BenchError(str(wrong)) from wrong
    address = plain_address(endpoint.address)
    if address is None or not any(address in network for network in _HOUSE):
        raise BenchError(
            f"{endpoint.address} is a public address: only a resolver of your own house can be "
            "asked, at a private or loopback address like 192.168.1.2 or 127.0.0.1:5300"
        )
    return endpoint


def _share(times: Sequence[float], percent: int) -> float:
    """Return the time, in milliseconds, within which so many of the answers came."""
    if len(times) == 1:
        return times[0] * 1e3
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] * 1e3


@dataclass(slots=True)
class _Place:
    """One question under way at most, on a socket and so a port of its own."""

    socket: socket.socket
    question: bytes = b""
    sent: float = 0.0


class _Asker:
    """The sockets, what is under way on each, and what came of all."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._asked = Asked()
        self._ids = cycle(range(1, 1 << 16))
        self._questions = cycle([_question(name, qtype) for name in NAMES for qtype in _TYPES])
        self._selector = selectors.DefaultSelector()
        self._count = 0
        self._places: list[_Place] = []
        try:
            for _ in range(AT_ONCE):
                self._places.append(_Place(_connected(endpoint)))
        except OSError as error:
            self._close()
            raise BenchError(f"{endpoint} cannot be asked: {error.strerror or error}") from error
        for place in self._places:
            self._selector.register(place.socket, selectors.EVENT_READ, place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        self._selector.close()
        for place in self._places:
            place.socket.close()

    def run(self, seconds: float) -> Asked:
        started = time.monotonic()
        for place in self._places:
            self._ask(place)
        while any(place.question for place in self._places):
            for key, _ in self._selector.select(self._patience()):
                self._receive(key.data)
            now = time.monotonic()
            for place in self._places:
                if place.question and now - place.sent >= TIMEOUT_S:
                    place.question = b""
                    self._asked.lost += 1
                if not place.question and self._goes_on(now - started, seconds):
                    self._ask(place)
        self._asked.took_s = time.monotonic() - started
        return self._asked

    def _goes_on(self, passed_s: float, seconds: float) -> bool:
        is_dead = not self._asked.times and self._asked.lost >= _GIVE_UP_AFTER
        return passed_s < seconds and self._count < MOST_QUESTIONS and not is_dead

    def _patience(self) -> float:
        oldest = min(place.sent for place in self._places if place.question)
        return max(0.0, oldest + TIMEOUT_S - time.monotonic())

    def _ask(self, place: _Place) -> None:
        place.question = next(self._ids).to_bytes(2, "big") + next(self._questions)
        place.sent = time.monotonic()
        self._count += 1
        try:
            place.socket.send(place.question)
        except OSError:  # nobody there: like no answer, and noticed at once
            self._lose(place)

    def _receive(self, place: _Place) -> None:
        try:
            reply = place.socket.recv(_LARGEST)
        except BlockingIOError:
            return
        except OSError:
            self._lose(place)
            return
        if place.question and is_reply_to(place.question, reply):
            self._asked.times.append(time.monotonic() - place.sent)
            place.question = b""

    def _lose(self, place: _Place) -> None:
        if place.question:
            self._asked.lost += 1
            place.question = b""


def _connected(endpoint: Endpoint) -> socket.socket:
    found = socket.getaddrinfo(
        endpoint.address, endpoint.port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )
    family, kind, _, _, address = found[0]
    opened = socket.socket(family, kind)
    try:
        opened.connect(address)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _question(name: str, qtype: int) -> bytes:
    """Return a query without its id: recursion desired, one question, nothing else."""
    head = _RD.to_bytes(2, "big") + b"\x00\x01" + bytes(6)
    return head + to_wire(name) + qtype.to_bytes(2, "big") + _CLASS_IN.to_bytes(2, "big")
