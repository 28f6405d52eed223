"""Holds a map that never grows past its bounds, for keys that strangers can invent.

Two generations instead of a linked list: what is asked for again moves to the young one, and when
the young one is full the old one is dropped whole.  Nothing is ever scanned, so the price of a
full map is the same as that of an empty one.  Knows nothing of time; its users keep that.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """A map of at most ``entries`` entries whose ``weigh`` sums to at most ``weight``.

    An entry that was used since about ``entries / 2`` newer ones came is still there.  Without
    ``weigh`` only the number of entries counts.
    """

    def __init__(
        self, entries: int, weight: int = 0, weigh: Callable[[V], int] | None = None
    ) -> None:
        self._entries = max(1, entries // 2)
        self._weight = weight // 2
        self._weigh = weigh
        self._filled = 0
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: K) -> V | None:
        """Return the value, or None when it is not (or no longer) there."""
        value = self._young.get(key)
        if value is None and self._old:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Store a value in the place of what the key had before.

        A value heavier than half the map may weigh is not kept.
        """
        if self._old:
            self._old.pop(key, None)
        weight = self._weigh(value) if self._weigh else 0
        if weight > self._weight:
            self._young.pop(key, None)
            return
        if len(self._young) >= self._entries or self._filled + weight > self._weight:
            self._old = self._young
            self._young = {}
            self._filled = 0
        self._young[key] = value
        # What is replaced is counted twice: that errs on the small side and asks for no search.
        self._filled += weight

    def drop(self, key: K) -> None:
        """Forget one key; it need not be there."""
        self._young.pop(key, None)
        self._old.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._young = {}
        self._old = {}
        self._filled = 0
