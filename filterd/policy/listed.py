"""What the compiled lists say of a name, as far as policy needs to know.

Holds the small view of the list index that this room uses, the categories a set of tags puts a
name in, and where a listed name was written.  It does not build or read an index
(``filterd.lists``) and knows no profile.
"""

from collections.abc import Mapping
from typing import Protocol

from filterd.lists.category import CATEGORIES
from filterd.lists.rule import Kind, Tag, TagSet

BLOCKING: frozenset[Kind] = frozenset({Kind.IMPORTANT, Kind.BLOCK})

_POSITION = {category: position for position, category in enumerate(CATEGORIES)}

# A first label no list holds: what covers it below a name was written for all that lies below.
_PROBE = "\\000filterd"


class Listed(Protocol):
    """A compiled index of lists; ``filterd.lists.index.Index`` is one."""

    @property
    def build(self) -> str:
        """The id of this build; equal lists and key have equal ids."""

    def find(self, name: str, /) -> int:
        """Return the number of the name's tag set, 0 when no list speaks of it."""

    def tags(self, number: int, /) -> TagSet:
        """Return the tag set with this number."""


def memberships(tags: TagSet, categories: Mapping[str, str]) -> dict[str, str]:
    """Return the categories these tags put a name in, each with the source that says so.

    ``categories`` maps sources to categories; a source missing there says nothing.  Inside one
    category the strongest kind decides (important exception, important, exception, block);
    categories do not touch each other.  The order is the taxonomy's, the worst first, so that of
    two blocked categories every node and every run names the same one.
    """
    strongest: dict[str, Tag] = {}
    for tag in tags:
        category = categories.get(tag.source)
        if category is None:
            continue
        rival = strongest.get(category)
        if rival is None or (tag.kind, tag.source) < (rival.kind, rival.source):
            strongest[category] = tag
    return {
        category: strongest[category].source
        for category in sorted(strongest, key=_position)
        if strongest[category].kind in BLOCKING
    }


def _position(category: str) -> tuple[int, str]:
    return _POSITION.get(category, len(_POSITION)), category


def written_for(listed: Listed, name: str, source: str) -> str:
    """Return the name that ``source`` lists and that covers ``name``; "" when none does.

    It is the topmost such name.  Costs a look-up per label: for records and explanations, not for
    decisions.
    """
    labels = name.split(".")
    for first in range(len(labels) - 1, 0, -1):
        parent = ".".join(labels[first:])
        if _lists(listed, f"{_PROBE}.{parent}", source):
            return parent
    return name if _lists(listed, name, source) else ""


def _lists(listed: Listed, name: str, source: str) -> bool:
    tags = listed.tags(listed.find(name))
    return any(tag.source == source and tag.kind in BLOCKING for tag in tags)
