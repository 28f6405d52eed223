"""Bytes that filterd writes itself: forged replies, errors, upstream queries, finished bodies.

Nothing is decided here; the caller brings the verdict as a TTL and an extended error.  Every
reply depends on the query's bytes behind its id only, so one reply serves any other query that
differs in nothing but its id (``with_id_of``).
Packed by hand: every query passes here.
Source: RFC 1035 section 4.1; RFC 2308; RFC 4035 section 3.2; RFC 6891; RFC 8482; RFC 8914.
"""

import ipaddress
import struct
from collections.abc import Sequence
from typing import NamedTuple

from filterd.errors import WireError
from filterd.wire import name as names
from filterd.wire.answer import Body, Section
from filterd.wire.codes import (
    AAAA,
    AD,
    CD,
    CNAME,
    HINFO,
    IN,
    NOERROR,
    NXDOMAIN,
    QR,
    RA,
    RD,
    REFUSED,
    SERVFAIL,
    SOA,
    TC,
    A,
)
from filterd.wire.edns import UDP_SIZE, Ede, opt_record
from filterd.wire.expand import Plain
from filterd.wire.query import HEADER_OCTETS, Query, read

_SMALLEST_LIMIT = 512
_STREAM_LIMIT = 0xFFFF

_OURS = QR | RA
_ECHOED = RD | CD
_OPCODE = 0x7800

_HEADER = struct.Struct("!HH8s")  # id, flags, the four counts
_COUNTS = struct.Struct("!4H")
_RECORD = struct.Struct("!HHHIH")  # owner as a pointer, type, class, ttl, length of rdata
_PLAIN = struct.Struct("!HHIH")  # type, class, ttl, length of rdata
_U16 = struct.Struct("!H")
_U32 = struct.Struct("!I")
_TO_QUESTION = 0xC000 | HEADER_OCTETS


def _counts(answers: int, authority: int) -> tuple[bytes, bytes]:
    """Return the header's counts without and with an OPT."""
    return _COUNTS.pack(1, answers, authority, 0), _COUNTS.pack(1, answers, authority, 1)


_NO_RECORDS = _counts(0, 0)
_ONE_ANSWER = _counts(1, 0)
_ONE_AUTHORITY = _counts(0, 1)
_NO_QUESTION = _COUNTS.pack(0, 0, 0, 0)

_NULL_A = struct.pack("!HHH", _TO_QUESTION, A, IN), b"\0\4" + bytes(4)
_NULL_AAAA = struct.pack("!HHH", _TO_QUESTION, AAAA, IN), b"\0\x10" + bytes(16)
_RFC8482 = b"\x07RFC8482\x00"


_SOA_RDATA = (
    names.to_wire("filter.home.arpa")
    + names.to_wire("hostmaster.filter.home.arpa")
    + struct.pack("!4I", 1, 1800, 900, 604800)
)
# Owner is the question's own name: no resolver may then conclude anything about its parents.
_SOA_HEAD = struct.pack("!HHH", _TO_QUESTION, SOA, IN)
_SOA_TAIL = struct.pack("!H", len(_SOA_RDATA) + 4) + _SOA_RDATA


def _soa(ttl: int) -> bytes:
    seconds = _U32.pack(ttl)
    return _SOA_HEAD + seconds + _SOA_TAIL + seconds


def _reply(
    query: Query, rcode: int, counts: tuple[bytes, bytes], records: bytes, ede: Ede
) -> bytes:
    flags = _OURS | query.flags & _ECHOED | rcode
    edns = query.edns
    if edns is None:
        return _HEADER.pack(query.id, flags, counts[0]) + query.asked + records
    opt = opt_record(edns.do, ede)
    return _HEADER.pack(query.id, flags, counts[1]) + query.asked + records + opt


def error(packet: bytes, rcode: int) -> bytes:
    """Answer a packet that ``scan`` refused with this rcode.

    ``packet`` has at least a header.  The reply has the question when the packet's can be read
    and an OPT when the whole packet can.
    """
    message_id, sent = struct.unpack_from("!HH", packet)
    flags = _OURS | sent & (_ECHOED | _OPCODE) | rcode & 0xF
    try:
        query = read(packet)
    except WireError:
        asked = _asked(packet)
        counts = _NO_RECORDS[0] if asked else _NO_QUESTION
        return _HEADER.pack(message_id, flags, counts) + asked
    if query.edns is None:
        return _HEADER.pack(message_id, flags, _NO_RECORDS[0]) + query.asked
    opt = opt_record(query.edns.do, None, rcode)
    return _HEADER.pack(message_id, flags, _NO_RECORDS[1]) + query.asked + opt


