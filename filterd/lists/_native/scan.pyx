# cython: language_level=3, wraparound=False, initializedcheck=False
"""Sort the lines of a list: the names of ordinary lines, and all other lines as they stand.

May touch: the text it is given, read only; every read stands behind a comparison with the end of
its line.  No I/O, no regular expression, nothing kept between calls; the lines are gone through
once and without the GIL.  What another line means is not known here.  The same in Python, and what
the two are tested against: lists/_python/scan.py.
"""

from cpython.buffer cimport Py_buffer, PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memchr, memcmp, memcpy

from filterd.lists._native.fresh cimport cut, forget, new_bytes, start_of
from filterd.lists._native.names cimport is_blank, name_length

from filterd.lists.parsed import Names


cdef extern from *:
    const char *FILTERD_SOURCES


SOURCES = FILTERD_SOURCES.decode()

cdef enum:
    LEAST_LINE = 4  # bytes of the shortest ordinary line, "a.b" and its end
    FIRST_ROOM = 256  # other lines


cdef struct Literal:
    const uint8_t *at
    size_t length


cdef struct Literals:
    Literal *each
    size_t count


cdef struct ShapeOf:
    Literals starts
    Literals ends
    Literals never


cdef struct Found:  # the names of one shape
    PyObject *text
    PyObject *lines
    size_t length
    size_t count


cdef struct Other:
    const uint8_t *at
    size_t length
    uint32_t number


