"""What is known of every list: how it compiled, where its copy came from, when to ask again.

For the page, ``check`` and the worker, and the memory of downloads across restarts.  Instants are
epoch seconds, 0 for never.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from filterd.config.document import Document
from filterd.service.files import replace_file

READER = 1
"""Which way of reading texts this filterd has; whoever changes one thing a list means adds one."""

Reason = Literal["closes", "opens", "smaller", "larger"]
"""Why a download waits: what nobody should close is on it, or what is always open, or its size."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One text of a list; ``digest`` is its SHA-256 in hex.

    ``etag`` and ``last_modified`` are what the server at ``address`` called it.
    """

    address: str
    digest: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a download waits: its ``reason``, and what goes with it.

    ``names`` counts its rules and ``before`` those of the list in force; ``hits`` are the names
    that were not on the list before and that nobody should close, or are always open.
    """

    reason: Reason
    names: int
    before: int
    hits: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.reason == "closes":
            return f"it would newly close {some(self.hits)}, which nobody should close"
        if self.reason == "opens":
            return f"it newly holds {some(self.hits)}, which is always open"
        how = "shrank" if self.reason == "smaller" else "grew"
        return f"it {how} from {self.before:,} to {self.names:,} names"


@dataclass(frozen=True, slots=True)
class Held:
    """A download that is not in force: it waits for a guardian, or was refused by one.

    A refused one is remembered, so that it is not asked about again.
    """

    copy: Copy
    why: Why
    since: float
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """What is known of a list's downloads.

    ``addresses`` are those the policy had at the last try, ``copy`` is the text in force and
    ``fetched`` when it was last seen to be the newest; ``failures`` counts since the last success
    and ``trouble`` says why the last try failed.
    """

    addresses: tuple[str, ...] = ()
    copy: Copy | None = None
    fetched: float = 0.0
    next_due: float = 0.0
    failures: int = 0
    trouble: str = ""
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class ListState:
    """How one list fared.

    ``problem`` says why it could not be compiled; ``text`` is the SHA-256 in hex of what was read
    (of the whole archive where it is a part of one), empty when nothing could be; ``names``
    counts its rules; ``suffixes`` are the public suffixes it would have closed whole and were left
    out (a hundred at most); ``opens`` are the helplines among what it lists, which stay open, and
    ``closes`` what nobody should close.
    """

    id: str
    category: str
    ok: bool = False
    names: int = 0
    complaints: int = 0
    problem: str = ""
    text: str = ""
    suffixes: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    download: Download = field(default_factory=Download)

    @property
    def what(self) -> str:
        """What is not as it should be and what to do, empty when all is well."""
        words = [self.problem] if self.problem else []
        if self.download.trouble:
            kept = "; the last good copy stays in force" if self.ok else ""
            words.append(f"{self.download.trouble}{kept}")
        held = self.download.held
        if held is not None and not held.is_refused:
            words.append(
                f"the newest download is kept aside: {held.why} ('filterd lists accept {self.id}' "
                f"puts it in force, 'filterd lists refuse {self.id}' drops it)"
            )
        return "; ".join(words)


@dataclass(frozen=True, slots=True)
class Manifest:
    """``build`` names the index this belongs to, ``recipe`` what of the policy it depends on.

    ``is_stale`` tells that a text was replaced since.
    """

    build: str
    recipe: str
    lists: tuple[ListState, ...]
    is_stale: bool = False

    def state_of(self, source: str) -> ListState | None:
        return next((state for state in self.lists if state.id == source), None)

    def with_state(self, state: ListState, *, is_stale: bool) -> "Manifest":
        """Return the manifest with one list's state replaced, or added; stale once is stale."""
        states = {each.id: each for each in self.lists} | {state.id: state}
        return replace(self, lists=tuple(states.values()), is_stale=self.is_stale or is_stale)


# What of a list's entry in the policy says nothing about the names in the index.
_NOT_COMPILED = {"category", "interval", "exceptions"}

NO_MANIFEST = Manifest(build="", recipe="", lists=())


def recipe_of(document: Document) -> str:
    """Digest of what the index depends on: which lists there are and how they are read."""
    lists = {
        source: listed.model_dump(mode="json", exclude=_NOT_COMPILED)
        for source, listed in document.lists.items()
    }
    recipe = json.dumps([READER, lists], sort_keys=True)
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def load_manifest(path: Path) -> Manifest:
    """Return the stored manifest, or NO_MANIFEST when there is none that can be read."""
    try:
        stored = json.loads(path.read_bytes())
        lists = tuple(_state(state) for state in stored.pop("lists"))
        return Manifest(lists=lists, **stored)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return NO_MANIFEST


def save_manifest(path: Path, manifest: Manifest) -> None:
    """Replace the stored manifest whole."""
    replace_file(path, json.dumps(asdict(manifest), indent=1).encode())


def _state(stored: dict[str, Any]) -> ListState:
    download = stored.pop("download")
    for names in ("suffixes", "opens", "closes"):
        stored[names] = tuple(stored[names])
    return ListState(**stored, download=_download(download))


def _download(stored: dict[str, Any]) -> Download:
    addresses = tuple(stored.pop("addresses"))
    copy, held = stored.pop("copy"), stored.pop("held")
    return Download(
        **stored,
        addresses=addresses,
        copy=None if copy is None else Copy(**copy),
        held=None if held is None else _held(held),
    )


def _held(stored: dict[str, Any]) -> Held:
    copy, why = Copy(**stored.pop("copy")), stored.pop("why")
    hits = tuple(why.pop("hits"))
    return Held(copy=copy, why=Why(**why, hits=hits), **stored)


def some(names: Iterable[str], shown: int = 3) -> str:
    """Say the first few names, and how many more there are."""
    first = sorted(names)
    more = f" and {len(first) - shown} more" if len(first) > shown else ""
    return ", ".join(first[:shown]) + more
