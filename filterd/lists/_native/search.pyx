# cython: language_level=3, wraparound=False, initializedcheck=False
"""Look names up in the slots of an index; SipHash for Python.

May touch: the slots of the buffer it is given, read only.  The search itself is in slots.pxd, where
filterd.fast finds it too.  What a set number means is not known here.  The same in Python, and what
the two are tested against: lists/_python/search.py.
"""

from cpython.buffer cimport Py_buffer, PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free

from filterd.lists._native.siphash cimport SipKey, sip_key, siphash24
from filterd.lists._native.slots cimport find_in, pair_in, word_at


cdef extern from *:
    const char *FILTERD_SOURCES


SOURCES = FILTERD_SOURCES.decode()


cdef class Search:
    """As ``core.Search``; what both widths have in common.

    Raises ValueError when the slots cannot be searched.
    """

    def __cinit__(
        self,
        slots,
        uint32_t homes,
        bytes key not None,
        list here not None,
        list below not None,
        /,
    ):
        if len(here) != len(below):
            raise ValueError("every pair has two sets")
        self.slots.key = sip_key(key)
        self.slots.homes = homes
        self.slots.wide = isinstance(self, WideSearch)
        self.slots.pairs = len(here)
        self.slots.here = numbers(here)
        self.slots.below = numbers(below)
        PyObject_GetBuffer(slots, &self._buffer, PyBUF_SIMPLE)
        self.slots.at = <const uint8_t *>self._buffer.buf
        check_end(self)

    def __dealloc__(self):
        free(<void *>self.slots.here)
        free(<void *>self.slots.below)
        PyBuffer_Release(&self._buffer)

    def find(self, str name not None, /):
        """As ``core.Search.find``."""
        cdef Py_ssize_t length
        cdef const char *text = PyUnicode_AsUTF8AndSize(name, &length)
        return find_in(&self.slots, <const uint8_t *>text, length)

    def pair_of(self, str name not None, /):
        """As ``core.Search.pair_of``."""
        cdef Py_ssize_t length
        cdef const char *text = PyUnicode_AsUTF8AndSize(name, &length)
        return pair_in(&self.slots, <const uint8_t *>text, length)


cdef class NarrowSearch(Search):
    """As ``core.Search``, in slots of 8 bytes."""


cdef class WideSearch(Search):
    """As ``core.Search``, in slots of 16 bytes."""


def siphash(bytes key not None, bytes data not None, /):
    """As ``core.Core.siphash``."""
    cdef SipKey taken = sip_key(key)
    return siphash24(&taken, <const uint8_t *>PyBytes_AS_STRING(data), len(data))


cdef uint32_t *numbers(list each) except NULL:
    cdef uint32_t *made = <uint32_t *>calloc(len(each) + 1, sizeof(uint32_t))
    cdef size_t place = 0
    if made == NULL:
        raise MemoryError
    try:
        for number in each:
            made[place] = number
            place += 1
    except:
        free(made)
        raise
    return made


cdef int check_end(Search search) except -1:
    """See to it that every search ends inside the slots: at the last one, which is free."""
    cdef Py_ssize_t size = 16 if search.slots.wide else 8
    cdef Py_ssize_t length = search._buffer.len
    if length % size or length // size <= search.slots.homes:
        raise ValueError("there are fewer slots than homes")
    if word_at(search.slots.at + length - 8):
        raise ValueError("the last slot is not free")
    return 0
