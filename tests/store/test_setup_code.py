"""The code that opens the page the first time."""

import math
import re
import threading
from datetime import timedelta

import pytest

from filterd.store import setup_code
from filterd.store.guardians import Guardians

MINUTE = timedelta(minutes=1)


def test_a_code_is_readable_unguessable_and_new_each_time(guardians, now):
    codes = {guardians.setup_code.create(now) for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert re.fullmatch(r"[2346789bcdfghjkmnpqrtvwxyz]{4}(-\w{4}){2}-\w{2}", code)
    letters = len(set(setup_code._ALPHABET))
    assert sum(setup_code._GROUPS) * math.log2(letters) >= 50


@pytest.mark.parametrize(
    "spell",
    [
        str,
        str.upper,
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')} \n",
        lambda code: code.translate({ord("0") + n: 0x06F0 + n for n in range(10)}),
    ],
    ids=["as shown", "capitals", "no dashes", "spaces", "Urdu digits"],
)
def test_the_code_is_accepted_however_it_is_typed(guardians, now, spell):
    code = guardians.setup_code.create(now)
    assert guardians.setup_code.accepts(spell(code), now)


def test_a_code_lives_thirty_minutes(guardians, now):
    code = guardians.setup_code.create(now)
    assert guardians.setup_code.accepts(code, now + 30 * MINUTE - timedelta(seconds=1))
    assert not guardians.setup_code.accepts(code, now + 30 * MINUTE)


def test_five_wrong_tries_void_a_code_and_right_ones_do_not_count(guardians, now):
    code = guardians.setup_code.create(now)
    for wrong in ("", "guess", code[:-1], code + "x"):
        assert not guardians.setup_code.accepts(wrong, now)
        assert guardians.setup_code.accepts(code, now)
    assert guardians.create_first("guess", "Eve", "h", now) is None
    assert not guardians.setup_code.accepts(code, now)
    assert guardians.create_first(code, "Ama", "h", now) is None
    assert guardians.setup_code.accepts(guardians.setup_code.create(now), now)


def test_a_new_code_voids_the_old_one(guardians, now):
    old = guardians.setup_code.create(now)
    guardians.setup_code.create(now)
    assert not guardians.setup_code.accepts(old, now)


def test_without_a_code_nothing_is_accepted(guardians, now):
    assert not guardians.setup_code.accepts("", now)


def test_the_first_guardian_voids_the_code_for_good(guardians, now):
    code = guardians.setup_code.create(now)
    made = guardians.create_first(code, "Ama", "h", now)
    assert made == guardians.by_name("Ama")
    assert not guardians.setup_code.accepts(code, now)
    assert guardians.create_first(code, "Eve", "h", now) is None
    assert guardians.setup_code.create(now) is None


def test_a_guardian_made_otherwise_voids_the_code_too(guardians, now):
    code = guardians.setup_code.create(now)
    guardians.create("Ama", "h", now)
    assert not guardians.setup_code.accepts(code, now)


def test_two_browsers_with_the_same_code_make_one_guardian(guardians, state, now):
    code = guardians.setup_code.create(now)
    made = []

    def create(name: str) -> None:
        own = Guardians(state / "policy.db")
        made.append(own.create_first(code, name, "h", now))
        own.close()

    threads = [threading.Thread(target=create, args=(f"g{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(m is None for m in made) == [False, True, True, True]
    assert len(guardians.all()) == 1


def test_the_code_is_not_in_the_database(guardians, state, now):
    code = guardians.setup_code.create(now)
    guardians.close()
    content = b"".join(path.read_bytes() for path in state.iterdir())
    assert code.encode() not in content
    assert code.replace("-", "").encode() not in content
