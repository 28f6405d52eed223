# A queue of records between one thread that writes and one that reads, in memory of a fixed size.
# Touches its own memory only.  Nobody ever waits: what does not fit is counted and gone.

from libc.stdint cimport uint8_t, uint32_t, uint64_t


cdef struct Ring:
    uint8_t *room
    uint64_t size           # a power of two
    uint64_t written        # octets so far, by the writer
    uint64_t put            # records so far, by the writer
    uint64_t lost           # records that found no room
    uint8_t _apart[64]      # the two sides' counters lie in two lines of the processor's cache
    uint64_t read           # octets so far, by the reader
    uint64_t taken          # records so far


cdef Ring *new_ring(uint64_t size) except NULL
cdef void free_ring(Ring *ring) noexcept

cdef uint8_t *claim(Ring *ring, uint32_t size) noexcept nogil
    # Return room for a record, NULL when there is none.  Writer only.

cdef void commit(Ring *ring, uint32_t size) noexcept nogil
    # Show the reader what was written into the claimed room.

cdef const uint8_t *next_record(Ring *ring, uint32_t *size) noexcept nogil
    # Return the oldest record, NULL when there is none.  Reader only.

cdef void forget(Ring *ring, uint32_t size) noexcept nogil
    # Give back the room of the record that ``next_record`` returned.

cdef uint64_t forget_all(Ring *ring) noexcept nogil
    # Give back all that waits; returns how many records that were.  Reader only.
