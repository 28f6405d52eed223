"""Which schema a database has, and whether there is anything to prepare before serving.

Plain ``sqlite3``: the supervisor asks on every start, and loading SQLAlchemy to learn that nothing
needs migrating would cost more than starting DNS.  ``schema.upgrade`` does the work.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from filterd.errors import StoreError
from filterd.store.sqlite import connect, speaking_of

_BUSY_S = 5.0
# As they stand in SQLITE_CORRUPT, SQLITE_NOTADB and their extended codes.
_DAMAGE = frozenset({"CORRUPT", "NOTADB"})


@dataclass(frozen=True, slots=True)
class Schema:
    """One database: its file, its migrations and their revisions, oldest first.

    ``scripts`` is an Alembic location, ``package:folder``.
    """

    file: str
    scripts: str
    revisions: tuple[str, ...]

    @property
    def newest(self) -> str:
        return self.revisions[-1]


POLICY = Schema("policy.db", "filterd.store:migrations/policy", ("0001",))
LOG = Schema("log.db", "filterd.store:migrations/log", ("0001",))


def is_current(state_folder: Path) -> bool:
    """Return whether both databases are there, up to date, and hold a first policy.

    False means: run ``schema.upgrade`` and seed the policy.  Raises StoreError for a database
    that is damaged, not ours, or newer than this filterd.
    """
    for schema in (POLICY, LOG):
        path = state_folder / schema.file
        if not path.exists() or revision_of(path, schema) != schema.newest:
            return False
    return _has_policy(state_folder / POLICY.file)


def set_damaged_log_aside(state_folder: Path) -> Path | None:
    """Move a query log that cannot be read out of the way; None when there is nothing to do.

    A lost log must not keep a house without its filter.  Returns where the log is now, replacing
    one set aside before; a log that a newer filterd wrote stays.  Raises StoreError when the
    folder cannot be written.
    """
    path = state_folder / LOG.file
    if not path.exists() or _is_readable(path):
        return None
    aside = path.with_name(f"{path.name}.damaged")
    with speaking_of(path):
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        path.replace(aside)
    return aside


def _is_readable(path: Path) -> bool:
    """Tell damage from what passes: a full disk, a lock, missing rights."""
    if path.stat().st_size == 0:
        return False
    connection = sqlite3.connect(path.absolute().as_uri() + "?mode=rw", uri=True, timeout=_BUSY_S)
    try:
        return _read_revision(connection) is not None
    except sqlite3.Error as error:
        return _DAMAGE.isdisjoint(error.sqlite_errorname.split("_"))
    finally:
        connection.close()


def revision_of(path: Path, schema: Schema) -> str:
    """Return the revision an existing database has; raises StoreError as ``is_current`` does."""
    connection = connect(path, busy_s=_BUSY_S)
    try:
        with speaking_of(path):
            found = _read_revision(connection)
    finally:
        connection.close()
    if found is None:
        raise StoreError(f"{path}: is a database, but not one of filterd's")
    if found not in schema.revisions:
        raise StoreError(
            f"{path}: was written by a newer filterd (schema {found}; this one knows "
            f"{schema.newest}); install that version again"
        )
    return found


def _read_revision(connection: sqlite3.Connection) -> str | None:
    tables = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'alembic_version'"
    if connection.execute(tables).fetchone() is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _has_policy(path: Path) -> bool:
    connection = connect(path, busy_s=_BUSY_S)
    try:
        with speaking_of(path):
            return connection.execute("SELECT 1 FROM versions LIMIT 1").fetchone() is not None
    finally:
        connection.close()
