"""The policy document: who the profiles are and what holds for them.

A document is a value: it is stored as versions, exported, compared, and compiled into a
``policy.snapshot.Policy``.  Everything a person may write in several ways (URLs, upper case,
IDNs) is in its one canonical form here.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from filterd.config import fields
from filterd.config.address import parse_match
from filterd.config.model import Finding, Model, fields_of, problems_of, texts
from filterd.config.wrong import Wrong, one_of, shown
from filterd.errors import ConfigError, Problem
from filterd.lists.category import ALWAYS_ALLOW, ESSENTIALS, LOCKED

Id = fields.Id
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Mode = Literal["essentials", "only", "block", "open"]
Answer = Literal["null", "nxdomain", "nodata", "refused"]
LogDepth = Literal["full", "categories", "nothing"]


def _in_week_order(days: tuple[Day, ...]) -> tuple[Day, ...]:
    if not days:
        raise Wrong("is an empty list", "write the days, or leave it out for every day")
    return tuple(day for day in DAYS if day in days)


_FORMATS = (
    "auto",
    "hosts",
    "domains",
    "wildcard",
    "adblock",
    "pihole",
    "dnsmasq",
    "rpz",
    "unbound",
    "squidguard",
)
_is_part = re.compile(r"squidguard:[\w-][\w.-]*(?:/[\w-][\w.-]*)*").fullmatch


def _list_format(text: str) -> str:
    """Keep how a list is read; ``squidguard:adult`` is the category adult of an archive."""
    if text in _FORMATS or _is_part(text):
        return text
    if text.startswith("squidguard"):
        right = "write the category's folder after one colon, like squidguard:adult"
    else:
        right = one_of(text, _FORMATS)
    raise Wrong(f"{shown(text)} is not known here", right)


# What these categories say holds for everybody, so nothing that closes can be taken back in them.
_FOR_EVERYBODY = (LOCKED, ALWAYS_ALLOW, ESSENTIALS)


class ListSource(Model):
    """One list: a file or a URL, the category it belongs to, and how it is read.

    ``mirrors`` are asked in order when ``url`` fails; ``interval`` is the hours between two
    downloads.  ``suffixes`` lets the list close whole public suffixes like ``pages.dev``.
    ``exceptions`` is how far the exceptions inside the list reach: they lift what lists of its
    own category close, or everywhere what any other closes.  ``open_names`` are names that stay
    open although the list has them.
    """

    category: fields.Category = Field(description="write the category its names belong to")
    file: fields.Place | None = None
    url: fields.Url | None = None
    mirrors: Annotated[tuple[fields.Url, ...], AfterValidator(fields.unique)] = ()
    interval: int = Field(default=24, ge=1, le=168, strict=True)
    format: Annotated[str, AfterValidator(_list_format)] = "auto"
    match: Literal["format", "subdomains"] = "format"
    suffixes: bool = False
    exceptions: Literal["category", "everywhere"] = "category"
    open_names: fields.Names = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the list is downloaded from, the first being asked first; empty for a file."""
        return () if self.url is None else tuple(dict.fromkeys((self.url, *self.mirrors)))

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        file, url = given.get("file"), given.get("url")
        if file is None and url is None:
            yield Finding((), "has no place to be read from", "write file: or url:")
        elif file is not None and url is not None:
            yield Finding(("url",), "file is given as well", "keep one of the two")
        if url is None and given.get("mirrors"):
            yield Finding(("mirrors",), "there is no url", "write the first address at url:")
        # What opens above everything else never comes from strangers.
        if url is not None and given.get("category") == ALWAYS_ALLOW:
            right = "write the names into a file of your own"
            yield Finding(("category",), f"{ALWAYS_ALLOW} cannot be downloaded", right)
        yield from _opening_together(given)


def _opening_together(given: Mapping[str, Any]) -> Iterator[Finding]:
    """Say what of a list's openings cannot be: it must never open by accident."""
    category, reaches = given.get("category"), given.get("exceptions") == "everywhere"
    if category in _FOR_EVERYBODY:
        if reaches:
            what = f"the exceptions of a list of {category} cannot reach everywhere"
            yield Finding(("exceptions",), what, "take it out")
        if given.get("open_names"):
            what = f"a list of {category} cannot leave names open"
            yield Finding(("open_names",), what, "take them out of the list itself")
    elif reaches:
        places = (("url",), given.get("url")), (("mirrors",), given.get("mirrors"))
        for path, place in places:
            # Whoever sits on the way could open whatever is closed.
            if any(not each.strip().lower().startswith("https:") for each in _addresses(place)):
                what = "a list whose exceptions reach everywhere cannot come over plain http"
                yield Finding(path, what, "write https addresses, or exceptions: category")


def _addresses(place: object) -> list[str]:
    return [place] if isinstance(place, str) else texts(place)


