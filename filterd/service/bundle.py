"""``filterd lists pack`` and ``unpack``: the lists in one file, for a house without internet.

Texts only, each with its sum, never the index: that is compiled where it is used, with that
house's key.  First comes ``filterd-lists.json``, which says what follows.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import filterd.lists.formats as list_formats
from filterd.config.document import Document
from filterd.errors import ListError
from filterd.net.fetch import LIMITS
from filterd.service.files import move_file, replace_file
from filterd.service.layout import Layout
from filterd.service.listing import compile_and_say, unwritable
from filterd.service.manifest import (
    Copy,
    Download,
    ListState,
    Manifest,
    load_manifest,
    save_manifest,
)
from filterd.service.operator import open_layout
from filterd.service.tarball import ArchiveError, Part, is_plain, read_parts, write_parts
from filterd.service.texts import make_downloads, read_list
from filterd.service.turns import own_turn
from filterd.store.policy import PolicyStore

CONTENTS = "filterd-lists.json"
_VERSION = 1
_LARGEST_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One text of a bundle; ``fetched`` is when it was last seen to be the newest, or 0."""

    id: str
    size: int
    sha256: str
    fetched: float


def pack_lists(config_path: Path, target: Path) -> Iterator[str]:
    """Write the texts of the policy's lists to ``target``; yields what was done, and left out."""
    layout = open_layout(config_path)
    document = PolicyStore(layout.policy_db).current().document
    manifest = load_manifest(layout.manifest)
    entries, left_out = [], []
    for source in document.lists:
        try:
            entries.append(_entry(layout, document, manifest, source))
        except ListError as error:
            left_out.append(f"{source}: left out, {error.what}")
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        write_parts(aside, _parts(layout, document, entries))
        move_file(aside, target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise ArchiveError(f"{target} cannot be written: {error.strerror or error}") from error
    yield from left_out
    size = sum(entry.size for entry in entries)
    yield f"{len(entries)} lists, {size:,} bytes of text, are packed in {target}"


def _entry(layout: Layout, document: Document, manifest: Manifest, source: str) -> Entry:
    text = read_list(layout, source, document.lists[source])
    state = manifest.state_of(source)
    return Entry(
        id=source,
        size=len(text),
        sha256=hashlib.sha256(text).hexdigest(),
        fetched=0.0 if state is None else state.download.fetched,
    )


def _parts(layout: Layout, document: Document, entries: list[Entry]) -> Iterator[Part]:
    """Yield the contents and then each text, one in memory at a time."""
    contents = {"version": _VERSION, "lists": [asdict(entry) for entry in entries]}
    yield Part(CONTENTS, json.dumps(contents, indent=1).encode())
    for entry in entries:
        text = read_list(layout, entry.id, document.lists[entry.id])
        if hashlib.sha256(text).hexdigest() != entry.sha256:
            raise ArchiveError(f"list {entry.id} was changed while it was packed; pack again")
        yield Part(f"{entry.id}.txt", text)


def unpack_lists(config_path: Path, bundle: Path) -> Iterator[str]:
    """Put the texts of a bundle in force, all of them or, when it is not whole, none.

    Lists this house's policy does not have, and texts that are no lists, are left out and named.
    Nothing is held for a guardian: one has just brought it.
    """
    layout = open_layout(config_path)
    document = PolicyStore(layout.policy_db).current().document
    try:
        make_downloads(layout)
        taken, left_out = _take(layout, document, bundle)
        yield from left_out
        if not taken:
            raise ArchiveError(f"{bundle} holds no list for this house")
        _put_in_place(layout, document, taken)
        yield from compile_and_say(layout, tuple(entry.id for entry in taken))
    except OSError as error:
        raise unwritable(layout, error) from error


def _take(layout: Layout, document: Document, bundle: Path) -> tuple[list[Entry], list[str]]:
    """Read the whole bundle and lay aside what is to be used."""
    taken: list[Entry] = []
    left_out: list[str] = []
    try:
        for entry, text in _texts(bundle):
            why = _why_left_out(document, entry.id, text)
            if why:
                left_out.append(f"{entry.id}: left out, {why}")
                continue
            taken.append(entry)
            replace_file(_aside(layout, entry.id), text)
    except ArchiveError:
        for entry in taken:
            _aside(layout, entry.id).unlink(missing_ok=True)
        raise
    return taken, left_out


def _texts(bundle: Path) -> Iterator[tuple[Entry, bytes]]:
    """Yield what the bundle holds, each text as its contents announce it."""
    parts = read_parts(bundle, LIMITS.size_bytes)
    first = next(parts, None)
    if first is None or first.name != CONTENTS:
        raise ArchiveError(f"{bundle} was not made by 'filterd lists pack'")
    announced = _contents(bundle, first.data)
    for part in parts:
        entry = announced.pop(part.name, None)
        if entry is None:
            raise ArchiveError(f"{bundle} holds {part.name}, which its contents do not name")
        if (len(part.data), hashlib.sha256(part.data).hexdigest()) != (entry.size, entry.sha256):
            raise ArchiveError(f"{part.name} in {bundle} was damaged: its sum is wrong")
        yield entry, part.data
    if announced:
        raise ArchiveError(f"{bundle} lacks {', '.join(sorted(announced))}: it was cut off")


def _contents(bundle: Path, data: bytes) -> dict[str, Entry]:
    try:
        stored: dict[str, Any] = json.loads(data)
        if stored["version"] != _VERSION:
            raise ArchiveError(f"{bundle} was made by another version of filterd")
        announced = {f"{entry['id']}.txt": Entry(**entry) for entry in stored["lists"]}
        total = sum(entry.size for entry in announced.values())
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ArchiveError(f"the contents of {bundle} cannot be read") from None
    if total > _LARGEST_BYTES or not all(map(is_plain, announced)):
        raise ArchiveError(f"the contents of {bundle} name what cannot be in it")
    return announced


def _why_left_out(document: Document, source: str, text: bytes) -> str:
    listed = document.lists.get(source)
    if listed is None:
        return "this house's policy has no such list"
    try:
        list_formats.parse(source, text, listed.format, listed.match)
    except ListError as error:
        return error.what
    return ""


def _put_in_place(layout: Layout, document: Document, taken: list[Entry]) -> None:
    with own_turn(layout):
        manifest = load_manifest(layout.manifest)
        for entry in taken:
            listed = document.lists[entry.id]
            state = manifest.state_of(entry.id) or ListState(entry.id, listed.category)
            if listed.url is not None:
                download = _brought(entry, listed.addresses[0], state.download)
                state = replace(state, download=download)
            manifest = manifest.with_state(state, is_stale=True)
            layout.held_of(entry.id).unlink(missing_ok=True)
            move_file(_aside(layout, entry.id), layout.copy_of(entry.id))
        save_manifest(layout.manifest, manifest)


def _brought(entry: Entry, address: str, known: Download) -> Download:
    """Return the state of a list whose text came by hand: no server has named it."""
    fetched = entry.fetched if 0 < entry.fetched <= time.time() else 0.0
    copy = Copy(address, entry.sha256)
    return replace(known, copy=copy, fetched=fetched, held=None)


def _aside(layout: Layout, source: str) -> Path:
    return layout.downloads / f"{source}.unpacked"
