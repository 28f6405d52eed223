"""Bring the subscribed lists that are due: from the first mirror that has a good copy.

Whatever goes wrong, the last good copy stays in force and the manifest says why.  A try is noted
as failed before it begins: should a list take the worker down with it, the next worker starts
with the others.  A text is read once: what was read for the guards is kept for the index.
"""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlsplit

from filterd.config.document import Document, ListSource
from filterd.errors import ListError
from filterd.net.fetch import ARCHIVE, Limits, NotModified
from filterd.net.lookup import Resolve
from filterd.service.downloads import Came, Round, Wish
from filterd.service.files import move_file, share_file
from filterd.service.guards import Kept, hits_in, kept_names, why_held
from filterd.service.layout import Layout
from filterd.service.manifest import (
    Copy,
    Download,
    Held,
    ListState,
    Manifest,
    load_manifest,
    save_manifest,
)
from filterd.service.reading import read
from filterd.service.readlist import save_read_list
from filterd.service.rhythm import is_due, next_due
from filterd.service.texts import make_folder, read_text
from filterd.service.turns import own_turn

# So that the worker, which is ended after an hour, comes to compile what it has brought.
BUDGET_S = 1800.0
_UNFINISHED = "the download before did not come to its end"


@dataclass(frozen=True, slots=True)
class World:
    """What fetching needs from outside: the clock, luck between 0 and 1, limits, addresses.

    ``limits`` bound every download further than its kind does.
    """

    clock: Callable[[], float] = time.time
    luck: Callable[[], float] = random.random
    limits: Limits = ARCHIVE
    budget_s: float = BUDGET_S
    resolve: Resolve | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended; what ``came`` is put in force, or aside when ``download`` says so."""

    download: Download
    came: Came | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A list that is to be asked for, and how it was when the round began."""

    source: str
    listed: ListSource
    state: ListState


def fetch_lists(layout: Layout, document: Document, world: World) -> bool:
    """Download every subscribed list that is due; True when any text in force changed.

    Raises OSError when the state folder cannot be written.
    """
    make_folder(layout.downloads)
    make_folder(layout.read_lists)
    due = _due(document, load_manifest(layout.manifest), world.clock())
    ends = time.monotonic() + world.budget_s
    changed = False
    wishes = [Wish(each.listed, _newest(layout, each)) for each in due]
    with Round(layout, wishes, world.resolve, world.limits) as shared:
        bringer = Bringer(layout, document, world, shared)
        for each in due:
            if time.monotonic() >= ends:
                break
            changed = bringer.bring(each) or changed
    return changed


def _due(document: Document, manifest: Manifest, now: float) -> list[Due]:
    """Return the lists that are due, and those that come from the same addresses with them."""
    subscribed = [
        Due(source, listed, manifest.state_of(source) or ListState(source, listed.category))
        for source, listed in document.lists.items()
        if listed.url is not None
    ]
    asked = {each.listed.url for each in subscribed if _is_due(each, now)}
    due = [each for each in subscribed if each.listed.url in asked]
    # What failed before comes last: a server that hangs must not keep the others waiting.
    return sorted(due, key=lambda each: each.state.download.failures)


def _is_due(each: Due, now: float) -> bool:
    return is_due(each.listed, each.state.download, now)


def _newest(layout: Layout, due: Due) -> Copy | None:
    """Return what this house has of a list that is newest, in force or held."""
    held = _held(layout, due)
    return held.copy if held is not None else _copy(layout, due)


def _copy(layout: Layout, due: Due) -> Copy | None:
    return due.state.download.copy if layout.copy_of(due.source).exists() else None


def _held(layout: Layout, due: Due) -> Held | None:
    held = due.state.download.held
    if held is not None and not (held.is_refused or layout.held_of(due.source).exists()):
        return None
    return held


