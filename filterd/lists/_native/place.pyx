# cython: language_level=3, wraparound=False, initializedcheck=False
"""Put names into the slots of an index file, as lists/layout.py describes them.

May touch: the hashes and numbers it is given, read only.  No I/O.  The same in Python, and what the
two are tested against: lists/_python/build.py.
"""

from cpython.buffer cimport Py_buffer, PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from filterd.lists._native.fresh cimport cut, forget, new_bytes, start_of
from filterd.lists._native.slots cimport home_of, word_at


cdef extern from *:
    const char *FILTERD_SOURCES


SOURCES = FILTERD_SOURCES.decode()


cdef struct Sorted:
    const uint8_t *hashes
    const uint8_t *numbers
    size_t count


def place_narrow(hashes, numbers, uint32_t homes, /):
    """As ``core.Core.place_narrow``."""
    return placed(hashes, numbers, homes, False)


def place_wide(hashes, numbers, uint32_t homes, /):
    """As ``core.Core.place_wide``."""
    return placed(hashes, numbers, homes, True)


cdef bytes placed(hashes, numbers, uint32_t homes, bint wide):
    cdef Py_buffer of_hashes
    cdef Py_buffer of_numbers
    cdef Sorted names
    PyObject_GetBuffer(hashes, &of_hashes, PyBUF_SIMPLE)
    try:
        PyObject_GetBuffer(numbers, &of_numbers, PyBUF_SIMPLE)
        try:
            names.hashes = <const uint8_t *>of_hashes.buf
            names.numbers = <const uint8_t *>of_numbers.buf
            names.count = of_hashes.len // sizeof(uint64_t)
            if of_numbers.len // sizeof(uint32_t) != names.count:
                raise ValueError("every hash has one number")
            return slots_of(&names, homes, wide)
        finally:
            PyBuffer_Release(&of_numbers)
    finally:
        PyBuffer_Release(&of_hashes)


cdef bytes slots_of(const Sorted *names, uint32_t homes, bint wide):
    cdef size_t size = 16 if wide else 8
    cdef size_t length = size * slots_needed(names, homes)
    cdef PyObject *made = new_bytes(NULL, length)
    cdef uint8_t *slots = <uint8_t *>start_of(made)
    with nogil:
        memset(slots, 0, length)
        if wide:
            fill_wide(names, homes, slots)
        else:
            fill_narrow(names, homes, slots)
    return cut(&made, length)


cdef size_t slots_needed(const Sorted *names, uint32_t homes) noexcept nogil:
    """Return how many slots are needed: all homes, all names, and a free one."""
    cdef size_t number
    cdef size_t free_one = 0  # the first slot behind all names so far
    for number in range(names.count):
        free_one = slot_for(hash_at(names, number), homes, free_one) + 1
    return (free_one if free_one > homes else homes) + 1


cdef void fill_narrow(const Sorted *names, uint32_t homes, uint8_t *slots) noexcept nogil:
    cdef size_t number
    cdef size_t at
    cdef size_t free_one = 0
    cdef uint64_t slot
    for number in range(names.count):
        at = slot_for(hash_at(names, number), homes, free_one)
        slot = hash_at(names, number) << 16 | (number_at(names, number) & 0xFFFF)
        memcpy(slots + 8 * at, &slot, 8)
        free_one = at + 1


cdef void fill_wide(const Sorted *names, uint32_t homes, uint8_t *slots) noexcept nogil:
    cdef size_t number
    cdef size_t at
    cdef size_t free_one = 0
    cdef uint64_t pair
    for number in range(names.count):
        at = slot_for(hash_at(names, number), homes, free_one)
        pair = number_at(names, number)
        memcpy(slots + 16 * at, names.hashes + 8 * number, 8)
        memcpy(slots + 16 * at + 8, &pair, 8)
        free_one = at + 1


cdef inline size_t slot_for(uint64_t hashed, uint32_t homes, size_t free_one) noexcept nogil:
    """Return the name's home, or the first free slot behind it; names come in order of homes."""
    cdef size_t home = home_of(hashed, homes)
    return home if home > free_one else free_one


cdef inline uint64_t hash_at(const Sorted *names, size_t number) noexcept nogil:
    return word_at(names.hashes + 8 * number)


cdef inline uint32_t number_at(const Sorted *names, size_t number) noexcept nogil:
    cdef uint32_t found
    memcpy(&found, names.numbers + 4 * number, 4)
    return found
