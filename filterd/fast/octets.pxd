# Bounded reading and writing of octets: the only place where the core follows a pointer into a
# packet.  A read outside a span gives -1, a write that does not fit is remembered and refused, so
# no caller needs to count.  Touches nothing but what it is given.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

# What every function of packet, answer and reply says to what it cannot prove: ask Python.
cdef enum:
    PASS = 0


cdef struct Span:
    # Octets to read, ``size`` of them.
    const uint8_t *octets
    uint32_t size


cdef inline int32_t octet(const Span *span, uint32_t at) noexcept nogil:
    """Return the octet at ``at``, -1 when the span ends before it."""
    if at >= span.size:
        return -1
    return span.octets[at]


cdef inline int32_t word(const Span *span, uint32_t at) noexcept nogil:
    """Return the two octets at ``at`` as a number, -1 when the span ends before or inside."""
    if span.size < 2 or at > span.size - 2:
        return -1
    return span.octets[at] << 8 | span.octets[at + 1]


cdef inline int64_t long_word(const Span *span, uint32_t at) noexcept nogil:
    """Return the four octets at ``at`` as a number, -1 when the span ends before or inside."""
    if span.size < 4 or at > span.size - 4:
        return -1
    return <int64_t>word(span, at) << 16 | word(span, at + 2)


cdef inline const uint8_t *piece(const Span *span, uint32_t at, uint32_t size) noexcept nogil:
    """Return where ``size`` octets from ``at`` on lie, NULL when they are not all in the span."""
    if at > span.size or size > span.size - at:
        return NULL
    return span.octets + at


cdef inline void put_word(uint8_t *octets, uint16_t number) noexcept nogil:
    """Put a number into two octets that the caller knows to be its own."""
    octets[0] = <uint8_t>(number >> 8)
    octets[1] = <uint8_t>(number & 0xFF)


cdef struct Sheet:
    # Room to write in: ``size`` octets of ``room`` are written.  Once something did not fit
    # ``is_full`` stays set and nothing more is written.
    uint8_t *octets
    uint32_t room
    uint32_t size
    bint is_full


cdef inline void write(Sheet *sheet, const uint8_t *octets, uint32_t size) noexcept nogil:
    """Append ``size`` octets."""
    if sheet.is_full or size > sheet.room - sheet.size:
        sheet.is_full = True
        return
    if size:
        memcpy(sheet.octets + sheet.size, octets, size)
        sheet.size += size


cdef inline void overwrite_long(Sheet *sheet, uint32_t at, uint32_t number) noexcept nogil:
    """Put a number in four octets over what was written at ``at``."""
    if sheet.is_full or sheet.size < 4 or at > sheet.size - 4:
        sheet.is_full = True
        return
    put_word(sheet.octets + at, <uint16_t>(number >> 16))
    put_word(sheet.octets + at + 2, <uint16_t>(number & 0xFFFF))
