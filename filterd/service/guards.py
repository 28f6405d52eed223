"""Whether a download may be put in force by itself, or must wait for a guardian.

A good list turns bad in two ways that can be seen: it suddenly holds far more or far fewer names,
or it closes what nobody would close.  The second is told by names that stand for the sites
everybody needs: the curated lists always-allow and essentials, and what the guardians keep in
files of these categories.  No ranking of the web's top sites is shipped: its licence forbids that
and it ages; a list that takes in the top of the web takes in time servers and system updates too.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import filterd.lists.formats as list_formats
from filterd.config.document import Document
from filterd.errors import ListError
from filterd.lists.category import ALWAYS_ALLOW, ESSENTIALS, LOCKED
from filterd.lists.index import Index
from filterd.policy.listed import BLOCKING
from filterd.service.layout import Layout
from filterd.service.manifest import ListState
from filterd.service.texts import read_bundled, read_list

# Below this many rules half of them come and go on an ordinary day.
_FEW = 100
_SHOWN = 3
# What is listed there is there to be opened.
_OPENING = frozenset({ALWAYS_ALLOW, ESSENTIALS, "learning"})


@dataclass(frozen=True, slots=True)
class Kept:
    """The names no list should close.

    ``helping`` are those a list of always-allow keeps open in this house, whatever is listed;
    ``needed`` are the others.
    """

    helping: frozenset[str]
    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hits:
    """Which of those names a list covers: ``opens`` stay open all the same, ``closes`` do not."""

    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()


def kept_names(layout: Layout, document: Document) -> Kept:
    """Return the names to hold lists against: the curated ones and the guardians' own."""
    helping = _own(layout, document, ALWAYS_ALLOW)
    needed = _own(layout, document, ESSENTIALS) | _curated(ESSENTIALS) | _curated(ALWAYS_ALLOW)
    return Kept(helping, needed - helping)


def _own(layout: Layout, document: Document, category: str) -> frozenset[str]:
    """Return the names in the files of a category; what comes from strangers does not count."""
    found = frozenset[str]()
    for source, listed in document.lists.items():
        if listed.category == category and listed.url is None:
            with suppress(ListError):  # said when it is compiled
                found |= _names(read_list(layout, source, listed), listed.format)
    return found


def _curated(category: str) -> frozenset[str]:
    text = read_bundled(f"blocklists/{category}.txt")
    return _names(text, "domains") if text else frozenset()


def _names(text: bytes, form: str) -> frozenset[str]:
    parsed = list_formats.parse("", text, form)
    return frozenset(name for names in parsed.names.values() for name in names)


def hits_of(index: Index, source: str, category: str, kept: Kept) -> Hits:
    """Return what the list ``source`` covers of the names that no list should close."""
    if category in _OPENING:
        return Hits()
    helping = _covered(index, source, kept.helping)
    needed = _covered(index, source, kept.needed)
    if category == LOCKED:  # above always-allow, so nothing lifts it
        return Hits(closes=tuple(sorted(helping + needed)))
    return Hits(helping, needed)


def _covered(index: Index, source: str, names: Iterable[str]) -> tuple[str, ...]:
    # Lists that are made by crawling often hold a site as www only.
    return tuple(
        name
        for name in sorted(names)
        if any(_blocks(index, source, asked) for asked in (name, f"www.{name}"))
    )


def _blocks(index: Index, source: str, name: str) -> bool:
    tags = index.tags(index.find(name))
    return any(tag.source == source and tag.kind in BLOCKING for tag in tags)


def why_held(before: ListState, names: int, hits: Hits) -> str:
    """Return why a download is to wait, empty when it need not.

    ``before`` is the list as it is in force, ``names`` and ``hits`` are the download's.  A list
    that is new in the house has no size to be compared with, and helplines on it are only said.
    """
    is_new = not before.ok
    closes = set(hits.closes) - set(before.closes)
    if closes:
        return f"it would newly close {_some(closes)}, which nobody should close"
    opens = set(hits.opens) - set(before.opens)
    if opens and not is_new:
        return f"it newly holds {_some(opens)}, which is always open"
    if is_new or before.names < _FEW:
        return ""
    if names * 2 < before.names:
        return f"it shrank from {before.names:,} to {names:,} names"
    if names * 2 > before.names * 3:
        return f"it grew from {before.names:,} to {names:,} names"
    return ""


def _some(names: Iterable[str]) -> str:
    first = sorted(names)
    more = f" and {len(first) - _SHOWN} more" if len(first) > _SHOWN else ""
    return ", ".join(first[:_SHOWN]) + more