cdef class Scanner:
    """One text on its way through the shapes; what C owns is freed with it."""

    cdef tuple shapes  # keeps the literals' bytes alive
    cdef ShapeOf *shape
    cdef Found *found
    cdef size_t count
    cdef Other *others
    cdef size_t other_count
    cdef size_t other_room

    def __cinit__(self, shapes):
        self.shapes = tuple(
            (tuple(shape.starts), tuple(shape.ends), tuple(shape.never)) for shape in shapes
        )
        self.shape = <ShapeOf *>calloc(len(self.shapes) + 1, sizeof(ShapeOf))
        self.found = <Found *>calloc(len(self.shapes) + 1, sizeof(Found))
        if self.shape == NULL or self.found == NULL:
            raise MemoryError
        self.count = len(self.shapes)
        for number, (starts, ends, never) in enumerate(self.shapes):
            take_apart(&self.shape[<size_t>number].starts, starts)
            take_apart(&self.shape[<size_t>number].ends, ends)
            take_apart(&self.shape[<size_t>number].never, never)

    def __dealloc__(self):
        cdef size_t number
        for number in range(self.count):
            free(self.shape[number].starts.each)
            free(self.shape[number].ends.each)
            free(self.shape[number].never.each)
            forget(self.found[number].text)
            forget(self.found[number].lines)
        free(self.shape)
        free(self.found)
        free(self.others)

    cdef int make_room(self, size_t size) except -1:
        """Have room for the names of ``size`` bytes of text, all of them of any one shape."""
        cdef size_t number
        for number in range(self.count):
            self.found[number].text = new_bytes(NULL, size + 1)
            self.found[number].lines = new_bytes(NULL, (size // LEAST_LINE + 1) * sizeof(uint32_t))
        return 0

    cdef int read(self, const uint8_t *at, size_t length, uint32_t number) except -1 nogil:
        """Go through the lines, from ``number`` on; the last one may lack its end."""
        cdef const uint8_t *end = at + length
        cdef const uint8_t *line_end
        while at < end:
            line_end = <const uint8_t *>memchr(at, c'\n', end - at)
            if line_end == NULL:
                line_end = end
            if not self.take_name(at, line_end, number):
                self.keep(at, line_end - at, number)
            at = line_end + (line_end < end)
            number += 1
        return 0

    cdef bint take_name(
        self, const uint8_t *at, const uint8_t *end, uint32_t number
    ) noexcept nogil:
        """Put the name of an ordinary line away; tell whether this is one."""
        cdef size_t shape
        cdef const uint8_t *name
        cdef size_t length
        for shape in range(self.count):
            length = name_in(&self.shape[shape], at, end, &name)
            if length:
                put(&self.found[shape], name, length, number)
                return True
        return False

    cdef int keep(self, const uint8_t *at, size_t length, uint32_t number) except -1 nogil:
        """Note another line."""
        cdef Other *more
        cdef size_t room
        if self.other_count == self.other_room:
            room = 2 * self.other_room or FIRST_ROOM
            more = <Other *>realloc(self.others, room * sizeof(Other))
            if more == NULL:
                with gil:
                    raise MemoryError
            self.others = more
            self.other_room = room
        self.others[self.other_count] = Other(at, length, number)
        self.other_count += 1
        return 0

    cdef list names(self):
        cdef list each = []
        cdef size_t number
        cdef Found *found
        for number in range(self.count):
            found = &self.found[number]
            text = cut(&found.text, found.length)
            each.append(Names(text, cut(&found.lines, found.count * sizeof(uint32_t))))
        return each

    cdef list other_lines(self):
        cdef list each = []
        cdef size_t place
        cdef Other other
        for place in range(self.other_count):
            other = self.others[place]
            line = PyBytes_FromStringAndSize(<const char *>other.at, other.length)
            each.append((other.number, line))
        return each


def scan(text, shapes, uint32_t first=1, /):
    """As ``core.Core.scan``; takes time in proportion to the text, whatever it holds."""
    cdef Py_buffer view
    cdef Scanner scanner = Scanner(shapes)
    PyObject_GetBuffer(text, &view, PyBUF_SIMPLE)
    try:
        scanner.make_room(view.len)
        with nogil:
            scanner.read(<const uint8_t *>view.buf, view.len, first)
        return scanner.names(), scanner.other_lines()
    finally:
        PyBuffer_Release(&view)


cdef int take_apart(Literals *literals, tuple texts) except -1:
    literals.each = <Literal *>calloc(len(texts) + 1, sizeof(Literal))
    if literals.each == NULL:
        raise MemoryError
    for text in texts:
        literals.each[literals.count].at = <const uint8_t *>PyBytes_AS_STRING(text)
        literals.each[literals.count].length = len(<bytes?>text)
        literals.count += 1
    return 0


cdef inline void put(
    Found *found, const uint8_t *name, size_t length, uint32_t number
) noexcept nogil:
    """Add a name with its line; ``make_room`` saw to the room."""
    cdef char *text = start_of(found.text) + found.length
    memcpy(text, name, length)
    text[length] = c'\n'
    found.length += length + 1
    memcpy(start_of(found.lines) + found.count * sizeof(uint32_t), &number, sizeof(uint32_t))
    found.count += 1


cdef size_t name_in(
    const ShapeOf *shape, const uint8_t *at, const uint8_t *end, const uint8_t **name
) noexcept nogil:
    """Return the length of the line's name and set ``name``, 0 when it has not this shape."""
    cdef size_t start
    cdef size_t length
    for start in range(shape.starts.count):
        name[0] = behind(&shape.starts.each[start], at, end)
        if name[0] == NULL:
            continue
        length = name_length(name[0], end - name[0])
        if (
            length
            and not is_local(name[0], length)
            and is_ended(&shape.ends, name[0] + length, end)
            and not ends_in(&shape.never, name[0], length)
        ):
            return length
    return 0


cdef inline const uint8_t *behind(
    const Literal *literal, const uint8_t *at, const uint8_t *end
) noexcept nogil:
    """Return where the line goes on behind ``literal``, NULL when that does not stand here.

    A blank of the literal is one blank or tab of the line or more.
    """
    cdef size_t place
    for place in range(literal.length):
        if at == end:
            return NULL
        if literal.at[place] == c' ':
            if not is_blank(at[0]):
                return NULL
            at += 1
            if place + 1 == literal.length or literal.at[place + 1] != c' ':
                at = behind_blanks(at, end)
        elif at[0] != literal.at[place]:
            return NULL
        else:
            at += 1
    return at


cdef inline const uint8_t *behind_blanks(const uint8_t *at, const uint8_t *end) noexcept nogil:
    while at < end and is_blank(at[0]):
        at += 1
    return at


cdef inline bint is_ended(
    const Literals *ends, const uint8_t *at, const uint8_t *end
) noexcept nogil:
    """Tell whether one of ``ends`` and blanks are all that is left of the line."""
    cdef size_t number
    cdef const uint8_t *rest
    for number in range(ends.count):
        rest = behind(&ends.each[number], at, end)
        if rest != NULL and behind_blanks(rest, end) == end:
            return True
    return False


cdef inline bint ends_in(
    const Literals *tails, const uint8_t *name, size_t length
) noexcept nogil:
    cdef size_t number
    cdef Literal tail
    for number in range(tails.count):
        tail = tails.each[number]
        if tail.length <= length:
            if memcmp(name + length - tail.length, tail.at, tail.length) == 0:
                return True
    return False


cdef inline bint is_local(const uint8_t *name, size_t length) noexcept nogil:
    """Tell whether this is the machine's own name, like ``localhost.localdomain``."""
    return length >= 9 and name[0] == c'l' and memcmp(name, b"localhost", 9) == 0