class Bringer:
    """Tries one list after the other."""

    def __init__(self, layout: Layout, document: Document, world: World, shared: Round) -> None:
        self._layout = layout
        self._document = document
        self._world = world
        self._round = shared

    @cached_property
    def _kept(self) -> Kept:
        """The names no list should close; read when the first new text has come."""
        return kept_names(self._layout, self._document)

    def bring(self, due: Due) -> bool:
        """Try one list and note how it went; True when its text in force changed."""
        known = due.state.download
        unfinished = known.trouble or (_UNFINISHED if known.failures else "")
        begun = self._failed(due.listed, known, unfinished)
        if not self._commit(due, known, Outcome(begun)):
            return False
        troubles = []
        for address in due.listed.addresses:
            try:
                outcome = self._try(due, address)
                return self._commit(due, begun, outcome) and _is_in_force(outcome)
            except ListError as error:
                troubles.append((address, error.what))
            except OSError as error:
                troubles.append((address, f"it cannot be stored: {error.strerror}"))
        failed = self._failed(due.listed, known, _in_words(troubles))
        self._commit(due, begun, Outcome(failed))
        return False

    def _try(self, due: Due, address: str) -> Outcome:
        """Ask one server.  Raises ListError when it has no good copy, OSError."""
        known = due.state.download
        copy, held = _copy(self._layout, due), _held(self._layout, due)
        came = self._round.ask(due.source, address)
        fine = self._succeeded(due.listed, known)
        if isinstance(came, NotModified):
            return Outcome(
                fine if held is None else replace(fine, fetched=known.fetched, held=held)
            )
        if copy is not None and came.copy.digest == copy.digest:
            return Outcome(replace(fine, copy=came.copy))
        if held is not None and came.copy.digest == held.copy.digest:
            again = replace(held, copy=came.copy)
            return Outcome(replace(fine, fetched=known.fetched, held=again))
        return self._judge(due, came)

    def _judge(self, due: Due, came: Came) -> Outcome:
        """Decide about a text that was not seen before.

        What was read in it lies where that of a held download does.  Raises ListError when it is
        no list, OSError.
        """
        source, listed, known = due.source, due.listed, due.state.download
        text = read_text(self._layout, source, listed, came.path)
        found = read(source, listed, text)
        del text
        if found.parsed is None:
            raise ListError(source, found.facts.problem)
        save_read_list(self._layout.held_names_of(source), found)
        hits = hits_in(found.parsed, source, listed.category, self._kept)
        is_same = _is_same_list(listed, known)
        before = due.state if is_same else ListState(source, listed.category)
        why = why_held(before, found.facts.rules, hits)
        fine = self._succeeded(listed, known)
        if why is not None:
            held = Held(came.copy, why, self._world.clock())
            return Outcome(replace(fine, fetched=known.fetched, held=held), came)
        return Outcome(replace(fine, copy=came.copy), came)

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

    def _commit(self, due: Due, expected: Download, outcome: Outcome) -> bool:
        """Put text and state in place, unless a guardian changed the list's state meanwhile."""
        path, source = self._layout.manifest, due.source
        with own_turn(self._layout):
            manifest = load_manifest(path)
            current = manifest.state_of(source) or due.state
            if current.download != expected:
                return False
            is_in_force = _is_in_force(outcome)
            if is_in_force:
                # Should the power go between two files, the next worker asks and compiles again.
                unsure = replace(current, download=replace(expected, copy=None))
                save_manifest(path, manifest.with_state(unsure, is_stale=True))
            if outcome.came is not None:
                self._put(source, outcome.came, is_in_force=is_in_force)
            if outcome.download.held is None:
                self._layout.held_of(source).unlink(missing_ok=True)
                self._layout.held_names_of(source).unlink(missing_ok=True)
            updated = replace(current, download=outcome.download)
            save_manifest(path, manifest.with_state(updated, is_stale=is_in_force))
        return True

    def _put(self, source: str, came: Came, *, is_in_force: bool) -> None:
        """Put what came and what was read in it where they belong."""
        if not is_in_force:
            share_file(came.path, self._layout.held_of(source))
            return
        share_file(came.path, self._layout.copy_of(source))
        with suppress(FileNotFoundError):  # it is read again then
            move_file(self._layout.held_names_of(source), self._layout.names_of(source))


def _is_same_list(listed: ListSource, known: Download) -> bool:
    """Tell whether size and names can be compared: what comes from elsewhere is another list."""
    if known.copy is None:
        return known.addresses == listed.addresses
    return known.copy.address in listed.addresses


def _is_in_force(outcome: Outcome) -> bool:
    return outcome.came is not None and outcome.download.held is None


def _in_words(troubles: list[tuple[str, str]]) -> str:
    if len(troubles) == 1:
        return troubles[0][1]
    return "; ".join(f"{urlsplit(address).netloc}: {what}" for address, what in troubles)
