# Which names may be parents that say something of the names below them: a quick test, so that the
# many names without such parents cost no look-up.
#
# May touch: its own memory.  Needs no GIL, raises nothing.
# A bit for each hash (a Bloom filter of one function) answers "maybe" or "no".

from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport calloc, free


cdef enum:
    LABELS = 128  # more than a name can have
    BITS_PER_NAME = 8


cdef struct Parents:
    uint64_t *words
    uint64_t last_bit  # one less than their number, a power of two
    bint of_labels[LABELS]  # is there a parent of so many labels?


cdef inline size_t labels_in(const uint8_t *name, size_t length) noexcept nogil:
    cdef size_t labels = 1
    cdef size_t at
    for at in range(length):
        labels += name[at] == c'.'
    return labels


cdef inline bint *with_labels(Parents *parents, size_t labels) noexcept nogil:
    """Return where it is noted; all that has more labels than a name can have is one there."""
    return &parents.of_labels[labels if labels < LABELS else LABELS - 1]


cdef inline bint has_any(const Parents *parents) noexcept nogil:
    cdef int labels
    for labels in range(LABELS):
        if parents.of_labels[labels]:
            return True
    return False


cdef inline int make_room(Parents *parents, size_t names) noexcept nogil:
    """Have room for so many names; -1 when there is no memory."""
    cdef uint64_t bits = 64
    while bits < names * BITS_PER_NAME:
        bits *= 2
    parents.last_bit = bits - 1
    parents.words = <uint64_t *>calloc(bits // 64, sizeof(uint64_t))
    return 0 if parents.words != NULL else -1


cdef inline void add_parent(Parents *parents, uint64_t hashed) noexcept nogil:
    cdef uint64_t bit = hashed & parents.last_bit
    parents.words[bit >> 6] |= <uint64_t>1 << (bit & 63)


cdef inline bint may_be_parent(const Parents *parents, uint64_t hashed) noexcept nogil:
    cdef uint64_t bit = hashed & parents.last_bit
    return parents.words[bit >> 6] >> (bit & 63) & 1
