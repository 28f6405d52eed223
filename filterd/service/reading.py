"""Read the texts of the lists, each only when it has changed, and several at a time.

What was read lies in a file for each list (``readlist``), stamped with all that it depends on: it
is read again when the text is another, when the policy says to read it differently, or when this
filterd reads lists differently.  Where the texts come from, and what becomes of the rules, is not
known here.
"""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import filterd.lists.formats as list_formats
from filterd.config.document import Document, ListSource
from filterd.config.site import public_suffixes
from filterd.errors import ListError
from filterd.lists.opened import with_open_names
from filterd.lists.patterns import HAVE_ENGINE
from filterd.lists.suffixes import without_suffixes
from filterd.service.layout import Layout
from filterd.service.manifest import READER
from filterd.service.readlist import (
    ReadFacts,
    ReadList,
    open_read_list,
    save_read_list,
)
from filterd.service.texts import digest_of, find, form_of, make_folder, read_list

_AT_ONCE = min(4, os.cpu_count() or 1)
# Texts above this size are read one at a time, or several long lists would fill the memory.
_LARGE_BYTES = 16 << 20
_MOST_SUFFIXES = 100
_large = threading.Lock()


def read_all(layout: Layout, document: Document) -> Iterator[tuple[str, ReadList]]:
    """Yield every list of the policy in its order, read; what is as it was is not read again.

    What was read in lists that are no longer in the policy is removed.  Raises OSError when the
    state folder cannot be written.
    """
    make_folder(layout.read_lists)
    _remove_others(layout, document)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        read = threads.map(lambda entry: _kept(layout, *entry), document.lists.items())
        yield from zip(document.lists, read, strict=True)


def look(layout: Layout, source: str, listed: ListSource) -> ReadList:
    """Return a list as it is now on this machine, read; nothing is written.

    Raises ListError when there is no text.
    """
    digest = digest_of(layout, source, listed)
    known = _known(layout, source, stamp_of(listed, digest))
    return known or read(source, listed, read_list(layout, source, listed))


def read(source: str, listed: ListSource, text: bytes) -> ReadList:
    """Read one text as the policy says; what is wrong with it is said in what is returned."""
    digest = hashlib.sha256(text).hexdigest()
    facts = ReadFacts(stamp_of(listed, digest), digest)
    try:
        parsed = list_formats.parse(
            source, text, form_of(listed), listed.match, tlds=listed.suffixes
        )
    except ListError as error:
        return ReadList(replace(facts, problem=error.what), None)
    suffixes: tuple[str, ...] = ()
    if not listed.suffixes:
        parsed, suffixes = without_suffixes(parsed, public_suffixes())
    facts = replace(
        facts,
        rules=parsed.rules,
        suffixes=suffixes[:_MOST_SUFFIXES],
        suffix_count=len(suffixes),
    )
    return ReadList(facts, with_open_names(parsed, listed.open_names))


def stamp_of(listed: ListSource, digest: str) -> str:
    """Return what names all that a read list depends on, besides where its text came from."""
    made_from = {
        "text": digest,
        "form": form_of(listed),
        "match": listed.match,
        "suffixes": listed.suffixes or _suffix_digest(),
        "open": sorted(listed.open_names),
        "engine": HAVE_ENGINE,
        "reader": READER,
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


@cache
def _suffix_digest() -> str:
    return hashlib.sha256("\n".join(sorted(public_suffixes())).encode()).hexdigest()


def _kept(layout: Layout, source: str, listed: ListSource) -> ReadList:
    """Return a list as it is now, read, and keep what was read; a problem is said in it."""
    try:
        digest = digest_of(layout, source, listed)
        known = _known(layout, source, stamp_of(listed, digest))
        return known or _anew(layout, source, listed)
    except ListError as error:
        return _unreadable(error.what)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault in one format must not stop the others
        return _unreadable(f"cannot be read by this filterd: {error!r}")


def _anew(layout: Layout, source: str, listed: ListSource) -> ReadList:
    """Read a list whose text is not the one that was read, and keep it."""
    with _large if _is_large(layout, source, listed) else nullcontext():
        text = read_list(layout, source, listed)
        found = read(source, listed, text)
        del text  # what is read may be as large, and is written in one piece
        save_read_list(layout.names_of(source), found)
        del found
    return open_read_list(source, layout.names_of(source))


def _is_large(layout: Layout, source: str, listed: ListSource) -> bool:
    found = find(layout, source, listed)
    with suppress(OSError):
        return isinstance(found, Path) and found.stat().st_size > _LARGE_BYTES
    return False


def _known(layout: Layout, source: str, stamp: str) -> ReadList | None:
    """Return what was read before, if it was made from the same and is whole."""
    with suppress(ListError):
        found = open_read_list(source, layout.names_of(source))
        if found.facts.stamp == stamp:
            return found
    return None


def _unreadable(problem: str) -> ReadList:
    return ReadList(ReadFacts(stamp="", text="", problem=problem), None)


def _remove_others(layout: Layout, document: Document) -> None:
    for path in layout.read_lists.iterdir():
        if path.stem not in document.lists and not path.name.startswith("."):
            path.unlink(missing_ok=True)
