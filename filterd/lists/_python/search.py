"""Look names up in the slots of an index file."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import siphashc

from filterd.lists import layout

if TYPE_CHECKING:
    from typing_extensions import Buffer


def siphash(key: bytes, data: bytes, /) -> int:
    """As ``core.Core.siphash``."""
    return int(siphashc.siphash(key, data))


class _Search(ABC):
    """What both widths have in common."""

    __slots__ = ("_below", "_here", "_homes", "_key", "_slots")

    def __init__(
        self, slots: "Buffer", homes: int, key: bytes, here: list[int], below: list[int], /
    ) -> None:
        self._slots = memoryview(slots).cast("B").cast("Q")
        self._homes = homes
        self._key = key
        self._here = here
        self._below = below

    def find(self, name: str, /) -> int:
        """As ``core.Search.find``."""
        sets = self._here
        pair_of = self.pair_of
        while name:
            pair = pair_of(name)
            if pair:
                return sets[pair]
            sets = self._below
            name = name.partition(".")[2]
        return 0

    @abstractmethod
    def pair_of(self, name: str, /) -> int:
        """As ``core.Search.pair_of``."""


class NarrowSearch(_Search):
    """As ``core.Search``, in slots of 8 bytes."""

    __slots__ = ()

    def pair_of(self, name: str, /) -> int:
        """As ``core.Search.pair_of``."""
        slots = self._slots
        hashed: int = siphashc.siphash(self._key, name)
        wanted = hashed & layout.LOW_48
        at = hashed * self._homes >> 64
        while slot := slots[at]:
            if slot >> 16 == wanted:
                return slot & 0xFFFF
            at += 1
        return 0


class WideSearch(_Search):
    """As ``core.Search``, in slots of 16 bytes."""

    __slots__ = ()

    def pair_of(self, name: str, /) -> int:
        """As ``core.Search.pair_of``."""
        slots = self._slots
        hashed: int = siphashc.siphash(self._key, name)
        at = 2 * (hashed * self._homes >> 64)
        while pair := slots[at + 1]:
            if slots[at] == hashed:
                return pair
            at += 2
        return 0