def _asked(packet: bytes) -> bytes:
    """Return the question section of a packet that is wrong elsewhere, b"" if it is wrong too."""
    try:
        _, end = names.read(packet, HEADER_OCTETS)
    except (WireError, IndexError):
        return b""
    asked = packet[HEADER_OCTETS : end + 4]
    return asked if packet[4:6] == b"\0\1" and len(packet) >= end + 4 else b""


def nodata(query: Query, *, ttl: int, ede: Ede = None) -> bytes:
    """Say that the name exists but has nothing of this type, for ``ttl`` seconds."""
    return _reply(query, NOERROR, _ONE_AUTHORITY, _soa(ttl), ede)


def nxdomain(query: Query, *, ttl: int, ede: Ede = None) -> bytes:
    """Say that the name does not exist, for ``ttl`` seconds."""
    return _reply(query, NXDOMAIN, _ONE_AUTHORITY, _soa(ttl), ede)


def refused(query: Query, ede: Ede = None) -> bytes:
    """Say that we will not answer this client or this question."""
    return failure(query, REFUSED, ede)


def servfail(query: Query, ede: Ede = None) -> bytes:
    """Say that no answer could be had just now."""
    return failure(query, SERVFAIL, ede)


def failure(query: Query, rcode: int, ede: Ede = None) -> bytes:
    """Answer with nothing but a response code, which is at most 15."""
    return _reply(query, rcode, _NO_RECORDS, b"", ede)


def null_address(query: Query, ttl: int, ede: Ede = None) -> bytes:
    """Answer A with 0.0.0.0, AAAA with ::, any other type with NODATA; ``ttl`` in seconds."""
    qtype = query.question.qtype
    if qtype == A:
        head, tail = _NULL_A
    elif qtype == AAAA:
        head, tail = _NULL_AAAA
    else:
        return _reply(query, NOERROR, _ONE_AUTHORITY, _soa(ttl), ede)
    return _reply(query, NOERROR, _ONE_ANSWER, head + _U32.pack(ttl) + tail, ede)


def addresses(
    query: Query, v4: Sequence[str], v6: Sequence[str], ttl: int, ede: Ede = None
) -> bytes:
    """Answer A with ``v4``, AAAA with ``v6`` (text), NODATA where there is none for the type.

    Raises ValueError for text that is no address of that family.
    """
    qtype = query.question.qtype
    if qtype == A:
        rdatas = [ipaddress.IPv4Address(each).packed for each in v4]
    elif qtype == AAAA:
        rdatas = [ipaddress.IPv6Address(each).packed for each in v6]
    else:
        rdatas = []
    if not rdatas:
        return nodata(query, ttl=ttl, ede=ede)
    return records(query, rdatas, ttl=ttl, ede=ede)


def records(query: Query, rdatas: Sequence[bytes], *, ttl: int, ede: Ede = None) -> bytes:
    """Answer with records of the type that was asked for; ``rdatas`` in wire form."""
    qtype = query.question.qtype
    written = b"".join(_record(qtype, ttl, each) for each in rdatas)
    return _reply(query, NOERROR, _counts(len(rdatas), 0), written, ede)


class Behind(NamedTuple):
    """What stands behind an alias: the answer to the same type of question for its target."""

    rcode: int
    records: Sequence[Plain]
    age_s: int


NOTHING_BEHIND = Behind(NOERROR, (), 0)


def alias(
    query: Query, target: str, behind: Behind = NOTHING_BEHIND, *, ttl_cap: int, ede: Ede = None
) -> bytes:
    """Answer with a CNAME to ``target``, and what is known of that.

    The alias itself lives ``ttl_cap`` seconds; each TTL behind it is lowered by the answer's age
    and to at most as many.
    """
    rdata = names.to_wire(target)
    parts = [_record(CNAME, ttl_cap, rdata)]
    in_answer = 1
    to_target = _U16.pack(0xC000 | HEADER_OCTETS + len(query.asked) + _RECORD.size)
    for record in behind.records:
        in_answer += record.section is Section.ANSWER
        owner = to_target if record.owner == rdata else record.owner
        ttl = max(0, min(record.ttl - behind.age_s, ttl_cap))
        fixed = _PLAIN.pack(record.rtype, IN, ttl, len(record.rdata))
        parts += owner, fixed, record.rdata
    counts = _counts(in_answer, len(behind.records) + 1 - in_answer)
    return _reply(query, behind.rcode, counts, b"".join(parts), ede)


