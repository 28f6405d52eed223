"""Open the listening sockets, or say in one line what is in the way.

The first socket of a port is bound without SO_REUSEPORT: with it a second filterd would bind
silently and share the traffic.  Only then, and only for UDP, do its fellows join it, one for each
thread that will answer.  The sockets are opened once by the supervisor and handed to its children,
so a child that is started again finds its packets waiting.
"""

import errno
import os
import socket
from dataclasses import dataclass, field

from filterd.config.address import Endpoint
from filterd.errors import FilterdError

# Enough for a burst of a school lab starting up; the kernel caps it by net.core.rmem_max.
_RECEIVE_BUFFER_BYTES = 4 << 20
_BACKLOG = 128
# More threads than this share one home's or school's questions for nothing.
_MOST_FELLOWS = 4
_USUAL_HOLDERS = "systemd-resolved, dnsmasq, avahi-daemon or another filterd"


class PortError(FilterdError):
    """A socket could not be opened; the message names the port and who may hold it."""


@dataclass(slots=True)
class Listeners:
    """The sockets the children inherit, and what could not be opened but is not needed."""

    udp: list[socket.socket] = field(default_factory=list)
    tcp: list[socket.socket] = field(default_factory=list)
    page: list[socket.socket] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def close(self) -> None:
        for each in (*self.udp, *self.tcp, *self.page):
            each.close()


def open_listeners(
    dns: tuple[Endpoint, ...], page: tuple[Endpoint, ...], threads: int = 1
) -> Listeners:
    """Open UDP and TCP for every DNS endpoint and TCP for every page endpoint.

    Each UDP endpoint gets ``threads`` sockets, between which the kernel shares what comes in.  An
    IPv6 endpoint on a machine without IPv6 becomes a warning.  Raises PortError otherwise.
    """
    listeners = Listeners()
    try:
        for endpoint in dns:
            _open_into(listeners, endpoint, (listeners.udp, socket.SOCK_DGRAM))
            _open_into(listeners, endpoint, (listeners.tcp, socket.SOCK_STREAM))
        for first in tuple(listeners.udp):
            listeners.udp += _fellows(first, threads - 1)
        for endpoint in page:
            _open_into(listeners, endpoint, (listeners.page, socket.SOCK_STREAM))
        _refuse_none(listeners)
    except PortError:
        listeners.close()
        raise
    return listeners


def _refuse_none(listeners: Listeners) -> None:
    if not listeners.udp or not listeners.page:
        raise PortError("none of the addresses in 'listen:' exists on this machine")


def _open_into(
    listeners: Listeners, endpoint: Endpoint, place: tuple[list[socket.socket], socket.SocketKind]
) -> None:
    sockets, kind = place
    try:
        sockets.append(_bind(endpoint, kind))
    except OSError as error:
        is_v6 = ":" in endpoint.address
        if is_v6 and error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            warning = f"{endpoint} is left out: this machine has no such IPv6 address"
            if warning not in listeners.warnings:
                listeners.warnings.append(warning)
            return
        raise PortError(_explain(endpoint, kind, error)) from error


def _bind(endpoint: Endpoint, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    opened = socket.socket(family, kind)
    try:
        _prepare(opened)
        opened.bind((endpoint.address, endpoint.port))
        if kind == socket.SOCK_STREAM:
            opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _prepare(opened: socket.socket) -> None:
    opened.setblocking(False)
    if opened.family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if opened.type == socket.SOCK_STREAM:
        # A port in TIME_WAIT is free; one that somebody listens on still refuses.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)


def _fellows(first: socket.socket, count: int) -> list[socket.socket]:
    """Bind more sockets beside one that holds its port; none where the system cannot share."""
    fellows: list[socket.socket] = []
    if count < 1 or not hasattr(socket, "SO_REUSEPORT"):
        return fellows
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    for _ in range(count):
        fellow = socket.socket(first.family, socket.SOCK_DGRAM)
        fellows.append(fellow)
        fellow.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _prepare(fellow)
        fellow.bind(first.getsockname())
    return fellows


def threads_for_dns() -> int:
    """Return how many threads answer DNS on this machine: one for each processor we may use."""
    try:
        usable = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        usable = os.cpu_count() or 1
    return min(_MOST_FELLOWS, usable)


def _explain(endpoint: Endpoint, kind: socket.SocketKind, error: OSError) -> str:
    protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
    port = f"port {endpoint.port} ({protocol}) on {endpoint.address}"
    if error.errno == errno.EADDRINUSE:
        holder = _holder(endpoint.port, kind)
        who = f"held by {holder}" if holder else f"perhaps held by {_USUAL_HOLDERS}"
        return f"{port} is in use, {who}; stop it or change 'listen:' in the configuration"
    if error.errno == errno.EACCES:
        return f"{port} needs more rights: start filterd with sudo (it drops them at once)"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{port} cannot be used: this machine does not have the address {endpoint.address}"
    return f"{port} cannot be used: {error.strerror}"


def _holder(port: int, kind: socket.SocketKind) -> str:
    """Name the program that holds a port, where this user may see it; else ''."""
    import psutil  # noqa: PLC0415 - only needed when the start has already failed

    try:
        connections = psutil.net_connections("inet")
        for held in connections:
            if held.laddr and held.laddr.port == port and held.type == kind and held.pid:
                return f"{psutil.Process(held.pid).name()} (process {held.pid})"
    except (psutil.Error, OSError):
        pass
    return ""
