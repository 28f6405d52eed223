"""What the DNS process sees of policy.db."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from filterd.config.document import Document
from filterd.errors import StoreError
from filterd.policy.override import Override
from filterd.store.database import Database
from filterd.store.live import LivePolicy
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade

MINUTE = timedelta(minutes=1)


@pytest.fixture
def live(state: Path) -> Iterator[LivePolicy]:
    live = LivePolicy(state / "policy.db")
    yield live
    live.close()


@pytest.fixture
def pause(now) -> Override:
    return Override(id=0, kind="pause", profile="sana", starts=now, ends=now + MINUTE, author="ama")


def test_the_newest_version_is_seen_and_every_change_after_it(live, store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    assert live.changed()
    state = live.current()
    assert (state.number, state.newest_time, state.overrides) == (1, now, ())
    assert Document.model_validate_json(state.document) == document_called("Sana")
    assert not live.changed()
    store.save(document_called("Zara"), based_on=1, author="ama", reason="", now=now)
    assert live.changed()
    assert live.changed()  # asking does not use the answer up
    assert live.current().number == 2
    assert not live.changed()


def test_overrides_are_seen_until_they_are_over_for_certain(
    live, store, document_called, pause, now
):
    store.seed(document_called("Sana"), "filterd", now)
    live.current()
    first = store.add_override(pause, now)
    later = store.add_override(replace(pause, ends=None), now)
    assert live.changed()
    assert live.current().overrides == (first, later)
    store.end_override(later.id, author="ama", now=now)
    assert live.changed()
    assert live.current().overrides == (first,)
    third = store.add_override(replace(pause, ends=None), now + MINUTE)
    assert live.current().overrides == (third,)


def test_a_store_without_a_policy_is_an_error_until_it_has_one(live, store, document_called, now):
    with pytest.raises(StoreError, match="no policy yet"):
        live.current()
    store.seed(document_called("Sana"), "filterd", now)
    assert live.current().number == 1


def test_a_missing_database_is_an_error_until_it_is_there(
    live, state, store, document_called, now, tmp_path_factory
):
    store.seed(document_called("Sana"), "filterd", now)
    store.close()
    assert live.current().number == 1
    aside = tmp_path_factory.mktemp("aside") / "policy.db"
    live.close()  # so that the journal is written back and the file alone is the database
    (state / "policy.db").rename(aside)
    with pytest.raises(StoreError, match=r"policy\.db"):
        live.current()
    aside.rename(state / "policy.db")
    assert live.changed()
    assert live.current().number == 1


def test_a_database_deleted_under_a_reader_is_an_error(live, state, store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    live.current()
    (state / "policy.db").unlink()
    with pytest.raises(StoreError, match="no such file"):
        live.changed()


def test_a_database_made_anew_is_followed(live, state, store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    store.save(document_called("Zara"), based_on=1, author="ama", reason="", now=now)
    assert live.current().number == 2
    (state / "policy.db").unlink()
    upgrade(state)
    fresh = PolicyStore(state / "policy.db")
    fresh.seed(document_called("Sana"), "filterd", now)
    assert live.changed()
    assert live.current().number == 1
    fresh.close()


def test_a_locked_database_is_an_error_until_it_is_free(state, live, store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    store.close()
    holder = sqlite3.connect(state / "policy.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked"):
        live.current()
    holder.close()
    assert live.current().number == 1


def test_an_override_that_cannot_be_read_is_an_error(
    state, live, store, document_called, pause, now
):
    store.seed(document_called("Sana"), "filterd", now)
    store.add_override(pause, now)
    with Database(state / "policy.db").writing() as connection:
        connection.exec_driver_sql("UPDATE overrides SET names = '[oops'")
    with pytest.raises(StoreError):
        live.current()
    with pytest.raises(StoreError, match="override cannot be read"):
        store.overrides(now)


def test_reading_never_writes(live, store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    live.current()
    connection = live._open()
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM versions")
