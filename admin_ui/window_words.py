"""Windows in words: when, on which days, and what happens then."""

from admin_ui.language import Listing, Ltr, Say, say
from admin_ui.parts import WindowLine
from admin_ui.times import DAY_NAMES
from admin_ui.topics import topic_name
from admin_ui.window_form import MODES
from filterd.config.document import DAYS, Mode, Window

_WORKING_DAYS = ("mon", "tue", "wed", "thu", "fri")
_WEEKEND = ("sat", "sun")


def window_line(window: Window, *, is_on: bool) -> WindowLine:
    """Return a window as a line on the profile's page."""
    return WindowLine(
        window.name,
        icon_of_mode(window.mode),
        times_words(window),
        days_words(window.days),
        about_words(window),
        is_on,
        say("Change %(window)s", window=window.name),
    )


def times_words(window: Window) -> Say:
    if window.start is None or window.end is None:
        return say("All day")
    return span_words(window.start, window.end)


def span_words(start: str, end: str) -> Say:
    """Say a span of time; one that ends on the next day says so."""
    if end <= start:
        return say("From %(start)s until %(end)s on the next day", start=Ltr(start), end=Ltr(end))
    return say("From %(start)s until %(end)s", start=Ltr(start), end=Ltr(end))


def days_words(days: tuple[str, ...]) -> Say | Listing:
    if set(days) == set(DAYS):
        return say("Every day")
    if days == _WORKING_DAYS:
        return say("Monday to Friday")
    if days == _WEEKEND:
        return say("Saturday and Sunday")
    return Listing(tuple(say(DAY_NAMES[day]) for day in days))


def about_words(window: Window) -> Say:
    """Say what happens in a window, and for what."""
    topics = (topic_name(each) for each in window.categories)
    things = Listing((*topics, *(Ltr(name.removeprefix("=")) for name in window.names)))
    if window.mode == "essentials":
        return say("Only essentials are open")
    if window.mode == "only":
        return say("Only this is open: %(things)s", things=things)
    if window.mode == "block":
        return say("This is closed too: %(things)s", things=things)
    return say("This is open: %(things)s", things=things)


def icon_of_mode(mode: Mode) -> str:
    return next(choice.icon for choice in MODES if choice.value == mode)
