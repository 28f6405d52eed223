"""Merge names into one table, close it over parents, and put it into slots."""

from array import array
from typing import TYPE_CHECKING

from siphashc import siphash

from filterd.lists import layout
from filterd.lists.pairs import NOTHING_MORE, Pairs
from filterd.lists.parsed import pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

    from filterd.lists.core import Numbers

_NUMBER_BITS = 32  # of a sort key: the name's hash above, its pair's number below
_NUMBER = (1 << _NUMBER_BITS) - 1


def build(
    sections: "Sequence[tuple[Buffer, int]]", pairs: Pairs, key: bytes, /
) -> "tuple[array[int], array[int], int]":
    """As ``core.Core.build``."""
    listed: dict[bytes, int] = {}
    for text, number in sections:
        unions: dict[int, int] = {}
        for piece in pieces(memoryview(text)):
            _add(listed, piece.splitlines(), number, unions, pairs)
    distinct = len(listed)
    keys = _close(listed, pairs, key)
    del listed
    keys.sort()
    hashes = array("Q", [sort_key >> _NUMBER_BITS for sort_key in keys])
    return hashes, array("I", [sort_key & _NUMBER for sort_key in keys]), distinct


def _add(
    listed: dict[bytes, int], names: list[bytes], number: int, unions: dict[int, int], pairs: Pairs
) -> None:
    """Add one pair for ``names``; all but the names that have tags already goes at C speed."""
    fresh = dict.fromkeys(names, number)
    for name in listed.keys() & fresh.keys():
        before = listed[name]
        after = unions.get(before)
        if after is None:
            after = unions[before] = pairs.union(before, number)
        fresh[name] = after
    listed.update(fresh)


def _close(listed: dict[bytes, int], pairs: Pairs, key: bytes) -> list[int]:
    """Return a sort key for every name that must be in the table."""
    closed: dict[tuple[int, int], int] = {}
    unions: dict[tuple[int, int], int] = {}
    keys: list[int] = []
    for name, own in listed.items():
        number = own
        above = -1
        at = name.find(b".") + 1
        while at:
            parent = listed.get(name[at:])
            if parent is not None:
                above = parent if above < 0 else _union(pairs, unions, above, parent)
            at = name.find(b".", at) + 1
        if above >= 0:
            case = own, above
            if case not in closed:
                closed[case] = pairs.under(own, above)
            number = closed[case]
        if number != NOTHING_MORE:
            keys.append(siphash(key, name) << _NUMBER_BITS | number)
    return keys


def _union(pairs: Pairs, unions: dict[tuple[int, int], int], one: int, other: int) -> int:
    case = one, other
    if case not in unions:
        unions[case] = pairs.union(one, other)
    return unions[case]


def place_narrow(hashes: "Numbers", numbers: "Numbers", homes: int, /) -> "array[int]":
    """Put every name into its home slot or, homes being in order, into the next free one."""
    slots = array("Q", bytes(8 * (homes + len(hashes) + 1)))
    low_48 = layout.LOW_48
    last = -1
    for hashed, number in zip(hashes, numbers, strict=True):
        at = hashed * homes >> 64
        if at <= last:
            at = last + 1
        last = at
        slots[at] = (hashed & low_48) << 16 | number
    del slots[max(homes, last + 1) + 1 :]
    return slots


def place_wide(hashes: "Numbers", numbers: "Numbers", homes: int, /) -> "array[int]":
    """As ``place_narrow``, in slots of two words."""
    slots = array("Q", bytes(16 * (homes + len(hashes) + 1)))
    last = -1
    for hashed, number in zip(hashes, numbers, strict=True):
        last = max(hashed * homes >> 64, last + 1)
        slots[2 * last] = hashed
        slots[2 * last + 1] = number
    del slots[2 * (max(homes, last + 1) + 1) :]
    return slots
