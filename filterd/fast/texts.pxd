# Tells of a name that no pattern fits it: none of the texts stands in it that patterns need.
#
# Reads the name and the table that lists.texts made, one row for each octet; writes nothing.

from libc.stdint cimport uint8_t, uint16_t, uint32_t


cdef struct Texts:
    # A filterd.lists.texts.Walk; whoever has it keeps its memory alive.
    const uint8_t *columns  # of each of the 256 octets
    const uint16_t *rows    # NULL: any name may have a text
    uint32_t width
    uint32_t start
    uint32_t end            # the column of a name's end


cdef bint may_have_text(const Texts *texts, const uint8_t *text, uint32_t size) noexcept nogil


cdef int take_texts(Texts *texts, object walk) except -1
    # Read a Walk or None.  Raises ValueError for one that leads out of its table.
