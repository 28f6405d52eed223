# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True
"""Walks an upstream's reply within bounds: TTLs, lifetime, targets, where its OPT begins, or PASS.

May touch: the reply it is given and the struct it fills; nothing else, and never Python.  The
oracles are ``wire.answer.without_opt`` and ``resolve.cache.entry_of``: whatever is taken here is
read there to the same.  As there, what a pointer stands for lies wholly before it and no name
runs through a TTL; instead of remembering names, all steps along them are counted.
Source: RFC 1035 section 4.1; RFC 2308 section 5; RFC 6891 section 6.1.1; RFC 9460 section 2.2.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp, memcpy
from filterd.fast.octets cimport PASS, Span, long_word, octet, piece, word
from filterd.fast.packet cimport AD, HEADER_OCTETS, IN, MAX_NAME_OCTETS, QR, TC, plain_text

from filterd.resolve import cache as _cache

cdef enum:
    MAX_LABEL_OCTETS = 63
    MAX_HOPS = 127
    # Everyday names take far fewer than one: a record is 12 octets or more, a name some labels.
    STEPS_PER_OCTET = 4
    RECORD_OCTETS = 10          # type, class, ttl, length of rdata
    SHORTEST_SOA = 22
    OPCODE = 0x7800
    SERVFAIL = 2
    NXDOMAIN = 3
    A = 1
    CNAME = 5
    SOA = 6
    AAAA = 28
    DNAME = 39
    OPT = 41
    SVCB = 64
    HTTPS = 65
    TSIG = 250
    ANY = 255
    IPV4_HINT = 4
    IPV6_HINT = 6
    ANSWER = 0
    AUTHORITY = 1
    ADDITIONAL = 2

cdef uint32_t LONGEST_S = _cache.LONGEST_S
cdef uint32_t LONGEST_NEGATIVE_S = _cache.LONGEST_NEGATIVE_S
cdef uint32_t SERVFAIL_S = _cache.SERVFAIL_S


cdef struct Record:
    # One record while it is read; ``at`` is where its rdata begins, ``end`` the offset behind it.
    uint32_t section
    uint16_t rtype
    uint32_t ttl
    uint32_t at
    uint32_t end


cdef struct Walk:
    # A reply while it is read.  ``negative_s`` is how long "no" holds, 0 until an SOA says so;
    # ``body_end`` is where the OPT begins, 0 until there is one.
    Span span
    Answer *answer
    uint32_t at
    uint32_t steps_left
    uint32_t records_left
    uint32_t lowest_answer_s
    uint32_t negative_s
    uint32_t body_end
    bint has_soa
    bint has_wanted


cdef bint is_reply_to(
    const uint8_t *sent, uint32_t sent_size, const uint8_t *reply, uint32_t size
) noexcept nogil:
    cdef Span ours, theirs
    cdef uint32_t at, name_end
    ours.octets, ours.size = sent, sent_size
    theirs.octets, theirs.size = reply, size
    name_end = _behind_plain_name(&ours)
    if name_end == PASS or name_end + 4 > sent_size or name_end + 4 > size:
        return False
    if word(&ours, 0) != word(&theirs, 0) or octet(&theirs, 2) & 0xF8 != 0x80:
        return False
    if word(&theirs, 4) != 1:
        return False
    for at in range(HEADER_OCTETS, name_end):
        if _lower(octet(&ours, at)) != _lower(octet(&theirs, at)):
            return False
    return long_word(&ours, name_end) == long_word(&theirs, name_end)


cdef bint walk(const uint8_t *reply, uint32_t size, Answer *answer) noexcept nogil:
    cdef Walk walk
    cdef uint32_t section, left
    walk.span.octets, walk.span.size = reply, size
    walk.answer = answer
    if not _begin(&walk):
        return PASS
    for section in range(3):
        left = <uint32_t>word(&walk.span, 6 + 2 * section)
        answer.counts[section] = 0
        while left:
            left -= 1
            walk.records_left -= 1
            if not _record(&walk, section):
                return PASS
    if walk.at != size:
        return PASS
    answer.body_size = <uint16_t>((walk.body_end or size) - answer.body_at)
    answer.lifetime_s = _lifetime_s(&walk)
    return True


cdef inline int32_t _lower(int32_t letter) noexcept nogil:
    return letter | 0x20 if c'A' <= letter <= c'Z' else letter


cdef uint32_t _behind_plain_name(const Span *span) noexcept nogil:
    """Return the offset behind the question's uncompressed name, or PASS."""
    cdef uint32_t at = HEADER_OCTETS
    cdef int32_t length = octet(span, at)
    while length > 0:
        at += length + 1
        if length > MAX_LABEL_OCTETS or at + 1 - HEADER_OCTETS > MAX_NAME_OCTETS:
            return PASS
        length = octet(span, at)
    return PASS if length < 0 else at + 1


