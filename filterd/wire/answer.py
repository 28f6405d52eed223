"""Upstream replies, read within bounds: who they name, how long they live, where to patch them.

Work is linear to the message's length (``wire.compression``).  Rdata is read only where it names
somebody a verdict must see (aliases, addresses and hints) or bounds a negative answer; the rest
passes through unread.  What counts as a good answer is the caller's to say.
Source: RFC 1035 section 4.1; RFC 2308 section 5; RFC 6891 section 6.1.1.
"""

import ipaddress
import struct
from enum import IntEnum
from typing import NamedTuple

from filterd.errors import WireError
from filterd.wire import name as names
from filterd.wire.codes import (
    AD,
    FORMERR,
    IN,
    OPT,
    QR,
    SERVFAIL,
    TC,
    TSIG,
)
from filterd.wire.compression import Names
from filterd.wire.edns import upper_rcode
from filterd.wire.query import HEADER_OCTETS, Question
from filterd.wire.rdata import NOTHING_READ, READERS, seconds

_ONE_RECORD = b"\x00\x01"
_HEADER = struct.Struct("!HHHHHH")
_TYPE_CLASS = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")


class Section(IntEnum):
    """The sections that hold records."""

    ANSWER = 1
    AUTHORITY = 2
    ADDITIONAL = 3


