"""Rules become one index: every listed name with the tags that hold for it, its parents' included.

Tag sets are integers here, one bit a tag.  A name needs two of them, a *pair*: ``here`` for itself,
``down`` for what lies below it.  Pairs repeat, so they are numbered.  The same sources, texts and
key give the same bytes.  Writing the bytes to a disk is the caller's.
"""

import json
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from siphashc import siphash

from filterd.lists import layout
from filterd.lists.parsed import Parsed, Scope
from filterd.lists.rule import Tag

_NUMBER_BITS = 32  # of a sort key: the name's hash above, its pair's number below


@dataclass(slots=True)
class _Pairs:
    """Pairs of tag sets, numbered as they are met."""

    pairs: list[tuple[int, int]] = field(default_factory=list)
    numbers: dict[tuple[int, int], int] = field(default_factory=dict)

    def number(self, here: int, down: int) -> int:
        pair = here, down
        number = self.numbers.setdefault(pair, len(self.pairs))
        if number == len(self.pairs):
            self.pairs.append(pair)
        return number

    def union(self, one: int, other: int) -> int:
        here, down = self.pairs[one]
        also_here, also_down = self.pairs[other]
        return self.number(here | also_here, down | also_down)


def compile_index(sources: Iterable[tuple[str, Parsed]], key: bytes) -> bytes:
    """Return the bytes of an index file for ``lists.index.Index``.

    ``sources`` are list ids with what their texts hold; it is gone through once, so a generator
    that reads one list after the other keeps memory small.  ``key`` has 16 bytes.
    """
    ids: list[str] = []
    tags: list[Tag] = []
    pairs = _Pairs()
    listed: dict[str, int] = {}
    for source, parsed in sources:
        if source not in ids:
            ids.append(source)
        for (kind, scope), names in parsed.names.items():
            _add(listed, names, _tag_bit(tags, Tag(source, kind)), scope, pairs)
    keys = _close(listed, pairs, key)
    numbers, facts = _number_sets({sort_key & 0xFFFFFFFF for sort_key in keys}, pairs)
    facts |= {
        "sources": ids,
        "tags": [[ids.index(tag.source), int(tag.kind)] for tag in tags],
        "names": len(listed),
        "homes": layout.homes_for(len(keys)),
        "wide": len(numbers) > layout.NARROW_PAIRS,
    }
    keys.sort()
    place = _place_wide if facts["wide"] else _place_narrow
    return _file(facts, place(keys, numbers, layout.homes_for(len(keys))), key)


def _tag_bit(tags: list[Tag], tag: Tag) -> int:
    if tag not in tags:
        tags.append(tag)
    return 1 << tags.index(tag)


def _add(
    listed: dict[str, int], names: Sequence[str], bit: int, scope: Scope, pairs: _Pairs
) -> None:
    """Add one tag for ``names``; all but the names that have tags already goes at C speed."""
    here = 0 if scope is Scope.BELOW else bit
    down = 0 if scope is Scope.EXACT else bit
    number = pairs.number(here, down)
    fresh = dict.fromkeys(names, number)
    unions: dict[int, int] = {}
    for name in listed.keys() & fresh.keys():
        before = listed[name]
        after = unions.get(before)
        if after is None:
            after = unions[before] = pairs.union(before, number)
        fresh[name] = after
    listed.update(fresh)


def _close(listed: dict[str, int], pairs: _Pairs, key: bytes) -> list[int]:
    """Return a sort key for every name that must be in the table.

    A name whose parents already say all that it says is left out: the search then ends at the
    parent with the same answer.
    """
    down = [below for _, below in pairs.pairs]
    closed: dict[tuple[int, int], int | None] = {}
    keys: list[int] = []
    for name, own in listed.items():
        number: int | None = own
        inherited = 0
        at = name.find(".") + 1
        while at:
            parent = listed.get(name[at:])
            if parent is not None:
                inherited |= down[parent]
            at = name.find(".", at) + 1
        if inherited:
            case = own, inherited
            if case not in closed:
                closed[case] = _inherit(pairs, own, inherited)
            number = closed[case]
        if number is not None:
            keys.append(siphash(key, name) << _NUMBER_BITS | number)
    return keys


def _inherit(pairs: _Pairs, own: int, inherited: int) -> int | None:
    here, below = pairs.pairs[own]
    here, below = here | inherited, below | inherited
    return None if here == below == inherited else pairs.number(here, below)


def _number_sets(used: set[int], pairs: _Pairs) -> tuple[dict[int, int], dict[str, object]]:
    """Give pairs and sets their numbers in the file, which must not depend on who met them first.

    Returns the file's number for each used pair (from 1), and the facts that say what they mean.
    """
    ordered = sorted(used, key=pairs.pairs.__getitem__)
    masks = sorted({0, *(mask for number in ordered for mask in pairs.pairs[number])})
    set_numbers = {mask: number for number, mask in enumerate(masks)}
    here = [set_numbers[pairs.pairs[number][0]] for number in ordered]
    below = [set_numbers[pairs.pairs[number][1]] for number in ordered]
    facts: dict[str, object] = {
        "sets": [[bit for bit in range(mask.bit_length()) if mask >> bit & 1] for mask in masks],
        "here": [0, *here],
        "below": [0, *below],
    }
    return {number: place for place, number in enumerate(ordered, 1)}, facts


def _place_narrow(keys: list[int], numbers: dict[int, int], homes: int) -> "array[int]":
    """Put every name into its home slot or, homes being in order, into the next free one."""
    slots = array("Q", bytes(8 * (homes + len(keys) + 1)))
    low_48 = layout.LOW_48
    last = -1
    for sort_key in keys:
        hashed = sort_key >> _NUMBER_BITS
        at = hashed * homes >> 64
        if at <= last:
            at = last + 1
        last = at
        slots[at] = (hashed & low_48) << 16 | numbers[sort_key & 0xFFFFFFFF]
    del slots[max(homes, last + 1) + 1 :]
    return slots


def _place_wide(keys: list[int], numbers: dict[int, int], homes: int) -> "array[int]":
    slots = array("Q", bytes(16 * (homes + len(keys) + 1)))
    last = -1
    for sort_key in keys:
        hashed = sort_key >> _NUMBER_BITS
        last = max(hashed * homes >> 64, last + 1)
        slots[2 * last] = hashed
        slots[2 * last + 1] = numbers[sort_key & 0xFFFFFFFF]
    del slots[2 * (max(homes, last + 1) + 1) :]
    return slots


def _file(facts: dict[str, object], slots: "array[int]", key: bytes) -> bytes:
    described = json.dumps(facts, separators=(",", ":"), sort_keys=True).encode()
    build = blake2b(described, digest_size=8)
    build.update(slots)
    facts["build"] = build.hexdigest()
    described = json.dumps(facts, separators=(",", ":"), sort_keys=True).encode()
    described += b" " * (-len(described) % 8)
    header = layout.HEADER.pack(
        layout.MAGIC,
        layout.BYTE_ORDER,
        layout.VERSION,
        len(described),
        zlib.crc32(described),
        zlib.crc32(slots),
        layout.key_check(key),
    )
    return b"".join((header, described, slots))
