# cython: language_level=3, wraparound=False, cdivision=True
# Walk over a name once for all texts: see texts.pxd.

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from filterd.lists import texts as _texts

cdef enum:
    OCTETS = 256
    FOUND = 0

if _texts.FOUND != FOUND:
    raise ImportError("the table of texts has another state for what was found")


cdef bint may_have_text(const Texts *texts, const uint8_t *text, uint32_t size) noexcept nogil:
    cdef uint32_t state = texts.start
    cdef uint32_t at
    if texts.rows == NULL or not size:
        return True
    for at in range(size):
        state = texts.rows[state * texts.width + texts.columns[text[at]]]
    return texts.rows[state * texts.width + texts.end] == FOUND


cdef int take_texts(Texts *texts, object walk) except -1:
    cdef const uint16_t[::1] rows
    cdef bytes columns
    cdef uint32_t states, at
    texts.rows = NULL
    if walk is None:
        return 0
    columns, rows = walk.columns, memoryview(walk.rows).cast("H")
    texts.width, texts.start, texts.end = _texts.WIDTH, walk.start, _texts.END
    states = <uint32_t>len(rows) // texts.width
    if len(columns) != OCTETS or max(columns) >= texts.width or texts.start >= states:
        raise ValueError("a walk that begins outside its table")
    for at in range(<uint32_t>len(rows)):
        if rows[at] >= states:
            raise ValueError("a walk that leads out of its table")
    texts.columns = <const uint8_t *>columns
    texts.rows = &rows[0]
    return 0
