"""``filterd lists pack`` and ``unpack``: the lists in one file, for a house without internet.

Texts only, each with its sum, never the index: that is compiled where it is used, with that
house's key.  First comes ``filterd-lists.json``, which says what follows.
"""

import hashlib
import io
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from filterd.config.document import Document
from filterd.errors import ListError
from filterd.net.fetch import ARCHIVE
from filterd.service.files import aside_of, move_file, share_file, writing_aside
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
from filterd.service.reading import read
from filterd.service.tarball import (
    ArchiveError,
    Content,
    Part,
    is_plain,
    read_parts,
    write_parts,
)
from filterd.service.texts import find, make_folder, read_text
from filterd.service.turns import own_turn
from filterd.store.policy import PolicyStore

CONTENTS = "filterd-lists.json"
_VERSION = 1
_LARGEST_BYTES = 4 << 30
_LARGEST_CONTENTS_BYTES = 4 << 20
_PIECE = 1 << 20


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
    digest, size = hashlib.sha256(), 0
    with _open(layout, document, source) as content:
        while piece := content.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    state = manifest.state_of(source)
    fetched = 0.0 if state is None else state.download.fetched
    return Entry(source, size, digest.hexdigest(), fetched)


def _open(layout: Layout, document: Document, source: str) -> BinaryIO:
    """Open what a list is read from.  Raises ListError."""
    found = find(layout, source, document.lists[source])
    try:
        return io.BytesIO(found) if isinstance(found, bytes) else found.open("rb")
    except OSError as error:
        raise ListError(source, f"{found!s} cannot be read: {error.strerror}") from error


def _parts(layout: Layout, document: Document, entries: list[Entry]) -> Iterator[Part]:
    """Yield the contents and then each text, once where several lists share it."""
    contents = {"version": _VERSION, "lists": [asdict(entry) for entry in entries]}
    described = json.dumps(contents, indent=1).encode()
    yield Part(CONTENTS, len(described), io.BytesIO(described))
    for entry in _by_text(entries):
        with _open(layout, document, entry[0].id) as content:
            summed = Summed(content)
            yield Part(f"{entry[0].id}.txt", entry[0].size, summed)
        if summed.digest.hexdigest() != entry[0].sha256:
            raise ArchiveError(f"list {entry[0].id} was changed while it was packed; pack again")


def _by_text(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Return the entries, those of one text together; the first gives the text its name."""
    together: dict[tuple[str, int], list[Entry]] = {}
    for entry in entries:
        together.setdefault((entry.sha256, entry.size), []).append(entry)
    return list(together.values())


class Summed:
    """Content that is summed up while it is read."""

    def __init__(self, content: Content) -> None:
        self.digest = hashlib.sha256()
        self._content = content

    def read(self, most: int = -1, /) -> bytes:
        piece = self._content.read(most)
        self.digest.update(piece)
        return piece


def unpack_lists(config_path: Path, bundle: Path) -> Iterator[str]:
    """Put the texts of a bundle in force, all of them or, when it is not whole, none.

    Lists this house's policy does not have, and texts that are no lists, are left out and named.
    Nothing is held for a guardian: one has just brought it.
    """
    layout = open_layout(config_path)
    document = PolicyStore(layout.policy_db).current().document
    try:
        make_folder(layout.downloads)
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
    scratch = layout.downloads / "bundle.came"
    try:
        for entries, part in _texts(bundle):
            with writing_aside(scratch) as file:
                _pour(bundle, entries[0], part, file)
            for entry in entries:
                why = _why_left_out(layout, document, entry.id, aside_of(scratch))
                if why:
                    left_out.append(f"{entry.id}: left out, {why}")
                    continue
                share_file(aside_of(scratch), _aside(layout, entry.id))
                taken.append(entry)
    except ArchiveError:
        for entry in taken:
            _aside(layout, entry.id).unlink(missing_ok=True)
        raise
    finally:
        aside_of(scratch).unlink(missing_ok=True)
    return taken, left_out


def _texts(bundle: Path) -> Iterator[tuple[list[Entry], Part]]:
    """Yield what the bundle holds, with the lists that each text is of as contents announce it."""
    parts = read_parts(bundle, ARCHIVE.size_bytes)
    first = next(parts, None)
    if first is None or first.name != CONTENTS or first.size > _LARGEST_CONTENTS_BYTES:
        raise ArchiveError(f"{bundle} was not made by 'filterd lists pack'")
    announced = _contents(bundle, first.content.read(first.size))
    for part in parts:
        entries = announced.pop(part.name, None)
        if entries is None:
            raise ArchiveError(f"{bundle} holds {part.name}, which its contents do not name")
        yield entries, part
    if announced:
        raise ArchiveError(f"{bundle} lacks {', '.join(sorted(announced))}: it was cut off")


def _pour(bundle: Path, entry: Entry, part: Part, file: BinaryIO) -> None:
    summed = Summed(part.content)
    while piece := summed.read(_PIECE):
        file.write(piece)
    if (part.size, summed.digest.hexdigest()) != (entry.size, entry.sha256):
        raise ArchiveError(f"{part.name} in {bundle} was damaged: its sum is wrong")


def _contents(bundle: Path, data: bytes) -> dict[str, list[Entry]]:
    """Return which lists each file of a bundle is the text of."""
    try:
        stored: dict[str, Any] = json.loads(data)
        if stored["version"] != _VERSION:
            raise ArchiveError(f"{bundle} was made by another version of filterd")
        texts = _by_text(Entry(**entry) for entry in stored["lists"])
        announced = {f"{entries[0].id}.txt": entries for entries in texts}
        total = sum(entries[0].size for entries in texts)
        names = {f"{entry.id}.txt" for entries in texts for entry in entries}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ArchiveError(f"the contents of {bundle} cannot be read") from None
    if total > _LARGEST_BYTES or not all(map(is_plain, names)):
        raise ArchiveError(f"the contents of {bundle} name what cannot be in it")
    return announced


def _why_left_out(layout: Layout, document: Document, source: str, path: Path) -> str:
    listed = document.lists.get(source)
    if listed is None:
        return "this house's policy has no such list"
    try:
        return read(source, listed, read_text(layout, source, listed, path)).facts.problem
    except ListError as error:
        return error.what


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
            for path in (layout.held_of(entry.id), layout.held_names_of(entry.id)):
                path.unlink(missing_ok=True)
            move_file(_aside(layout, entry.id), layout.copy_of(entry.id))
        save_manifest(layout.manifest, manifest)


def _brought(entry: Entry, address: str, known: Download) -> Download:
    """Return the state of a list whose text came by hand: no server has named it."""
    fetched = entry.fetched if 0 < entry.fetched <= time.time() else 0.0
    copy = Copy(address, entry.sha256)
    return replace(known, copy=copy, fetched=fetched, held=None)


def _aside(layout: Layout, source: str) -> Path:
    return layout.downloads / f".{source}.unpacked.{os.getpid()}"
