"""The ``filterd lists`` commands that show and settle: one line for each thing a person should see.

How a list is fetched, held or packed is decided beside this file; here it is only said.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from filterd.config.document import ListSource
from filterd.errors import FilterdError
from filterd.service import held as holding
from filterd.service.compiling import compile_lists
from filterd.service.current import index_key
from filterd.service.layout import Layout
from filterd.service.manifest import ListState, load_manifest, some
from filterd.service.operator import open_layout
from filterd.store.policy import PolicyStore

_UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))
_SHOWN = 5


class StateFolderError(FilterdError):
    """The state folder cannot be written; the message says why."""


def show_lists(config_path: Path) -> Iterator[str]:
    """Yield one line per list of the policy in force, and what is to be known of it below."""
    layout = open_layout(config_path)
    document = PolicyStore(layout.policy_db).current().document
    manifest = load_manifest(layout.manifest)
    now = time.time()
    for source, listed in document.lists.items():
        state = manifest.state_of(source)
        where = listed.url or listed.file
        if state is None:
            yield f"{source}: {listed.category}, {where}: not compiled yet"
            continue
        size = f"{state.names:,} names" if state.ok else "not in use"
        skipped = f", {state.complaints:,} lines left out" if state.complaints else ""
        trouble = f": {state.what}" if state.what else ""
        yield f"{source}: {listed.category}, {size}{skipped}, {where}{trouble}"
        yield from (f"  {line}" for line in _more(listed, state, now))


def _more(listed: ListSource, state: ListState, now: float) -> Iterator[str]:
    download = state.download
    if download.copy is not None and download.fetched:
        yield f"seen to be the newest {age(now - download.fetched)} ago at {download.copy.address}"
    if listed.url is not None:
        failed = f" (failed {_times(download.failures)})" if download.failures else ""
        yield f"asked for again {_when(download.next_due - now)}{failed}"
    if download.held is not None and download.held.is_refused:
        yield f"a newer text was refused: {download.held.why}"
    if state.suffixes:
        yield f"would close whole suffixes, which are left out: {some(state.suffixes, _SHOWN)}"
    if state.opens:
        yield f"holds names that are always open, whatever it says: {some(state.opens, _SHOWN)}"
    if state.closes:
        yield f"holds what nobody should close: {some(state.closes, _SHOWN)}"


def accept_held(config_path: Path, source: str) -> Iterator[str]:
    """Put the download of a list that waits in force; yields what was done."""
    layout = open_layout(config_path)
    try:
        why = holding.accept(layout, source)
        yield from compile_and_say(layout, (source,))
    except OSError as error:
        raise unwritable(layout, error) from error
    yield f"it had been kept aside because {why}"


def refuse_held(config_path: Path, source: str) -> str:
    """Drop the download of a list that waits; returns what was done."""
    layout = open_layout(config_path)
    try:
        why = holding.refuse(layout, source)
    except OSError as error:
        raise unwritable(layout, error) from error
    return f"{source}: the download is dropped ({why}); the text from before stays in force"


def compile_and_say(layout: Layout, sources: tuple[str, ...]) -> Iterator[str]:
    """Compile the policy in force and yield how these lists fared.  Raises OSError."""
    document = PolicyStore(layout.policy_db).current().document
    manifest = compile_lists(layout, document, index_key(layout))
    for state in manifest.lists:
        if state.id in sources:
            trouble = f": {state.what}" if state.what else ""
            yield f"{state.id}: {state.names:,} names are in force{trouble}"


def unwritable(layout: Layout, error: OSError) -> StateFolderError:
    return StateFolderError(f"{layout.state} cannot be written: {error.strerror or error}")


def age(seconds: float) -> str:
    """Say a length of time as people do, roughly: ``3 hours``."""
    for unit_s, unit in _UNITS:
        if seconds >= unit_s:
            number = int(seconds // unit_s)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return "less than a minute"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times in a row"


def _when(seconds: float) -> str:
    return f"in {age(seconds)}" if seconds > 0 else "at the next round"
