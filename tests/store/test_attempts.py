"""Waiting after wrong sign-ins."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.store import attempts
from filterd.store.attempts import delay_s
from filterd.store.database import Database

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [(0, 0), (1, 0), (4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (10**9, 3600)],
)
def test_five_tries_are_free_and_then_the_wait_doubles_up_to_an_hour(failures, expected):
    assert delay_s(failures) == expected


@given(st.integers(0, 10**12))
def test_one_failure_more_never_shortens_the_wait(failures):
    assert delay_s(failures) <= delay_s(failures + 1) <= 3600


def fail(guardians, address, now, times):
    return [guardians.attempts.failed(address, now) for _ in range(times)][-1]


def test_an_address_waits_and_others_do_not(guardians, now):
    assert guardians.attempts.wait_s("192.0.2.7", now) == 0
    assert fail(guardians, "192.0.2.7", now, 4) == 0
    assert guardians.attempts.wait_s("192.0.2.7", now) == 0
    assert fail(guardians, "192.0.2.7", now, 1) == 30
    assert guardians.attempts.wait_s("192.0.2.7", now) == 30
    assert guardians.attempts.wait_s("192.0.2.7", now + 29.5 * SECOND) == 1
    assert guardians.attempts.wait_s("192.0.2.7", now + 30 * SECOND) == 0
    assert guardians.attempts.wait_s("192.0.2.8", now) == 0
    assert fail(guardians, "192.0.2.7", now + 30 * SECOND, 1) == 60


def test_signing_in_forgets_the_failures(guardians, now):
    fail(guardians, "192.0.2.7", now, 5)
    guardians.attempts.succeeded("192.0.2.7")
    assert guardians.attempts.wait_s("192.0.2.7", now) == 0
    assert fail(guardians, "192.0.2.7", now, 4) == 0


def test_failures_are_forgotten_after_a_day(guardians, now):
    fail(guardians, "192.0.2.7", now, 9)
    assert fail(guardians, "192.0.2.7", now + timedelta(days=1), 1) == 0


def test_a_clock_that_was_set_back_locks_nobody_out(guardians, now):
    fail(guardians, "192.0.2.7", now, 9)
    assert guardians.attempts.wait_s("192.0.2.7", now - timedelta(days=3650)) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("192.0.2.7", "::ffff:192.0.2.7"), ("2001:db8::1", "2001:0DB8::2:3:4:5")],
    ids=["IPv4 over IPv6", "two spellings"],
)
def test_one_source_has_one_count(guardians, now, one, other):
    fail(guardians, one, now, 3)
    assert fail(guardians, other, now, 2) == 30
    assert guardians.attempts.wait_s(one, now) == 30


def test_what_is_no_address_is_counted_all_the_same(guardians, now):
    assert fail(guardians, "unix socket", now, 5) == 30


def test_the_table_is_bounded_and_the_oldest_go_first(guardians, state, now, monkeypatch):
    monkeypatch.setattr(attempts, "_ADDRESSES", 3)
    for n in range(6):
        fail(guardians, f"2001:db8:{n}::1", now + n * SECOND, 5 if n else 6)
    with Database(state / "policy.db").reading() as connection:
        kept = connection.exec_driver_sql("SELECT address FROM attempts ORDER BY 1").scalars().all()
    assert kept == ["2001:db8:3::/64", "2001:db8:4::/64", "2001:db8:5::/64"]
