"""Rules become one index: every listed name with the tags that hold for it, its parents' included.

Tag sets are integers here, one bit a tag; a name has a pair of them (``pairs``).  The loops over
names are the core's.  The same sources, texts and key give the same bytes.  Writing the bytes to
a disk is the caller's.
"""

import json
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from filterd.lists import core, layout
from filterd.lists.condition import Conditional
from filterd.lists.facts import to_fact
from filterd.lists.pairs import Pairs
from filterd.lists.parsed import Names, Parsed, Scope, names_of
from filterd.lists.rule import Kind, Tag

if TYPE_CHECKING:
    from typing_extensions import Buffer


def compile_index(sources: Iterable[tuple[str, Parsed]], key: bytes) -> bytes:
    """Return the bytes of an index file for ``lists.index.Index``.

    ``sources`` are list ids with what their texts hold, whose names are best left in mapped files.
    ``key`` has 16 bytes.
    """
    said = _Said.of(sources)
    hashes, met, distinct = core.build(said.sections, said.pairs, key)
    said.sections.clear()  # mapped files count as memory of this process
    numbers, facts = _number_sets(met, said.pairs)
    homes = layout.homes_for(len(hashes))
    is_wide = max(numbers, default=0) > layout.NARROW_PAIRS
    facts |= said.facts() | {"names": distinct, "homes": homes, "wide": is_wide}
    place = core.place_wide if is_wide else core.place_narrow
    return _file(facts, place(hashes, numbers, homes), key)


@dataclass(slots=True)
class _Said:
    """What the lists say: names in sections of equal tags, and rules with conditions."""

    ids: list[str] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    conditional: dict[str, list[Conditional]] = field(default_factory=dict)
    sections: "list[tuple[Buffer, int]]" = field(default_factory=list)
    pairs: Pairs = field(default_factory=Pairs)

    @classmethod
    def of(cls, sources: Iterable[tuple[str, Parsed]]) -> "_Said":
        said = cls()
        for source, parsed in sources:
            said.add(source, parsed)
        return said

    def add(self, source: str, parsed: Parsed) -> None:
        if source not in self.ids:
            self.ids.append(source)
        for kind, scope, names in _sections(parsed):
            bit = _tag_bit(self.tags, Tag(source, kind))
            self.sections.append((names.text, _pair(self.pairs, bit, scope)))
        rules = [placed.rule for placed in parsed.conditional]
        if rules:
            self.conditional.setdefault(source, []).extend(rules)

    def facts(self) -> dict[str, object]:
        return {
            "sources": self.ids,
            "tags": [[self.ids.index(tag.source), int(tag.kind)] for tag in self.tags],
            "conditional": [
                [self.ids.index(source), [to_fact(rule) for rule in rules]]
                for source, rules in self.conditional.items()
            ],
        }


def _sections(parsed: Parsed) -> Iterator[tuple[Kind, Scope, Names]]:
    """Yield the names of a list in an order that does not depend on that of its lines."""
    scopes = list(Scope)
    for kind, scope in sorted(parsed.names, key=lambda each: (each[0], scopes.index(each[1]))):
        yield kind, scope, parsed.names[kind, scope]
    anchored = {placed.rule for placed in parsed.conditional if placed.rule.name}
    for scope in scopes:
        names = {rule.name for rule in anchored if rule.scope == scope.value}
        if names:
            yield Kind.CONDITIONAL, scope, names_of(names)


def _tag_bit(tags: list[Tag], tag: Tag) -> int:
    if tag not in tags:
        tags.append(tag)
    return 1 << tags.index(tag)


def _pair(pairs: Pairs, bit: int, scope: Scope) -> int:
    return pairs.number(0 if scope is Scope.BELOW else bit, 0 if scope is Scope.EXACT else bit)


def _number_sets(met: core.Numbers, pairs: Pairs) -> "tuple[array[int], dict[str, object]]":
    """Give pairs and sets their numbers in the file, which must not depend on who met them first.

    Returns the pair number in the file (from 1) for each of ``met``, and the facts that say what
    they mean.
    """
    ordered = sorted(set(met), key=pairs.pairs.__getitem__)
    masks = sorted({0, *(mask for number in ordered for mask in pairs.pairs[number])})
    set_numbers = {mask: number for number, mask in enumerate(masks)}
    places = [0] * len(pairs.pairs)
    for place, number in enumerate(ordered, 1):
        places[number] = place
    facts: dict[str, object] = {
        "sets": [[bit for bit in range(mask.bit_length()) if mask >> bit & 1] for mask in masks],
        "here": [0, *(set_numbers[pairs.pairs[number][0]] for number in ordered)],
        "below": [0, *(set_numbers[pairs.pairs[number][1]] for number in ordered)],
    }
    return array("I", map(places.__getitem__, met)), facts


def _file(facts: dict[str, object], slots: "Buffer", key: bytes) -> bytes:
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
