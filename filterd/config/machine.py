"""The machine's part of ``config.yaml``: where to listen, where the state lies, who may ask.

Written by a person, never by the program.  Reads no file; ``config.load`` makes it from text.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from filterd.config import fields
from filterd.config.address import Endpoint, Network, parse_endpoint, parse_network
from filterd.config.document import Document
from filterd.config.model import Finding, Model
from filterd.config.names import host_name
from filterd.config.wrong import Wrong, shown

__all__ = ["HOME_NETWORKS", "Config", "Endpoint", "Listen"]

# Private, loopback and link-local: a house, never the internet (an open resolver amplifies
# attacks).  Source: RFC 1918, RFC 4193, RFC 3927, RFC 4291.
HOME_NETWORKS: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


def _one_or_more(value: object) -> object:
    """One address needs no brackets."""
    return [value] if isinstance(value, str) else value


def _user(text: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", text) is None:
        raise Wrong(f"{shown(text)} is not the name of a user", "write a user of this machine")
    return text


Endpoints = Annotated[
    tuple[Annotated[Endpoint, PlainValidator(parse_endpoint)], ...],
    BeforeValidator(_one_or_more),
    AfterValidator(fields.unique),
    AfterValidator(fields.filled),
]
_HostName = Annotated[str, AfterValidator(host_name)]
_Network = Annotated[Network, PlainValidator(parse_network)]


class Listen(Model):
    """Where this machine answers; DNS over UDP and TCP alike."""

    dns: Endpoints = Field(description="write where DNS answers, like [127.0.0.1:5300]")
    page: Endpoints = Field(description="write where the page is, like 127.0.0.1:8080")

    @classmethod
    def together(cls, given: Mapping[str, Any]) -> Iterator[Finding]:
        dns = set(_endpoints(given.get("dns")))
        for endpoint in _endpoints(given.get("page")):
            if endpoint in dns:
                yield Finding(("page",), f"DNS already listens on {endpoint}", "use another port")


def _endpoints(value: object) -> Iterator[Endpoint]:
    """Yield the endpoints that can be read, whatever else is wrong around them."""
    entries = _one_or_more(value)
    for entry in entries if isinstance(entries, (list, tuple)) else ():
        if isinstance(entry, Endpoint):
            yield entry
            continue
        with contextlib.suppress(Wrong):
            yield parse_endpoint(entry)


class Config(Model):
    """The whole of ``config.yaml``.

    ``state`` is as written: a folder, relative to the file's own.  ``user`` is whom to become
    after the ports are open.  ``page_names`` are the names, beside addresses, localhost and
    filter.home.arpa, under which the page may be asked for.  ``policy`` seeds version 1 only.
    """

    listen: Listen = Field(description="write listen: with dns: and page: below it")
    state: fields.Place = Field(description="write the folder for filterd's files, like state")
    user: Annotated[str, AfterValidator(_user)] | None = None
    page_names: Annotated[tuple[_HostName, ...], AfterValidator(fields.unique)] = ()
    ask_from: Annotated[
        tuple[_Network, ...], AfterValidator(fields.unique), AfterValidator(fields.filled)
    ] = HOME_NETWORKS
    policy: Document = Field(description="write the starter policy below policy:")