cdef bint _begin(Walk *walk) noexcept nogil:
    """Read the header and the question."""
    cdef const Span *span = &walk.span
    cdef Answer *answer = walk.answer
    cdef int32_t flags = word(span, 2)
    if span.size < HEADER_OCTETS or span.size > LARGEST_REPLY:
        return PASS
    if flags & (QR | OPCODE | TC) != QR or word(span, 4) != 1:
        return PASS
    walk.records_left = <uint32_t>(word(span, 6) + word(span, 8) + word(span, 10))
    walk.at = _behind_plain_name(span)
    # One more than there are TTLs: the OPT has none.
    if walk.records_left > MOST_RECORDS + 1 or walk.at == PASS or word(span, walk.at + 2) < 0:
        return PASS
    answer.id = <uint16_t>word(span, 0)
    answer.flags = <uint16_t>(flags & (AD | 0xF))
    answer.rcode = <uint16_t>(flags & 0xF)
    answer.qtype = <uint16_t>word(span, walk.at)
    if answer.qtype == ANY or word(span, walk.at + 2) != IN:
        return PASS
    walk.at += 4
    answer.body_at = <uint16_t>walk.at
    answer.asked_size = <uint16_t>(walk.at - HEADER_OCTETS)
    answer.ttl_count = answer.link_count = answer.links_text_size = 0
    answer.lowest_ttl = 0
    walk.steps_left = span.size * STEPS_PER_OCTET
    walk.lowest_answer_s = LONGEST_S
    walk.negative_s = walk.body_end = 0
    walk.has_soa = walk.has_wanted = False
    return True


cdef bint _record(Walk *walk, uint32_t section) noexcept nogil:
    """Read the record at ``walk.at`` and move behind it."""
    cdef Record record
    cdef uint32_t start = walk.at
    cdef int32_t length
    cdef int64_t ttl
    record.section = section
    record.at = _name(walk, start, NULL, NULL)
    if record.at == PASS:
        return PASS
    length = word(&walk.span, record.at + 8)
    record.end = record.at + RECORD_OCTETS + length
    if length < 0 or record.end > walk.span.size:
        return PASS
    record.rtype = <uint16_t>word(&walk.span, record.at)
    walk.at = record.end
    if record.rtype == OPT:
        return _opt(walk, &record, start)
    # A client that doesn't look at the class would follow what no verdict saw.
    if record.rtype == TSIG or word(&walk.span, record.at + 2) != IN:
        return PASS
    ttl = long_word(&walk.span, record.at + 4)
    record.ttl = seconds(<uint32_t>ttl)
    if not _note_ttl(walk, &record):
        return PASS
    record.at += RECORD_OCTETS
    return _rdata(walk, &record)


cdef bint _opt(Walk *walk, const Record *record, uint32_t start) noexcept nogil:
    """Take the OPT: the last record, its owner the root in one octet, without upper rcode bits."""
    if record.section != ADDITIONAL or walk.records_left or record.at - start != 1:
        return PASS
    if octet(&walk.span, record.at + 4) != 0:
        return PASS
    walk.body_end = start
    return True


cdef bint _note_ttl(Walk *walk, const Record *record) noexcept nogil:
    """Count the record, and keep where its TTL is and what that means for the whole."""
    cdef Answer *answer = walk.answer
    if answer.ttl_count >= MOST_RECORDS:
        return PASS
    if answer.ttl_count == 0 or record.ttl < answer.lowest_ttl:
        answer.lowest_ttl = record.ttl
    answer.ttl_at[answer.ttl_count] = <uint16_t>(record.at + 4 - answer.body_at)
    answer.ttl_count += 1
    answer.counts[record.section] += 1
    if record.section == ANSWER:
        walk.lowest_answer_s = min(walk.lowest_answer_s, record.ttl)
        walk.has_wanted = walk.has_wanted or record.rtype == answer.qtype
    return True


cdef bint _rdata(Walk *walk, const Record *record) noexcept nogil:
    """Read the rdata of the types that name somebody or bound a negative answer."""
    cdef uint32_t size = record.end - record.at
    if record.rtype == A:
        return size == 4
    if record.rtype == AAAA:
        return size == 16
    if record.rtype == CNAME or record.rtype == DNAME:
        return _link(walk, record.at, False) == record.end
    if record.rtype == SVCB or record.rtype == HTTPS:
        return _service(walk, record)
    if record.rtype == SOA:
        return _soa(walk, record)
    return True


cdef bint _soa(Walk *walk, const Record *record) noexcept nogil:
    """Read an SOA's minimum; the first one of the authority section counts."""
    if record.end - record.at < SHORTEST_SOA:
        return PASS
    if record.section == AUTHORITY and not walk.has_soa:
        walk.has_soa = True
        walk.negative_s = min(
            record.ttl, seconds(<uint32_t>long_word(&walk.span, record.end - 4))
        )
    return True


