# cython: language_level=3, wraparound=False, cdivision=True
# Ask upstreams: see flights.pxd.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset
from filterd.fast.airborne cimport (
    ALONE, FOLLOWS, FOR_PYTHON, KEPT_FOR_ALL, LEADS, NOTHING, PASSES, Airborne, Landing, landed, take_part
)
from filterd.fast.answer cimport LARGEST_REPLY, is_reply_to, walk
from filterd.fast.atomic cimport add_64, store_64
from filterd.fast.cache cimport find_locked, keep, unlock
from filterd.fast.kernel cimport MSG_DONTWAIT, is_broken, recv
from filterd.fast.packet cimport CD, HEADER_OCTETS
from filterd.fast.tries cimport (
    QUERY_OCTETS, Try, Way, close_try, connect_try, cut, read_way, send_try
)

from filterd.resolve.pace import DEADLINE_S, MOST_READS, NEXT_TRY_S, SLOW_SHARE
from filterd.wire import codes

cdef double DEADLINE = DEADLINE_S
cdef double NEXT_TRY = NEXT_TRY_S
cdef double SLOW = NEXT_TRY_S * SLOW_SHARE
cdef uint32_t READS = MOST_READS
cdef uint16_t FORMERR = codes.FORMERR
cdef uint16_t SERVFAIL = codes.SERVFAIL
cdef uint16_t NOTIMP = codes.NOTIMP
cdef uint16_t REFUSED = codes.REFUSED

cdef double NEVER = 1e300


cdef Flights *new_flights(
    const Way *way, Store *store, Airborne *airborne, uint32_t worker, int poll
) except NULL:
    cdef Flights *flights = <Flights *>calloc(1, sizeof(Flights))
    cdef int at
    if flights == NULL:
        raise MemoryError
    flights.way = way
    flights.store = store
    flights.airborne = airborne
    flights.worker = worker
    flights.poll = poll
    flights.next_look = NEVER
    flights.free_waiter = 1
    for at in range(1, MOST_WAITERS):
        flights.waiters[at].next = at + 1
    for at in range(MOST_FLIGHTS):
        flights.flights[at].tries[0].descriptor = flights.flights[at].tries[1].descriptor = -1
    return flights


cdef void free_flights(Flights *flights) noexcept:
    cdef int at, made
    if flights == NULL:
        return
    for at in range(MOST_FLIGHTS):
        for made in range(MOST_TRIES):
            close_try(&flights.flights[at].tries[made])
    free(flights)


cdef bint board(Flights *flights, const Asked *asked, const Peer *peer, double tick) noexcept nogil:
    cdef uint32_t number = flights.free_waiter
    cdef Waiter *waiter
    cdef Flight *flight
    if number == NOBODY or asked.size > QUERY_OCTETS:
        return False
    flight = flight_of(flights, asked)
    if flight == NULL:
        flight = take_off(flights, asked, tick)
    if flight == NULL:
        return False
    waiter = &flights.waiters[number]
    flights.free_waiter = waiter.next
    waiter.next = NOBODY
    waiter.since = asked.since
    waiter.size = asked.size
    waiter.peer = peer[0]
    memcpy(waiter.packet, asked.packet, asked.size)
    if flight.first == NOBODY:
        flight.first = number
    else:
        flights.waiters[flight.last].next = number
    flight.last = number
    return True


cdef Flight *flight_of(Flights *flights, const Asked *asked) noexcept nogil:
    """Return the flight of an equal question, NULL when there is none."""
    cdef Flight *flight
    cdef const Question *question = &asked.question
    cdef int at
    if not flights.count:
        return NULL
    for at in range(MOST_FLIGHTS):
        if flights.hashes[at] != asked.hash or not flights.is_used[at]:
            continue
        flight = &flights.flights[at]
        if (
            flight.question.qtype == question.qtype
            and flight.question.wants_dnssec == question.wants_dnssec
            and (flight.question.flags ^ question.flags) & CD == 0
            and flight.question.wire_size == question.wire_size
            and memcmp(flight.question.wire, question.wire, question.wire_size) == 0
        ):
            return flight
    return NULL


