"""Compile the texts of the lists and put the index in place.

Runs in the worker and in commands only: a million names peak above 200 MiB, and a computing
thread would stall the DNS process.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import filterd.lists.formats as list_formats
from filterd.config.document import Document, ListSource
from filterd.config.site import public_suffixes
from filterd.errors import ListError
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed
from filterd.lists.suffixes import without_suffixes
from filterd.service.files import replace_file
from filterd.service.guards import hits_of, kept_names
from filterd.service.layout import Layout
from filterd.service.manifest import (
    Download,
    ListState,
    Manifest,
    load_manifest,
    recipe_of,
    save_manifest,
)
from filterd.service.texts import read_list
from filterd.service.turns import own_turn

_MOST_SUFFIXES = 100


def compile_lists(layout: Layout, document: Document, key: bytes) -> Manifest:
    """Compile every list that can be read and put index and manifest in place.

    A list that cannot be used is left out and its state says why.  Raises OSError when the state
    folder cannot be written (the index in place is then still the old one).
    """
    with own_turn(layout):
        states: list[ListState] = []
        content = compile_index(_usable(layout, document, states), key)
        index = Index(content, key)
        states = _with_hits(layout, document, index, states)
        manifest = Manifest(index.build, recipe_of(document), tuple(states))
        replace_file(layout.index, content)
        save_manifest(layout.manifest, manifest)
    return manifest


def has_index(layout: Layout, document: Document, key: bytes) -> bool:
    """Tell whether the index in place is whole and made of the texts and lists in force."""
    manifest = load_manifest(layout.manifest)
    if manifest.is_stale or manifest.recipe != recipe_of(document):
        return False
    if any(_is_edited(layout, manifest, *entry) for entry in document.lists.items()):
        return False
    try:
        return Index(layout.index.read_bytes(), key).build == manifest.build
    except (OSError, ListError):
        return False


def _is_edited(layout: Layout, manifest: Manifest, source: str, listed: ListSource) -> bool:
    """Tell whether a list's file is another one than was compiled; downloads say so themselves."""
    if listed.url is not None:
        return False
    known = manifest.state_of(source)
    try:
        text = _digest(read_list(layout, source, listed))
    except ListError:
        text = ""
    return known is None or known.text != text


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _usable(
    layout: Layout, document: Document, states: list[ListState]
) -> Iterator[tuple[str, Parsed]]:
    """Yield the lists that can be used, noting in ``states`` how each fared."""
    before = load_manifest(layout.manifest)
    for source, listed in document.lists.items():
        known = before.state_of(source)
        download = known.download if known is not None and listed.url else Download()
        state, parsed = _parse(layout, source, listed)
        states.append(replace(state, download=download))
        if parsed is not None:
            yield source, parsed


def _parse(layout: Layout, source: str, listed: ListSource) -> tuple[ListState, Parsed | None]:
    state = ListState(source, listed.category)
    try:
        text = read_list(layout, source, listed)
        state = replace(state, text=_digest(text))
        parsed = list_formats.parse(source, text, listed.format, listed.match)
    except ListError as error:
        return replace(state, problem=error.what), None
    except Exception as error:  # noqa: BLE001 - a fault in one format must not stop the others
        return replace(state, problem=f"cannot be read by this filterd: {error!r}"), None
    suffixes: tuple[str, ...] = ()
    if not listed.suffixes:
        parsed, suffixes = without_suffixes(parsed, public_suffixes())
    return replace(
        state,
        ok=True,
        names=parsed.rules,
        complaints=parsed.complaint_count + len(suffixes),
        suffixes=suffixes[:_MOST_SUFFIXES],
    ), parsed


def _with_hits(
    layout: Layout, document: Document, index: Index, states: list[ListState]
) -> list[ListState]:
    kept = kept_names(layout, document)
    found = []
    for state in states:
        hits = hits_of(index, state.id, state.category, kept)
        found.append(replace(state, opens=hits.opens, closes=hits.closes))
    return found
