# cython: language_level=3, wraparound=False, cdivision=True
# The queue of passed packets: see passing.pxd.

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy
from filterd.fast.ring cimport claim, commit, forget, next_record


cdef bint hand_over(
    Ring *ring, Why why, const Peer *peer, double since, const uint8_t *packet, uint32_t size
) noexcept nogil:
    cdef Passed passed
    cdef uint8_t *room = claim(ring, sizeof(Passed) + size)
    if room == NULL:
        return False
    passed.peer = peer[0]
    passed.why = why
    passed.since = since
    passed.size = size
    memcpy(room, &passed, sizeof(Passed))
    memcpy(room + sizeof(Passed), packet, size)
    commit(ring, sizeof(Passed) + size)
    return True


cdef list taken(Ring *ring, uint32_t most):
    cdef const uint8_t *record
    cdef Passed passed
    cdef uint32_t size
    found = []
    while len(found) < most:
        record = next_record(ring, &size)
        if record == NULL:
            break
        memcpy(&passed, record, sizeof(Passed))
        found.append((
            <int>passed.why,
            passed.peer.socket,
            <bytes>passed.peer.address[:passed.peer.address_size],
            <bytes>passed.peer.control[:passed.peer.control_size],
            passed.since,
            <bytes>record[sizeof(Passed):sizeof(Passed) + passed.size],
        ))
        forget(ring, size)
    return found
