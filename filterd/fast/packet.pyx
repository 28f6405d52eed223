# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True
"""Reads a client's packet strictly: what is asked, or PASS.

May touch: the packet it is given and the struct it fills; nothing else, and never Python.  The
oracle is ``wire.query.scan``: whatever is taken here is read there to the same question.
Source: RFC 1035 section 4.1; RFC 6891 section 6.1.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t
from filterd.fast.octets cimport PASS, Span, octet, piece, word

cdef enum:
    MAX_LABEL_OCTETS = 63
    FLAGS_TAKEN = RD | AD | CD
    TYPE_OPT = 41
    # From TKEY to ANY: talk between servers, and the one type that wire.forge answers itself.
    FIRST_META_TYPE = 249
    LAST_META_TYPE = 255
    OPT_FIXED_OCTETS = 11
    DO = 0x8000
    # Options that wire.query keeps and nobody reads: NSID, client subnet, cookie, padding.
    IGNORED_OPTIONS = 1 << 3 | 1 << 8 | 1 << 10 | 1 << 12
    HIGHEST_IGNORED_OPTION = 12

# A plain octet's lower case, 0 for every other octet.
cdef uint8_t PLAIN[256]


def _fill_plain():
    for lower in b"abcdefghijklmnopqrstuvwxyz0123456789_-":
        PLAIN[lower] = lower
        PLAIN[ord(chr(lower).upper())] = lower


_fill_plain()


cdef bint scan(const uint8_t *packet, uint32_t size, Question *question) noexcept nogil:
    cdef Span span
    cdef uint32_t at
    span.octets = packet
    span.size = size
    if not _header(&span, question):
        return PASS
    at = _name(&span, question)
    if at == PASS or not _type_and_class(&span, at, question):
        return PASS
    question.end = <uint16_t>(at + 4)
    question.asked_size = <uint16_t>(question.end - HEADER_OCTETS)
    if question.has_opt:
        return _opt(&span, question)
    question.udp_size = 0
    question.wants_dnssec = False
    question.has_options = False
    return question.end == size


cdef uint32_t plain_text(const uint8_t *wire, uint32_t size, uint8_t *text) noexcept nogil:
    cdef Span span
    cdef const uint8_t *label
    cdef uint32_t at = 0, number, written = 0
    cdef int32_t length
    span.octets = wire
    span.size = size
    if size < 2 or size > MAX_NAME_OCTETS or octet(&span, size - 1) != 0:
        return PASS
    # The final zero is no part of any label.
    span.size -= 1
    while at < span.size:
        length = octet(&span, at)
        label = piece(&span, at + 1, <uint32_t>length)
        if not 0 < length <= MAX_LABEL_OCTETS or label == NULL:
            return PASS
        if written:
            text[written] = c'.'
            written += 1
        for number in range(<uint32_t>length):
            text[written] = PLAIN[label[number]]
            if not text[written]:
                return PASS
            written += 1
        at += length + 1
    return written


cdef bint _header(const Span *span, Question *question) noexcept nogil:
    """Read id and flags, and check that one question and at most one record follow."""
    cdef int32_t additional = word(span, 10)
    if additional < 0 or additional > 1:
        return PASS
    question.id = <uint16_t>word(span, 0)
    question.flags = <uint16_t>word(span, 2)
    question.has_opt = additional == 1
    return (
        question.flags & ~FLAGS_TAKEN == 0
        and word(span, 4) == 1
        and word(span, 6) == 0
        and word(span, 8) == 0
    )


cdef uint32_t _name(const Span *span, Question *question) noexcept nogil:
    """Read a plain, uncompressed name; return the offset behind its final zero, or PASS."""
    cdef const uint8_t *label
    cdef uint32_t at = HEADER_OCTETS, size = 0, number
    cdef uint8_t labels = 0, lower
    cdef int32_t length = octet(span, at)
    while length > 0:
        # The name's final zero must fit too.
        if length > MAX_LABEL_OCTETS or size + length + 2 > MAX_NAME_OCTETS:
            return PASS
        label = piece(span, at + 1, <uint32_t>length)
        if label == NULL:
            return PASS
        question.wire[size] = <uint8_t>length
        if size:
            question.text[size - 1] = c'.'
        question.label_at[labels] = <uint8_t>size
        labels += 1
        for number in range(<uint32_t>length):
            lower = PLAIN[label[number]]
            if not lower:
                return PASS
            question.wire[size + 1 + number] = lower
            question.text[size + number] = lower
        at += length + 1
        size += length + 1
        length = octet(span, at)
    if length < 0:
        return PASS
    question.wire[size] = 0
    question.wire_size = <uint8_t>(size + 1)
    question.text_size = <uint8_t>(size - 1 if size else 0)
    question.labels = labels
    return at + 1


cdef bint _type_and_class(const Span *span, uint32_t at, Question *question) noexcept nogil:
    cdef int32_t qtype = word(span, at), qclass = word(span, at + 2)
    if qtype < 0 or qclass != IN or qtype == TYPE_OPT:
        return PASS
    if FIRST_META_TYPE <= qtype <= LAST_META_TYPE:
        return PASS
    question.qtype = <uint16_t>qtype
    question.qclass = <uint16_t>qclass
    return True


cdef bint _opt(const Span *span, Question *question) noexcept nogil:
    """Read the one OPT behind the question: it must end where the packet does."""
    cdef uint32_t at = question.end
    cdef int32_t flags = word(span, at + 7), length = word(span, at + 9), code, octets
    # Owner and type; no rcode, version 0; no flag but DO.
    if octet(span, at) != 0 or word(span, at + 1) != TYPE_OPT or word(span, at + 5) != 0:
        return PASS
    if flags < 0 or flags & ~DO or length < 0 or at + OPT_FIXED_OCTETS + length != span.size:
        return PASS
    question.udp_size = <uint16_t>word(span, at + 3)
    question.wants_dnssec = flags == DO
    question.has_options = length != 0
    at += OPT_FIXED_OCTETS
    while at < span.size:
        code = word(span, at)
        octets = word(span, at + 2)
        if code < 0 or octets < 0 or octets > <int32_t>(span.size - at) - 4:
            return PASS
        if code > HIGHEST_IGNORED_OPTION or not IGNORED_OPTIONS >> code & 1:
            return PASS
        at += octets + 4
    return True
