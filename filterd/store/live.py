"""The stored policy as the DNS process follows it: plain ``sqlite3``, reading only.

Whether something changed costs one PRAGMA, so it can be asked every second.  Compiles nothing.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filterd.errors import StoreError
from filterd.policy.override import Override
from filterd.store.instant import from_us, from_us_or_none
from filterd.store.sqlite import connect, describe

# The event loop waits meanwhile.  A reader is held up only while SQLite recovers after a crash.
_BUSY_S = 0.1
_PRAGMAS = ("query_only=ON",)

# An override is over for certain once a later instant was stored; by the clock it may be earlier.
_OVERRIDES = """
    SELECT id, kind, profile, device, categories, names, starts, ends, author
    FROM overrides WHERE ended IS NULL AND (ends IS NULL OR ends > ?) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class LiveState:
    """The newest version's number and document (JSON), and the overrides that are not over.

    ``overrides`` may hold some that begin later or ended by the clock; oldest first.
    ``newest_time`` is the latest instant any change was made at.
    """

    number: int
    document: str
    overrides: tuple[Override, ...]
    newest_time: datetime


class LivePolicy:
    """Follows ``policy.db``; opens it at the first use and again when the file was replaced.

    Every method raises StoreError while the database is missing, locked or damaged, and works
    again when it is back.  One thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._seen: int | None = None

    def changed(self) -> bool:
        """Return whether anything was written since ``current`` last returned.

        True before the first ``current``.  A sign-in writes too, so compare what ``current`` gives.
        """
        return self._seen is None or self._data_version() != self._seen

    def current(self) -> LiveState:
        """Return the newest version with the overrides, all of one moment."""
        # Taken before the reading: a change in between then shows as one more change.
        seen = self._data_version()
        connection = self._open()
        try:
            connection.execute("BEGIN")
            try:
                state = self._read(connection)
            finally:
                connection.execute("ROLLBACK")
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise describe(self._path, error) from error
        self._seen = seen
        return state

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None

    def _read(self, connection: sqlite3.Connection) -> LiveState:
        version = connection.execute(
            "SELECT number, document FROM versions ORDER BY number DESC LIMIT 1"
        ).fetchone()
        newest = connection.execute("SELECT value FROM meta WHERE key = 'newest_time'").fetchone()
        if version is None or newest is None:
            raise StoreError(f"{self._path}: holds no policy yet; 'filterd run' stores the first")
        rows = connection.execute(_OVERRIDES, (int(newest[0]),)).fetchall()
        return LiveState(
            number=version[0],
            document=version[1],
            overrides=tuple(read_override(row) for row in rows),
            newest_time=from_us(int(newest[0])),
        )

    def _data_version(self) -> int:
        connection = self._open()
        try:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            self.close()
            raise describe(self._path, error) from error

    def _open(self) -> sqlite3.Connection:
        try:
            found = self._path.stat()
        except OSError as error:
            self.close()
            raise describe(self._path, error) from error
        file = (found.st_dev, found.st_ino)
        if self._connection is None or file != self._file:
            self.close()
            self._connection = connect(self._path, busy_s=_BUSY_S, pragmas=_PRAGMAS)
            self._file = file
        return self._connection


def read_override(row: Any) -> Override:
    """Return the override in a row with the columns of ``_OVERRIDES``.

    Raises ValueError when its JSON is damaged.
    """
    number, kind, profile, device, categories, names, starts, ends, author = row
    return Override(
        id=number,
        kind=kind,
        profile=profile,
        device=device,
        categories=tuple(json.loads(categories)),
        names=tuple(json.loads(names)),
        starts=from_us(starts),
        ends=from_us_or_none(ends),
        author=author,
    )
