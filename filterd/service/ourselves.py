"""Where this machine meets itself: a house must not be its own upstream, nor wait for itself.

Reads ``resolv.conf`` anew each time, for it changes while we run.
"""

import ipaddress
import socket
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from filterd.config.document import Document
from filterd.errors import UpstreamError
from filterd.net.lookup import Resolve, look_up
from filterd.resolve.upstreams import Upstream, choose, from_resolv_conf

RESOLV_CONF = Path("/etc/resolv.conf")
# Where systemd-resolved says whom its stub asks; it may well be us.
BEHIND_STUB = Path("/run/systemd/resolve/resolv.conf")

Endpoints = Iterable[tuple[str, int]]
"""Addresses and ports this house answers DNS on."""


def upstreams_of(document: Document, endpoints: Endpoints) -> tuple[Upstream, ...]:
    """Return whom a house with this policy asks, without itself; perhaps nobody."""
    resolv_conf = _read(RESOLV_CONF)
    return choose(document.upstreams, resolv_conf, _ours(endpoints, resolv_conf))


def resolve_by(document: Document, endpoints: Endpoints) -> Resolve | None:
    """Return how to find hosts for the house itself; None when the system's resolver will do.

    It will not when it asks us: our rules may close the very servers the lists come from, and
    while we are not yet running nobody answers.
    """
    endpoints = tuple(endpoints)
    resolv_conf = f"{_read(RESOLV_CONF)}\n{_read(BEHIND_STUB)}"
    everybody = from_resolv_conf(resolv_conf, ())
    others = from_resolv_conf(resolv_conf, _ours(endpoints, resolv_conf))
    if len(everybody) == len(others):
        return None
    upstreams = upstreams_of(document, endpoints)
    return partial(look_up, upstreams=upstreams) if upstreams else _nobody


def _nobody(_host: str) -> tuple[str, ...]:
    raise UpstreamError("this machine asks itself; write resolvers' addresses as upstreams:")


def _ours(endpoints: Endpoints, resolv_conf: str) -> set[Upstream]:
    ours = {Upstream(address, port) for address, port in endpoints}
    ports = {one.port for one in ours if ipaddress.ip_address(one.address).is_unspecified}
    # Listening on every address, this machine must not be its own upstream by any of them.
    return ours | {
        one
        for one in from_resolv_conf(resolv_conf, ())
        if one.port in ports and _is_this_machine(one.address)
    }


def _is_this_machine(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