def hinfo_any(query: Query, *, ttl: int = 60) -> bytes:
    """Answer ANY with one small HINFO instead of everything (RFC 8482 section 4.2)."""
    return _reply(query, NOERROR, _ONE_ANSWER, _record(HINFO, ttl, _RFC8482), None)


def _record(rtype: int, ttl: int, rdata: bytes) -> bytes:
    return _RECORD.pack(_TO_QUESTION, rtype, IN, ttl, len(rdata)) + rdata


def limit_for(query: Query, over_stream: bool) -> int:  # noqa: FBT001 - one bit, named by callers
    """Return how many octets a reply to this query may have."""
    if over_stream:
        return _STREAM_LIMIT
    if query.edns is None:
        return _SMALLEST_LIMIT
    # RFC 6891 section 6.2.5: sizes below 512 mean 512.
    return max(_SMALLEST_LIMIT, min(query.edns.size, UDP_SIZE))


def fit(query: Query, reply: bytes, limit: int) -> bytes:
    """Return the reply, or when it is over ``limit`` octets its empty form with TC set.

    Question and OPT stay, records and an extended error go.
    """
    if len(reply) <= limit:
        return reply
    flags = reply[2] << 8 | reply[3] | TC
    if query.edns is None:
        return _HEADER.pack(query.id, flags, _NO_RECORDS[0]) + query.asked
    opt = opt_record(query.edns.do)
    return _HEADER.pack(query.id, flags, _NO_RECORDS[1]) + query.asked + opt


def with_id_of(packet: bytes, reply: bytes) -> bytes:
    """Return ``reply`` with the id of ``packet``, a query that differs in its id only."""
    return packet[:2] + reply[2:]


def to_upstream(query: Query, message_id: int) -> bytes:
    """Ask an upstream the same question in the client's own letters.

    RD is set, CD and DO are the client's, AD says that we understand it (RFC 6840 section
    5.7).  The OPT is ours: nothing else of the client's packet leaves the house.
    """
    flags = RD | AD | query.flags & CD
    return _HEADER.pack(message_id, flags, _NO_RECORDS[1]) + query.asked + opt_record(query.do)


def without_edns(query: bytes) -> bytes:
    """Take the OPT off a query that ``to_upstream`` made, for an upstream that refuses it."""
    return query[:10] + bytes(2) + query[12 : -len(opt_record(do=False))]


def finish(query: Query, body: Body, age_s: int, ttl_cap: int, ede: Ede = None) -> bytes:
    """Turn a relayable body into the reply to this query.

    The body must answer the same question (its letters' case aside).  Each TTL is lowered by
    ``age_s`` and to at most ``ttl_cap``, never below 0.  AD stays only for a client that set
    AD or DO (RFC 6840 section 5.8).
    """
    flags = _OURS | query.flags & _ECHOED | body.flags
    edns = query.edns
    if flags & AD and not query.flags & AD and (edns is None or not edns.do):
        flags ^= AD
    if body.lowest_ttl - age_s >= ttl_cap:
        # The usual case for a filtered profile: every TTL is the same in the end.
        records = _U32.pack(ttl_cap).join(body.chunks)
    else:
        records = _aged(body, age_s, ttl_cap)
    if edns is None:
        return _HEADER.pack(query.id, flags, body.counts[0]) + query.asked + records
    opt = opt_record(edns.do, ede)
    return _HEADER.pack(query.id, flags, body.counts[1]) + query.asked + records + opt


def _aged(body: Body, age_s: int, ttl_cap: int) -> bytes:
    parts = [body.chunks[0]]
    for ttl, chunk in zip(body.ttls, body.chunks[1:], strict=True):
        parts += _U32.pack(max(0, min(ttl - age_s, ttl_cap))), chunk
    return b"".join(parts)
