"""Guardians, their sessions and passwords."""

import re
import threading
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from filterd.errors import StoreError
from filterd.store import password
from filterd.store.database import Database
from filterd.store.password import check_password, hash_password

HOUR = timedelta(hours=1)


def test_a_guardian_is_found_however_the_name_is_spelled(guardians, now):
    assert not guardians.any()
    made = guardians.create("  Amna  Bibi ", "hash", now)
    assert guardians.any()
    assert (made.name, made.created) == ("Amna  Bibi", now)
    for name in ("amna bibi", "AMNA BIBI", " Amna   bibi"):
        assert guardians.by_name(name) == made
    assert guardians.by_name("amna") is None
    assert guardians.create("amna BIBI", "other", now) is None
    assert guardians.by_name("Amna Bibi").password_hash == "hash"


def test_an_urdu_name_is_a_name(guardians, now):
    made = guardians.create("آمنہ", "hash", now)
    assert guardians.by_name("آمنہ") == made


def test_guardians_are_listed_the_first_one_first(guardians, now):
    guardians.create("Zara", "h", now)
    guardians.create("Abu", "h", now + HOUR)
    assert [g.name for g in guardians.all()] == ["Zara", "Abu"]


def test_a_new_password_signs_out_everywhere_and_a_fresh_hash_does_not(guardians, now):
    guardians.create("Ama", "old", now)
    guardians.create("Abu", "old", now)
    ama = guardians.sessions.start("ama", now=now, expires=now + HOUR)
    abu = guardians.sessions.start("abu", now=now, expires=now + HOUR)
    assert guardians.rehash("Ama", "fresh")
    assert guardians.sessions.get(ama, now) is not None
    assert guardians.change_password("Ama", "new")
    assert guardians.by_name("ama").password_hash == "new"
    assert guardians.sessions.get(ama, now) is None
    assert guardians.sessions.get(abu, now) is not None
    assert not guardians.change_password("nobody", "new")
    assert not guardians.rehash("nobody", "new")


def test_a_session_lives_until_it_expires(guardians, now):
    guardians.create("Ama", "h", now)
    token = guardians.sessions.start("ama", now=now, expires=now + HOUR, data="{}")
    session = guardians.sessions.get(token, now + HOUR - timedelta(seconds=1))
    assert (session.login, session.name, session.data) == ("ama", "Ama", "{}")
    assert (session.created, session.expires) == (now, now + HOUR)
    assert guardians.sessions.get(token, now + HOUR) is None
    assert guardians.sessions.get("guessed", now) is None


def test_a_session_can_be_changed_and_prolonged(guardians, now):
    guardians.create("Ama", "h", now)
    token = guardians.sessions.start("ama", now=now, expires=now + HOUR)
    assert guardians.sessions.put(token, data="urdu", expires=now + 3 * HOUR)
    assert guardians.sessions.get(token, now + 2 * HOUR).data == "urdu"
    guardians.sessions.drop(token)
    assert guardians.sessions.get(token, now) is None
    assert not guardians.sessions.put(token, data="", expires=now + HOUR)
    guardians.sessions.drop(token)


def test_all_sessions_of_one_guardian_can_be_dropped(guardians, now):
    guardians.create("Ama", "h", now)
    guardians.create("Abu", "h", now)
    tokens = [
        guardians.sessions.start(login, now=now, expires=now + HOUR)
        for login in ("ama", "ama", "abu")
    ]
    assert guardians.sessions.drop_all("ama") == 2
    assert [guardians.sessions.get(t, now) is None for t in tokens] == [True, True, False]


def test_the_token_is_not_in_the_database_and_expired_rows_go(guardians, state, now):
    guardians.create("Ama", "h", now)
    old = guardians.sessions.start("ama", now=now, expires=now + HOUR)
    new = guardians.sessions.start("ama", now=now + HOUR, expires=now + 2 * HOUR)
    guardians.close()
    content = b"".join(path.read_bytes() for path in state.iterdir())
    assert old.encode() not in content
    assert new.encode() not in content
    with Database(state / "policy.db").reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 1


def test_a_session_needs_a_guardian(guardians, now):
    with pytest.raises(StoreError):
        guardians.sessions.start("nobody", now=now, expires=now + HOUR)


@pytest.fixture
def cheap(monkeypatch) -> None:
    """Hash with the least cost, where the cost is not what is tested."""
    monkeypatch.setattr(password, "_HASHER", PasswordHasher(1, 8, 1))


def test_a_hash_is_expensive():
    assert re.match(r"\$argon2id\$v=19\$m=65536,t=3,p=4\$", hash_password("secret"))


def test_a_password_is_checked_by_what_was_meant(cheap):
    stored = hash_password("caf\u00e9 \u0627\u0653")
    assert check_password(stored, "cafe\u0301 \u0622") == password.Check(is_right=True)
    assert not check_password(stored, "cafe").is_right
    assert not check_password(None, "").is_right
    assert not check_password("no hash at all", "x").is_right


def test_an_old_hash_is_made_anew_when_its_password_is_right(monkeypatch):
    old = PasswordHasher(1, 8, 1).hash("secret")
    monkeypatch.setattr(password, "_HASHER", PasswordHasher(2, 8, 1))
    check = check_password(old, "secret")
    assert check.is_right
    assert check_password(check.rehashed, "secret") == password.Check(is_right=True)
    assert check_password(old, "wrong") == password.Check(is_right=False)


def test_only_one_password_is_hashed_at_a_time(monkeypatch):
    at_once: list[int] = []
    running = []

    class Slow:
        def hash(self, text: str) -> str:
            running.append(text)
            at_once.append(len(running))
            threading.Event().wait(0.005)
            running.remove(text)
            return text

    monkeypatch.setattr(password, "_HASHER", Slow())
    threads = [threading.Thread(target=hash_password, args=(str(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert at_once == [1] * 6
