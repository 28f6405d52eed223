"""Every process follows the newest policy and the newest index, and says when it cannot."""

from datetime import timedelta

import pytest

from filterd.errors import StoreError
from filterd.policy.override import Override
from filterd.service.compiling import compile_lists
from filterd.service.current import CurrentPolicy, index_key


def test_nothing_new_is_the_same_object(layout, store, now) -> None:
    current = CurrentPolicy(layout)
    assert current.refresh() is current.refresh()


def test_a_saved_version_is_seen(layout, document, store, now) -> None:
    current = CurrentPolicy(layout)
    before = current.refresh()
    changed = document.model_copy(update={"upstreams": ("192.0.2.54",)})
    store.save(changed, based_on=1, author="t", reason="t", now=now)
    assert (before.version, current.refresh().version) == (1, 2)


def test_an_override_is_seen_and_its_end_too(layout, store, now) -> None:
    current = CurrentPolicy(layout)
    current.refresh()
    pause = Override(id=0, kind="pause", profile="sana", ends=now + timedelta(minutes=30))
    kept = store.add_override(pause, now)
    assert [one.id for one in current.refresh().overrides] == [kept.id]
    store.end_override(kept.id, author="amina", now=now)
    assert current.refresh().overrides == ()


def test_a_new_index_is_mapped_and_a_damaged_one_is_said(layout, document, store, now) -> None:
    current = CurrentPolicy(layout)
    current.refresh()
    assert "not compiled" in current.index_problem
    (layout.base / "mine.txt").write_text("casino.example\n")
    build = compile_lists(layout, document, index_key(layout)).build
    assert current.refresh().build == build
    assert current.index_problem == ""
    content = bytearray(layout.index.read_bytes())
    content[-1] ^= 0xFF
    layout.index.unlink()
    layout.index.write_bytes(content)
    assert current.refresh().build == build, "what was mapped before stays in force"
    assert current.index_problem
    layout.index.unlink()
    assert current.refresh().build == build
    fresh = CurrentPolicy(layout)
    assert fresh.refresh().build != build
    assert fresh.index_problem


def test_without_a_store_there_is_no_policy(layout, now) -> None:
    layout.policy_db.unlink()
    with pytest.raises(StoreError):
        CurrentPolicy(layout).refresh()