cdef bint _service(Walk *walk, const Record *record) noexcept nogil:
    """Read SVCB or HTTPS: priority, target, parameters in rising order of their keys."""
    cdef uint32_t at = _link(walk, record.at + 2, True)
    cdef int32_t key, length, last = -1
    if at == PASS:
        return PASS
    while at < record.end:
        key = word(&walk.span, at)
        length = word(&walk.span, at + 2)
        if length < 0 or key <= last:
            return PASS
        if key == IPV4_HINT and (length == 0 or length % 4):
            return PASS
        if key == IPV6_HINT and (length == 0 or length % 16):
            return PASS
        last = key
        at += 4 + length
    return at == record.end


cdef uint32_t _link(Walk *walk, uint32_t at, bint may_be_root) noexcept nogil:
    """Read a target and keep it, unless it is there already; return the offset behind it."""
    cdef uint8_t wire[MAX_NAME_OCTETS]
    cdef uint8_t text[MAX_NAME_OCTETS]
    cdef uint32_t wire_size = 0, size
    cdef uint32_t behind = _name(walk, at, wire, &wire_size)
    if behind == PASS or wire_size == 1:
        return behind if may_be_root else PASS
    size = plain_text(wire, wire_size, text)
    if size == PASS or not _keep(walk.answer, text, size):
        return PASS
    return behind


cdef bint _keep(Answer *answer, const uint8_t *text, uint32_t size) noexcept nogil:
    """Add a target's text; PASS when there is no room."""
    cdef const Link *link
    cdef uint32_t number
    for number in range(answer.link_count):
        link = &answer.links[number]
        if link.size == size and memcmp(answer.links_text + link.at, text, size) == 0:
            return True
    if answer.link_count == MOST_LINKS or answer.links_text_size + size > LINK_TEXT_OCTETS:
        return PASS
    answer.links[answer.link_count].at = answer.links_text_size
    answer.links[answer.link_count].size = <uint16_t>size
    answer.link_count += 1
    memcpy(answer.links_text + answer.links_text_size, text, size)
    answer.links_text_size += size
    return True


cdef uint32_t _name(
    Walk *walk, uint32_t at, uint8_t *wire, uint32_t *wire_size
) noexcept nogil:
    """Read the name at ``at``; return the offset behind it, PASS for one that is not allowed.

    ``wire`` is NULL or has room for 255 octets; then ``wire_size`` tells how many were written.
    """
    cdef const Span *span = &walk.span
    cdef uint32_t start = at, end, behind = 0, limit = span.size, octets = 0, hops = 0
    cdef int32_t length, target = 0
    cdef const uint8_t *label
    while walk.steps_left:
        walk.steps_left -= 1
        length = octet(span, at)
        if length > MAX_LABEL_OCTETS:
            end = at + 2
            target = word(span, at) - 0xC000
            if hops == MAX_HOPS or not HEADER_OCTETS <= target < <int32_t>at:
                return PASS
        else:
            end = at + 1 + length
            if length < 0 or octets + length + (1 if length == 0 else 2) > MAX_NAME_OCTETS:
                return PASS
        if end > limit or (hops and _runs_through_ttl(walk.answer, start, end)):
            return PASS
        if length > MAX_LABEL_OCTETS:
            behind = behind or end
            hops += 1
            limit = at
            at = start = <uint32_t>target
            continue
        if wire != NULL:
            label = piece(span, at, <uint32_t>length + 1)
            if label == NULL:
                return PASS
            memcpy(wire + octets, label, length + 1)
            wire_size[0] = octets + length + 1
        if length == 0:
            return behind or end
        octets += length + 1
        at = start = end
    return PASS


cdef bint _runs_through_ttl(const Answer *answer, uint32_t start, uint32_t end) noexcept nogil:
    """Tell whether the octets from ``start`` to ``end`` overlap a TTL that was read.

    Those are rewritten on the way out, and a client would read another name than a verdict did.
    """
    cdef uint32_t low = 0, high = answer.ttl_count, middle
    while low < high:
        middle = (low + high) // 2
        if answer.ttl_at[middle] + answer.body_at + 4u <= start:
            low = middle + 1
        else:
            high = middle
    return low < answer.ttl_count and answer.ttl_at[low] + answer.body_at < end


cdef uint32_t _lifetime_s(const Walk *walk) noexcept nogil:
    """Return how many seconds the answer may be kept, 0 for not at all."""
    cdef uint32_t rcode = walk.answer.rcode
    if rcode == SERVFAIL:
        return SERVFAIL_S
    if rcode != 0 and rcode != NXDOMAIN:
        return 0
    if rcode == 0 and walk.has_wanted:
        return walk.lowest_answer_s
    return min(walk.lowest_answer_s, walk.negative_s, LONGEST_NEGATIVE_S)