class RR(NamedTuple):
    """What we read of one record.

    ``ttl`` is in seconds and ``ttl_at`` its offset in the reply.  ``target`` is the name that a
    CNAME, DNAME, SVCB or HTTPS points to, None for other types and where an SVCB means its own
    name.  ``packed`` holds the addresses as they came (4 or 16 octets each), ``minimum`` the
    last field of an SOA.
    """

    section: Section
    name: str
    rtype: int
    ttl: int
    ttl_at: int
    target: str | None
    packed: tuple[bytes, ...]
    minimum: int | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of an A or AAAA, or the hints of an SVCB or HTTPS, as text."""
        return tuple(str(ipaddress.ip_address(each)) for each in self.packed)


class Answer(NamedTuple):
    """An upstream's reply; ``records`` without OPT and TSIG and what follows them.

    ``rcode`` has the upper bits of the OPT in it, ``asked`` is the question section as sent
    back, ``body_end`` the offset where the relayable part ends.
    """

    id: int
    flags: int
    rcode: int
    asked: bytes
    question: Question
    records: tuple[RR, ...]
    body_end: int


class Body(NamedTuple):
    """The relayable part of a reply, cut open at each TTL: what ``forge.finish`` joins again.

    ``chunks`` begin behind the question and are one more than ``ttls`` (seconds).  ``flags``
    keeps AD and the rcode.  ``counts`` are the header's four counts without and with an OPT.
    ``lowest_ttl`` is 0 when there is no record.
    """

    flags: int
    counts: tuple[bytes, bytes]
    chunks: tuple[bytes, ...]
    ttls: tuple[int, ...]
    lowest_ttl: int


def is_reply_to(sent: bytes, reply: bytes) -> bool:
    """Tell whether ``reply`` answers our own query ``sent``: id, QR, opcode and question.

    The name may come back in another case.  Looks at nothing else; any reply is only true or
    false, never an error.
    """
    _, name_end = names.read(sent, HEADER_OCTETS)
    end = name_end + 4
    return (
        reply[:2] == sent[:2]
        and len(reply) >= end
        and reply[2] & 0xF8 == 0x80
        and reply[4:6] == b"\0\1"
        and reply[HEADER_OCTETS:name_end].lower() == sent[HEADER_OCTETS:name_end].lower()
        and reply[name_end:end] == sent[name_end:end]
    )


def is_truncated(reply: bytes) -> bool:
    """Tell whether a reply (a header or more) says that it did not fit: ask again by TCP."""
    return reply[2] & (TC >> 8) != 0


def refuses_edns(sent: bytes, reply: bytes) -> bool:
    """Tell whether ``reply`` says that ``sent``, a query of ours with an OPT, cannot be read.

    Some old home routers do so, often with a bare header (RFC 6891 section 7).
    """
    return (
        len(reply) >= HEADER_OCTETS
        and reply[:2] == sent[:2]
        and reply[2] & (QR >> 8) != 0
        and reply[3] & 0x0F == FORMERR
        and sent[10:12] == _ONE_RECORD
    )


def walk(reply: bytes) -> Answer:
    """Read a whole reply.

    Bytes behind the last counted record are ignored (``without_opt`` drops them).
    Raises WireError (SERVFAIL) for whatever is malformed, in work linear to its length.
    """
    try:
        return _walk(reply)
    except (IndexError, struct.error):
        raise _broken("reply cut short") from None
    except WireError as error:
        # The shared readers blame a client; here the upstream is to blame.
        raise _broken(str(error)) from None


def without_opt(reply: bytes) -> tuple[Body, Answer]:
    """Return what of a reply can be relayed to any client, and the reply as read.

    Raises WireError (SERVFAIL) like ``walk``, and for a response code above 15, which means
    nothing without the upstream's own OPT.
    """
    answer = walk(reply)
    if answer.rcode > 0xF:
        raise _broken(f"extended response code {answer.rcode}")
    counts = [1, 0, 0, 0]
    chunks: list[bytes] = []
    start = HEADER_OCTETS + len(answer.asked)
    for record in answer.records:
        counts[record.section] += 1
        chunks.append(reply[start : record.ttl_at])
        start = record.ttl_at + 4
    chunks.append(reply[start : answer.body_end])
    ttls = tuple(record.ttl for record in answer.records)
    plain = struct.pack("!4H", *counts)
    counts[Section.ADDITIONAL] += 1
    flags = answer.flags & AD | answer.rcode
    both = plain, struct.pack("!4H", *counts)
    return Body(flags, both, tuple(chunks), ttls, min(ttls, default=0)), answer


def negative_ttl(answer: Answer) -> int | None:
    """Return the seconds that "no such name" or "no such type" may be kept.

    The lower of the SOA's TTL and its minimum; None when the authority section has no SOA
    (then the answer must not be cached as negative).  Source: RFC 2308 section 5.
    """
    for record in answer.records:
        if record.section is Section.AUTHORITY and record.minimum is not None:
            return min(record.ttl, record.minimum)
    return None


def _broken(what: str) -> WireError:
    return WireError(what, SERVFAIL)


def _walk(reply: bytes) -> Answer:
    message_id, flags, questions, *counts = _HEADER.unpack_from(reply)
    if not flags & QR or questions != 1:
        raise _broken("not a reply to one question")
    name, at = names.read(reply, HEADER_OCTETS)
    question = Question(name, *_TYPE_CLASS.unpack_from(reply, at))
    at += 4
    asked = reply[HEADER_OCTETS:at]
    rcode = flags & 0xF
    reader = Names(reply)
    records: list[RR] = []
    body_end = 0
    has_opt = False
    for section, count in zip(Section, counts, strict=True):
        for _ in range(count):
            start = at
            owner, at = reader.read(at)
            rtype, rclass, ttl, length = _RECORD.unpack_from(reply, at)
            end = at + 10 + length
            if end > len(reply):
                raise _broken("record runs over the end of the reply")
            if rtype in {OPT, TSIG}:
                if section is not Section.ADDITIONAL or (rtype == OPT and (owner or has_opt)):
                    raise _broken("a second OPT, or one in the wrong place")
                if rtype == OPT:
                    has_opt = True
                    # An owner may also be a pointer to a root: what counts lies before the type.
                    rcode |= upper_rcode(reply, at - 1)
                body_end = body_end or start
            elif rclass != IN:
                # A client that doesn't look at the class would follow what no verdict saw.
                raise _broken("record of another class")
            elif not body_end:
                reader.ttls_at.append(at + 4)
                read = READERS.get(rtype)
                rdata = read(reader, at + 10, end, rtype) if read else NOTHING_READ
                records.append(RR(section, owner, rtype, seconds(ttl), at + 4, *rdata))
            at = end
    return Answer(message_id, flags, rcode, asked, question, tuple(records), body_end or at)
