"""The newest stored policy over the newest index, compiled: what every process decides with.

Reads with sqlite3 and mmap only, so that the DNS process stays small.  ``refresh`` is cheap when
nothing changed.
"""

import mmap
import os
from dataclasses import dataclass
from pathlib import Path

from filterd.config.document import Document
from filterd.errors import ListError, StoreError
from filterd.lists.index import EMPTY, Index
from filterd.policy.snapshot import Policy, compile_policy
from filterd.service.layout import Layout
from filterd.store.folder import secret
from filterd.store.live import LivePolicy, LiveState

_KEY_FILE = "index.key"
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class _FileStamp:
    inode: int
    modified_ns: int


class CurrentPolicy:
    """Compiles the stored policy again whenever the store or the index has changed.

    ``index_problem`` says why there is no usable index, or is empty.  Not safe for use by several
    threads at once.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._live = LivePolicy(layout.policy_db)
        self._state: LiveState | None = None
        self._document: Document | None = None
        self._stamp: _FileStamp | None = None
        self._index: Index = EMPTY
        self._policy: Policy | None = None
        self.index_problem = "the lists are not compiled yet"

    def refresh(self) -> Policy:
        """Return the newest policy; raises StoreError when none can be read.

        The same object comes back while nothing has changed.
        """
        has_new_index = self._refresh_index()
        has_new_state = self._refresh_state()
        if self._policy is None or has_new_index or has_new_state:
            self._policy = self._compile()
        return self._policy

    def at_any_time(self) -> Policy:
        """Return the policy to ask about another time than now: no clock is wrong then."""
        in_force = self.refresh()
        return compile_policy(
            in_force.document, in_force.version, self._index, overrides=in_force.overrides
        )

    def _refresh_index(self) -> bool:
        stamp = _stamp_of(self._layout.index)
        if stamp == self._stamp:
            return False
        index, self.index_problem = map_index(self._layout)
        self._stamp = stamp
        if self.index_problem:
            return False  # what was mapped before stays, and stays readable
        self._index = index
        return True

    def _refresh_state(self) -> bool:
        if self._state is not None and not self._live.changed():
            return False
        state = self._live.current()
        if state == self._state:
            return False
        if self._state is None or state.number != self._state.number:
            self._document = Document.model_validate_json(state.document)
        self._state = state
        return True

    def _compile(self) -> Policy:
        if self._state is None or self._document is None:
            raise AssertionError("refresh reads the state first")
        return compile_policy(
            self._document,
            self._state.number,
            self._index,
            overrides=self._state.overrides,
            newest=self._state.newest_time,
        )


def _stamp_of(path: Path) -> _FileStamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _FileStamp(found.st_ino, found.st_mtime_ns)


def map_index(layout: Layout) -> tuple[Index, str]:
    """Map the index in place; returns it, or an empty one and why.

    The mapping lives as long as the Index that reads it.
    """
    try:
        handle = os.open(layout.index, os.O_RDONLY)
        try:
            mapped = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
        finally:
            os.close(handle)
        return Index(mapped, index_key(layout)), ""
    except FileNotFoundError:
        return EMPTY, "the lists are not compiled yet"
    except (OSError, ValueError) as error:
        return EMPTY, f"the compiled lists cannot be read: {error}"
    except ListError as error:
        return EMPTY, error.what
    except StoreError as error:
        return EMPTY, str(error)


def index_key(layout: Layout) -> bytes:
    """Return the key of this installation's index, made at the first call."""
    return secret(layout.state, _KEY_FILE, _KEY_BYTES)
