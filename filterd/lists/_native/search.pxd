# What filterd.fast may cimport: an open index, its slots ready for ``slots.find_in``.
#
# May touch: nothing; the object keeps the buffer of the slots, which are read only.

from cpython.buffer cimport Py_buffer

from filterd.lists._native.slots cimport Slots


cdef class Search:
    # Valid as long as the object lives.
    cdef Slots slots
    cdef Py_buffer _buffer
