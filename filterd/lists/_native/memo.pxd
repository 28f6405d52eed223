# What was worked out once about two numbers: a hash table from (one, other) to a number.
#
# May touch: its own memory.  Needs no GIL.  ``put`` returns -1 when there is no memory left.

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free


cdef enum:
    FIRST_BITS = 10  # of the table's size
    FREE = 0  # a value of no entry


cdef struct Entry:
    uint32_t one
    uint32_t other
    uint32_t value


cdef struct Memo:
    Entry *entries
    int bits
    size_t count


cdef inline Entry *entry_of(const Memo *memo, uint32_t one, uint32_t other) noexcept nogil:
    """Return the entry of the two numbers, or the free one where it belongs."""
    cdef uint64_t mixed = (<uint64_t>one << 32 | other) * <uint64_t>0x9E3779B97F4A7C15
    cdef size_t last = (<size_t>1 << memo.bits) - 1
    cdef size_t at = mixed >> (64 - memo.bits)
    cdef Entry *entry = &memo.entries[at]
    while entry.value != FREE and (entry.one != one or entry.other != other):
        at = (at + 1) & last
        entry = &memo.entries[at]
    return entry


cdef inline uint32_t get(const Memo *memo, uint32_t one, uint32_t other) noexcept nogil:
    """Return what is known about the two numbers, FREE when nothing is."""
    return entry_of(memo, one, other).value if memo.entries != NULL else FREE


cdef inline int put(Memo *memo, uint32_t one, uint32_t other, uint32_t value) noexcept nogil:
    if memo.entries == NULL or memo.count >> (memo.bits - 1):  # half full
        if grow(memo) < 0:
            return -1
    entry_of(memo, one, other)[0] = Entry(one, other, value)
    memo.count += 1
    return 0


cdef inline int grow(Memo *memo) noexcept nogil:
    cdef Memo larger
    cdef Entry entry
    cdef size_t at
    larger.bits = memo.bits + 1 if memo.entries != NULL else FIRST_BITS
    larger.count = memo.count
    larger.entries = <Entry *>calloc(<size_t>1 << larger.bits, sizeof(Entry))
    if larger.entries == NULL:
        return -1
    if memo.entries != NULL:
        for at in range(<size_t>1 << memo.bits):
            entry = memo.entries[at]
            if entry.value != FREE:
                entry_of(&larger, entry.one, entry.other)[0] = entry
        free(memo.entries)
    memo[0] = larger
    return 0
