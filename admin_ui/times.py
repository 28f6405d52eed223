"""Times in words, in the house's zone and the reader's language, with Latin digits.

Moments come in as aware datetimes; nothing here reads a clock.  The zone itself is named once on
each page that shows times (``ZoneName``).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_name
from markupsafe import Markup, escape

from admin_ui.language import Ltr, Say, current_locale, mark, say

# When "until morning" ends: late enough for nobody to be woken, early enough for school.
MORNING = time(7, 0)
# Up to this far ahead a clock time alone says which day is meant ("until 07:00").
_PLAIN_TIME = timedelta(hours=18)
_WEEK = timedelta(days=6)

DAY_NAMES = {
    "mon": mark("Monday"),
    "tue": mark("Tuesday"),
    "wed": mark("Wednesday"),
    "thu": mark("Thursday"),
    "fri": mark("Friday"),
    "sat": mark("Saturday"),
    "sun": mark("Sunday"),
}


@dataclass(frozen=True, slots=True)
class DayName:
    """A date as weekday, or as weekday, day and month."""

    day: date
    with_month: bool

    def __html__(self) -> str:
        pattern = "EEEE d MMMM" if self.with_month else "EEEE"
        return str(escape(format_date(self.day, pattern, locale=current_locale().babel)))


@dataclass(frozen=True, slots=True)
class ZoneName:
    """A time zone in the reader's words: its id where the language has no name for it."""

    zone: str

    def __html__(self) -> str:
        if "/" not in self.zone or self.zone.startswith("Etc/"):
            return Ltr(self.zone).__html__()
        name = get_timezone_name(ZoneInfo(self.zone), locale=current_locale().babel)
        return str(Markup("<bdi>{}</bdi>").format(name))


def clock_text(moment: datetime, zone: ZoneInfo) -> Ltr:
    """Return the wall-clock time of a moment, ``07:05``."""
    return Ltr(f"{moment.astimezone(zone):%H:%M}")


def until_words(until: datetime, now: datetime, zone: ZoneInfo) -> Say:
    """Say until when something holds, with as little as tells the day."""
    clock = clock_text(until, zone)
    if until - now <= _PLAIN_TIME:
        return say("until %(time)s", time=clock)
    day = until.astimezone(zone).date()
    named = DayName(day, with_month=until - now > _WEEK)
    return say("until %(day)s, %(time)s", day=named, time=clock)


def when_words(moment: datetime, now: datetime, zone: ZoneInfo) -> Say:
    """Say when something was: today, yesterday or the date, and the time."""
    clock = clock_text(moment, zone)
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if day == today:
        return say("today, %(time)s", time=clock)
    if day == today - timedelta(days=1):
        return say("yesterday, %(time)s", time=clock)
    return say("%(day)s, %(time)s", day=DayName(day, with_month=True), time=clock)


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next moment at which the house's clocks show MORNING."""
    local = now.astimezone(zone)
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, zone).astimezone(now.tzinfo)
