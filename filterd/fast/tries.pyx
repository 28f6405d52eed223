# cython: language_level=3, wraparound=False, cdivision=True
# Ask one upstream once: see tries.pxd.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy
from filterd.fast.atomic cimport fence_for_reading, load_32
from filterd.fast.kernel cimport (
    MSG_DONTWAIT, close, connect, datagrams, disconnect, family_of, getrandom, send, watch
)
from filterd.fast.packet cimport Question
from filterd.fast.reply cimport to_upstream


cdef bint read_way(const Way *way, Way *copy) noexcept nogil:
    """Copy the way unless it is just being written; False as well when there is nobody to ask."""
    cdef uint32_t turn = load_32(&way.turn)
    memcpy(copy, way, sizeof(Way))
    fence_for_reading()
    return not turn & 1 and load_32(&way.turn) == turn and 0 < copy.count <= UPSTREAMS


cdef uint16_t random_id(Ids *ids) noexcept nogil:
    """Return two octets of the kernel's randomness, fetched by the hundred; 0 is as good as any."""
    if not ids.left:
        if getrandom(ids.random, sizeof(ids.random), 0) != sizeof(ids.random):
            return 0
        ids.left = 256
    ids.left -= 1
    return ids.random[ids.left]


cdef bint connect_try(Try *one, const Way *way, int poll, uint64_t number) noexcept nogil:
    cdef const uint8_t *address = way.addresses[one.upstream]
    if one.descriptor >= 0 and one.family != family_of(address):
        close(one.descriptor)
        one.descriptor = -1
    if one.descriptor < 0:
        one.family = family_of(address)
        one.descriptor = datagrams(one.family)
        if one.descriptor < 0:
            return False
        if watch(poll, one.descriptor, number):
            close(one.descriptor)
            one.descriptor = -1
            return False
    return connect(one.descriptor, address, way.sizes[one.upstream]) == 0


cdef bint send_try(
    Try *one, Ids *ids, const uint8_t *packet, const Question *question
) noexcept nogil:
    one.size = <uint16_t>to_upstream(packet, question, random_id(ids), one.query, QUERY_OCTETS)
    if not one.size or send(one.descriptor, one.query, one.size, MSG_DONTWAIT) != one.size:
        cut(one)
        return False
    one.is_open = True
    return True


cdef void cut(Try *one) noexcept nogil:
    one.is_open = False
    disconnect(one.descriptor)


cdef void close_try(Try *one) noexcept nogil:
    if one.descriptor >= 0:
        close(one.descriptor)
