"""Look names up in a compiled index: which tags hold for a name, its parents' included.

The index lies in any buffer (bytes, a memory-mapped file) and is never copied; opening it makes
objects for tags, sets and pairs, none for names.  What a tag set means for a child is policy's.
"""

import json
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from siphashc import siphash

from filterd.errors import ListError
from filterd.lists import layout
from filterd.lists.compile import compile_index
from filterd.lists.rule import Kind, Tag, TagSet

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Index:
    """One open index.

    ``buffer`` stays in use as long as the index lives; ``key`` is the one it was compiled with.
    ``sets`` are the tag sets by number, number 0 being the empty one.  ``sources`` are list ids,
    ``names`` counts the distinct names listed, ``build`` is a hex checksum of the content.
    Raises ListError when the file is damaged, cut off, of another version or for another key.
    """

    __slots__ = (
        "_below",
        "_here",
        "_pair",
        "build",
        "names",
        "sets",
        "sources",
    )

    def __init__(self, buffer: "Buffer", key: bytes) -> None:
        facts, slots = _open(memoryview(buffer), key)
        try:
            self._here: list[int] = facts["here"]
            self._below: list[int] = facts["below"]
            self.sources: tuple[str, ...] = tuple(facts["sources"])
            self.sets: tuple[TagSet, ...] = _sets(facts)
            self.names: int = facts["names"]
            self.build: str = facts["build"]
            self._pair = (_wide if facts["wide"] else _narrow)(slots, facts["homes"], key)
        except (LookupError, TypeError, ValueError) as error:
            raise _damaged(f"its facts make no sense ({error!r})") from error

    def find(self, name: str) -> int:
        """Return the number of the tag set that holds for ``name``, 0 when there is none.

        ``name`` is lower-case, in A-labels, without a trailing dot.
        """
        sets = self._here
        while name:
            pair = self._pair(name)
            if pair:
                return sets[pair]
            sets = self._below
            name = name.partition(".")[2]
        return 0

    def where(self, name: str) -> str:
        """Return the name ``find`` stopped at: ``name`` or the parent that is listed, else ''."""
        while name and not self._pair(name):
            name = name.partition(".")[2]
        return name

    def tags(self, number: int) -> TagSet:
        """Return the tag set with this number, as ``find`` gave it."""
        return self.sets[number]


# These are closures and no methods: an index that held its own bound method would be a cycle, and
# its mapped file would stay mapped until the garbage collector comes by.


def _narrow(slots: "memoryview[int]", homes: int, key: bytes) -> Callable[[str], int]:
    """Return the search for the pair of a listed name; 0 when the name is not listed."""
    low_48 = layout.LOW_48

    def pair_of(name: str) -> int:
        hashed: int = siphash(key, name)
        wanted = hashed & low_48
        at = hashed * homes >> 64
        while slot := slots[at]:
            if slot >> 16 == wanted:
                return slot & 0xFFFF
            at += 1
        return 0

    return pair_of


def _wide(slots: "memoryview[int]", homes: int, key: bytes) -> Callable[[str], int]:
    def pair_of(name: str) -> int:
        hashed: int = siphash(key, name)
        at = 2 * (hashed * homes >> 64)
        while pair := slots[at + 1]:
            if slots[at] == hashed:
                return pair
            at += 2
        return 0

    return pair_of


def _open(buffer: "memoryview[int]", key: bytes) -> tuple[dict[str, Any], "memoryview[int]"]:
    """Check the whole file and return its facts and slots."""
    data = buffer.cast("B")
    if len(data) < layout.HEADER.size:
        raise _damaged("it is too short")
    magic, order, version, length, facts_crc, slots_crc, check = layout.HEADER.unpack_from(data)
    if magic != layout.MAGIC:
        raise _damaged("it does not start like one")
    if order != layout.BYTE_ORDER or version != layout.VERSION:
        raise _damaged("it was built by another version or on another kind of machine")
    facts_end = layout.HEADER.size + length
    if zlib.crc32(data[layout.HEADER.size : facts_end]) != facts_crc:
        raise _damaged("the checksum of its facts is wrong")
    if zlib.crc32(data[facts_end:]) != slots_crc:
        raise _damaged("the checksum of its names is wrong")
    if check != layout.key_check(key):
        raise _damaged("it was built with another key")
    try:
        facts: dict[str, Any] = json.loads(bytes(data[layout.HEADER.size : facts_end]))
        slots = data[facts_end:].cast("Q")
    except (ValueError, TypeError) as error:
        raise _damaged(str(error)) from error
    return facts, slots


def _sets(facts: dict[str, Any]) -> tuple[TagSet, ...]:
    tags = [Tag(facts["sources"][source], Kind(kind)) for source, kind in facts["tags"]]
    return tuple(frozenset(tags[bit] for bit in bits) for bits in facts["sets"])


def _damaged(what: str) -> ListError:
    return ListError("index", f"the compiled index cannot be used: {what}")


_NO_LISTS_KEY = bytes(16)
EMPTY = Index(compile_index((), _NO_LISTS_KEY), _NO_LISTS_KEY)
"""The index of no lists: it finds nothing."""
