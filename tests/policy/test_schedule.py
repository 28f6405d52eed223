"""Windows keep their wall-clock edges, across midnight and on the days the clocks change.

The oracle knows nothing of offsets: it looks at a clock on the wall minute by minute and keeps
the latest time it has shown.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.config.document import DAYS, Window
from filterd.policy.schedule import Weekly, instant, is_open, next_edge, weekly

MINUTE = timedelta(minutes=1)
At = Callable[..., datetime]


def window(**given: Any) -> Weekly:
    return weekly(Window(name="w", mode="essentials", **given))


BEDTIME = window(start="21:00", end="07:00")
SCHOOL_NIGHTS = window(days=("sun", "mon", "tue", "wed", "thu"), start="21:00", end="07:00")
LUNCH = window(start="12:00", end="13:30")
SUNDAY = window(days=("sun",))
TUESDAY_LUNCH = window(days=("tue",), start="12:00", end="13:30")
EVENING = window(start="20:00", end="00:00")
MORNING = window(start="00:00", end="06:30")


# 2026-11-24 is a Tuesday; the 27th a Friday, the 29th a Sunday.
@pytest.mark.parametrize(
    ("weekly_window", "when", "expected"),
    [
        pytest.param(LUNCH, "2026-11-24 11:59", False, id="last minute before"),
        pytest.param(LUNCH, "2026-11-24 12:00", True, id="starts on its minute"),
        pytest.param(LUNCH, "2026-11-24 13:29:59.999999", True, id="last moment"),
        pytest.param(LUNCH, "2026-11-24 13:30", False, id="half-open"),
        pytest.param(BEDTIME, "2026-11-24 23:59", True, id="before midnight"),
        pytest.param(BEDTIME, "2026-11-25 00:00", True, id="at midnight"),
        pytest.param(BEDTIME, "2026-11-25 06:59", True, id="after midnight"),
        pytest.param(BEDTIME, "2026-11-25 07:00", False, id="morning"),
        pytest.param(SCHOOL_NIGHTS, "2026-11-26 23:00", True, id="Thursday night"),
        pytest.param(SCHOOL_NIGHTS, "2026-11-27 06:00", True, id="belongs to Thursday"),
        pytest.param(SCHOOL_NIGHTS, "2026-11-27 22:00", False, id="Friday night is free"),
        pytest.param(SCHOOL_NIGHTS, "2026-11-29 06:00", False, id="Sunday morning is Saturday's"),
        pytest.param(SCHOOL_NIGHTS, "2026-11-30 06:00", True, id="Monday morning is Sunday's"),
        pytest.param(SUNDAY, "2026-11-28 23:59", False, id="whole day, not before"),
        pytest.param(SUNDAY, "2026-11-29 00:00", True, id="whole day, from midnight"),
        pytest.param(SUNDAY, "2026-11-29 23:59:59", True, id="whole day, to the end"),
        pytest.param(SUNDAY, "2026-11-30 00:00", False, id="whole day, not after"),
        pytest.param(EVENING, "2026-11-24 23:59", True, id="until midnight"),
        pytest.param(EVENING, "2026-11-25 00:00", False, id="midnight is the end"),
        pytest.param(MORNING, "2026-11-24 00:00", True, id="from midnight"),
        pytest.param(MORNING, "2026-11-24 06:30", False, id="from midnight, half-open"),
    ],
)
def test_window_holds(weekly_window: Weekly, when: str, at: At, *, expected: bool) -> None:
    assert is_open(weekly_window, ZoneInfo("Asia/Karachi"), at(when)) is expected


@pytest.mark.parametrize(
    ("windows", "when", "edge"),
    [
        pytest.param([LUNCH], "2026-11-24 11:00", "2026-11-24 12:00", id="a start"),
        pytest.param([LUNCH], "2026-11-24 12:00", "2026-11-24 13:30", id="an end, from its start"),
        pytest.param([BEDTIME], "2026-11-24 22:00", "2026-11-25 07:00", id="over midnight"),
        pytest.param([BEDTIME, LUNCH], "2026-11-24 08:00", "2026-11-24 12:00", id="the nearest"),
        pytest.param([SUNDAY], "2026-11-30 00:00", "2026-12-06 00:00", id="some days off"),
        pytest.param(
            [TUESDAY_LUNCH], "2026-11-24 13:30", "2026-12-01 12:00", id="a whole week off"
        ),
        pytest.param([SUNDAY], "2026-11-29 00:00", "2026-11-30 00:00", id="end of a whole day"),
    ],
)
def test_next_edge(windows: list[Weekly], when: str, edge: str, at: At) -> None:
    assert next_edge(windows, ZoneInfo("Asia/Karachi"), at(when)) == at(edge)


def test_without_windows_nothing_ever_changes(at: At) -> None:
    assert next_edge([], ZoneInfo("Asia/Karachi"), at("2026-11-24 12:00")) is None


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        pytest.param("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59", id="before the gap"),
        pytest.param("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00", id="gap, first minute"),
        pytest.param("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00", id="in the gap"),
        pytest.param("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00", id="behind the gap"),
        pytest.param("Europe/Berlin", "2026-03-29 03:01", "2026-03-29 01:01", id="after the gap"),
        pytest.param("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30", id="twice: the first"),
        pytest.param("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00", id="once again"),
        pytest.param("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30", id="gap of half an hour"),
        pytest.param("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", id="twice, half an hour"),
        pytest.param("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00", id="west of Greenwich"),
        pytest.param("America/Havana", "2026-03-08 00:00", "2026-03-08 05:00", id="no midnight"),
        pytest.param("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00", id="no such day"),
        pytest.param("Asia/Kathmandu", "2026-11-24 12:00", "2026-11-24 06:15", id="no clock change"),
    ],
)  # fmt: skip
def test_a_wall_time_is_the_first_instant_that_shows_it_or_a_later_one(
    zone: str, wall: str, expected: str, at: At
) -> None:
    assert instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == at(expected, "UTC")


def test_a_day_that_has_begun_does_not_end_when_the_clock_goes_back_over_midnight(at: At) -> None:
    # In 2010 St. John's put its clocks back at one minute past midnight.
    here = ZoneInfo("America/St_Johns")
    last_saturday, sunday = at("2010-11-07 02:29", "UTC"), at("2010-11-07 02:30", "UTC")
    saturday_again = sunday + timedelta(minutes=20)
    assert saturday_again.astimezone(here).strftime("%a %H:%M") == "Sat 23:20"
    assert not is_open(SUNDAY, here, last_saturday)
    assert is_open(SUNDAY, here, sunday)
    assert is_open(SUNDAY, here, saturday_again)
    assert next_edge([SUNDAY], here, saturday_again) == at("2010-11-08 00:00", "America/St_Johns")


def test_bedtime_is_an_hour_shorter_and_longer_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    lengths = []
    for day in ("2026-03-28", "2026-06-01", "2026-10-24"):
        start = instant(datetime.fromisoformat(f"{day} 21:00"), berlin)
        end = next_edge([BEDTIME], berlin, start)
        assert end is not None
        assert end.astimezone(berlin).strftime("%H:%M") == "07:00"
        lengths.append((end - start) / timedelta(hours=1))
    assert lengths == [9, 10, 11]


ZONES = {
    "Europe/Berlin": ["2026-03-29", "2026-10-25"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "Africa/Casablanca": ["2026-02-15", "2026-03-22"],
    "America/Havana": ["2026-03-08", "2026-11-01"],
    "Asia/Beirut": ["2026-03-29", "2026-10-25"],
    "Asia/Karachi": ["2026-11-24"],
    "Asia/Kathmandu": ["2026-11-24"],
    "Pacific/Apia": ["2011-12-30"],
    "America/St_Johns": ["2010-11-07"],
}
ZONE_DAYS = [
    pytest.param(zone, date.fromisoformat(day), id=f"{zone} {day}")
    for zone, days in ZONES.items()
    for day in days
]


@cache
def wall_clock(zone: str, day: date) -> dict[datetime, datetime]:
    """Return, for each minute around the day, the latest time the clock has shown by then."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    shown: dict[datetime, datetime] = {}
    latest = datetime.min  # noqa: DTZ901 (a clock on the wall has no zone)
    for minutes in range(-60 * 60, 60 * 60):
        now = noon + minutes * MINUTE
        latest = max(latest, now.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
        shown[now] = latest
    return shown


def is_shown_within(found: Weekly, latest: datetime) -> bool:
    """Tell whether a clock that has shown ``latest`` is inside the window."""
    midnight = latest.replace(hour=0, minute=0)
    for day in (midnight - timedelta(days=1), midnight):
        start, end = (day + at_min * MINUTE for at_min in (found.start_min, found.end_min))
        if day.weekday() in found.days and start <= latest < end:
            return True
    return False


TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
SPANS = st.just((None, None)) | st.tuples(TIMES, TIMES).filter(lambda span: span[0] != span[1])
WINDOWS = st.builds(
    lambda days, span: window(days=tuple(days), start=span[0], end=span[1]),
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    span=SPANS,
)


@pytest.mark.parametrize(("zone", "day"), ZONE_DAYS)
def test_these_days_change_the_clock(zone: str, day: date) -> None:
    offsets = {now.astimezone(ZoneInfo(zone)).utcoffset() for now in wall_clock(zone, day)}
    assert len(offsets) == (1 if zone in {"Asia/Karachi", "Asia/Kathmandu"} else 2)


@pytest.mark.parametrize(("zone", "day"), ZONE_DAYS)
@settings(max_examples=12, deadline=None)
@given(windows=st.lists(WINDOWS, min_size=1, max_size=3), data=st.data())
def test_equals_a_minute_by_minute_look_at_the_clock(
    zone: str, day: date, windows: list[Weekly], data: st.DataObject
) -> None:
    minutes = wall_clock(zone, day)
    here = ZoneInfo(zone)
    times = sorted(minutes)
    first = data.draw(st.integers(0, len(times) - 240))
    for now in times[first : first + 240]:
        for one in windows:
            assert is_open(one, here, now) == is_shown_within(one, minutes[now]), now


@pytest.mark.parametrize(("zone", "day"), ZONE_DAYS)
@settings(max_examples=12, deadline=None)
@given(windows=st.lists(WINDOWS, min_size=1, max_size=3), data=st.data())
def test_nothing_changes_before_the_next_edge(
    zone: str, day: date, windows: list[Weekly], data: st.DataObject
) -> None:
    minutes = wall_clock(zone, day)
    times = sorted(minutes)
    first = data.draw(st.integers(0, len(times) - 1))
    now = times[first] + data.draw(st.sampled_from([timedelta(0), timedelta(seconds=59.5)]))
    edge = next_edge(windows, ZoneInfo(zone), now)
    assert edge is not None
    assert edge > now

    def open_at(index: int) -> list[bool]:
        return [is_shown_within(one, minutes[times[index]]) for one in windows]

    for index in range(first + 1, len(times)):
        if times[index] >= edge:
            break
        assert open_at(index) == open_at(first), (times[index], edge)
    # And it is an edge: one of the windows starts or ends there on the wall.
    shown = edge.astimezone(ZoneInfo(zone))
    if edge in minutes and minutes[edge] == minutes[edge - MINUTE] + MINUTE:
        of_day = shown.hour * 60 + shown.minute
        assert of_day in {at % 1440 for one in windows for at in (one.start_min, one.end_min)}
