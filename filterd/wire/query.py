"""The strict scanner: the only code that ever reads a client's raw bytes.

It decides what is a query at all, and what we never relay: other opcodes, other classes, zone
transfers, EDNS of the future.  It does not judge names or types beyond that (ANY is answered by
``forge.hinfo_any``); options it doesn't know are kept and ignored.
Source: RFC 1035 section 4.1; RFC 9619 (one question); RFC 6891 (EDNS); RFC 8945 section 5.1.
"""

import struct
from typing import NamedTuple

from filterd.errors import WireError
from filterd.wire import name as names
from filterd.wire.codes import (
    AD,
    AXFR,
    BADVERS,
    CD,
    FORMERR,
    IN,
    IXFR,
    MAILA,
    MAILB,
    NOTIMP,
    OPT,
    RD,
    REFUSED,
    TKEY,
    TSIG,
)
from filterd.wire.edns import Edns, read_opt

__all__ = ["HEADER_OCTETS", "Edns", "Query", "Question", "read", "scan"]

HEADER_OCTETS = 12

_HEADER = struct.Struct("!HHHHHH")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")  # type, class, ttl, length of what follows

_OPCODE_HIGH = 0x78
_QR_HIGH = 0x80

# Talk between servers (zones, keys, mailboxes of 1987) and the one type that is no type.
_NEVER_RELAYED = frozenset({OPT, TKEY, TSIG, IXFR, AXFR, MAILB, MAILA})


class Question(NamedTuple):
    """What is asked; ``name`` as in ``wire.name``."""

    name: str
    qtype: int
    qclass: int


class Query(NamedTuple):
    """One client's query.

    ``flags`` is the header's second word as sent, ``asked`` the question section as sent (its
    letters in the client's case), ``edns`` None when the client sent no OPT.
    """

    id: int
    flags: int
    question: Question
    asked: bytes
    edns: Edns | None

    @property
    def rd(self) -> bool:
        return self.flags & RD != 0

    @property
    def ad(self) -> bool:
        return self.flags & AD != 0

    @property
    def cd(self) -> bool:
        return self.flags & CD != 0

    @property
    def do(self) -> bool:
        return self.edns is not None and self.edns.do


def scan(packet: bytes) -> Query:
    """Read a query that we may answer: opcode QUERY, class IN, EDNS version 0.

    ``packet`` is one whole message (a UDP payload, or a TCP frame without its length).
    Raises WireError; its rcode says what ``forge.error`` shall answer: FORMERR, NOTIMP, REFUSED
    or BADVERS; None for what must not be answered at all (a reply, or less than a header).
    """
    if len(packet) < HEADER_OCTETS:
        raise WireError("shorter than a header", None)
    high = packet[2]
    if high & _QR_HIGH:
        # To answer a reply would let two servers talk to each other for ever.
        raise WireError("a reply, not a query", None)
    if high & _OPCODE_HIGH:
        raise WireError("opcode is not QUERY", NOTIMP)
    query = read(packet)
    _, qtype, qclass = query.question
    if qclass != IN or qtype in _NEVER_RELAYED:
        raise WireError("class or type that is never relayed", REFUSED)
    if query.edns is not None and query.edns.version:
        raise WireError("EDNS version above 0", BADVERS)
    return query


def read(packet: bytes) -> Query:
    """Read a well-formed query, whatever it asks for; opcode and QR are not looked at.

    Raises WireError (FORMERR).
    """
    try:
        return _read(packet)
    except (IndexError, struct.error):
        raise WireError("message cut short", FORMERR) from None


def _read(packet: bytes) -> Query:
    message_id, flags, questions, answers, authority, additional = _HEADER.unpack_from(packet)
    if questions != 1:
        raise WireError("not exactly one question", FORMERR)
    name, at = names.read(packet, HEADER_OCTETS)
    qtype, qclass = _TYPE_CLASS.unpack_from(packet, at)
    at += 4
    question = Question(name, qtype, qclass)
    asked = packet[HEADER_OCTETS:at]
    if answers or authority:
        if answers or qtype != IXFR:
            raise WireError("answer or authority records in a query", FORMERR)
        # A client that asks for a zone's changes shows there which one it has (RFC 1995).
        additional += authority
    edns = None
    if additional == 1 and packet[at : at + 3] == b"\0\0\x29":
        edns, at = read_opt(packet, at)
    elif additional:
        edns, at = _additional(packet, at, additional)
    if at != len(packet):
        raise WireError("more bytes than the header counts", FORMERR)
    return Query(message_id, flags, question, asked, edns)


def _additional(packet: bytes, at: int, count: int) -> tuple[Edns | None, int]:
    """Find the OPT among ``count`` records; each takes 11 octets or more, so this ends soon."""
    edns = None
    for left in range(count - 1, -1, -1):
        owner = at
        at = _skip_name(packet, at)
        rtype, _, _, length = _RECORD.unpack_from(packet, at)
        if rtype == OPT:
            if edns is not None or at - owner != 1:
                raise WireError("a second OPT, or one that has a name", FORMERR)
            edns, at = read_opt(packet, owner)
            continue
        if rtype == TSIG and left:
            raise WireError("records behind a TSIG", FORMERR)
        at += 10 + length
    return edns, at


def _skip_name(packet: bytes, at: int) -> int:
    """Return the offset behind the owner at ``at``, which may end in a pointer backwards."""
    last = at + names.MAX_NAME_OCTETS - 1
    while length := packet[at]:
        if length > names.MAX_LABEL_OCTETS:
            target = (length << 8 | packet[at + 1]) - 0xC000
            if not HEADER_OCTETS <= target < at:
                raise WireError("pointer that does not point backwards", FORMERR)
            return at + 2
        at += length + 1
        if at > last:
            raise WireError("name over 255 octets", FORMERR)
    return at + 1
