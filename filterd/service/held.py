"""What a guardian says of a download that waits: put it in force, or drop it.

Only moves the text and notes the answer; ``compiling`` then makes it felt.
"""

import hashlib
from contextlib import suppress
from dataclasses import replace

from filterd.errors import ListError
from filterd.service.files import move_file
from filterd.service.layout import Layout
from filterd.service.manifest import (
    Held,
    ListState,
    Manifest,
    Why,
    load_manifest,
    save_manifest,
)
from filterd.service.turns import own_turn


def accept(layout: Layout, source: str) -> Why:
    """Put the download that waits in the place of the list's text; returns why it had waited.

    The manifest is stale then: compile.  Raises ListError when nothing waits, OSError when the
    state folder cannot be written.
    """
    with own_turn(layout):
        manifest, state, held = _waiting(layout, source)
        path = layout.held_of(source)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != held.copy.digest:
            path.unlink()
            raise ListError(source, "what was kept aside is damaged; the next download replaces it")
        move_file(path, layout.copy_of(source))
        with suppress(FileNotFoundError):  # it is read again then
            move_file(layout.held_names_of(source), layout.names_of(source))
        download = replace(state.download, copy=held.copy, fetched=held.since, held=None)
        updated = replace(state, download=download)
        save_manifest(layout.manifest, manifest.with_state(updated, is_stale=True))
    return held.why


def refuse(layout: Layout, source: str) -> Why:
    """Drop the download that waits, and the same text when it comes again; returns why it waited.

    Raises ListError when nothing waits, OSError when the state folder cannot be written.
    """
    with own_turn(layout):
        manifest, state, held = _waiting(layout, source)
        download = replace(state.download, held=replace(held, is_refused=True))
        updated = replace(state, download=download)
        save_manifest(layout.manifest, manifest.with_state(updated, is_stale=False))
        for path in (layout.held_of(source), layout.held_names_of(source)):
            path.unlink(missing_ok=True)
    return held.why


def _waiting(layout: Layout, source: str) -> tuple[Manifest, ListState, Held]:
    manifest = load_manifest(layout.manifest)
    state = manifest.state_of(source)
    if state is None:
        raise ListError(source, "there is no such list")
    held = state.download.held
    if held is None or held.is_refused or not layout.held_of(source).exists():
        raise ListError(source, "no download of it waits for an answer")
    return manifest, state, held
