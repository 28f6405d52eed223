"""Whatever is put in, the bounds hold and what is used stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.policy.bounded import Bounded


@given(st.lists(st.tuples(st.sampled_from(["get", "put", "drop"]), st.integers(0, 60))))
def test_never_more_than_its_entries_and_never_a_wrong_value(steps: list[tuple[str, int]]) -> None:
    held: Bounded[int, int] = Bounded(20)
    dropped: set[int] = set()
    for step, key in steps:
        if step == "put":
            held.put(key, key * 7)
            dropped.discard(key)
        elif step == "drop":
            held.drop(key)
            dropped.add(key)
        assert held.get(key) in ({None} if key in dropped else {None, key * 7})
        assert len(held) <= 20


def test_an_entry_in_use_survives_any_number_of_others() -> None:
    held: Bounded[str, int] = Bounded(10)
    held.put("used", 1)
    for number in range(1000):
        held.put(str(number), number)
        assert held.get("used") == 1


def test_an_entry_nobody_uses_goes() -> None:
    held: Bounded[str, int] = Bounded(10)
    held.put("unused", 1)
    for number in range(11):
        held.put(str(number), number)
    assert held.get("unused") is None


def test_a_new_value_hides_the_old_one_of_an_older_generation() -> None:
    held: Bounded[str, int] = Bounded(4)
    held.put("a", 1)
    held.put("b", 2)
    held.put("c", 3)
    held.put("a", 4)
    held.drop("a")
    assert held.get("a") is None


@pytest.mark.parametrize("weight", [1, 9, 50], ids=lambda weight: f"weight {weight}")
def test_the_weight_is_bounded(weight: int) -> None:
    held: Bounded[int, bytes] = Bounded(10_000, 100, len)
    for number in range(500):
        held.put(number, bytes(weight))
    kept = [held.get(number) for number in range(500)]
    assert sum(len(value) for value in kept if value is not None) <= 100
    assert kept[-1] is not None


def test_what_is_too_heavy_is_not_kept_and_pushes_nobody_out() -> None:
    held: Bounded[str, bytes] = Bounded(10, 100, len)
    held.put("light", bytes(1))
    held.put("heavy", bytes(1))
    held.put("heavy", bytes(51))
    assert held.get("heavy") is None
    assert held.get("light") is not None


def test_clear_forgets_everything() -> None:
    held: Bounded[str, int] = Bounded(4)
    for name in "abc":
        held.put(name, 1)
    held.clear()
    assert len(held) == 0
    assert held.get("c") is None
