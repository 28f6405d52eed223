"""Look names up in a compiled index: which tags hold for a name, its parents' included.

The index lies in any buffer (bytes, a memory-mapped file) and is never copied; opening it makes
objects for tags, sets and pairs, none for names.  What a tag set means for a child is policy's.
"""

import json
import zlib
from typing import TYPE_CHECKING, Any

from filterd.errors import ListError
from filterd.lists import core, layout
from filterd.lists.compile import compile_index
from filterd.lists.facts import from_fact
from filterd.lists.rule import Kind, Tag, TagSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Buffer

    from filterd.lists.condition import Conditional


class Index:
    """One open index.

    ``buffer`` stays in use as long as the index lives; ``key`` is the one it was compiled with.
    ``sets`` are the tag sets by number, number 0 being the empty one.  ``sources`` are list ids,
    ``names`` counts the distinct names listed, ``build`` is a hex checksum of the content.
    ``search`` looks names up in the file: where the core's threads (``filterd.fast``) find it.
    ``conditional`` are the rules with conditions by source, in the order of its text;
    ``conditional_sets`` the numbers of the sets in which a source says it has some for the name.
    Raises ListError when the file is damaged, cut off, of another version or for another key.
    """

    __slots__ = (
        "build",
        "conditional",
        "conditional_sets",
        "find",
        "names",
        "search",
        "sets",
        "sources",
    )

    def __init__(self, buffer: "Buffer", key: bytes) -> None:
        facts, slots = _open(memoryview(buffer), key)
        try:
            self.sources: tuple[str, ...] = tuple(facts["sources"])
            self.sets: tuple[TagSet, ...] = _sets(facts)
            self.conditional_sets = frozenset(
                number
                for number, tags in enumerate(self.sets)
                if any(tag.kind is Kind.CONDITIONAL for tag in tags)
            )
            self.conditional: Mapping[str, tuple[Conditional, ...]] = {
                self.sources[source]: tuple(map(from_fact, rules))
                for source, rules in facts["conditional"]
            }
            self.names: int = facts["names"]
            self.build: str = facts["build"]
            search = core.WideSearch if facts["wide"] else core.NarrowSearch
            self.search = search(slots, facts["homes"], key, facts["here"], facts["below"])
        except (LookupError, TypeError, ValueError) as error:
            raise _damaged(f"its facts make no sense ({error!r})") from error
        # The search's own method, because a method of this class around it would cost as much
        # again.  It does not hold the index, so dropping the index closes its file at once.
        self.find: Callable[[str], int] = self.search.find
        """Returns the number of the tag set that holds for a name, 0 when there is none.

        The name is lower-case, in A-labels, without a trailing dot.
        """

    def where(self, name: str) -> str:
        """Return the name ``find`` stopped at: ``name`` or the parent that is listed, else ''."""
        while name and not self.search.pair_of(name):
            name = name.partition(".")[2]
        return name

    def tags(self, number: int) -> TagSet:
        """Return the tag set with this number, as ``find`` gave it."""
        return self.sets[number]


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
