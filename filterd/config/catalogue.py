"""What ships beside the curated lists: lists to subscribe to, services, and safe search.

Each is a YAML file in ``blocklists/``, read as strictly as ``config.yaml``: every error at once,
with its line.  Fetches nothing, and decides nothing about any question: these are facts.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from filterd.config import fields
from filterd.config.load import load_model
from filterd.config.model import Finding, Model, Path, fields_of, texts
from filterd.config.names import own_name
from filterd.config.wrong import Wrong, shown
from filterd.lists.category import ALWAYS_ALLOW, ESSENTIALS, LOCKED

# What a stranger publishes may never open or lock anything for everybody.
_OURS = frozenset({LOCKED, ALWAYS_ALLOW, ESSENTIALS})
_HTTPS = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+/[^\s#]*")
_LONGEST_REMARK = 300


def _https(text: str) -> str:
    """Keep a web address that nobody on the way can change: https, a host name, no port."""
    if _HTTPS.fullmatch(text) is None:
        raise Wrong(f"{shown(text)} is not an https address", "write https://name/path")
    return text


def _remark(text: str) -> str:
    """Keep a sentence or three; a folded block may spread over several lines."""
    joined = " ".join(text.split())
    if not joined or len(joined) > _LONGEST_REMARK:
        raise Wrong("is empty or too long", f"write at most {_LONGEST_REMARK} characters")
    return joined


def _subscribable(text: str) -> str:
    if text in _OURS:
        raise Wrong(f"{text} cannot be downloaded", "choose another category")
    return text


def _canonical(text: str) -> str:
    """Keep a name exactly as lists and decisions compare it."""
    name = own_name(text).removeprefix("=")
    if name != text:
        raise Wrong(f"{shown(text)} is not how DNS writes it", f"write {name}")
    return text


_Https = Annotated[str, AfterValidator(_https)]
_Urls = Annotated[tuple[_Https, ...], AfterValidator(fields.filled)]
_Remark = Annotated[str, AfterValidator(_remark)]
_Name = Annotated[str, AfterValidator(_canonical)]
_Names = Annotated[tuple[_Name, ...], AfterValidator(fields.filled)]
_Subscribable = Annotated[fields.Category, AfterValidator(_subscribable)]


class Subscription(Model):
    """One list of another publisher, as the catalogue offers it.

    ``urls`` hold the same list, the publisher's first choice first.  ``interval`` is the hours
    between two downloads, ``size`` how many distinct names our copy had (None: no copy seen).
    ``suffixes`` is for lists whose point is to close whole public suffixes.
    ``false_positives`` stay open whatever the list says; ``exceptions`` is how far the list's
    own exceptions reach.  Tier 2 is offered with its remark as a warning.
    """

    category: _Subscribable = Field(description="write the category its names belong to")
    name: fields.Text = Field(description="write what its publisher calls it")
    homepage: _Https = Field(description="write where people read about it")
    urls: _Urls = Field(description="write where it is downloaded from")
    format: Literal[
        "hosts", "domains", "wildcard", "adblock", "dnsmasq", "rpz", "unbound", "squidguard"
    ] = Field(description="write how it is written, like domains")
    match: Literal["format", "subdomains"] = "format"
    suffixes: bool = False
    licence: fields.Text = Field(description="write its licence as stated")
    interval: int = Field(ge=1, le=168, strict=True, description="write hours, like 24")
    size: int | None = Field(default=None, ge=1, strict=True)
    tier: Literal[1, 2] = Field(description="write 1, or 2 for with a warning")
    remark: _Remark = Field(description="write what a guardian should know")
    false_positives: tuple[_Name, ...] = ()
    exceptions: Literal["category", "everywhere"] = "category"


class Catalogue(Model):
    """Every list a guardian may subscribe to, by id."""

    lists: dict[fields.Id, Subscription] = Field(description="write lists: and ids below it")

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        entries = (
            (("lists", key, "urls", at), url)
            for key, entry in fields_of(given.get("lists")).items()
            for at, url in enumerate(texts(fields_of(entry).get("urls")))
        )
        return _said_twice(entries)


class Service(Model):
    """One service a guardian knows by name, and the names it is reached by.

    Each name covers all names below it.  ``shared`` names serve other services as well, so
    closing this one alone must leave them open.
    """

    name: fields.Text = Field(description="write what people call it")
    category: fields.Category = Field(description="write the category it belongs to")
    domains: _Names = Field(description="write the names that are its own")
    shared: tuple[_Name, ...] = ()


class Services(Model):
    """Every service, by id."""

    services: dict[fields.Id, Service] = Field(description="write services: and ids below it")

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        services = {key: fields_of(each) for key, each in fields_of(given.get("services")).items()}
        sharers: dict[str, list[Path]] = defaultdict(list)
        owned: list[tuple[Path, str]] = []
        for key, service in services.items():
            for at, name in enumerate(texts(service.get("domains"))):
                owned.append((("services", key, "domains", at), name))
            for at, name in enumerate(texts(service.get("shared"))):
                sharers[name].append(("services", key, "shared", at))
        yield from _said_twice([*owned, *((paths[0], name) for name, paths in sharers.items())])
        for name, paths in sharers.items():
            if len(paths) == 1:
                yield Finding(paths[0], f"nobody shares {name}", "write it into domains")


class Engine(Model):
    """A search or video site that answers safely when ``names`` are led to ``target``.

    ``moderate`` is a second, milder target.  ``verified`` says that the operator of the site
    documents it; anything else must be tried out before it is relied on.
    """

    name: fields.Text = Field(description="write what people call it")
    names: _Names = Field(description="write the exact names that are led elsewhere")
    target: _Name = Field(description="write the name they are led to")
    moderate: _Name | None = None
    verified: bool = Field(strict=True, description="write true or false")
    source: _Remark = Field(description="write who says so")
    remark: _Remark | None = None


class Unforced(Model):
    """A search engine that cannot be made safe through DNS: it can only be open or closed."""

    name: fields.Text = Field(description="write what people call it")
    names: _Names = Field(description="write the names it is reached by")
    source: _Remark = Field(description="write who says so")


class SafeSearch(Model):
    """The engines that can be forced through DNS, and those that cannot, by id."""

    engines: dict[fields.Id, Engine] = Field(description="write engines: and ids below it")
    unforced: dict[fields.Id, Unforced] = Field(description="write unforced: and ids below it")

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        entries = (
            ((group, key, "names", at), name)
            for group in ("engines", "unforced")
            for key, entry in fields_of(given.get(group)).items()
            for at, name in enumerate(texts(fields_of(entry).get("names")))
        )
        return _said_twice(entries)


def load_catalogue(text: str, file_name: str) -> Catalogue:
    """Return the catalogue in the text of ``catalogue.yaml``.

    ``file_name`` is what messages call the file.  Raises ConfigError with every problem, in the
    order of their lines.
    """
    return load_model(Catalogue, text, file_name, ())


def load_services(text: str, file_name: str) -> Services:
    """Return the services in the text of ``services.yaml``; otherwise as ``load_catalogue``."""
    return load_model(Services, text, file_name, ())


def load_safe_search(text: str, file_name: str) -> SafeSearch:
    """Return the facts in the text of ``safe-search.yaml``; otherwise as ``load_catalogue``."""
    return load_model(SafeSearch, text, file_name, ())


def _said_twice(entries: Iterable[tuple[Path, str]]) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for path, text in entries:
        owner = first.setdefault(text, path)
        if owner != path:
            what = f"{text} is already in {owner[1]}"
            yield Finding(path, what, "keep it in one of the two")
