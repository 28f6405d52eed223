"""Whether a download may be put in force by itself, or must wait for a guardian.

A good list turns bad in two ways that can be seen: it suddenly holds far more or far fewer names,
or it closes what nobody would close.  The second is told by names that stand for the sites
everybody needs: the curated lists always-allow and essentials, and what the guardians keep in
files of these categories.  No ranking of the web's top sites is shipped: its licence forbids that
and it ages; a list that takes in the top of the web takes in time servers and system updates too.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import filterd.lists.formats as list_formats
from filterd.config.document import Document
from filterd.errors import ListError
from filterd.lists.category import ALWAYS_ALLOW, ESSENTIALS, LOCKED
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Names, Parsed, each_name, names_of
from filterd.lists.rule import Kind
from filterd.policy.listed import BLOCKING
from filterd.service.closing import Closing
from filterd.service.layout import Layout
from filterd.service.manifest import ListState, Why
from filterd.service.texts import form_of, read_bundled, read_list
from filterd.wire.name import parents

# Below this many rules half of them come and go on an ordinary day.
_FEW = 100
_ANY_KEY = bytes(16)
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
                found |= _names(read_list(layout, source, listed), form_of(listed))
    return found


def _curated(category: str) -> frozenset[str]:
    text = read_bundled(f"blocklists/{category}.txt")
    return _names(text, "domains") if text else frozenset()


def _names(text: bytes, form: str) -> frozenset[str]:
    parsed = list_formats.parse("", text, form)
    return frozenset(name for names in parsed.names.values() for name in each_name(names))


class Sayings:
    """What the lists of an index say of the names no list should close."""

    def __init__(self, index: Index, kept: Kept) -> None:
        self._index = index
        self._kept = kept
        self._strongest: dict[str, dict[str, Kind]] = {}
        for name in kept.helping | kept.needed:
            for asked in _asked(name):
                self._note(asked)

    def _note(self, asked: str) -> None:
        for source, kind in self._index.tags(self._index.find(asked)):
            said = self._strongest.setdefault(source, {})
            said[asked] = min(kind, said.get(asked, kind))

    def hits(self, source: str, category: str) -> Hits:
        """Return what a list of this category covers of the names."""
        if category in _OPENING:
            return Hits()
        helping = self._closed(source, self._kept.helping)
        needed = self._closed(source, self._kept.needed)
        if category == LOCKED:  # above always-allow, so nothing lifts it
            return Hits(closes=tuple(sorted(helping + needed)))
        return Hits(helping, needed)

    def _closed(self, source: str, names: Iterable[str]) -> tuple[str, ...]:
        said = self._strongest.get(source, {})
        rules = self._index.conditional.get(source)
        if rules is None:
            return tuple(sorted(filter(lambda name: _closes(said, name), names)))
        conditional = Closing(rules)
        found = []
        for name in names:
            asked = {each: conditional.strongest(each, said.get(each)) for each in _asked(name)}
            if _closes(asked, name):
                found.append(name)
        return tuple(sorted(found))


def _asked(name: str) -> tuple[str, str]:
    # Lists that are made by crawling often hold a site as www only.
    return name, f"www.{name}"


def _closes(said: Mapping[str, Kind | None], name: str) -> bool:
    """Tell whether the strongest that a list says of a name closes it."""
    return any(said.get(asked) in BLOCKING for asked in _asked(name))


def hits_in(parsed: Parsed, source: str, category: str, kept: Kept) -> Hits:
    """Return what a list that is in no index yet covers of the names no list should close."""
    near = {each.encode() for name in kept.helping | kept.needed for each in parents(f"www.{name}")}
    some = {key: _only(names, near) for key, names in parsed.names.items()}
    small = replace(parsed, names={key: names for key, names in some.items() if names.count})
    index = Index(compile_index([(source, small)], _ANY_KEY), _ANY_KEY)
    return Sayings(index, kept).hits(source, category)


def _only(names: Names, wanted: set[bytes]) -> Names:
    """Return those of the names that are wanted; millions take part of a second."""
    parts = names.split(
        lambda piece: None if wanted.isdisjoint(piece) else [name in wanted for name in piece]
    )
    return parts[1] if parts else names_of(())


def why_held(before: ListState, names: int, hits: Hits) -> Why | None:
    """Return why a download is to wait, None when it need not.

    ``before`` is the list as it is in force, ``names`` and ``hits`` are the download's.  A list
    that is new in the house has no size to be compared with, and helplines on it are only said.
    """
    is_new = not before.ok
    closes = set(hits.closes) - set(before.closes)
    if closes:
        return Why("closes", names, before.names, tuple(sorted(closes)))
    opens = set(hits.opens) - set(before.opens)
    if opens and not is_new:
        return Why("opens", names, before.names, tuple(sorted(opens)))
    if is_new or before.names < _FEW:
        return None
    if names * 2 < before.names:
        return Why("smaller", names, before.names)
    if names * 2 > before.names * 3:
        return Why("larger", names, before.names)
    return None
