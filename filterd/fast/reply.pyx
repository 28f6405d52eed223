# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True
"""Writes replies byte for byte as wire.forge and resolve.blocked do, or says PASS.

May touch: the packet, the body and the room it is given, and the templates that it takes from
wire.forge and wire.edns when it is loaded (read only after that); never Python.  It decides
nothing: what a block looks like comes with the verdict.
Source: RFC 1035 section 4.1; RFC 2308; RFC 4035 section 3.2; RFC 6840 section 5; RFC 6891.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy
from filterd.fast.octets cimport PASS, Sheet, Span, long_word, overwrite_long, put_word, write
from filterd.fast.answer cimport seconds
from filterd.fast.packet cimport AD, CD, HEADER_OCTETS, QR, RA, RD

from filterd.wire import edns as _edns
from filterd.wire import forge as _forge
from filterd.wire.query import Query as _Query
from filterd.wire.query import Question as _Question

cdef enum:
    OURS = QR | RA
    ECHOED = RD | CD
    A = 1
    AAAA = 28
    SMALLEST_LIMIT = 512
    OPT_FLAGS_AT = 7
    DO_HIGH = 0x80


cdef struct Template:
    # The records of a forged reply; the TTL goes to each of ``ttl_at``.
    uint16_t rcode
    uint16_t answers
    uint16_t authority
    uint16_t size
    uint16_t ttl_count
    uint16_t ttl_at[2]
    uint8_t octets[128]


cdef struct Head:
    # A header as it will be written; there is always one question.
    uint16_t id
    uint16_t flags
    uint16_t answers
    uint16_t authority
    uint16_t additional


cdef Template null_a, null_aaaa
cdef Template by_kind[5]


cdef Opt opt_of(bytes octets):
    """Return an OPT as the core keeps it; ``octets`` as wire.edns.opt_record returns them."""
    cdef Opt opt
    cdef uint32_t size = len(octets)
    if size > sizeof(opt.octets):
        raise ValueError("OPT is larger than any that wire.edns makes")
    memcpy(opt.octets, <const uint8_t *>octets, size)
    opt.size = <uint16_t>size
    return opt


cdef uint32_t limit_for(const Question *question) noexcept nogil:
    if not question.has_opt:
        return SMALLEST_LIMIT
    return max(<uint32_t>SMALLEST_LIMIT, min(<uint32_t>question.udp_size, <uint32_t>LARGEST_SENT))


cdef uint32_t forge(
    const uint8_t *packet, const Question *question, Kind kind, uint32_t ttl, const Opt *opt,
    uint8_t *out, uint32_t room
) noexcept nogil:
    cdef const Template *template = _template(question, kind)
    cdef Sheet sheet
    cdef Head head
    cdef uint32_t start, number
    head.id = question.id
    sheet.octets, sheet.room, sheet.size, sheet.is_full = out, room, 0, False
    head.flags = _reply_flags(question, template.rcode)
    head.answers, head.authority = template.answers, template.authority
    head.additional = question.has_opt
    _begin(&sheet, packet, question, &head)
    start = sheet.size
    write(&sheet, template.octets, template.size)
    for number in range(template.ttl_count):
        overwrite_long(&sheet, start + template.ttl_at[number], ttl)
    return _end(&sheet, question, opt)


cdef uint32_t finish(
    const uint8_t *packet, const Question *question, const Body *body, uint32_t age_s,
    uint32_t ttl_cap, uint8_t *out, uint32_t room
) noexcept nogil:
    cdef Sheet sheet
    cdef Head head
    cdef Span span
    cdef uint32_t start, number, flags = body.flags
    cdef int64_t ttl
    if flags & AD and not question.flags & AD and not question.wants_dnssec:
        flags &= ~<uint32_t>AD
    sheet.octets, sheet.size, sheet.is_full = out, 0, False
    sheet.room = min(room, limit_for(question))
    span.octets, span.size = body.octets, body.size
    head.id = question.id
    head.flags = _reply_flags(question, flags)
    head.answers, head.authority = body.counts[0], body.counts[1]
    head.additional = body.counts[2] + question.has_opt
    _begin(&sheet, packet, question, &head)
    start = sheet.size
    write(&sheet, body.octets, body.size)
    for number in range(body.ttl_count):
        ttl = long_word(&span, body.ttl_at[number])
        if ttl < 0:
            return PASS
        ttl = <int64_t>seconds(<uint32_t>ttl) - age_s
        ttl = max(<int64_t>0, min(ttl, <int64_t>ttl_cap))
        overwrite_long(&sheet, start + body.ttl_at[number], <uint32_t>ttl)
    return _end(&sheet, question, &plain)


cdef uint32_t to_upstream(
    const uint8_t *packet, const Question *question, uint16_t message_id, uint8_t *out,
    uint32_t room
) noexcept nogil:
    cdef Sheet sheet
    cdef Head head
    sheet.octets, sheet.room, sheet.size, sheet.is_full = out, room, 0, False
    head.id = message_id
    head.flags = <uint16_t>(RD | AD | question.flags & CD)
    head.answers = head.authority = 0
    head.additional = 1
    _begin(&sheet, packet, question, &head)
    _opt(&sheet, question, &plain)
    return PASS if sheet.is_full else sheet.size


cdef const Template *_template(const Question *question, Kind kind) noexcept nogil:
    if kind == NULL_ADDRESS:
        if question.qtype == A:
            return &null_a
        if question.qtype == AAAA:
            return &null_aaaa
    return &by_kind[<uint32_t>kind if <uint32_t>kind < 5 else <uint32_t>SERVFAIL]


cdef inline uint16_t _reply_flags(const Question *question, uint32_t flags) noexcept nogil:
    """Return the header's second word; ``flags`` are AD and the rcode."""
    return <uint16_t>(OURS | question.flags & ECHOED | flags)


