"""Bring the subscribed lists that are due: from the first mirror that has a good copy.

Whatever goes wrong, the last good copy stays in force and the manifest says why.  A try is noted
as failed before it begins: should a list take the worker down with it, the next worker starts
with the others.
"""

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlsplit

import filterd.lists.formats as list_formats
from filterd.config.document import Document, ListSource
from filterd.errors import ListError
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.net.fetch import (
    LIMITS,
    NO_VALIDATORS,
    Fetched,
    Limits,
    NotModified,
    Validators,
    fetch,
)
from filterd.net.lookup import Resolve
from filterd.service.files import replace_file
from filterd.service.guards import Kept, hits_of, kept_names, why_held
from filterd.service.layout import Layout
from filterd.service.manifest import (
    Copy,
    Download,
    Held,
    ListState,
    load_manifest,
    save_manifest,
)
from filterd.service.rhythm import is_due, next_due
from filterd.service.texts import make_downloads
from filterd.service.turns import own_turn

# So that the worker, which is ended after an hour, comes to compile what it has brought.
BUDGET_S = 1800.0
_UNFINISHED = "the download before did not come to its end"


@dataclass(frozen=True, slots=True)
class World:
    """What fetching needs from outside: the clock, luck between 0 and 1, limits, addresses."""

    clock: Callable[[], float] = time.time
    luck: Callable[[], float] = random.random
    limits: Limits = LIMITS
    budget_s: float = BUDGET_S
    resolve: Resolve | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended; ``text`` is to be put in force, or aside when ``download`` says so."""

    download: Download
    text: bytes | None = None


def fetch_lists(layout: Layout, document: Document, key: bytes, world: World) -> bool:
    """Download every subscribed list that is due; True when any text in force changed.

    Raises OSError when the state folder cannot be written.
    """
    make_downloads(layout)
    manifest = load_manifest(layout.manifest)
    now = world.clock()
    due = [
        (source, listed, state)
        for source, listed in document.lists.items()
        if listed.url is not None
        for state in [manifest.state_of(source) or ListState(source, listed.category)]
        if is_due(listed, state.download, now)
    ]
    # What failed before comes last: a server that hangs must not keep the others waiting.
    due.sort(key=lambda each: each[2].download.failures)
    ends = time.monotonic() + world.budget_s
    bringer = Bringer(layout, document, key, world)
    changed = False
    for source, listed, state in due:
        if time.monotonic() >= ends:
            break
        changed = bringer.bring(source, listed, state) or changed
    return changed


class Bringer:
    """Tries one list after the other."""

    def __init__(self, layout: Layout, document: Document, key: bytes, world: World) -> None:
        self._layout = layout
        self._document = document
        self._key = key
        self._world = world

    @cached_property
    def _kept(self) -> Kept:
        """The names no list should close; read when the first new text has come."""
        return kept_names(self._layout, self._document)

    def bring(self, source: str, listed: ListSource, state: ListState) -> bool:
        """Try one list and note how it went; True when its text in force changed."""
        known = state.download
        unfinished = known.trouble or (_UNFINISHED if known.failures else "")
        begun = self._failed(listed, known, unfinished)
        if not self._commit(state, known, Outcome(begun)):
            return False
        troubles = []
        for address in listed.addresses:
            try:
                outcome = self._try(source, listed, state, address)
                return self._commit(state, begun, outcome) and _is_in_force(outcome)
            except ListError as error:
                troubles.append((address, error.what))
            except OSError as error:
                troubles.append((address, f"it cannot be stored: {error.strerror}"))
        failed = self._failed(listed, known, _in_words(troubles))
        self._commit(state, begun, Outcome(failed))
        return False

    def _try(self, source: str, listed: ListSource, state: ListState, address: str) -> Outcome:
        """Ask one server.  Raises ListError when it has no good copy."""
        known = state.download
        copy = known.copy if self._layout.copy_of(source).exists() else None
        held = known.held
        if held is not None and not (held.is_refused or self._layout.held_of(source).exists()):
            held = None
        newest = held.copy if held is not None else copy
        validators = NO_VALIDATORS
        if newest is not None and newest.address == address:
            validators = Validators(newest.etag, newest.last_modified)
        got = fetch(source, address, validators, self._world.limits, self._world.resolve)
        fine = self._succeeded(listed, known)
        if isinstance(got, NotModified):
            return Outcome(
                fine if held is None else replace(fine, fetched=known.fetched, held=held)
            )
        named = got.validators
        digest = hashlib.sha256(got.data).hexdigest()
        found = Copy(address, digest, named.etag, named.last_modified)
        if copy is not None and found.digest == copy.digest:
            return Outcome(replace(fine, copy=found))
        if held is not None and found.digest == held.copy.digest:
            again = replace(held, copy=found)
            return Outcome(replace(fine, fetched=known.fetched, held=again))
        return self._judge(listed, state, found, got)

    def _judge(self, listed: ListSource, state: ListState, copy: Copy, got: Fetched) -> Outcome:
        """Decide about a text that was not seen before.  Raises ListError when it is no list."""
        source, known = state.id, state.download
        parsed = list_formats.parse(source, got.data, listed.format, listed.match)
        index = Index(compile_index([(source, parsed)], self._key), self._key)
        hits = hits_of(index, source, listed.category, self._kept)
        before = state if _is_same_list(listed, known) else ListState(source, listed.category)
        why = why_held(before, parsed.rules, hits)
        fine = self._succeeded(listed, known)
        if why:
            held = Held(copy, why, parsed.rules, self._world.clock())
            return Outcome(replace(fine, fetched=known.fetched, held=held), got.data)
        return Outcome(replace(fine, copy=copy), got.data)

    def _succeeded(self, listed: ListSource, known: Download) -> Download:
        now = self._world.clock()
        return Download(
            addresses=listed.addresses,
            copy=known.copy,
            fetched=now,
            next_due=next_due(listed, 0, now, self._world.luck()),
        )

    def _failed(self, listed: ListSource, known: Download, trouble: str) -> Download:
        failures = known.failures + 1
        return replace(
            known,
            addresses=listed.addresses,
            next_due=next_due(listed, failures, self._world.clock(), self._world.luck()),
            failures=failures,
            trouble=trouble,
        )

    def _commit(self, state: ListState, expected: Download, outcome: Outcome) -> bool:
        """Put text and state in place, unless a guardian changed the list's state meanwhile."""
        with own_turn(self._layout):
            manifest = load_manifest(self._layout.manifest)
            current = manifest.state_of(state.id) or state
            if current.download != expected:
                return False
            if _is_in_force(outcome):
                # Should the power go between two files, the next worker asks and compiles again.
                unsure = replace(current, download=replace(expected, copy=None))
                save_manifest(self._layout.manifest, manifest.with_state(unsure, is_stale=True))
            if outcome.text is not None:
                place = self._layout.copy_of if _is_in_force(outcome) else self._layout.held_of
                replace_file(place(state.id), outcome.text)
            if outcome.download.held is None:
                self._layout.held_of(state.id).unlink(missing_ok=True)
            updated = replace(current, download=outcome.download)
            after = manifest.with_state(updated, is_stale=_is_in_force(outcome))
            save_manifest(self._layout.manifest, after)
        return True


def _is_same_list(listed: ListSource, known: Download) -> bool:
    """Tell whether size and names can be compared: what comes from elsewhere is another list."""
    if known.copy is None:
        return known.addresses == listed.addresses
    return known.copy.address in listed.addresses


def _is_in_force(outcome: Outcome) -> bool:
    return outcome.text is not None and outcome.download.held is None


def _in_words(troubles: list[tuple[str, str]]) -> str:
    if len(troubles) == 1:
        return troubles[0][1]
    return "; ".join(f"{urlsplit(address).netloc}: {what}" for address, what in troubles)
