"""Compile what was read in the lists and put the index in place.

Runs in the worker and in commands only: a computing thread would stall the DNS process.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from filterd.config.document import Document, ListSource
from filterd.errors import ConfigError, ListError
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed
from filterd.policy.snapshot import compile_policy
from filterd.service.current import map_index
from filterd.service.files import replace_file
from filterd.service.guards import Sayings, kept_names
from filterd.service.layout import Layout
from filterd.service.manifest import (
    Download,
    ListState,
    Manifest,
    load_manifest,
    recipe_of,
    save_manifest,
)
from filterd.service.reading import read_all
from filterd.service.readlist import ReadList
from filterd.service.texts import digest_of, part_of
from filterd.service.turns import own_turn

# Each is an object in the DNS process, of one or two kilobytes.
MOST_CONDITIONAL_IN_ALL = 40_000


def compile_lists(layout: Layout, document: Document, key: bytes) -> Manifest:
    """Compile every list that can be read and put index and manifest in place.

    A list that cannot be used is left out and its state says why.  Raises OSError when the state
    folder cannot be written (the index in place is then still the old one).
    """
    with own_turn(layout):
        states: list[ListState] = []
        content = compile_index(_usable(layout, document, states), key)
        index = Index(content, key)
        states = _looked_over(layout, document, index, states)
        manifest = Manifest(index.build, recipe_of(document), tuple(states))
        replace_file(layout.index, content)
        save_manifest(layout.manifest, manifest)
    return manifest


def has_index(layout: Layout, document: Document) -> bool:
    """Tell whether the index in place is whole and made of the texts and lists in force."""
    manifest = load_manifest(layout.manifest)
    if manifest.is_stale or manifest.recipe != recipe_of(document):
        return False
    if any(_is_edited(layout, manifest, *entry) for entry in document.lists.items()):
        return False
    index, problem = map_index(layout)
    return not problem and index.build == manifest.build


def _is_edited(layout: Layout, manifest: Manifest, source: str, listed: ListSource) -> bool:
    """Tell whether a list's file is another one than was compiled; downloads say so themselves."""
    if listed.url is not None:
        return False
    known = manifest.state_of(source)
    try:
        text = digest_of(layout, source, listed)
    except ListError:
        text = ""
    return known is None or known.text != text


def _usable(
    layout: Layout, document: Document, states: list[ListState]
) -> Iterator[tuple[str, Parsed]]:
    """Yield the lists that can be used, noting in ``states`` how each fared."""
    before = load_manifest(layout.manifest)
    room = MOST_CONDITIONAL_IN_ALL
    for source, read in read_all(layout, document):
        listed, known = document.lists[source], before.state_of(source)
        download = known.download if known is not None and listed.url else Download()
        state = _state(source, listed, read, download)
        parsed = read.parsed
        if parsed is not None:
            beyond = max(0, len(parsed.conditional) - room)
            if beyond:
                parsed = replace(parsed, conditional=parsed.conditional[:room])
                state = _without(state, beyond)
            room -= len(parsed.conditional)
            yield source, parsed
        states.append(state)


def _without(state: ListState, rules: int) -> ListState:
    """Count rules that are well written and for which there is no room."""
    return replace(state, names=state.names - rules, complaints=state.complaints + rules)


def _state(source: str, listed: ListSource, read: ReadList, download: Download) -> ListState:
    facts = read.facts
    text = facts.text
    if text and part_of(listed) and download.copy is not None:
        text = download.copy.digest  # that of the archive it was read from
    state = ListState(source, listed.category, problem=facts.problem, text=text, download=download)
    if read.parsed is None:
        return state
    return replace(
        state,
        ok=True,
        names=facts.rules,
        complaints=read.parsed.complaint_count + facts.suffix_count,
        suffixes=facts.suffixes,
    )


def _looked_over(
    layout: Layout, document: Document, index: Index, states: list[ListState]
) -> list[ListState]:
    """Note what only all lists together tell: kept names that each lists, and what is too much."""
    said = Sayings(index, kept_names(layout, document))
    left_out = _left_out(document, index)
    found = []
    for state in states:
        hits = said.hits(state.id, state.category)
        state_left = _without(state, left_out.get(state.id, 0))
        found.append(replace(state_left, opens=hits.opens, closes=hits.closes))
    return found


def _left_out(document: Document, index: Index) -> Mapping[str, int]:
    """Return how many rules of each list the policy has no room for."""
    if not index.conditional:
        return {}
    try:
        return compile_policy(document, 0, index).left_out
    except ConfigError:  # said wherever the policy is put in force
        return {}
