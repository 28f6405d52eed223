"""The pieces that pages are made of: what a template gets of a child, a device, a window, a row.

``Say`` and other values with ``__html__`` are translated and escaped when they are shown.
"""

from dataclasses import dataclass
from typing import NamedTuple

from admin_ui.language import Listing, Locale, Ltr, Own, Say
from admin_ui.state import State


class Choice(NamedTuple):
    """One of several: a radio tile or a button."""

    value: str
    icon: str
    words: Say
    about: Say | None = None


class Option(NamedTuple):
    """One line of a selection; its text is a name somebody gave."""

    value: str
    text: str


class Tile(NamedTuple):
    """A category to choose; ``has_list`` tells whether choosing it does anything today."""

    id: str
    icon: str
    words: Say
    about: Say
    is_chosen: bool
    has_list: bool


class TileGroup(NamedTuple):
    """Tiles under a heading."""

    words: Say
    tiles: tuple[Tile, ...]


class Topics(NamedTuple):
    """The categories of a profile; ``closes`` tells what choosing one means."""

    closes: bool
    ready: tuple[Tile, ...]
    waiting: tuple[TileGroup, ...]
    has_locked_list: bool

    @property
    def idle(self) -> Listing | None:
        """What is chosen and does nothing, because no list for it works; None when all does."""
        tiles = (tile for group in self.waiting for tile in group.tiles)
        idle = tuple(tile.words for tile in tiles if tile.is_chosen)
        return Listing(idle) if idle else None

    @property
    def waiting_count(self) -> int:
        return sum(len(group.tiles) for group in self.waiting)


class Card(NamedTuple):
    """A child as seen from the home page."""

    id: str
    name: str
    is_default: bool
    state: State
    devices: int
    can_pause: bool
    settings_words: Say


class Trouble(NamedTuple):
    """Something is broken: what, what to do about it, and the words of whoever noticed.

    ``is_urgent`` when children are not protected as they should be; ``endpoint`` is the page that
    says more, "" when there is none.
    """

    icon: str
    words: Say
    advice: Say | None = None
    detail: str = ""
    is_urgent: bool = False
    endpoint: str = ""


class OwnName(NamedTuple):
    """A name that a guardian opened or closed; ``written`` is how the policy spells it."""

    written: str
    name: str
    is_exact: bool
    verb: str
    remove_words: Say


class WindowLine(NamedTuple):
    """A window of a profile, told in words."""

    name: str
    icon: str
    times: Say
    days: Say | Listing
    about: Say
    is_on: bool
    edit_words: Say


class DeviceLine(NamedTuple):
    """A device somebody claimed."""

    id: str
    name: str
    icon: str
    matches: tuple[str, ...]
    is_random: bool
    last_seen: Say | None


class Stranger(NamedTuple):
    """A device nobody claimed."""

    address: str
    mac: str
    is_random: bool
    first_seen: Say
    last_seen: Say
    queries: int


class Family(NamedTuple):
    """A profile with its devices."""

    id: str
    name: str
    devices: tuple[DeviceLine, ...] = ()


class Search(NamedTuple):
    """What of the log is wanted."""

    profile: str
    device: str
    text: str
    is_blocked_only: bool

    @property
    def is_narrow(self) -> bool:
        return any(self)


class LogLine(NamedTuple):
    """One query, told in words."""

    id: int
    name: str
    is_block: bool
    is_rewrite: bool
    reason: Say
    device: Own | Ltr
    when: Say


class Fact(NamedTuple):
    """One thing that was kept of a decision."""

    words: Say
    value: object


class Act(NamedTuple):
    """The two buttons under "why": close or open this name for this child."""

    profile_id: str
    child: str
    name: str
    version: int
    can_block: bool
    can_allow: bool
    fixed_words: Say


class AskForm(NamedTuple):
    """The question "is it open, and why"; ``at`` is a wall-clock time of the house."""

    site: str
    who: str
    at: str
    errors: dict[str, Say]


class Step(NamedTuple):
    """One step of the decision: its question, and what it said."""

    icon: str
    words: Say
    said: Say
    is_decisive: bool


class Answer(NamedTuple):
    """What would be answered, and why; ``code`` is the reason as stored."""

    name: str
    profile_id: str
    code: str
    is_block: bool
    is_rewrite: bool
    until: Say | None
    reason: Say
    child: str
    when: Say
    steps: tuple[Step, ...]


class ChangeLine(NamedTuple):
    """One version of the policy."""

    reason: Say | Own
    lines: tuple[Say, ...]
    author: str
    when: Say


class ListLine(NamedTuple):
    """A list: ``copied`` is when its copy was the newest, None for a file; ``days`` is its age."""

    id: str
    icon: str
    topic: Say | Ltr
    is_used: bool
    is_file: bool
    names: int
    left_out: int
    copied: Say | None
    days: int
    wrong: tuple[Trouble, ...]


class WaitingList(NamedTuple):
    """A download that waits for an answer; ``line`` is the list it would replace.

    ``stamp`` tells one download from the next.
    """

    line: ListLine
    names: int
    since: Say
    words: Say
    why: str
    stamp: str


class OfferTopic(NamedTuple):
    """A topic for which other publishers offer lists, and how many of those are in use."""

    category: str
    icon: str
    words: Say | Ltr
    about: Say
    offered: int
    used: int


class Offer(NamedTuple):
    """A list that another publisher offers; ``name``, ``licence`` and ``remark`` are English.

    ``names`` is roughly how many it holds (0: not known), ``is_rounded`` says how roughly, and
    ``host`` is where it is downloaded from.  ``is_wide`` warns that it also closes what is
    harmless, ``opens_more`` that it opens what other lists close.  ``state`` is None while it is
    not in use; ``is_coming`` says that it will be soon.
    """

    id: str
    name: str
    names: int
    is_rounded: bool
    licence: str
    host: str
    remark: str
    is_wide: bool
    opens_more: bool
    state: State | None = None
    is_coming: bool = False
    is_held: bool = False
    wrong: tuple[Trouble, ...] = ()


class Place(NamedTuple):
    """One of the pages in the bar."""

    endpoint: str
    icon: str
    words: str
    turns: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page; ``guardian`` is "" for a stranger."""

    locale: Locale
    locales: tuple[Locale, ...]
    guardian: str
    back: str
    places: tuple[Place, ...]
