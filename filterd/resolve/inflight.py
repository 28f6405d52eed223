"""Holds who waits for which question, so that equal questions in flight are asked once.

Does not ask, and does not know what a waiter is: whoever runs the exchange answers each of them.
"""

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
    """At most ``limit`` waiters over all questions: a flood must not eat the memory."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._count = 0
        self._waiters: dict[K, list[W]] = {}

    def __len__(self) -> int:
        return self._count

    def join(self, key: K, waiter: W) -> Joined:
        """Add a waiter for a question, unless too many wait already."""
        if self._count >= self._limit:
            return Joined.FULL
        self._count += 1
        waiters = self._waiters.get(key)
        if waiters is None:
            self._waiters[key] = [waiter]
            return Joined.FIRST
        waiters.append(waiter)
        return Joined.WAITS

    def take(self, key: K) -> list[W]:
        """Return and forget everybody who waits for a question, in the order they came."""
        waiters = self._waiters.pop(key, [])
        self._count -= len(waiters)
        return waiters
