"""Creating, upgrading and refusing databases."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from filterd.errors import StoreError
from filterd.store.current import LOG, POLICY, Schema, is_current, revision_of
from filterd.store.database import Database
from filterd.store.guardians import Guardians
from filterd.store.live import LivePolicy
from filterd.store.log import LogFilter, LogReader
from filterd.store.logwriter import LogWriter, Seen
from filterd.store.policy import PolicyStore
from filterd.store.schema import bring_up_to_date, upgrade
from filterd.store.tables import log_tables, policy_tables

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BOTH = pytest.mark.parametrize("schema", [POLICY, LOG], ids=["policy", "log"])


def run_sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return [connection.execute(statement).fetchone() for statement in statements]
    finally:
        connection.close()


def test_a_first_start_needs_preparing_until_there_is_a_policy(tmp_path, document_called, now):
    assert not is_current(tmp_path)
    upgrade(tmp_path)
    assert not is_current(tmp_path)
    PolicyStore(tmp_path / "policy.db").seed(document_called("Sana"), "filterd", now)
    assert is_current(tmp_path)
    (tmp_path / "log.db").unlink()
    assert not is_current(tmp_path)


@BOTH
def test_a_new_database_is_closed_to_others_and_keeps_a_write_ahead_log(state, schema):
    path = state / schema.file
    assert path.stat().st_mode & 0o777 == 0o600
    assert run_sql(path, "PRAGMA journal_mode", "PRAGMA integrity_check") == [("wal",), ("ok",)]
    assert sorted(p.name for p in state.iterdir()) == ["log.db", "policy.db"]


def test_policy_is_synced_at_every_commit(state):
    database = Database(state / "policy.db")
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize(
    ("schema", "tables"), [(POLICY, policy_tables), (LOG, log_tables)], ids=["policy", "log"]
)
def test_migrations_lead_to_the_tables_the_code_uses(state: Path, schema: Schema, tables: MetaData):
    database = Database(state / schema.file)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables) == []


@BOTH
def test_the_known_revisions_are_those_of_the_scripts(schema: Schema):
    config = Config()
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", "filterd.store:migrations")
    config.set_main_option("version_locations", schema.scripts)
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(script.revision for script in scripts)[::-1] == schema.revisions


def test_upgrading_again_changes_nothing(state, document_called, now, store):
    store.seed(document_called("Sana"), "filterd", now)
    before = (state / "policy.db").read_bytes()
    upgrade(state)
    assert (state / "policy.db").read_bytes() == before


def test_any_folder_name_will_do(tmp_path):
    folder = tmp_path / "a b,c %d:e?f#g"
    folder.mkdir()
    upgrade(folder)
    assert not is_current(folder)
    assert LogReader(folder / "log.db").search(LogFilter()) == ()


def test_leftovers_of_an_interrupted_start_are_no_obstacle(tmp_path):
    for name in ("policy.db.new", "policy.db.new-wal", "policy.db-wal", "policy.db-shm"):
        (tmp_path / name).write_bytes(b"half")
    upgrade(tmp_path)
    assert run_sql(tmp_path / "policy.db", "PRAGMA integrity_check") == [("ok",)]
    assert not (tmp_path / "policy.db.new").exists()


@BOTH
def test_a_database_newer_than_the_code_is_left_alone(state, schema):
    path = state / schema.file
    run_sql(path, "UPDATE alembic_version SET version_num = '0999'")
    before = path.read_bytes()
    for call in (is_current, upgrade):
        with pytest.raises(StoreError, match=r"newer filterd.*0999"):
            call(state)
    assert path.read_bytes() == before


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_garbage(path: Path) -> None:
    path.write_bytes(b"<!DOCTYPE html>" * 4000)


def make_torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 30_000)


def make_foreign(path: Path) -> None:
    path.unlink()
    run_sql(path, "CREATE TABLE photos (id INTEGER)")


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_missing(path: Path) -> None:
    path.unlink()


DAMAGE = {
    "empty": make_empty,
    "garbage": make_garbage,
    "torn": make_torn,
    "somebody else's": make_foreign,
    "a folder": make_folder,
    "missing": make_missing,
}
USES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "policy": ("policy.db", lambda p: PolicyStore(p).current()),
    "guardians": ("policy.db", lambda p: Guardians(p).any()),
    "live": ("policy.db", lambda p: LivePolicy(p).current()),
    "log reader": ("log.db", lambda p: LogReader(p).search(LogFilter())),
    "log writer": ("log.db", lambda p: LogWriter(p).write((), seen=[Seen(1.0, "192.0.2.1")])),
    "pruning": ("log.db", lambda p: LogWriter(p).prune(NOW)),
    "upgrade of policy": ("policy.db", lambda p: upgrade(p.parent)),
    "upgrade of log": ("log.db", lambda p: upgrade(p.parent)),
    "is it current": ("policy.db", lambda p: is_current(p.parent)),
}


# What is missing is made anew by the last three.
CASES = [
    (damage, use)
    for damage in DAMAGE
    for use in USES
    if damage != "missing" or not use.startswith(("upgrade", "is it"))
]


@pytest.mark.parametrize(("damage", "use"), CASES)
def test_a_database_that_cannot_be_used_is_a_store_error(state, damage, use):
    file, call = USES[use]
    DAMAGE[damage](state / file)
    with pytest.raises(StoreError, match=file) as caught:
        call(state / file)
    assert "\n" not in str(caught.value)


def test_an_empty_policy_is_never_replaced_by_a_fresh_one(state):
    make_empty(state / "policy.db")
    with pytest.raises(StoreError, match="0 bytes"):
        upgrade(state)
    assert (state / "policy.db").read_bytes() == b""


MIGRATION = """
from alembic import op
revision = "{revision}"
down_revision = {down}
def upgrade():
    op.execute("{first}")
    op.execute("{second}")
"""


@pytest.fixture
def own_schema(tmp_path: Path) -> Schema:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    add_migration(scripts, "0001", None, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    return Schema("own.db", str(scripts), ("0001",))


def add_migration(folder: Path, revision: str, down: str | None, first: str, second: str) -> None:
    text = MIGRATION.format(revision=revision, down=repr(down), first=first, second=second)
    (folder / f"r{revision}.py").write_text(text)


def test_an_older_database_is_upgraded_with_its_rows(tmp_path, own_schema):
    path = tmp_path / "own.db"
    bring_up_to_date(path, own_schema)
    add_migration(
        Path(own_schema.scripts), "0002", "0001", "ALTER TABLE t ADD b", "UPDATE t SET b = 2"
    )
    newer = replace(own_schema, revisions=("0001", "0002"))
    bring_up_to_date(path, newer)
    assert revision_of(path, newer) == "0002"
    assert run_sql(path, "SELECT * FROM t") == [(1, 2)]


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, own_schema):
    path = tmp_path / "own.db"
    bring_up_to_date(path, own_schema)
    add_migration(
        Path(own_schema.scripts), "0002", "0001", "DROP TABLE t", "INSERT INTO nowhere VALUES (1)"
    )
    with pytest.raises(StoreError, match="nowhere"):
        bring_up_to_date(path, replace(own_schema, revisions=("0001", "0002")))
    assert revision_of(path, own_schema) == "0001"
    assert run_sql(path, "SELECT * FROM t") == [(1,)]


def test_the_supervisor_and_dns_load_no_sqlalchemy():
    modules = "current, folder, live, logwriter, sqlite"
    code = f"""
import sys
from filterd.store import {modules}
print([name for name in ("sqlalchemy", "alembic", "flask") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
