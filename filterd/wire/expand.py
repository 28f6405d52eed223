"""The records of a reply, cut out of it so that they can stand in another message.

Inside a reply a name may be a pointer to somewhere else in it, so whoever moves a record must
write such names out.  That is done for the types whose rdata may be compressed (RFC 3597 section
4); whatever else is in an rdata is taken as it is.  Nothing is decided here.
Source: RFC 1035 sections 3.3 and 4.1.4; RFC 3597.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from filterd.errors import WireError
from filterd.wire import name as names
from filterd.wire.answer import Body, Section
from filterd.wire.codes import IN, QR, SERVFAIL
from filterd.wire.compression import Names
from filterd.wire.query import HEADER_OCTETS, Question

_HEADER = struct.Struct("!HH")
_COUNTS = struct.Struct("!4H")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")

# Types with names in their rdata: the octets before the first, and how many there are.  NS, MD,
# MF, CNAME, SOA, MB, MG, MR, PTR, MINFO, MX, RP, AFSDB, RT, PX, SRV, KX, DNAME.
_NAMES_IN = (
    dict.fromkeys((2, 3, 4, 5, 7, 8, 9, 12, 39), (0, 1))
    | dict.fromkeys((6, 14, 17), (0, 2))
    | dict.fromkeys((15, 18, 21, 36), (2, 1))
    | {26: (2, 2), 33: (6, 1)}
)


class Plain(NamedTuple):
    """One record without a pointer in it; ``owner`` and ``rdata`` are in wire form."""

    section: Section
    owner: bytes
    rtype: int
    ttl: int
    rdata: bytes


def plain_records(question: Question, body: Body) -> tuple[Plain, ...]:
    """Return the answer and authority records of a body that answers this question.

    Raises WireError (SERVFAIL) where the rdata of a type is not what it must be.
    """
    try:
        return tuple(_records(question, body))
    except (IndexError, struct.error):
        raise WireError("rdata cut short", SERVFAIL) from None


def _records(question: Question, body: Body) -> Iterator[Plain]:
    reply = _whole(question, body)
    reader = Names(reply)
    _, answers, authority, _ = _COUNTS.unpack(body.counts[0])
    _, at = reader.read(HEADER_OCTETS)
    at += _TYPE_CLASS.size
    for section, count in ((Section.ANSWER, answers), (Section.AUTHORITY, authority)):
        for _ in range(count):
            owner, at = reader.read(at)
            rtype, _, ttl, length = _RECORD.unpack_from(reply, at)
            reader.ttls_at.append(at + 4)
            at += _RECORD.size
            rdata = _plain_rdata(reader, rtype, at, at + length)
            yield Plain(section, names.to_wire(owner), rtype, ttl, rdata)
            at += length


def _whole(question: Question, body: Body) -> bytes:
    """Put the reply together again: every offset in it is what it was when it came."""
    parts = [
        _HEADER.pack(0, QR),
        body.counts[0],
        names.to_wire(question.name),
        _TYPE_CLASS.pack(question.qtype, IN),
        body.chunks[0],
    ]
    for ttl, chunk in zip(body.ttls, body.chunks[1:], strict=True):
        parts += ttl.to_bytes(4, "big"), chunk
    return b"".join(parts)


def _plain_rdata(reader: Names, rtype: int, at: int, end: int) -> bytes:
    before, count = _NAMES_IN.get(rtype, (0, 0))
    parts = [reader.reply[at : at + before]]
    at += before
    for _ in range(count):
        name, at = reader.read(at)
        parts.append(names.to_wire(name))
    if at > end:
        raise WireError("a name runs over the end of its record", SERVFAIL)
    return b"".join((*parts, reader.reply[at:end]))