cdef Flight *take_off(Flights *flights, const Asked *asked, double tick) noexcept nogil:
    """Begin a flight: ask the first upstream unless another worker does; NULL when that fails."""
    cdef Flight *flight
    cdef uint32_t at = 0
    while at < MOST_FLIGHTS and flights.is_used[at]:
        at += 1
    if at == MOST_FLIGHTS:
        return NULL
    flight = &flights.flights[at]
    if not read_way(flights.way, &flight.way):
        return NULL
    if flights.health.number != flight.way.number:
        memset(&flights.health, 0, sizeof(Health))
        store_64(&flights.health.number, flight.way.number)
    flight.hash = flights.hashes[at] = asked.hash
    flight.question = asked.question
    flight.deadline = tick + DEADLINE
    flight.next_look = tick + NEXT_TRY
    flight.tries_made = 0
    flight.is_asked = False
    flight.first = flight.last = NOBODY
    flight.part = take_part(flights.airborne, flight.hash, flights.worker, tick)
    if flight.part == PASSES:
        return NULL
    if flight.part != FOLLOWS and not try_once(flights, flight, asked.packet, at, tick):
        end_part(flights, flight, NOTHING, tick)
        return NULL
    flights.is_used[at] = True
    flights.count += 1
    if flight.next_look < flights.next_look:
        flights.next_look = flight.next_look
    return flight


cdef void end_part(Flights *flights, Flight *flight, Landing landing, double tick) noexcept nogil:
    """Tell the other workers what came of it; of one who follows only what is of use to them."""
    if flight.part == LEADS or (flight.part == FOLLOWS and landing == KEPT_FOR_ALL):
        landed(flights.airborne, flight.hash, flights.worker, landing, tick)
    flight.part = ALONE


cdef bint is_kept(Flights *flights, const Flight *flight, double tick) noexcept nogil:
    """Tell whether another worker has brought the answer."""
    if flight.part == ALONE:
        return False
    if find_locked(flights.store, flight.hash, &flight.question, tick) == NULL:
        return False
    unlock(flights.store, flight.hash)
    return True


cdef bint try_once(
    Flights *flights, Flight *flight, const uint8_t *packet, uint32_t at, double tick
) noexcept nogil:
    """Ask the next upstream, or the only one once more; ``at`` is the flight's number."""
    cdef uint32_t made = flight.tries_made
    cdef Try *one = &flight.tries[made]
    one.upstream = made if made < flight.way.count else 0
    one.started = tick
    flight.tries_made += 1
    if not connect_try(one, &flight.way, flights.poll, number_of(at, made)):
        return False
    if not send_try(one, &flights.ids, packet, &flight.question):
        return False
    flight.is_asked = True
    add_64(&flights.asked, 1)
    return True


cdef inline uint64_t number_of(uint32_t flight, uint32_t tried) noexcept nogil:
    """Return what poll calls a try: beyond the numbers of a worker's own sockets."""
    return <uint64_t>1 << 16 | flight << 1 | tried


cdef Flight *hear(Flights *flights, uint64_t number, double tick, End *how) noexcept nogil:
    cdef uint32_t at = <uint32_t>(number >> 1 & 0x7FFF)
    cdef Flight *flight
    cdef Try *one
    cdef uint32_t read
    cdef ssize_t size
    if at >= MOST_FLIGHTS:
        return NULL
    flight = &flights.flights[at]
    one = &flight.tries[number & 1]
    for read in range(READS):
        if one.descriptor < 0:
            return NULL
        size = recv(one.descriptor, flights.reply, LARGEST_REPLY, MSG_DONTWAIT)
        if size < 0 and not one.is_open:
            return NULL
        if size < 0:
            if is_broken():  # the upstream's host says that nobody listens there
                give_up(flights, flight, one, tick)
            return NULL
        if not one.is_open:
            continue  # it came before the port was given back
        how[0] = read_reply(flights, flight, one, <uint32_t>size, tick)
        if how[0] != FLYING:
            end(flights, flight, how[0], tick)
            return flight
    return NULL


cdef void give_up(Flights *flights, Flight *flight, Try *one, double tick) noexcept nogil:
    """End one try that failed, and let the next upstream be asked at once."""
    cut(one)
    count(flights, flight, &flights.health.failed[one.upstream])
    flight.next_look = tick
    flights.next_look = tick


cdef bint is_open(const Flight *flight) noexcept nogil:
    return flight.tries[0].is_open or flight.tries[1].is_open


cdef End read_reply(
    Flights *flights, Flight *flight, Try *one, uint32_t size, double tick
) noexcept nogil:
    """Keep the answer if it is one; what is no reply to what was asked is not heard at all."""
    cdef Answer *answer = &flights.answer
    if not is_reply_to(one.query, one.size, flights.reply, size):
        return UNPROVEN if refuses(one, flights.reply, size) else FLYING
    count(flights, flight, &flights.health.answered[one.upstream])
    one.started = NEVER
    if not walk(flights.reply, size, answer):
        return UNPROVEN
    if answer.rcode == SERVFAIL or answer.rcode == NOTIMP or answer.rcode == REFUSED:
        # Another upstream may know better, and whom to believe then is Python's to say.
        if flight.way.count > 1 or answer.rcode != SERVFAIL:
            return UNPROVEN
    if not answer.lifetime_s:
        return UNPROVEN
    keep(flights.store, flight.hash, &flight.question, answer, flights.reply, tick)
    return KEPT


