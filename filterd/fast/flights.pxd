# Questions on their way to plain upstreams, and who waits for each.
#
# A flight is one question, and two tries at most.  Equal questions share a flight, and a flight for what
# another worker asks *follows* that one: it asks only when the other is slow or brings nothing.
# Touches its own memory and tries and the table of what is asked, and keeps answers in the cache.  All it cannot prove ends
# with its waiters passed to Python: what was truncated, malformed, unsure or not to be kept.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from filterd.fast.airborne cimport Airborne, Part
from filterd.fast.answer cimport Answer
from filterd.fast.cache cimport Store
from filterd.fast.judge cimport Asked
from filterd.fast.packet cimport Question
from filterd.fast.passing cimport Peer
from filterd.fast.tries cimport Ids, Try, Way

cdef enum:
    MOST_FLIGHTS = 128
    MOST_WAITERS = 1024
    MOST_TRIES = 2
    NOBODY = 0              # of waiters, whose numbers begin at 1


cdef struct Health:
    # What was heard of the upstreams of one way; counted by one thread, read by Python.
    uint64_t number
    uint64_t answered[2]
    uint64_t failed[2]


cdef struct Waiter:
    uint32_t next
    uint32_t size
    double since
    Peer peer
    uint8_t packet[512]


cdef struct Flight:
    uint64_t hash
    Question question
    Way way
    double deadline
    double next_look        # tick
    Part part
    bint is_asked           # at least one try left
    uint32_t tries_made
    Try tries[2]
    uint32_t first
    uint32_t last


cdef enum End:
    # How a flight ended.
    FLYING = 0
    KEPT = 1                # the answer is in the cache
    UNPROVEN = 2            # Python must ask
    UNANSWERED = 3          # nobody answered in time


cdef struct Flights:
    const Way *way
    Store *store
    Airborne *airborne
    uint32_t worker         # our number there
    int poll
    double next_look        # the earliest of all flights
    bint is_woken           # another worker's flight has landed since the last look
    uint32_t count
    uint32_t free_waiter
    uint64_t asked          # counter
    Health health
    Ids ids
    Answer answer
    uint8_t reply[4096]
    bint is_used[128]
    uint64_t hashes[128]
    Flight flights[128]
    Waiter waiters[1025]


cdef Flights *new_flights(
    const Way *way, Store *store, Airborne *airborne, uint32_t worker, int poll
) except NULL
cdef void free_flights(Flights *flights) noexcept

cdef bint board(Flights *flights, const Asked *asked, const Peer *peer, double tick) noexcept nogil
    # Let a query wait for its answer, asking for it first when nobody does; False: pass it.

cdef Flight *hear(Flights *flights, uint64_t number, double tick, End *how) noexcept nogil
    # Read the socket that ``number`` (of poll) stands for; return the flight that ended so, or NULL.

cdef Flight *look(Flights *flights, double tick, End *how) noexcept nogil
    # Ask beside what is slow, and for what another worker did not bring; return a flight that ended
    # by its time or by another's.  Call again until it is NULL.

cdef Waiter *leaving(Flights *flights, Flight *flight) noexcept nogil
    # Return the next who waited, good until the next call, and NULL at the end of the flight.

cdef int wait_ms(const Flights *flights, double tick) noexcept nogil
    # Return how long poll may wait, -1 for ever.