cdef void _begin(
    Sheet *sheet, const uint8_t *packet, const Question *question, const Head *head
) noexcept nogil:
    """Write header and question, the question as it was asked."""
    cdef uint8_t octets[HEADER_OCTETS]
    put_word(octets, head.id)
    put_word(octets + 2, head.flags)
    put_word(octets + 4, 1)
    put_word(octets + 6, head.answers)
    put_word(octets + 8, head.authority)
    put_word(octets + 10, head.additional)
    write(sheet, octets, HEADER_OCTETS)
    write(sheet, packet + HEADER_OCTETS, question.asked_size)


cdef uint32_t _end(Sheet *sheet, const Question *question, const Opt *opt) noexcept nogil:
    """Close a reply with our OPT for a client that sent one; return its size or PASS."""
    if question.has_opt:
        _opt(sheet, question, opt)
    return PASS if sheet.is_full else sheet.size


cdef void _opt(Sheet *sheet, const Question *question, const Opt *opt) noexcept nogil:
    cdef uint32_t start = sheet.size
    if opt.size > sizeof(opt.octets):
        sheet.is_full = True
        return
    write(sheet, opt.octets, opt.size)
    if question.wants_dnssec and not sheet.is_full and opt.size > OPT_FLAGS_AT:
        sheet.octets[start + OPT_FLAGS_AT] |= DO_HIGH


cdef Template _taken(make, uint16_t qtype):
    """Take a template from ``make(query, ttl)`` of wire.forge, its TTLs found by their octets."""
    cdef Template template
    asked = b"\0" + qtype.to_bytes(2, "big") + b"\0\1"
    query = _Query(0, 0, _Question("", qtype, 1), asked, None)
    octets = make(query, 0x7A7B7C7D)
    mark = b"\x7a\x7b\x7c\x7d"
    records = octets[HEADER_OCTETS + len(asked):]
    ttls = [at for at in range(len(records)) if records.startswith(mark, at)]
    if len(records) > <Py_ssize_t>sizeof(template.octets) or len(ttls) > 2:
        raise ValueError("a forged reply is larger than its template")
    template.rcode = octets[3] & 0xF
    template.answers = octets[6] << 8 | octets[7]
    template.authority = octets[8] << 8 | octets[9]
    template.size = len(records)
    memcpy(template.octets, <const uint8_t *><bytes>records, len(records))
    template.ttl_count = len(ttls)
    for number, at in enumerate(ttls):
        template.ttl_at[number] = at
    return template


def _load():
    """Take the bytes of every forged reply and of our OPT from where they are written down."""
    global null_a, null_aaaa, plain
    null_a = _taken(_forge.null_address, A)
    null_aaaa = _taken(_forge.null_address, AAAA)
    by_kind[<int>NULL_ADDRESS] = by_kind[<int>NODATA] = _taken(
        lambda query, ttl: _forge.nodata(query, ttl=ttl), 0
    )
    by_kind[<int>NXDOMAIN] = _taken(lambda query, ttl: _forge.nxdomain(query, ttl=ttl), 0)
    by_kind[<int>REFUSED] = _taken(lambda query, _: _forge.refused(query), 0)
    by_kind[<int>SERVFAIL] = _taken(lambda query, _: _forge.servfail(query), 0)
    if _edns.UDP_SIZE != LARGEST_SENT:
        raise ValueError("the largest reply is not what the OPT says")
    plain = opt_of(_edns.opt_record(False))


_load()