cdef bint refuses(const Try *one, const uint8_t *reply, uint32_t size) noexcept nogil:
    """Tell whether an upstream says that it cannot read our query: old ones know no EDNS."""
    return (
        size >= HEADER_OCTETS and memcmp(reply, one.query, 2) == 0
        and reply[2] & 0x80 and (reply[3] & 0x0F) == FORMERR
    )


cdef void count(Flights *flights, const Flight *flight, uint64_t *counter) noexcept nogil:
    if flights.health.number == flight.way.number:
        add_64(counter, 1)


cdef void close_tries(Flights *flights, Flight *flight, double tick) noexcept nogil:
    """Close a flight's sockets; what was asked long ago and not heard counts as failed."""
    cdef Try *one
    cdef uint32_t made
    for made in range(flight.tries_made):
        one = &flight.tries[made]
        if one.is_open:
            cut(one)
            if tick - one.started >= SLOW:
                count(flights, flight, &flights.health.failed[one.upstream])


cdef void end(Flights *flights, Flight *flight, End how, double tick) noexcept nogil:
    """Close a flight's sockets, and say how it ended to all who waited for it."""
    close_tries(flights, flight, tick)
    if how == KEPT:
        end_part(flights, flight, KEPT_FOR_ALL, tick)
    else:
        end_part(flights, flight, FOR_PYTHON if how == UNPROVEN else NOTHING, tick)


cdef Flight *follow(Flights *flights, double tick, End *how) noexcept nogil:
    """Return a flight that ended by what another worker brought, NULL when there is none any more."""
    cdef Flight *flight
    cdef int at
    for at in range(MOST_FLIGHTS):
        flight = &flights.flights[at]
        if not flights.is_used[at] or flight.part == ALONE:
            continue
        how[0] = KEPT if is_kept(flights, flight, tick) else FLYING
        if how[0] == FLYING and flight.part == FOLLOWS:
            # It may have been another's leader, or ours brought nothing.
            flight.part = take_part(flights.airborne, flight.hash, flights.worker, tick)
            if flight.part == PASSES:
                how[0] = UNPROVEN
            elif flight.part != FOLLOWS and not flight.tries_made:
                flight.next_look = flights.next_look = tick
        if how[0] != FLYING:
            end(flights, flight, how[0], tick)
            return flight
    return NULL


cdef End look_at(Flights *flights, Flight *flight, uint32_t at, double tick) noexcept nogil:
    """Ask beside what takes long; a flight that goes on has a later time to be looked at."""
    if is_kept(flights, flight, tick):
        return KEPT
    if flight.tries_made < MOST_TRIES and flight.first != NOBODY:
        try_once(flights, flight, flights.waiters[flight.first].packet, at, tick)
    flight.next_look = flight.deadline
    if flight.tries_made < MOST_TRIES and tick + NEXT_TRY < flight.deadline:
        flight.next_look = tick + NEXT_TRY
    if tick < flight.deadline and (is_open(flight) or flight.part == FOLLOWS):
        return FLYING
    return UNANSWERED if flight.is_asked else UNPROVEN


cdef Flight *look(Flights *flights, double tick, End *how) noexcept nogil:
    cdef Flight *flight
    cdef int at
    if flights.is_woken:
        flight = follow(flights, tick, how)
        if flight != NULL:
            return flight
        flights.is_woken = False
    if tick < flights.next_look:
        return NULL
    for at in range(MOST_FLIGHTS):
        flight = &flights.flights[at]
        if flights.is_used[at] and tick >= flight.next_look:
            how[0] = look_at(flights, flight, at, tick)
            if how[0] != FLYING:
                end(flights, flight, how[0], tick)
                return flight
    flights.next_look = NEVER
    for at in range(MOST_FLIGHTS):
        flight = &flights.flights[at]
        if flights.is_used[at] and flight.next_look < flights.next_look:
            flights.next_look = flight.next_look
    return NULL


cdef Waiter *leaving(Flights *flights, Flight *flight) noexcept nogil:
    cdef uint32_t number = flight.first
    cdef Waiter *waiter
    if number == NOBODY:
        flights.is_used[flight - flights.flights] = False
        flights.count -= 1
        return NULL
    waiter = &flights.waiters[number]
    flight.first = waiter.next
    waiter.next = flights.free_waiter
    flights.free_waiter = number
    return waiter


cdef int wait_ms(const Flights *flights, double tick) noexcept nogil:
    if not flights.count:
        return -1
    if flights.next_look <= tick:
        return 0
    return <int>((flights.next_look - tick) * 1000) + 1
