# cython: language_level=3, wraparound=False, initializedcheck=False
"""Merge names into one table and close it over parents.

May touch: the names it is given, read only; every read stands behind a comparison with the end of
their text.  No I/O.  The loops run without the GIL and take it only to ask ``pairs`` about two
pairs that have not met before: what pairs mean is not known here.  The same in Python, and what the
two are tested against: lists/_python/build.py.

A name's parents are looked up once all names are in the table, and its pair is changed in place:
what a parent took over from its own parents, the name takes over from them as well.
"""

from cpython.buffer cimport Py_buffer, PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memchr, memset

from filterd.lists._native.fresh cimport cut, forget, new_bytes, start_of
from filterd.lists._native.memo cimport Memo, get, put
from filterd.lists._native.parents cimport (
    Parents,
    add_parent,
    has_any,
    labels_in,
    make_room,
    may_be_parent,
    with_labels,
)
from filterd.lists._native.siphash cimport SipKey, sip_key, siphash24
from filterd.lists._native.table cimport (
    CLOSED,
    FREE_PLACE,
    KEPT,
    LEFT_OUT,
    Table,
    place_of,
    put_in_order,
    soon,
)

from filterd.lists.pairs import NOTHING_MORE


cdef extern from *:
    const char *FILTERD_SOURCES


SOURCES = FILTERD_SOURCES.decode()

cdef enum:
    BATCH = 32  # names that are hashed before the first of them is looked up


cdef class Build:
    """One build; what C owns is freed with it.  Pairs are *kept*, counted from 1 (table.pxd)."""

    cdef object pairs
    cdef SipKey key
    cdef Table table
    cdef PyObject *hashes
    cdef PyObject *numbers
    cdef Memo unions
    cdef Memo closed
    cdef Parents parents

    def __cinit__(self, pairs, bytes key, size_t names):
        if names > KEPT:
            raise OverflowError("more names than a table has room for")
        self.key = sip_key(key)
        self.pairs = pairs
        self.table.homes = names + names // 4 + 1
        self.table.room = <size_t>self.table.homes + names + 1
        self.hashes = new_bytes(NULL, self.table.room * sizeof(uint64_t))
        self.numbers = new_bytes(NULL, self.table.room * sizeof(uint32_t))
        # Python's bytes start at a multiple of 8.
        self.table.hashes = <uint64_t *>start_of(self.hashes)
        self.table.numbers = <uint32_t *>start_of(self.numbers)
        memset(self.table.numbers, FREE_PLACE, self.table.room * sizeof(uint32_t))

    def __dealloc__(self):
        forget(self.hashes)
        forget(self.numbers)
        free(self.unions.entries)
        free(self.closed.entries)
        free(self.parents.words)

    cdef int add(
        self, const uint8_t *at, const uint8_t *end, uint32_t kept, bint are_parents
    ) except -1 nogil:
        """Add a section's names; ``are_parents`` says that their pair speaks of names below."""
        cdef uint64_t hashes[BATCH]
        cdef size_t count
        cdef size_t number
        cdef const uint8_t *name_end
        while at < end:
            count = 0
            while at < end and count < BATCH:
                name_end = end_of_name(at, end)
                hashes[count] = siphash24(&self.key, at, name_end - at)
                soon(&self.table, hashes[count])
                count += 1
                if are_parents:
                    with_labels(&self.parents, labels_in(at, name_end - at))[0] = True
                at = name_end + (name_end < end)
            for number in range(count):
                self.add_name(hashes[number], kept)
        return 0

    cdef int add_name(self, uint64_t hashed, uint32_t kept) except -1 nogil:
        cdef size_t place = place_of(&self.table, hashed)
        cdef uint32_t before = self.table.numbers[place]
        if before == FREE_PLACE:
            self.table.hashes[place] = hashed
            self.table.numbers[place] = kept
            self.table.count += 1
        elif before != kept:
            self.table.numbers[place] = self.union_of(before, kept)
        return 0

    cdef int note_parents(self) except -1:
        """Note which of the names in the table speak of what lies below them."""
        cdef bytes speaks = bytes([down != 0 for _, down in self.pairs.pairs])
        cdef const uint8_t *speak = <const uint8_t *>speaks
        cdef size_t place
        cdef uint32_t kept
        if make_room(&self.parents, self.table.count) < 0:
            raise MemoryError
        with nogil:
            for place in range(self.table.room):
                kept = self.table.numbers[place]
                if kept != FREE_PLACE and speak[kept - 1]:
                    add_parent(&self.parents, self.table.hashes[place])
        return 0

    cdef int close(self, const uint8_t *at, const uint8_t *end) except -1 nogil:
        """Add to the pairs of a section's names what their parents say."""
        cdef const uint8_t *name_end
        cdef uint32_t above
        while at < end:
            name_end = end_of_name(at, end)
            above = self.above(at, name_end)
            if above != FREE_PLACE:
                self.close_name(siphash24(&self.key, at, name_end - at), above)
            at = name_end + (name_end < end)
        return 0

    cdef uint32_t above(self, const uint8_t *name, const uint8_t *end) except -1 nogil:
        """Return the union of what the name's parents say, FREE_PLACE when they say nothing."""
        cdef size_t labels = labels_in(name, end - name)
        cdef uint32_t above = FREE_PLACE
        cdef uint32_t parent
        cdef uint64_t hashed
        while True:
            name = <const uint8_t *>memchr(name, c'.', end - name)
            if name == NULL:
                return above
            name += 1
            labels -= 1
            if not with_labels(&self.parents, labels)[0]:
                continue
            hashed = siphash24(&self.key, name, end - name)
            if may_be_parent(&self.parents, hashed):
                parent = self.table.numbers[place_of(&self.table, hashed)] & KEPT
                if parent != FREE_PLACE:
                    above = parent if above == FREE_PLACE else self.union_of(above, parent)

    cdef int close_name(self, uint64_t hashed, uint32_t above) except -1 nogil:
        cdef size_t place = place_of(&self.table, hashed)
        cdef uint32_t number = self.table.numbers[place]
        if not number & CLOSED:
            self.table.numbers[place] = self.under(number & KEPT, above) | CLOSED
        return 0

    cdef uint32_t union_of(self, uint32_t one, uint32_t other) except -1 nogil:
        cdef uint32_t union
        if one == other:
            return one
        union = get(&self.unions, one, other)
        if union == 0:
            with gil:
                union = kept_of(self.pairs.union(one - 1, other - 1))
                remember(&self.unions, one, other, union)
        return union

    cdef uint32_t under(self, uint32_t own, uint32_t above) except -1 nogil:
        """Return what becomes of a name's own pair below ``above``; LEFT_OUT where that is all."""
        cdef uint32_t closed = get(&self.closed, own, above)
        if closed == 0:
            with gil:
                number = self.pairs.under(own - 1, above - 1)
                closed = own | LEFT_OUT if number == NOTHING_MORE else kept_of(number)
                remember(&self.closed, own, above, closed)
        return closed

    cdef tuple result(self):
        cdef size_t count
        cdef size_t distinct = self.table.count
        with nogil:
            count = put_in_order(&self.table)
        hashes = cut(&self.hashes, count * sizeof(uint64_t))
        numbers = cut(&self.numbers, count * sizeof(uint32_t))
        return memoryview(hashes).cast("Q"), memoryview(numbers).cast("I"), distinct


