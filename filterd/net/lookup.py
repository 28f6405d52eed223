"""Finds a host's addresses by asking given upstreams, without this machine's own resolver.

For a box that is its own resolver: a list must come even while our own rules close its server's
name, or while nothing answers on port 53 yet.  Blocking, so for the worker only; which upstreams
there are is the caller's to say.
Source: RFC 1034 §5.3.3 (following aliases), RFC 5452 §9 (what a reply must match).
"""

import secrets
import socket
import struct
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from filterd.errors import UpstreamError, WireError
from filterd.resolve.upstreams import Upstream
from filterd.wire import name as names
from filterd.wire.answer import RR, is_reply_to, is_truncated, walk
from filterd.wire.codes import AAAA, CNAME, IN, NOERROR, NXDOMAIN, RD, A

# For all questions about one host together.
TOTAL_S = 10.0
WAIT_S = 1.5
TRIES = 2
MOST_ADDRESSES = 6
_MOST_ALIASES = 12
_LARGEST_REPLY = 4096
_HEADER = struct.Struct("!6H")
_TYPE_CLASS = struct.Struct("!2H")

Resolve = Callable[[str], Sequence[str]]
"""Finds the addresses of a host, the best one first; raises UpstreamError when there is none."""


def look_up(host: str, upstreams: Sequence[Upstream]) -> tuple[str, ...]:
    """Return addresses of ``host``, IPv4 first, at least one and a handful at most.

    ``host`` is in A-labels.  Raises UpstreamError when there is none, or nobody answers.
    """
    if not upstreams:
        raise UpstreamError("there is no upstream to ask")
    ends = time.monotonic() + TOTAL_S
    name = host.lower().rstrip(".")
    found: list[str] = []
    trouble = f"no upstream knows an address of {host}"
    for qtype in (A, AAAA):
        try:
            found += _addresses(name, qtype, upstreams, ends)
        except UpstreamError as error:
            trouble = str(error)
    # An upstream that filters says "nowhere" like this.
    usable = [address for address in found if not ip_address(address).is_unspecified]
    if not usable:
        raise UpstreamError(trouble)
    return tuple(usable[:MOST_ADDRESSES])


def _addresses(name: str, qtype: int, upstreams: Sequence[Upstream], ends: float) -> list[str]:
    records = _ask(name, qtype, upstreams, ends)
    aliases = {record.name: record.target for record in records if record.rtype == CNAME}
    owner = name
    for _ in range(_MOST_ALIASES):
        owner = aliases.get(owner) or owner
    return [
        address
        for record in records
        if record.rtype == qtype and record.name == owner
        for address in record.addresses
    ]


def _ask(name: str, qtype: int, upstreams: Sequence[Upstream], ends: float) -> tuple[RR, ...]:
    """Return the records of the first useful reply, in the upstreams' order."""
    trouble = ""
    for upstream in (*upstreams,) * TRIES:
        left = ends - time.monotonic()
        if left <= 0:
            break
        try:
            answer = walk(_exchange(upstream, _query(name, qtype), min(WAIT_S, left)))
        except (OSError, EOFError, WireError):
            trouble = f"{upstream} does not answer about {name}"
            continue
        except ValueError:
            raise UpstreamError(f"{name} is no name that can be asked for") from None
        if answer.rcode in {NOERROR, NXDOMAIN}:
            return answer.records
        trouble = f"{upstream} cannot say where {name} is"
    raise UpstreamError(trouble or f"no upstream says in time where {name} is")


def _query(name: str, qtype: int) -> bytes:
    header = _HEADER.pack(secrets.randbits(16), RD, 1, 0, 0, 0)
    return header + names.to_wire(name) + _TYPE_CLASS.pack(qtype, IN)


def _exchange(upstream: Upstream, query: bytes, wait_s: float) -> bytes:
    """Send one query and return the reply to it, whole; raises OSError and EOFError."""
    ends = time.monotonic() + wait_s
    family = socket.AF_INET6 if ":" in upstream.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        # Connected without a bind: the kernel picks a random port, and lets no other peer in.
        sock.connect(upstream)
        sock.send(query)
        while True:
            reply = _recv_before(sock, ends, _LARGEST_REPLY)
            if is_reply_to(query, reply):
                break
    return _over_tcp(upstream, query, ends) if is_truncated(reply) else reply


def _over_tcp(upstream: Upstream, query: bytes, ends: float) -> bytes:
    with socket.create_connection(upstream, timeout=max(0.1, ends - time.monotonic())) as sock:
        sock.sendall(len(query).to_bytes(2) + query)
        size = int.from_bytes(_read_exactly(sock, 2, ends))
        reply = _read_exactly(sock, size, ends)
    if not is_reply_to(query, reply):
        raise OSError("answered another question")
    return reply


def _read_exactly(sock: socket.socket, size: int, ends: float) -> bytes:
    data = b""
    while len(data) < size:
        piece = _recv_before(sock, ends, size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _recv_before(sock: socket.socket, ends: float, size: int) -> bytes:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)
    return sock.recv(size)
