"""What one value in a policy or a configuration may be, and its canonical form.

Each function takes what was written and returns what is kept, or raises Wrong.  What values
must be to each other is the models' matter.
"""

import re
import unicodedata
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from filterd.config.address import parse_match, parse_upstream
from filterd.config.names import own_name
from filterd.config.wrong import Wrong, nearest, one_of, shown
from filterd.lists.category import CATEGORIES, FIXED

ZONES = "zones"  # the key of the known zones in pydantic's context

T = TypeVar("T")

_LONGEST_ID = 40
_LONGEST_TEXT = 100
_LONGEST_PLACE = 2000
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)


def identifier(text: str) -> str:
    """Keep an id plain: it stands in keys, links and logs."""
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", text):
        return text
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LONGEST_ID]
    right = f"lower-case letters, digits and -, at most {_LONGEST_ID}"
    raise Wrong(f"{shown(text)} is not an id", f"{right}, like {plain}" if plain else right)


def short_text(text: str) -> str:
    """Keep a text for people: one line of any language."""
    return _one_line(text, _LONGEST_TEXT)


def place(text: str) -> str:
    """Keep a file or folder; whether it exists is seen when it is read."""
    return _one_line(text, _LONGEST_PLACE)


def url(text: str) -> str:
    """Keep the web address a list is downloaded from."""
    stripped = _one_line(text, _LONGEST_PLACE)
    if _URL.fullmatch(stripped) is None:
        raise Wrong(
            f"{shown(text)} is not a web address", "write one that begins with https:// or http://"
        )
    return stripped


def clock_time(value: object) -> str:
    """Keep a wall-clock time, "HH:MM".

    A bare 21:30 is text to our reader and means what it says.
    """
    if isinstance(value, str):
        stripped = value.strip()
        if _TIME.fullmatch(stripped):
            return stripped
        raise Wrong(f"{shown(value)} is not a time", _right_time(stripped))
    right = 'write hours and minutes in quotes, like "21:30"'
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        # Other YAML readers take an unquoted 21:30 for a number in base 60, which is 1290.
        right = f'quote times; {value} is what other programs make of "{_of_minutes(value)}"'
    raise Wrong(f"{shown(value)} is not a time", right)


def _of_minutes(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _right_time(text: str) -> str:
    if text == "24:00":
        return 'write "00:00" for midnight, or leave start and end out for the whole day'
    parts = re.fullmatch(r"([0-9]{1,2})[:.h]([0-9]{2})", text)
    if parts is not None:
        padded = f"{int(parts[1]):02}:{parts[2]}"
        if _TIME.fullmatch(padded):
            return f'write "{padded}"'
    return 'write hours and minutes from "00:00" to "23:59"'


def category(text: str) -> str:
    """Keep a category of the one taxonomy."""
    if text not in CATEGORIES:
        raise Wrong(f"{shown(text)} is not a category", one_of(text, CATEGORIES))
    return text


def choosable_category(text: str) -> str:
    """Keep a category whose place in the order of decisions is not fixed."""
    if category(text) in FIXED:
        raise Wrong(
            f"{text} is the same for everybody; no profile can block or open it",
            "take it out of this list",
        )
    return text


def zone(text: str, info: ValidationInfo) -> str:
    """Keep an IANA zone; checked only where the caller brought the zones this machine knows."""
    zones = (info.context or {}).get(ZONES)
    if zones is None or text in zones:
        return text
    places = {known.rpartition("/")[2].casefold(): known for known in sorted(zones)}
    near = places.get(text.strip().replace(" ", "_").casefold()) or nearest(text, zones)
    right = f"did you mean {near}?" if near else "write region and city, like Asia/Karachi"
    raise Wrong(f"{shown(text)} is not a time zone", right)


def unique(values: tuple[T, ...]) -> tuple[T, ...]:
    """Keep what is written twice once, where it stood first."""
    return tuple(dict.fromkeys(values))


def filled(values: tuple[T, ...]) -> tuple[T, ...]:
    """Keep a list with at least one entry."""
    if not values:
        raise Wrong("is an empty list", "write at least one entry")
    return values


def _one_line(text: str, longest: int) -> str:
    stripped = text.strip()
    if not stripped:
        raise Wrong("is an empty text", "write something")
    if len(stripped) > longest:
        raise Wrong(f"is longer than {longest} characters", "write it shorter")
    # Line breaks and control characters would break logs, tables and YAML.
    if any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in stripped):
        raise Wrong(f"{shown(text)} has an unprintable character in it", "write one plain line")
    return stripped


def _null(value: object) -> object:
    """Read YAML's way to write nothing as the word null, which is an answer here."""
    return "null" if value is None else value


Id = Annotated[str, AfterValidator(identifier)]
Text = Annotated[str, AfterValidator(short_text)]
Place = Annotated[str, AfterValidator(place)]
Url = Annotated[str, AfterValidator(url)]
Time = Annotated[str, BeforeValidator(clock_time)]
Zone = Annotated[str, AfterValidator(zone)]
Category = Annotated[str, AfterValidator(category)]
_Choosable = Annotated[str, AfterValidator(choosable_category)]
_OwnName = Annotated[str, AfterValidator(own_name)]
_Match = Annotated[str, AfterValidator(parse_match)]
_Upstream = Annotated[str, AfterValidator(parse_upstream)]
Categories = Annotated[tuple[_Choosable, ...], AfterValidator(unique)]
Names = Annotated[tuple[_OwnName, ...], AfterValidator(unique)]
Matches = Annotated[tuple[_Match, ...], AfterValidator(unique), AfterValidator(filled)]
Upstreams = Annotated[tuple[_Upstream, ...], AfterValidator(unique), AfterValidator(filled)]
NullAllowed = BeforeValidator(_null)
