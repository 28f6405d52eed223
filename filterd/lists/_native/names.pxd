# What a name in text is made of: inline functions for the scanner of lists and for filterd.fast.
#
# May touch: the bytes from ``at`` up to the ``room`` or ``end`` that it is given; each read stands
# behind a comparison with it.  Allocates nothing, raises nothing, needs no GIL.
# Source: RFC 1035 §2.3.4 (sizes); lists/formats/entry.py says why names are no narrower than this.

from libc.stdint cimport uint8_t


cdef enum:
    LONGEST_LABEL = 63
    LONGEST_NAME = 253


cdef inline bint is_letter(uint8_t byte) noexcept nogil:
    return <uint8_t>(byte - c'a') < 26


cdef inline bint is_label_byte(uint8_t byte) noexcept nogil:
    return is_letter(byte) or <uint8_t>(byte - c'0') < 10 or byte == c'-' or byte == c'_'


cdef inline bint is_blank(uint8_t byte) noexcept nogil:
    return byte == c' ' or byte == c'\t'


cdef inline size_t name_length(const uint8_t *at, size_t room) noexcept nogil:
    """Return the length of the longest name that starts here, 0 when none does.

    Two labels at least, lower case; the last one holds a letter.  A dot behind the last label is
    not the name's.
    """
    cdef size_t length = 0  # bytes seen
    cdef size_t label = 0  # where the present label starts
    cdef int dots = 0
    cdef bint letter = False  # does the present label hold one?
    cdef bint letter_before = False  # did the one before it?
    cdef uint8_t byte
    while length < room and length <= LONGEST_NAME:
        byte = at[length]
        if is_label_byte(byte):
            letter = letter or is_letter(byte)
        elif byte == c'.':
            if length == label or length - label > LONGEST_LABEL:
                return 0
            dots += 1
            label = length + 1
            letter_before = letter
            letter = False
        else:
            break
        length += 1
    if length and length == label:
        length -= 1
        dots -= 1
        letter = letter_before
    elif length - label > LONGEST_LABEL:
        return 0
    return length if dots > 0 and letter and length <= LONGEST_NAME else 0