cdef class Section:
    """The text of some names, kept in its place for as long as this lives."""

    cdef Py_buffer view
    cdef const uint8_t *start
    cdef const uint8_t *end
    cdef uint32_t kept

    def __cinit__(self, text, number):
        PyObject_GetBuffer(text, &self.view, PyBUF_SIMPLE)
        self.start = <const uint8_t *>self.view.buf
        self.end = self.start + self.view.len
        self.kept = kept_of(number)

    def __dealloc__(self):
        PyBuffer_Release(&self.view)

    cdef size_t count(self) noexcept nogil:
        """Return how many names there are."""
        cdef size_t names = self.view.len > 0 and (self.end - 1)[0] != c'\n'
        cdef const uint8_t *at = self.start
        while at < self.end:
            names += at[0] == c'\n'
            at += 1
        return names


def build(sections, pairs, bytes key not None, /):
    """As ``core.Core.build``."""
    cdef list each = [Section(text, number) for text, number in sections]
    cdef size_t names = 0
    cdef Section section
    cdef Build made
    cdef bint are_parents
    for section in each:
        names += section.count()
    made = Build(pairs, key, names)
    for section in each:
        are_parents = pairs.pairs[section.kept - 1][1] != 0
        with nogil:
            made.add(section.start, section.end, section.kept, are_parents)
    if has_any(&made.parents):
        made.note_parents()
        for section in each:
            with nogil:
                made.close(section.start, section.end)
    return made.result()


cdef inline const uint8_t *end_of_name(const uint8_t *at, const uint8_t *end) noexcept nogil:
    cdef const uint8_t *found = <const uint8_t *>memchr(at, c'\n', end - at)
    return found if found != NULL else end


cdef uint32_t kept_of(number) except -1:
    if not 0 <= number < KEPT:
        raise OverflowError("more pairs than can be numbered")
    return number + 1


cdef int remember(Memo *memo, uint32_t one, uint32_t other, uint32_t value) except -1:
    if put(memo, one, other, value) < 0:
        raise MemoryError
    return 0
