"""The policy document: who the profiles are and what holds for them.

A document is a value: it is stored as versions, exported, compared, and compiled into a
``policy.snapshot.Policy``.  Everything a person may write in several ways (URLs, upper case,
IDNs) is in its one canonical form here.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Mode = Literal["essentials", "only", "block", "open"]
Answer = Literal["null", "nxdomain", "nodata", "refused"]
LogDepth = Literal["full", "categories", "nothing"]


class Model(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ListSource(Model):
    """One list: a file or a URL, the category it belongs to, and how it is read."""

    category: str
    file: str | None = None
    url: str | None = None
    format: Literal["auto", "hosts", "domains", "wildcard"] = "auto"
    match: Literal["format", "subdomains"] = "format"


class Window(Model):
    """A weekly window; no times means the whole day, ``end`` before ``start`` crosses midnight.

    ``mode``: ``essentials`` closes all but essentials, ``only`` closes all but the categories and
    names given, ``block`` closes those given, ``open`` lifts the blocks of the categories given.
    """

    name: str
    days: tuple[Day, ...] = DAYS
    start: str | None = None
    end: str | None = None
    mode: Mode
    categories: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Profile(Model):
    """A child's (or a room's, or the adults') settings.

    Own names cover the name and all below it, unless written ``=name``.
    """

    name: str
    filtering: bool = True
    zone: str | None = None
    default: Literal["allow", "block"] = "allow"
    blocked_categories: tuple[str, ...] = ()
    allowed_categories: tuple[str, ...] = ()
    blocked_names: tuple[str, ...] = ()
    allowed_names: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    answer: Answer = "null"
    max_ttl_s: int = Field(default=60, ge=1, le=86400)
    log: LogDepth = "full"


class Device(Model):
    """A device and whose it is; ``match`` holds MAC addresses, IP addresses or networks."""

    name: str
    profile: Id
    match: tuple[str, ...]


class Document(Model):
    """One version of the whole policy."""

    zone: str
    upstreams: tuple[str, ...] = ("system",)
    lists: dict[Id, ListSource] = {}
    profiles: dict[Id, Profile]
    devices: dict[Id, Device] = {}
    default_profile: Id
