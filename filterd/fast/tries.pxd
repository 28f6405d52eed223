# One query to one plain upstream: whom to ask, from a fresh random port, with a random id.
#
# Touches the try it is given and its socket, which is connected to the upstream, so that nobody else
# is heard; reads the way, which Python writes while workers read it.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from filterd.fast.packet cimport Question

cdef enum:
    UPSTREAMS = 2
    QUERY_OCTETS = 512      # a plain query is never longer, but for options that go to Python


cdef struct Way:
    # Whom to ask: the first, and the one to ask beside it when it is slow.  No upstream: pass.
    uint32_t turn           # odd while it is written
    uint32_t number         # of the way: counts of an older one say nothing
    uint32_t count
    uint32_t sizes[2]
    uint8_t addresses[2][28]


cdef struct Ids:
    # Random numbers, fetched by the hundred.
    uint32_t left
    uint16_t random[256]


cdef struct Try:
    # A socket is kept for the next flight: cut off from its peer it loses its port as well.
    int descriptor          # -1: none yet
    int family
    bint is_open            # something is asked, and may be heard
    uint32_t upstream
    double started
    uint16_t size
    uint8_t query[512]


cdef bint read_way(const Way *way, Way *copy) noexcept nogil
    # Copy the way unless it is just being written; False as well when there is nobody to ask.

cdef bint connect_try(Try *one, const Way *way, int poll, uint64_t number) noexcept nogil
    # Connect a try's socket to its upstream, which gives it a random port; a new one is watched
    # under ``number``.

cdef bint send_try(
    Try *one, Ids *ids, const uint8_t *packet, const Question *question
) noexcept nogil
    # Ask on a connected socket what a client's packet asks; False when nothing left.

cdef void cut(Try *one) noexcept nogil
    # Stop to hear the upstream: the port is given back, what comes late finds nobody.

cdef void close_try(Try *one) noexcept nogil
