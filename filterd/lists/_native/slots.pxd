# The slots of an index file and the search in them: inline functions for lists.index and for
# filterd.fast, the same as lists/_python/search.py.
#
# May touch: the slots, read only; ``opened`` in search.pyx makes sure that the last one is free, so
# that every search ends inside.  Allocates nothing, raises nothing, needs no GIL.
# The layout is described in lists/layout.py.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from filterd.lists._native.siphash cimport SipKey, siphash24


cdef struct Slots:
    const uint8_t *at
    uint32_t homes
    bint wide
    SipKey key
    # What a pair of the index means, by its number: the set of the name itself and of those below.
    const uint32_t *here
    const uint32_t *below
    uint32_t pairs


cdef inline uint32_t home_of(uint64_t hashed, uint32_t homes) noexcept nogil:
    """Return ``hashed * homes >> 64`` without a number of 128 bits."""
    return ((hashed >> 32) * homes + ((hashed & <uint64_t>0xFFFFFFFF) * homes >> 32)) >> 32


cdef extern from *:
    """
    static inline void filterd_fetch(const void *at) { __builtin_prefetch(at); }
    """
    # Let the processor load what lies there while it does something else.  Reads nothing.
    void fetch "filterd_fetch"(const void *at) noexcept nogil


cdef inline const uint8_t *slot_of(const Slots *slots, uint64_t hashed) noexcept nogil:
    """Return where the search for a hash begins."""
    return slots.at + (<size_t>16 if slots.wide else <size_t>8) * home_of(hashed, slots.homes)


cdef inline uint64_t word_at(const uint8_t *at) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, at, sizeof(word))
    return word


cdef inline uint64_t narrow_pair(const Slots *slots, uint64_t hashed) noexcept nogil:
    cdef const uint8_t *at = slots.at + <size_t>8 * home_of(hashed, slots.homes)
    cdef uint64_t slot = word_at(at)
    while slot:
        if slot >> 16 == hashed & <uint64_t>0xFFFFFFFFFFFF:
            return slot & 0xFFFF
        at += 8
        slot = word_at(at)
    return 0


cdef inline uint64_t wide_pair(const Slots *slots, uint64_t hashed) noexcept nogil:
    cdef const uint8_t *at = slots.at + <size_t>16 * home_of(hashed, slots.homes)
    cdef uint64_t pair = word_at(at + 8)
    while pair:
        if word_at(at) == hashed:
            return pair
        at += 16
        pair = word_at(at + 8)
    return 0


cdef inline uint32_t pair_in(const Slots *slots, const uint8_t *name, size_t length) noexcept nogil:
    """Return the pair of a listed name; 0 when it is not listed or the file makes no sense."""
    cdef uint64_t hashed = siphash24(&slots.key, name, length)
    cdef uint64_t pair = wide_pair(slots, hashed) if slots.wide else narrow_pair(slots, hashed)
    return <uint32_t>pair if pair < slots.pairs else 0


cdef inline uint32_t find_in(const Slots *slots, const uint8_t *name, size_t length) noexcept nogil:
    """Return the number of the tag set that holds for a name, 0 when there is none.

    The search goes from the name upwards and ends at the first that is listed.
    """
    cdef const uint32_t *sets = slots.here
    cdef const uint8_t *end = name + length
    cdef uint32_t pair
    while name < end:
        pair = pair_in(slots, name, end - name)
        if pair:
            return sets[pair]
        sets = slots.below
        name = <const uint8_t *>memchr(name, c'.', end - name)
        if name == NULL:
            return 0
        name += 1
    return 0
