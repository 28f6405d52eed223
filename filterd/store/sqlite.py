"""Opening a database file, and saying in words what SQLite reports.

Knows nothing about tables.  A missing or empty file is never silently turned into a new database:
that would reset a family's policy without a word.  Source: https://www.sqlite.org/rescode.html
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filterd.errors import StoreError

_WORDS = {
    "SQLITE_BUSY": "another process keeps it locked",
    "SQLITE_CANTOPEN": "cannot be opened; does it belong to the user filterd runs as?",
    "SQLITE_CORRUPT": "is damaged; bring back a backup",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk reports an error",
    "SQLITE_LOCKED": "another process keeps it locked",
    "SQLITE_NOTADB": "is not a database; it was damaged or overwritten",
    "SQLITE_PERM": "may not be opened by this user",
    "SQLITE_READONLY": "may not be written by this user",
}


def describe(path: Path, error: BaseException) -> StoreError:
    """Return what happened to ``path`` as one line a person can act on."""
    if isinstance(error, FileNotFoundError):
        return StoreError(f"{path}: there is no such file; 'filterd run' creates it")
    if isinstance(error, OSError):
        return StoreError(f"{path}: {error.strerror or error}")
    # Extended codes carry their kind as a prefix: SQLITE_IOERR_WRITE, SQLITE_CORRUPT_VTAB, ...
    name = getattr(error, "sqlite_errorname", "")
    words = _WORDS.get("_".join(name.split("_")[:2]))
    if words is None:
        return StoreError(f"{path}: {error}")
    return StoreError(f"{path}: {words} ({name})")


@contextmanager
def speaking_of(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise inside into StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise describe(path, error) from error


def connect(path: Path, *, busy_s: float, pragmas: tuple[str, ...] = ()) -> sqlite3.Connection:
    """Open an existing database for reading and writing, transactions begun by hand.

    ``busy_s`` is how long a statement waits for another process's lock; ``pragmas`` are given as
    ``name=value``.  The connection may change threads, but serves one at a time.  Raises
    StoreError when the file is missing, empty or no database.
    """
    with speaking_of(path):
        _refuse_empty(path)
        uri = path.absolute().as_uri() + "?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_s, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _refuse_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise StoreError(
            f"{path}: is empty (0 bytes), so it was damaged; bring back a backup, "
            "or delete the file to begin anew"
        )
