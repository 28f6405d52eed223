"""The form for one weekly window: preset times or own ones, a mode in plain words, and for what."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict  # noqa: TC002 - one import style in the house

from admin_ui.forms import EXAMPLE, Errors, parse_name
from admin_ui.language import Ltr, Say, mark, say
from admin_ui.topics import OPENABLE
from filterd.config.document import DAYS, Day, Mode, Window
from filterd.config.names import own_name
from filterd.config.wrong import Wrong

OWN_TIMES = "own"
WHOLE_DAY = "day"
# Offered as they are, so that nobody has to turn a wheel; the first is the usual bedtime.
PRESETS = ("21:00-07:00", "20:00-06:30", "16:00-18:00", "08:00-14:00")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_LONGEST_LINE_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ModeChoice:
    """A window's mode as it is offered and as it is told."""

    value: Mode
    icon: str
    words: str
    about: str


MODES: tuple[ModeChoice, ...] = (
    ModeChoice(
        "essentials",
        "moon",
        mark("Only essentials are open"),
        mark("As at bedtime. Helplines and what you opened by name stay open."),
    ),
    ModeChoice(
        "only",
        "book",
        mark("Only what you choose below is open"),
        mark("As for homework. Helplines and what you opened by name stay open too."),
    ),
    ModeChoice(
        "block",
        "hand",
        mark("What you choose below is closed too"),
        mark("As no games on school days."),
    ),
    ModeChoice(
        "open",
        "sun",
        mark("Topics you choose below are open"),
        mark("As videos at the weekend. What is closed for another reason stays closed."),
    ),
)


@dataclass(frozen=True, slots=True)
class WindowForm:
    """The form as it was filled in."""

    name: str = ""
    days: tuple[str, ...] = DAYS
    times: str = PRESETS[0]
    start: str = ""
    end: str = ""
    mode: str = "essentials"
    categories: tuple[str, ...] = ()
    names: str = ""
    errors: Errors = field(default_factory=dict)


def form_of(window: Window) -> WindowForm:
    """Return the form that a stored window fills in."""
    start, end = window.start or "", window.end or ""
    times = f"{start}-{end}" if start else WHOLE_DAY
    if times != WHOLE_DAY and times not in PRESETS:
        times = OWN_TIMES
    return WindowForm(
        window.name,
        window.days,
        times,
        start,
        end,
        window.mode,
        window.categories,
        "\n".join(window.names),
    )


def parse_window(fields: "MultiDict[str, str]", taken: Collection[str]) -> Window | WindowForm:
    """Read the form; ``taken`` are the names of the profile's other windows."""
    form = WindowForm(
        fields.get("name", "").strip(),
        tuple(day for day in DAYS if day in fields.getlist("days")),
        fields.get("times", ""),
        fields.get("start", "").strip(),
        fields.get("end", "").strip(),
        fields.get("mode", ""),
        tuple(each for each in OPENABLE if each in fields.getlist("categories")),
        fields.get("names", ""),
    )
    errors: dict[str, Say] = {}
    name = parse_name({"name": form.name}, {other: other for other in taken})
    if not isinstance(name, str):
        errors.update(name.errors)
    if not form.days:
        errors["days"] = say("Choose at least one day.")
    start, end = _read_times(form, errors)
    names = _read_names(form, errors)
    _check_mode(form, names, errors)
    if errors:
        return replace(form, errors=errors)
    days: tuple[Day, ...] = tuple(day for day in DAYS if day in form.days)
    mode = next(choice.value for choice in MODES if choice.value == form.mode)
    return Window(
        name=form.name,
        days=days,
        start=start,
        end=end,
        mode=mode,
        categories=() if mode == "essentials" else form.categories,
        names=names if mode in {"only", "block"} else (),
    )


def _read_times(form: WindowForm, errors: dict[str, Say]) -> tuple[str | None, str | None]:
    if form.times == WHOLE_DAY:
        return None, None
    start, end = form.start, form.end
    if form.times in PRESETS:
        start, _, end = form.times.partition("-")
    elif form.times != OWN_TIMES:
        errors["times"] = say("Choose one of these.")
    elif not _TIME.fullmatch(start) or not _TIME.fullmatch(end):
        errors["times"] = say("Write both times, like %(example)s.", example=Ltr("21:30"))
    elif start == end:
        errors["times"] = say("Both times are the same. For the whole day choose “All day”.")
    return start, end


def _read_names(form: WindowForm, errors: dict[str, Say]) -> tuple[str, ...]:
    names: list[str] = []
    for line in filter(None, map(str.strip, form.names.splitlines())):
        try:
            names.append(own_name(line))
        except Wrong:
            words = say(
                "%(line)s is not the name of a site. Write it like %(example)s.",
                line=Ltr(line[:_LONGEST_LINE_SHOWN]),
                example=EXAMPLE,
            )
            errors.setdefault("names", words)
    return tuple(dict.fromkeys(names))


def _check_mode(form: WindowForm, names: tuple[str, ...], errors: dict[str, Say]) -> None:
    """Say when a mode lacks what it acts on."""
    if form.mode not in {choice.value for choice in MODES}:
        errors["mode"] = say("Choose one of these.")
    elif form.mode == "open" and not form.categories:
        errors["categories"] = say("Choose at least one topic.")
    elif form.mode in {"only", "block"} and not form.categories and not names:
        errors.setdefault("categories", say("Choose at least one topic, or write a site below."))
