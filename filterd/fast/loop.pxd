# The worker threads: receive in batches, answer what can be proven, pass the rest, send in batches.
#
# A worker touches its own sockets, rings and counters, the shared cache, and the world in force,
# which it marks as used for as long as a batch takes.  Nothing in it calls Python.

from cython cimport final
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from filterd.fast.common cimport Core
from filterd.fast.flights cimport End, Flight, Flights
from filterd.fast.judge cimport Asked, Turn, Why
from filterd.fast.kernel cimport iovec, mmsghdr
from filterd.fast.passing cimport Peer
from filterd.fast.ring cimport Ring

cdef enum:
    BATCH = 64
    # As net.udp.LARGEST_QUERY, and a little more: buffers 4 KiB apart would fight for one line of
    # the processor's cache.
    LARGEST_QUERY = 4096
    QUERY_ROOM = 4224
    REPLIES_ROOM = 81920    # 64 times LARGEST_SENT, and the next multiple of 16


cdef struct Counts:
    uint64_t received
    uint64_t answered
    uint64_t passed
    uint64_t unpassed       # there was no room to pass them
    uint64_t send_errors


cdef struct Batch:
    # The memory of one batch, made once.
    mmsghdr got[64]
    iovec got_at[64]
    mmsghdr sent[64]
    iovec sent_at[64]
    Peer peers[64]
    Peer landed[64]         # of replies to those who waited for an upstream
    uint8_t control[64][64]
    uint8_t queries[64][4224]
    uint8_t replies[81920]  # one behind the other


@final
cdef class Worker:
    cdef Core core
    cdef uint32_t number    # of this worker in ``core``
    cdef Ring *lines
    cdef Ring *passed
    cdef Batch *batch
    cdef Counts counts
    cdef Asked asked[2]     # the query at hand, and the next one
    cdef Flights *flights
    cdef uint32_t filled    # octets of ``replies`` that are in use
    cdef uint32_t landed    # replies that wait in ``batch``, all for one socket
    cdef uint16_t landed_on
    cdef int descriptors[64]
    cdef bint is_wild[64]
    cdef int poll
    cdef int stop_event
    cdef int wake_event     # another worker has an answer that we wait for
    cdef bint has_passed
    cdef void prepare(self) noexcept
    cdef int run(self) except -1 nogil
    cdef void begin(self, Turn *turn) noexcept nogil
    cdef void end(self) noexcept nogil
    cdef void drain(self, uint16_t number) noexcept nogil
    cdef void take(self, const Turn *turn, uint16_t number, int at) noexcept nogil
    cdef uint32_t handle(self, const Turn *turn, uint16_t number, int got) noexcept nogil
    cdef void land(self, uint64_t number) noexcept nogil
    cdef void look_after(self) noexcept nogil
    cdef void end_flight(self, const Turn *turn, Flight *flight, End how) noexcept nogil
    cdef void send_landed(self) noexcept nogil
    cdef void address_reply(self, uint32_t at, Peer *peer, uint32_t size) noexcept nogil
    cdef void flush(self, int descriptor, uint32_t count) noexcept nogil
    cdef void pass_on(
        self, Why why, const Peer *peer, double since, const uint8_t *packet, uint32_t size
    ) noexcept nogil
