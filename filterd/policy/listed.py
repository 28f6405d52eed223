"""What the compiled lists say of a name, as far as policy needs to know.

Holds the small view of the list index that this room uses, the categories a set of tags puts a
name in, and where a listed name was written.  It does not build or read an index
(``filterd.lists``) and knows no profile.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from filterd.lists.category import CATEGORIES, LOCKED
from filterd.lists.condition import Conditional
from filterd.lists.rule import Kind, Tag, TagSet

BLOCKING: frozenset[Kind] = frozenset({Kind.REWRITE, Kind.IMPORTANT, Kind.BLOCK})
_EXCEPTIONS = frozenset({Kind.IMPORTANT_EXCEPTION, Kind.EXCEPTION})

_POSITION = {category: position for position, category in enumerate(CATEGORIES)}

# A first label no list holds: what covers it below a name was written for all that lies below.
_PROBE = "\\000filterd."


class Listed(Protocol):
    """A compiled index of lists; ``filterd.lists.index.Index`` is one."""

    @property
    def build(self) -> str:
        """The id of this build; equal lists and key have equal ids."""

    @property
    def conditional(self) -> Mapping[str, tuple[Conditional, ...]]:
        """The rules with conditions, by source."""

    def find(self, name: str, /) -> int:
        """Return the number of the name's tag set, 0 when no list speaks of it."""

    def tags(self, number: int, /) -> TagSet:
        """Return the tag set with this number."""


class Sources(NamedTuple):
    """What the document says of its lists.

    ``categories`` maps each to its category; the exceptions of those in ``everywhere`` reach
    beyond it.
    """

    categories: Mapping[str, str]
    everywhere: frozenset[str] = frozenset()


class Membership(NamedTuple):
    """That a name is in a category: the source that says so, and how.

    ``lifted_by`` is the source whose exception reaches beyond its own category and takes away
    what blocks the name here, "" when none does.  The name is in the category all the same.
    """

    source: str
    kind: Kind
    lifted_by: str = ""


def memberships(tags: TagSet, sources: Sources) -> dict[str, Membership]:
    """Return the categories these tags put a name in.

    A source that ``sources`` does not know says nothing.  Inside one category the strongest kind
    decides (rewrite, important exception, important, exception, block); categories do not touch
    each other, but for an exception that reaches everywhere: it lifts what is weaker in any but
    the locked category.  There an exception holds inside its own source only: no list opens what
    another one locks.  The order is the taxonomy's, the worst first, so that of two blocked
    categories every node and every run names the same one.
    """
    strongest: dict[str, Tag] = {}
    locking: dict[str, Tag] = {}
    lifting: Tag | None = None
    for tag in tags:
        category = sources.categories.get(tag.source)
        if category is None:
            continue
        if category == LOCKED:
            locking[tag.source] = _stronger(locking.get(tag.source), tag)
        else:
            strongest[category] = _stronger(strongest.get(category), tag)
        if tag.kind in _EXCEPTIONS and tag.source in sources.everywhere:
            lifting = _stronger(lifting, tag)
    locks = [tag for tag in locking.values() if tag.kind in BLOCKING]
    if locks:
        strongest[LOCKED] = min(locks, key=lambda tag: (tag.kind, tag.source))
    found: dict[str, Membership] = {}
    for category in sorted(strongest, key=_position):
        tag = strongest[category]
        if tag.kind in BLOCKING:
            is_lifted = lifting is not None and lifting.kind < tag.kind and category != LOCKED
            lifted_by = lifting.source if lifting is not None and is_lifted else ""
            found[category] = Membership(tag.source, tag.kind, lifted_by)
    return found


def _stronger(rival: Tag | None, tag: Tag) -> Tag:
    if rival is None or (tag.kind, tag.source) < (rival.kind, rival.source):
        return tag
    return rival


def _position(category: str) -> tuple[int, str]:
    return _POSITION.get(category, len(_POSITION)), category


def written_for(listed: Listed, name: str, source: str) -> str:
    """Return the name that ``source`` lists and that covers ``name``; "" when none does.

    It is the topmost such name.  Costs a look-up, and one for each parent that is covered and the
    first that is not: what lies below a name has all the tags of what lies below its parents.
    """
    if not _blocks(listed, name, source):
        return ""
    found, parent = name, name.partition(".")[2]
    while parent and _blocks(listed, _PROBE + parent, source):
        found, parent = parent, parent.partition(".")[2]
    return found


def _blocks(listed: Listed, name: str, source: str) -> bool:
    number = listed.find(name)
    if number:
        for tag in listed.tags(number):
            if tag.source == source and tag.kind in BLOCKING:
                return True
    return False
