"""Times in words: until when, when it was, and the next morning."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin_ui.language import plain
from admin_ui.times import MORNING, ZoneName, next_morning, until_words, when_words

KARACHI = ZoneInfo("Asia/Karachi")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=KARACHI).astimezone(UTC)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=30), "until 17:30"),
        (timedelta(hours=14), "until 07:00"),
        (timedelta(hours=18), "until 11:00"),
        (timedelta(hours=19), "until Wednesday, 12:00"),
        (timedelta(days=6), "until Monday, 17:00"),
        (timedelta(days=7), "until Tuesday 1 December, 17:00"),
    ],
)
def test_until_says_as_little_as_tells_the_day(ahead: timedelta, words: str) -> None:
    assert plain(until_words(NOW + ahead, NOW, KARACHI)) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(0), "today, 17:00"),
        (timedelta(hours=17), "today, 00:00"),
        (timedelta(hours=17, minutes=1), "yesterday, 23:59"),
        (timedelta(days=2), "Sunday 22 November, 17:00"),
    ],
)
def test_when_says_today_yesterday_or_the_day(ago: timedelta, words: str) -> None:
    assert plain(when_words(NOW - ago, NOW, KARACHI)) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Asia/Karachi", "Pakistan Time"),
        ("Europe/London", "United Kingdom Time"),
        ("UTC", "UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),
    ],
)
def test_a_zone_is_named_as_people_name_it(zone: str, words: str) -> None:
    assert plain(ZoneName(zone)) in {words, "British Time", "GMT"}


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - given their zone below
    st.sampled_from([KARACHI, BERLIN]),
)
def test_the_next_morning_is_the_first_one_after_now(wall: datetime, zone: ZoneInfo) -> None:
    now = wall.replace(tzinfo=UTC)
    morning = next_morning(now, zone)
    assert morning.tzinfo is UTC
    assert timedelta(0) < morning - now <= timedelta(hours=25)  # an autumn night is longer
    assert morning.astimezone(zone).time() == MORNING
