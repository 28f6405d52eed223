"""Find the texts of the lists, compile them, put the index in place.

Runs in the worker only: a million names peak above 200 MiB, and a computing thread would stall
the DNS process.
"""

import importlib.resources
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import filterd.lists.formats as list_formats
from filterd.config.document import Document, ListSource
from filterd.errors import ListError
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed
from filterd.net.fetch import Fetched, NotModified, fetch, read_file
from filterd.service.files import replace_file
from filterd.service.layout import Layout
from filterd.service.manifest import (
    ListState,
    Manifest,
    load_manifest,
    recipe_of,
    save_manifest,
)

_BUNDLED = "blocklists"


def compile_lists(layout: Layout, document: Document, key: bytes) -> Manifest:
    """Compile every list that can be read and put index and manifest in place.

    A list that cannot be used is left out and its state says why.  Raises OSError when the state
    folder cannot be written (the index in place is then still the old one).
    """
    before = load_manifest(layout.manifest)
    states: list[ListState] = []

    def usable() -> Iterator[tuple[str, Parsed]]:
        for source, listed in document.lists.items():
            state, parsed = _parse_list(layout, source, listed)
            known = before.state_of(source)
            if known is not None:
                state = replace(
                    state,
                    fetched=known.fetched,
                    etag=known.etag,
                    last_modified=known.last_modified,
                    what=state.what or (known.what if listed.url else ""),
                )
            states.append(state)
            if parsed is not None:
                yield source, parsed

    content = compile_index(usable(), key)
    manifest = Manifest(Index(content, key).build, recipe_of(document), tuple(states))
    replace_file(layout.index, content)
    save_manifest(layout.manifest, manifest)
    return manifest


def _parse_list(layout: Layout, source: str, listed: ListSource) -> tuple[ListState, Parsed | None]:
    try:
        text = read_list(layout, source, listed)
        parsed = list_formats.parse(source, text, listed.format, listed.match)
    except ListError as error:
        return ListState(source, listed.category, False, 0, 0, error.what), None
    state = ListState(source, listed.category, True, parsed.rules, parsed.complaint_count, "")
    return state, parsed


def read_list(layout: Layout, source: str, listed: ListSource) -> bytes:
    """Return the text of a list as it lies on this machine.  Raises ListError when it doesn't."""
    if listed.url is not None:
        path = layout.downloads / f"{source}.txt"
        if not path.exists():
            raise ListError(source, "not downloaded yet")
        return read_file(source, path)
    path = layout.base / str(listed.file)
    if not path.exists():
        bundled = _read_bundled(str(listed.file))
        if bundled is not None:
            return bundled
    return read_file(source, path)


def _read_bundled(file: str) -> bytes | None:
    """The curated lists are found wherever filterd is installed, as ``blocklists/NAME``."""
    parts = PurePosixPath(file).parts
    if len(parts) != 2 or parts[0] != _BUNDLED:
        return None
    resource = importlib.resources.files(_BUNDLED) / parts[1]
    return resource.read_bytes() if resource.is_file() else None


def fetch_lists(layout: Layout, document: Document) -> bool:
    """Download every subscribed list; True when any text changed.

    The last good copy stays on any failure; the reason is kept in the manifest.
    """
    layout.downloads.mkdir(mode=0o700, exist_ok=True)
    manifest = load_manifest(layout.manifest)
    states = {state.id: state for state in manifest.lists}
    changed = False
    for source, listed in document.lists.items():
        if listed.url is None:
            continue
        path = layout.downloads / f"{source}.txt"
        known = states.get(source) or ListState(source, listed.category, False, 0, 0, "")
        states[source], is_new = _fetch_one(path, source, listed, known)
        changed = changed or is_new
    kept = tuple(states[source] for source in document.lists if source in states)
    save_manifest(layout.manifest, replace(manifest, lists=kept))
    return changed


def _fetch_one(
    path: Path, source: str, listed: ListSource, known: ListState
) -> tuple[ListState, bool]:
    has_copy = path.exists()
    try:
        fetched = fetch(
            source,
            str(listed.url),
            etag=known.etag if has_copy else None,
            last_modified=known.last_modified if has_copy else None,
        )
        if isinstance(fetched, NotModified):
            return replace(known, what="", fetched=time.time()), False
        _keep(path, source, listed, fetched)
    except ListError as error:
        kept = "; the last good copy stays in force" if has_copy else ""
        return replace(known, what=f"{error.what}{kept}"), False
    except OSError as error:
        return replace(known, what=f"cannot be stored: {error.strerror}"), False
    state = replace(
        known,
        what="",
        fetched=time.time(),
        etag=fetched.etag,
        last_modified=fetched.last_modified,
    )
    return state, True


def _keep(path: Path, source: str, listed: ListSource, fetched: Fetched) -> None:
    """Put a download in place of the last good copy, once it has proved to be a list."""
    list_formats.parse(source, fetched.data, listed.format, listed.match)
    replace_file(path, fetched.data)


def write_list_problem(state: ListState) -> str:
    """One line about a list that is not as it should be."""
    return f"list {state.id} ({state.category}): {state.what}"
