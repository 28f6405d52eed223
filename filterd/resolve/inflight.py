"""Holds who waits for which question, so that equal questions in flight are asked once.

Does not ask, and does not know what a waiter is: whoever runs the exchange answers each of them.
"""

from collections import Counter
from collections.abc import Hashable
from enum import Enum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
W = TypeVar("W")


class Joined(Enum):
    """What became of a waiter."""

    FIRST = "first"  # nobody asked yet: the caller starts the exchange
    WAITS = "waits"  # somebody did
    FULL = "full"  # too many wait; not stored


class InFlight(Generic[K, W]):
    """At most ``limit`` waiters over all questions, and ``share`` of any one client.

    A flood must not eat the memory, nor one device the upstream of the whole house.
    """

    def __init__(self, limit: int = 4096, share: int = 128) -> None:
        self._limit = limit
        self._share = share
        self._count = 0
        self._waiters: dict[K, list[tuple[str, W]]] = {}
        self._clients = Counter[str]()

    def __len__(self) -> int:
        return self._count

    def join(self, key: K, waiter: W, client: str = "") -> Joined:
        """Add a waiter for a question, unless too many wait already."""
        if self._count >= self._limit or self._clients[client] >= self._share:
            return Joined.FULL
        self._count += 1
        self._clients[client] += 1
        waiters = self._waiters.get(key)
        if waiters is None:
            self._waiters[key] = [(client, waiter)]
            return Joined.FIRST
        waiters.append((client, waiter))
        return Joined.WAITS

    def take(self, key: K) -> list[W]:
        """Return and forget everybody who waits for a question, in the order they came."""
        waiters = self._waiters.pop(key, [])
        self._count -= len(waiters)
        for client, _ in waiters:
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]
        return [waiter for _, waiter in waiters]
