"""One frozen dataclass for each page: exactly the variables that its template gets.

A test holds templates and classes together; what they are made of is in ``parts``.
"""

from dataclasses import dataclass, fields
from typing import ClassVar

from flask import render_template

from admin_ui.forms import NameForm, SetupForm, SignInForm, SiteForm
from admin_ui.language import Listing, Say
from admin_ui.parts import (
    Act,
    Answer,
    AskForm,
    Card,
    ChangeLine,
    Choice,
    DeviceLine,
    Fact,
    Family,
    ListLine,
    LogLine,
    Offer,
    OfferTopic,
    Option,
    OwnName,
    Search,
    Stranger,
    Tile,
    Topics,
    Trouble,
    WaitingList,
    WindowLine,
)
from admin_ui.times import ZoneName
from admin_ui.window_form import WindowForm

Shown = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Any page; a subclass names its template."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class SetupPage(Page):
    template: ClassVar[str] = "setup/first.html"
    form: SetupForm


@dataclass(frozen=True, slots=True)
class SignInPage(Page):
    template: ClassVar[str] = "session/sign_in.html"
    form: SignInForm


@dataclass(frozen=True, slots=True)
class HomePage(Page):
    """``urgent`` stands above the children: it says that they are not protected."""

    template: ClassVar[str] = "home/home.html"
    cards: tuple[Card, ...]
    urgent: tuple[Trouble, ...]
    problems: tuple[Trouble, ...]
    strangers: int
    pauses: tuple[Choice, ...]
    page_address: str
    zone: ZoneName


@dataclass(frozen=True, slots=True)
class ProfilePage(Page):
    """``version`` is what the page's forms are based on."""

    template: ClassVar[str] = "profiles/profile.html"
    card: Card
    version: int
    openness: str
    openness_choices: tuple[Choice, ...]
    topics: Topics
    names: tuple[OwnName, ...]
    name_form: SiteForm
    reaches: tuple[Choice, ...]
    windows: tuple[WindowLine, ...]
    devices: tuple[DeviceLine, ...]
    rename_form: NameForm


@dataclass(frozen=True, slots=True)
class NewProfilePage(Page):
    """``pattern`` is the profile whose rules the new one starts with."""

    template: ClassVar[str] = "profiles/new.html"
    form: NameForm
    version: int
    pattern: str


@dataclass(frozen=True, slots=True)
class WindowPage(Page):
    """``number`` is 0 for a new window."""

    template: ClassVar[str] = "profiles/window.html"
    child: Family
    number: int
    version: int
    form: WindowForm
    days: tuple[Choice, ...]
    times: tuple[Choice, ...]
    modes: tuple[Choice, ...]
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class DevicesPage(Page):
    template: ClassVar[str] = "devices/devices.html"
    strangers: tuple[Stranger, ...]
    families: tuple[Family, ...]
    default_name: str
    form: NameForm
    version: int
    zone: ZoneName


@dataclass(frozen=True, slots=True)
class LogPage(Page):
    """``older`` and ``newest`` are addresses, "" where there is nothing to go to."""

    template: ClassVar[str] = "log/log.html"
    rows: tuple[LogLine, ...]
    search: Search
    profiles: tuple[Option, ...]
    devices: tuple[Option, ...]
    older: str
    newest: str
    zone: ZoneName


@dataclass(frozen=True, slots=True)
class WhyRowPage(Page):
    template: ClassVar[str] = "why/row.html"
    row: LogLine
    facts: tuple[Fact, ...]
    act: Act | None
    zone: ZoneName


@dataclass(frozen=True, slots=True)
class WhyAskPage(Page):
    template: ClassVar[str] = "why/ask.html"
    form: AskForm
    people: tuple[Option, ...]
    answer: Answer | None
    act: Act | None
    zone: ZoneName


@dataclass(frozen=True, slots=True)
class HistoryPage(Page):
    template: ClassVar[str] = "history/history.html"
    changes: tuple[ChangeLine, ...]
    can_undo: bool
    version: int
    zone: ZoneName


@dataclass(frozen=True, slots=True)
class ListsPage(Page):
    """``waiting`` are those of ``lines`` that want an answer; ``offers`` lead to more lists.

    ``core`` is who answers queries, "native" or "python"; empty while nobody does.
    """

    template: ClassVar[str] = "lists/lists.html"
    waiting: tuple[WaitingList, ...]
    lines: tuple[ListLine, ...]
    offers: tuple[OfferTopic, ...]
    core: str
    zone: ZoneName


@dataclass(frozen=True, slots=True)
class OffersPage(Page):
    """The lists that are offered for one topic; ``closed_for`` is None when it is for nobody."""

    template: ClassVar[str] = "lists/offers.html"
    topic: OfferTopic
    closed_for: Listing | None
    offers: tuple[Offer, ...]
    version: int


@dataclass(frozen=True, slots=True)
class FailurePage(Page):
    """``again`` is where to load afresh, "" where that does not help."""

    template: ClassVar[str] = "error/error.html"
    icon: str
    heading: Say
    words: Say
    detail: str
    again: str


def show(page: Page, status: int = 200) -> Shown:
    """Render a page with its own variables and nothing else."""
    variables = {each.name: getattr(page, each.name) for each in fields(page)}
    return render_template(page.template, **variables), status