class Window(Model):
    """A weekly window; no times means the whole day, ``end`` before ``start`` crosses midnight.

    ``mode``: ``essentials`` closes all but essentials, ``only`` closes all but the categories and
    names given, ``block`` closes those given, ``open`` lifts the blocks of the categories given.
    """

    name: fields.Text = Field(description="write what people call it, like Bedtime")
    days: Annotated[tuple[Day, ...], AfterValidator(_in_week_order)] = DAYS
    start: fields.Time | None = None
    end: fields.Time | None = None
    mode: Mode = Field(description="write essentials, only, block or open")
    categories: fields.Categories = ()
    names: fields.Names = ()

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        yield from _times_together(given.get("start"), given.get("end"))
        mode, categories, names = (given.get(each) for each in ("mode", "categories", "names"))
        if mode == "essentials":
            for key, entries in (("categories", categories), ("names", names)):
                if entries:
                    right = "take it out, or write mode: only"
                    yield Finding((key,), "mode essentials leaves only essentials open", right)
        elif mode == "open":
            if not categories:
                yield Finding((), "mode open says no category to open", "write categories: [...]")
            if names:
                right = "write names that are always open into allowed_names of the profile"
                yield Finding(("names",), "mode open opens categories, not names", right)
        elif mode in {"only", "block"} and not categories and not names:
            right = "write categories: [...] or names: [...]"
            yield Finding((), f"mode {mode} says nothing to {_VERBS[mode]}", right)


_VERBS = {"only": "leave open", "block": "block"}


def _times_together(start: object, end: object) -> Iterator[Finding]:
    if start is None and end is None:
        return
    if start is None or end is None:
        there, lacking = ("start", "end") if end is None else ("end", "start")
        right = f"write {lacking} as well, or leave both out for the whole day"
        yield Finding((there,), f"there is no {lacking}", right)
    elif start == end:
        right = "leave both out for the whole day, or move one"
        yield Finding(("end",), "is the same time as start", right)


class Profile(Model):
    """A child's (or a room's, or the adults') settings.

    Own names cover the name and all below it, unless written ``=name``.
    """

    name: fields.Text = Field(description="write what people call it, like Sana")
    filtering: bool = Field(default=True, strict=True)
    zone: fields.Zone | None = None
    default: Literal["allow", "block"] = "allow"
    blocked_categories: fields.Categories = ()
    allowed_categories: fields.Categories = ()
    blocked_names: fields.Names = ()
    allowed_names: fields.Names = ()
    windows: tuple[Window, ...] = ()
    answer: Annotated[Answer, fields.NullAllowed] = "null"
    max_ttl_s: int = Field(default=60, ge=1, le=86400, strict=True)
    log: LogDepth = "full"

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        windows = given.get("windows")
        seen: set[str] = set()
        for at, window in enumerate(windows if isinstance(windows, (list, tuple)) else ()):
            name = fields_of(window).get("name")
            if not isinstance(name, str):
                continue
            if name.strip() in seen:
                what = f"this profile already has a window called {shown(name)}"
                yield Finding(("windows", at, "name"), what, "give it another name")
            seen.add(name.strip())


class Device(Model):
    """A device and whose it is; ``match`` holds MAC addresses, IP addresses or networks."""

    name: fields.Text = Field(description="write what people call it, like Sana's phone")
    profile: Id = Field(description="write the id of the profile it gets")
    match: fields.Matches = Field(description="write what it is known by, like [192.168.1.20]")


class Document(Model):
    """One version of the whole policy."""

    zone: fields.Zone = Field(description="write the time zone of the house, like Asia/Karachi")
    upstreams: fields.Upstreams = ("system",)
    lists: dict[Id, ListSource] = Field(default={})
    profiles: dict[Id, Profile] = Field(description="write at least one profile")
    devices: dict[Id, Device] = Field(default={})
    default_profile: Id = Field(description="write the id of the profile for unknown devices")

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        profiles, devices = given.get("profiles"), fields_of(given.get("devices"))
        if profiles == {}:
            yield Finding(("profiles",), "there is no profile", "write at least one")
        elif isinstance(profiles, Mapping):
            yield from _unknown_profile(("default_profile",), given, profiles)
            for key, device in devices.items():
                yield from _unknown_profile(
                    ("devices", key, "profile"), fields_of(device), profiles
                )
        yield from _claimed_twice(devices)


def _unknown_profile(
    path: tuple[str, ...], given: Mapping[str, Any], profiles: Mapping[str, Any]
) -> Iterator[Finding]:
    wanted = given.get(path[-1])
    if isinstance(wanted, str) and wanted not in profiles:
        right = one_of(wanted, [key for key in profiles if isinstance(key, str)])
        yield Finding(path, f"there is no profile {shown(wanted)}", right)


def _claimed_twice(devices: Mapping[str, Any]) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for key, device in devices.items():
        for at, text in enumerate(texts(fields_of(device).get("match"))):
            try:
                match = parse_match(text)
            except Wrong:
                continue  # said where it is written
            owner = owners.setdefault(match, key)
            if owner != key:
                what = f"{match} already belongs to the device {owner}"
                yield Finding(("devices", key, "match", at), what, "keep it in one of the two")


def parse_document(data: Mapping[str, Any] | str, zones: Collection[str] | None = None) -> Document:
    """Return the document in stored JSON text, or in data of its shape.

    ``zones`` are the known time zones; None leaves zones unchecked, for what was checked when
    it was saved.  Raises ConfigError with every problem.
    """
    name = "the policy"
    try:
        raw = json.loads(data) if isinstance(data, str) else data
        return Document.model_validate(raw, context={fields.ZONES: zones})
    except ValidationError as error:
        raise ConfigError(problems_of(error, name, lambda _: None)) from None
    except ValueError:
        raise ConfigError([Problem(name, None, "", "is not JSON")]) from None
