"""Creating and upgrading the two databases with Alembic.

A new database is built aside and renamed into place, so that a power cut leaves either none or a
whole one; an old one is upgraded in a single transaction.  The caller holds the folder's lock.
"""

import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from filterd.errors import StoreError
from filterd.store.current import LOG, POLICY, Schema, revision_of
from filterd.store.database import Database
from filterd.store.folder import sync_folder
from filterd.store.sqlite import speaking_of

# A batch migration drops and recreates tables: enforced, that would delete the rows pointing there.
_PRAGMAS = ("synchronous=FULL", "foreign_keys=OFF")


def upgrade(state_folder: Path) -> None:
    """Bring both databases to this filterd's schema, creating what is not there.

    Raises StoreError for a database that is damaged, empty, not ours, or newer than this filterd;
    it is left as it was.
    """
    for schema in (POLICY, LOG):
        bring_up_to_date(state_folder / schema.file, schema)


def bring_up_to_date(path: Path, schema: Schema) -> None:
    """Do what ``upgrade`` says for one database."""
    if not path.exists():
        _create(path, schema)
    elif revision_of(path, schema) != schema.newest:
        _migrate(path, schema)


def _create(path: Path, schema: Schema) -> None:
    aside = path.with_name(f"{path.name}.new")
    with speaking_of(path):
        # A journal left by a database that is gone would be played into the new one.
        for stem in (aside, path):
            for end in ("", "-wal", "-shm", "-journal"):
                Path(f"{stem}{end}").unlink(missing_ok=True)
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        _make_wal(aside)
        _migrate(aside, schema)
        handle = os.open(aside, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        aside.rename(path)
        sync_folder(path.parent)


def _make_wal(path: Path) -> None:
    """Choose WAL, once and for all: the mode is kept in the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    finally:
        connection.close()
    if mode != "wal":
        raise StoreError(f"{path.parent}: this file system cannot hold filterd's databases")


def _migrate(path: Path, schema: Schema) -> None:
    config = Config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", "filterd.store:migrations")
    config.set_main_option("version_locations", schema.scripts)
    database = Database(path, _PRAGMAS)
    try:
        with database.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"{path}: cannot be upgraded: {error}") from error
    finally:
        database.close()
