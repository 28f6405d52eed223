"""Versions, undo and overrides."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.config.document import Document, Profile
from filterd.errors import Conflict, NothingToUndo, StoreError
from filterd.policy.override import Override
from filterd.store.database import Database
from filterd.store.policy import PolicyStore

MINUTE = timedelta(minutes=1)


def test_the_starter_policy_is_stored_once(store, document_called, now):
    first = store.seed(document_called("Sana"), author="filterd", now=now)
    assert first is not None
    assert (first.number, first.author, first.time) == (1, "filterd", now)
    assert store.seed(document_called("Other"), author="filterd", now=now) is None
    assert store.current() == first


def test_a_store_without_a_policy_says_so(store, now):
    with pytest.raises(StoreError, match="no policy yet"):
        store.current()
    with pytest.raises(StoreError, match="no policy yet"):
        store.undo(author="ama", now=now)
    assert store.versions() == ()
    assert store.at(1) is None
    assert store.newest_time() is None


def test_a_change_becomes_the_next_version(store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    saved = store.save(
        document_called("Zara"), based_on=1, author="ama", reason="new name", now=now + MINUTE
    )
    assert (saved.number, saved.author, saved.reason) == (2, "ama", "new name")
    assert (saved.time, saved.undoes) == (now + MINUTE, None)
    assert store.current() == saved == store.at(2)
    assert store.at(1).document == document_called("Sana")
    assert [(c.number, c.author) for c in store.versions()] == [(2, "ama"), (1, "filterd")]
    assert [c.number for c in store.versions(limit=1)] == [2]


def test_a_change_of_an_older_version_is_a_conflict_and_changes_nothing(
    store, document_called, now
):
    store.seed(document_called("Sana"), "filterd", now)
    store.save(document_called("Zara"), based_on=1, author="ama", reason="", now=now)
    with pytest.raises(Conflict, match="version 2 was saved by ama"):
        store.save(document_called("Mia"), based_on=1, author="abu", reason="", now=now)
    with pytest.raises(Conflict):
        store.undo(author="abu", now=now, based_on=1)
    assert [c.number for c in store.versions()] == [2, 1]


def test_saving_what_is_there_already_is_no_change(store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    same = store.save(document_called("Sana"), based_on=1, author="ama", reason="", now=now)
    assert same.number == 1
    assert len(store.versions()) == 1


def test_a_document_that_was_ever_in_force_is_known(store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    store.save(document_called("Ali"), based_on=1, author="ama", reason="renamed", now=now)
    assert store.has(document_called("Sana"))
    assert store.has(document_called("Ali"))
    assert not store.has(document_called("Omar"))


def test_an_undo_is_a_new_version_and_can_be_undone(store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    store.save(document_called("Zara"), based_on=1, author="ama", reason="", now=now)
    undone = store.undo(author="abu", now=now + MINUTE)
    assert (undone.number, undone.author, undone.undoes) == (3, "abu", 2)
    assert undone.document == document_called("Sana")
    redone = store.undo(author="ama", now=now + MINUTE, based_on=3)
    assert (redone.number, redone.undoes) == (4, 3)
    assert redone.document == document_called("Zara")
    assert store.current() == redone


def test_the_first_version_cannot_be_undone(store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    with pytest.raises(NothingToUndo, match="no change to undo"):
        store.undo(author="ama", now=now)


def test_a_version_this_filterd_cannot_read_is_named(state, store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now)
    with Database(state / "policy.db").writing() as connection:
        connection.exec_driver_sql("UPDATE versions SET document = '{\"zone\": 5}'")
    with pytest.raises(StoreError, match="version 1 cannot be read"):
        store.current()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
    ids=["before 1970", "another zone", "the last microsecond"],
)
def test_instants_come_back_exactly_and_in_utc(store, document_called, moment):
    store.seed(document_called("Sana"), "filterd", moment)
    assert store.current().time == moment
    assert store.current().time.tzinfo is UTC


@pytest.fixture
def pause(now: datetime) -> Override:
    return Override(
        id=0, kind="pause", profile="sana", starts=now, ends=now + 30 * MINUTE, author="ama"
    )


def test_an_override_comes_back_as_it_was_stored(store, pause, now):
    grant = Override(
        id=77,
        kind="grant",
        profile="sana",
        device="phone",
        categories=("video", "games"),
        names=("=www.example.org", "example.com"),
        starts=now + MINUTE,
        ends=None,
        author="ابو",
    )
    first, second = store.add_override(pause, now), store.add_override(grant, now)
    assert first == replace(pause, id=first.id)
    assert second == replace(grant, id=second.id)
    assert first.id < second.id
    assert store.overrides(now) == (first, second)


def test_an_override_without_a_start_begins_when_it_is_added(store, pause, now):
    assert store.add_override(replace(pause, starts=None), now).starts == now


def test_an_override_is_over_at_its_end_and_not_before(store, pause, now):
    added = store.add_override(pause, now)
    last = pause.ends - timedelta(microseconds=1)
    assert store.overrides(last) == (added,)
    assert store.overrides(pause.ends) == ()


def test_an_override_can_be_ended_once_and_its_id_is_not_used_again(store, pause, now):
    added = store.add_override(pause, now)
    assert store.end_override(added.id, author="abu", now=now + MINUTE)
    assert store.overrides(now + MINUTE) == ()
    assert not store.end_override(added.id, author="abu", now=now + MINUTE)
    assert not store.end_override(12_345, author="abu", now=now)
    assert store.add_override(pause, now).id > added.id


def test_an_override_that_is_over_cannot_be_ended(store, pause, now):
    added = store.add_override(pause, now)
    assert not store.end_override(added.id, author="abu", now=pause.ends)


def test_a_clock_that_was_ahead_once_can_be_put_right(store, document_called, now):
    store.seed(document_called("Sana"), "filterd", now + timedelta(days=2000))
    store.trust_clock(now)
    assert store.newest_time() == now


def test_the_newest_time_never_goes_back(store, document_called, pause, now):
    store.seed(document_called("Sana"), "filterd", now)
    assert store.newest_time() == now
    added = store.add_override(pause, now + MINUTE)
    assert store.newest_time() == now + MINUTE
    store.save(document_called("Zara"), based_on=1, author="ama", reason="", now=now)
    assert store.newest_time() == now + MINUTE
    store.end_override(added.id, author="ama", now=now + 2 * MINUTE)
    assert store.newest_time() == now + 2 * MINUTE


def named(name: str) -> Document:
    return Document(zone="UTC", profiles={"p": Profile(name=name)}, default_profile="p")


@given(st.lists(st.sampled_from(["a", "b", "c", "undo"]), max_size=6))
@settings(max_examples=10)
def test_history_is_what_was_done(fresh, tmp_path_factory, steps):
    path = shutil.copy(fresh / "policy.db", tmp_path_factory.mktemp("history"))
    store = PolicyStore(Path(path))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    store.seed(named("a"), "filterd", now)
    expected = ["a"]
    for step in steps:
        if step != "undo":
            store.save(named(step), based_on=len(expected), author="ama", reason="", now=now)
            expected += [] if expected[-1] == step else [step]
        elif len(expected) > 1:
            store.undo(author="ama", now=now)
            expected.append(expected[-2])
    stored = [store.at(n + 1).document.profiles["p"].name for n in range(len(expected))]
    assert stored == expected
    assert len(store.versions()) == len(expected)
    store.close()
