"""Weekly windows: which are open at an instant, and when that next changes.

Windows are wall-clock times in an IANA zone and belong to the day they start on.  They become
instants by one rule, which also settles the two days on which the clocks change: **a wall-clock
time is the first instant at which the clock shows that time or a later one.**  So an edge that
the clock skips falls on the first instant after the gap; an edge the clock shows twice counts the
first time; a window that ends where another starts leaves no hole and no overlap.

All instants are aware UTC: two aware times of one zone subtract as wall clocks do.
Holidays and dated exceptions are not known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from filterd.config.document import DAYS, Window

_DAY = timedelta(days=1)
_DAY_MIN = 24 * 60

# Yesterday, whose window may still be open, to this weekday next week: a window that stands on one
# day and is over for today begins then.
_HORIZON_DAYS = 9


@dataclass(frozen=True, slots=True)
class Weekly:
    """A window's times.

    ``days`` counts from Monday = 0.  ``start_min`` and ``end_min`` are minutes on the wall clock
    after the midnight that begins its day; ``end_min`` is always later, beyond 1440 for a window
    that ends on the next day.
    """

    days: frozenset[int]
    start_min: int
    end_min: int


def weekly(window: Window) -> Weekly:
    """Return the times of a window: without any it is the whole day."""
    days = frozenset(DAYS.index(day) for day in window.days)
    if window.start is None or window.end is None:
        return Weekly(days, 0, _DAY_MIN)
    start_min, end_min = _minutes(window.start), _minutes(window.end)
    return Weekly(days, start_min, end_min if start_min < end_min else end_min + _DAY_MIN)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def is_open(window: Weekly, zone: tzinfo, now: datetime) -> bool:
    """Tell whether the half-open window holds at ``now``."""
    today = now.astimezone(zone).date()
    # Tomorrow's may have begun: a clock that is put back over midnight shows today once more.
    return any(
        _edge(day, window.start_min, zone) <= now < _edge(day, window.end_min, zone)
        for day in (today - _DAY, today, today + _DAY)
        if day.weekday() in window.days
    )


def next_edge(windows: Iterable[Weekly], zone: tzinfo, now: datetime) -> datetime | None:
    """Return the first instant after ``now`` at which one of the windows starts or ends.

    None when there is no window.  It is never later than the next real change, but nothing need
    change at it: one window may end where the next begins.
    """
    windows = tuple(windows)
    day = now.astimezone(zone).date() - _DAY
    nearest: datetime | None = None
    for _ in range(_HORIZON_DAYS):
        for window in windows:
            if day.weekday() not in window.days:
                continue
            for at_min in (window.start_min, window.end_min):
                edge = _edge(day, at_min, zone)
                if now < edge and (nearest is None or edge < nearest):
                    nearest = edge
        day += _DAY
        # The windows of this day and of later ones start at its midnight or after it.
        if nearest is not None and nearest <= _edge(day, 0, zone):
            return nearest
    return nearest


def _edge(day: date, at_min: int, zone: tzinfo) -> datetime:
    return instant(datetime.combine(day, time()) + timedelta(minutes=at_min), zone)


def instant(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first instant (UTC) at which the zone's clock shows ``wall`` or later.

    ``wall`` is naive and in whole seconds.
    """
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _shows(found, zone) == wall:
        return found
    # The clock skips this time.  Read with the offset before the gap it lies after the change,
    # with the one behind the gap before it; the change is the one instant between them.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _shows(middle, zone) < wall:
            before = middle
        else:
            after = middle
    return after


def _shows(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
