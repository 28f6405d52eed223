# cython: language_level=3, wraparound=False, cdivision=True
# A queue of records without locks: see ring.pxd.
#
# A record is its size in four octets, four unused ones and its octets, filled up to a multiple of
# eight.  One that does not fit before the end of the room begins at its start; SKIP says so.

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from filterd.fast.atomic cimport load_64, store_64

cdef enum:
    HEAD = 8

cdef uint32_t SKIP = 0xFFFFFFFF


cdef inline uint64_t space_of(uint32_t size) noexcept nogil:
    return HEAD + ((<uint64_t>size + 7) & ~<uint64_t>7)


cdef Ring *new_ring(uint64_t size) except NULL:
    """Make a ring of ``size`` octets, a power of two."""
    cdef Ring *ring = <Ring *>calloc(1, sizeof(Ring))
    if ring == NULL:
        raise MemoryError
    ring.room = <uint8_t *>calloc(size, 1)
    if ring.room == NULL:
        free(ring)
        raise MemoryError
    ring.size = size
    return ring


cdef void free_ring(Ring *ring) noexcept:
    if ring != NULL:
        free(ring.room)
        free(ring)


cdef uint8_t *claim(Ring *ring, uint32_t size) noexcept nogil:
    cdef uint64_t space = space_of(size)
    cdef uint64_t at = ring.written & (ring.size - 1)
    cdef uint64_t skipped = 0
    if at + space > ring.size:
        skipped = ring.size - at
    if ring.written + skipped + space - load_64(&ring.read) > ring.size:
        store_64(&ring.lost, ring.lost + 1)
        return NULL
    if skipped:
        (<uint32_t *>(ring.room + at))[0] = SKIP
        store_64(&ring.written, ring.written + skipped)
        at = 0
    (<uint32_t *>(ring.room + at))[0] = size
    return ring.room + at + HEAD


cdef void commit(Ring *ring, uint32_t size) noexcept nogil:
    store_64(&ring.put, ring.put + 1)
    store_64(&ring.written, ring.written + space_of(size))


cdef const uint8_t *next_record(Ring *ring, uint32_t *size) noexcept nogil:
    cdef uint64_t written = load_64(&ring.written)
    cdef uint64_t at
    if ring.read == written:
        return NULL
    at = ring.read & (ring.size - 1)
    size[0] = (<uint32_t *>(ring.room + at))[0]
    if size[0] == SKIP:
        store_64(&ring.read, ring.read + ring.size - at)
        if ring.read == written:
            return NULL
        at = 0
        size[0] = (<uint32_t *>ring.room)[0]
    return ring.room + at + HEAD


cdef void forget(Ring *ring, uint32_t size) noexcept nogil:
    ring.taken += 1
    store_64(&ring.read, ring.read + space_of(size))


cdef uint64_t forget_all(Ring *ring) noexcept nogil:
    cdef uint64_t written = load_64(&ring.written)
    cdef uint64_t before = ring.taken
    cdef uint32_t size
    while ring.read < written and next_record(ring, &size) != NULL:
        forget(ring, size)
    return ring.taken - before
