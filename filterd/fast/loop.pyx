# cython: language_level=3, wraparound=False, cdivision=True
# The worker threads: see loop.pxd.

from cython cimport final
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset
from filterd.fast.atomic cimport (
    add_64, load_64, load_pointer, store_pointer
)
from filterd.fast.common cimport Core
from filterd.fast.flights cimport (
    UNANSWERED, UNPROVEN, End, Flight, Health, Waiter, board, free_flights, hear, leaving,
    look, new_flights, wait_ms
)
from filterd.fast.judge cimport (
    ANSWERED, CACHED, MISSING, ODD, UNTAUGHT, UPSTREAM, Line, Turn, Why, answer, fail, read
)
from filterd.fast.kernel cimport (
    EFD_CLOEXEC, EFD_NONBLOCK, EPOLL_CLOEXEC, MSG_DONTWAIT, close, epoll_create1, epoll_event,
    epoll_wait, eventfd, eventfd_read, eventfd_write, plain_address, recvmmsg, reply_control, roomy,
    sendmmsg, short_turns, tick_now, wall_now, watch
)
from filterd.fast.passing cimport CONTROL_OCTETS, PEER_OCTETS, hand_over, taken
from filterd.fast.ring cimport forget, forget_all, free_ring, new_ring, next_record
from filterd.fast.tables cimport World
from filterd.fast.tries cimport UPSTREAMS

cdef enum:
    # Batches from one socket before the others get their turn.
    MOST_BATCHES = 8
    MOST_SOCKETS = 64
    MOST_EVENTS = 64
    LINES_OCTETS = 1 << 21
    PASSED_OCTETS = 1 << 20

cdef uint64_t STOP = 0xFFFFFFFF
cdef uint64_t WAKE = 0xFFFFFFFE

REASONS = {int(ODD): "odd", int(UNTAUGHT): "untaught", int(MISSING): "missing"}


@final
cdef class Worker:
    """One thread's sockets, rings and counters.

    ``sockets`` are (descriptor, is bound to every address); they stay open when this ends.
    ``serve`` is run in the thread; the other methods by one other thread each.
    """

    def __cinit__(self, Core core not None, sockets):
        cdef uint16_t number
        self.core = core
        self.poll = self.stop_event = self.wake_event = -1
        if len(sockets) > MOST_SOCKETS:
            raise ValueError("too many sockets for one worker")
        self.lines = new_ring(LINES_OCTETS)
        self.passed = new_ring(PASSED_OCTETS)
        self.batch = <Batch *>roomy(sizeof(Batch))
        if self.batch == NULL:
            raise MemoryError
        memset(self.batch, 0, sizeof(Batch))
        self.poll = epoll_create1(EPOLL_CLOEXEC)
        self.stop_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
        self.wake_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
        if (
            self.poll < 0 or self.stop_event < 0 or self.wake_event < 0
            or watch(self.poll, self.stop_event, STOP) or watch(self.poll, self.wake_event, WAKE)
        ):
            raise OSError("no event descriptor can be had")
        for number in range(len(sockets)):
            self.descriptors[number], self.is_wild[number] = sockets[number]
            if watch(self.poll, self.descriptors[number], number):
                raise OSError("a socket cannot be watched")
        self.prepare()
        self.number = core.join(self.wake_event)
        self.flights = new_flights(
            &core.way, core.cache.store, core.airborne, self.number, self.poll
        )

    def __dealloc__(self):
        free_flights(self.flights)
        free_ring(self.lines)
        free_ring(self.passed)
        free(self.batch)
        if self.poll >= 0:
            close(self.poll)
        if self.stop_event >= 0:
            close(self.stop_event)
        if self.wake_event >= 0:
            close(self.wake_event)

    cdef void prepare(self) noexcept:
        """Point the headers of a batch at its buffers, once."""
        cdef Batch *batch = self.batch
        cdef int at
        for at in range(BATCH):
            batch.got_at[at].iov_base = batch.queries[at]
            batch.got_at[at].iov_len = LARGEST_QUERY
            batch.got[at].msg_hdr.msg_iov = &batch.got_at[at]
            batch.got[at].msg_hdr.msg_iovlen = 1
            batch.got[at].msg_hdr.msg_name = batch.peers[at].address
            batch.sent[at].msg_hdr.msg_iov = &batch.sent_at[at]
            batch.sent[at].msg_hdr.msg_iovlen = 1

    def serve(self):
        """Answer until ``stop`` is called."""
        with nogil:
            short_turns()
            self.run()

    def stop(self):
        """Let ``serve`` return after the batch at hand."""
        eventfd_write(self.stop_event, 1)

    def answer_at(self, bytes packet not None, bytes address not None, double wall, double tick):
        """Answer one packet as ``serve`` would at that instant, but send nothing; for tests.

        Returns the reply, or the number of the reason (REASONS) why it would be passed.
        """
        cdef Asked *asked = &self.asked[0]
        cdef Turn turn
        cdef uint32_t size
        cdef Why why
        self.begin(&turn)
        turn.wall = wall
        turn.tick = asked.since = tick
        asked.packet = packet
        asked.size = len(packet)
        asked.origin = CACHED
        memcpy(asked.address, <const uint8_t *>address, 16)
        read(&turn, asked)
        why = answer(&turn, asked, self.batch.replies, &size)
        self.end()
        return <bytes>self.batch.replies[:size] if why == ANSWERED else <int>why

    def taken(self, uint32_t most):
        """Return packets that Python must answer (see ``passing.taken``), oldest first."""
        return taken(self.passed, most)

    def lines_taken(self, uint32_t most):
        """Return lines for the log, oldest first: see ``fast.lines``."""
        cdef const uint8_t *record
        cdef Line line
        cdef uint32_t size
        found = []
        while len(found) < most:
            record = next_record(self.lines, &size)
            if record == NULL:
                break
            memcpy(&line, record, sizeof(Line))
            found.append((
                line.generation, line.subject, line.verdict, line.wall, <bytes>line.address[:16],
                record[sizeof(Line):sizeof(Line) + line.name_size].decode("ascii"),
                line.qtype, line.rcode, line.origin, line.took_us,
            ))
            forget(self.lines, size)
        return found

    def lines_dropped(self):
        """Drop the lines that wait; returns how many."""
        return forget_all(self.lines)

    @property
    def lines_waiting(self):
        """Return how many lines wait."""
        return load_64(&self.lines.put) - self.lines.taken

    def count(self):
        """Return what was counted since the start."""
        return {
            "received": load_64(&self.counts.received),
            "answered": load_64(&self.counts.answered),
            "passed": load_64(&self.counts.passed),
            "unpassed": load_64(&self.counts.unpassed),
            "send_errors": load_64(&self.counts.send_errors),
            "lines_lost": load_64(&self.lines.lost),
            "asked": load_64(&self.flights.asked),
        }

    def health(self):
        """Return the way's number, and how often each of its upstreams answered and failed."""
        cdef Health *health = &self.flights.health
        answered = [load_64(&health.answered[at]) for at in range(UPSTREAMS)]
        failed = [load_64(&health.failed[at]) for at in range(UPSTREAMS)]
        return load_64(&health.number), answered, failed

    cdef int run(self) except -1 nogil:
        cdef epoll_event events[64]
        cdef uint64_t times
        cdef int ready, at
        while True:
            ready = epoll_wait(
                self.poll, events, MOST_EVENTS, wait_ms(self.flights, tick_now())
            )
            for at in range(ready):
                if events[at].data.u64 == STOP:
                    return 0
                if events[at].data.u64 == WAKE:
                    eventfd_read(self.wake_event, &times)
                    self.flights.is_woken = True
                elif events[at].data.u64 < MOST_SOCKETS:
                    self.drain(<uint16_t>events[at].data.u64)
                else:
                    self.land(events[at].data.u64)
            if self.flights.count:
                self.look_after()
            self.send_landed()
            if self.has_passed:
                self.has_passed = False
                eventfd_write(self.core.passed_event, 1)

    cdef void begin(self, Turn *turn) noexcept nogil:
        """Take the world in force and mark it as used, so that it is not freed under us."""
        cdef void *world = load_pointer(&self.core.world)
        while True:
            store_pointer(&self.core.in_use[self.number], world)
            turn.world = <World *>load_pointer(&self.core.world)
            if <void *>turn.world == world:
                break
            world = <void *>turn.world
        turn.store = self.core.cache.store
        turn.lines = self.lines
        turn.wall = wall_now()
        turn.tick = tick_now()

    cdef void end(self) noexcept nogil:
        store_pointer(&self.core.in_use[self.number], NULL)

    cdef void drain(self, uint16_t number) noexcept nogil:
        """Answer what waits at a socket, but not for ever."""
        cdef int descriptor = self.descriptors[number]
        cdef Batch *batch = self.batch
        cdef Turn turn
        cdef int got, at, round
        self.send_landed()
        for round in range(MOST_BATCHES):
            for at in range(BATCH):
                batch.got[at].msg_hdr.msg_namelen = PEER_OCTETS
                batch.got[at].msg_hdr.msg_control = batch.control[at]
                batch.got[at].msg_hdr.msg_controllen = CONTROL_OCTETS if self.is_wild[number] else 0
            got = recvmmsg(descriptor, batch.got, BATCH, MSG_DONTWAIT, NULL)
            if got <= 0:
                return
            add_64(&self.counts.received, got)
            self.begin(&turn)
            self.flush(descriptor, self.handle(&turn, number, got))
            self.end()
            if got < BATCH:
                return

    cdef void take(self, const Turn *turn, uint16_t number, int at) noexcept nogil:
        """Read a packet of the batch."""
        cdef Batch *batch = self.batch
        cdef Asked *asked = &self.asked[at & 1]
        cdef Peer *peer = &batch.peers[at]
        peer.socket = number
        peer.address_size = batch.got[at].msg_hdr.msg_namelen
        peer.control_size = 0
        if self.is_wild[number]:
            peer.control_size = reply_control(
                &batch.got[at].msg_hdr, peer.control, CONTROL_OCTETS
            )
        asked.packet = batch.queries[at]
        asked.size = batch.got[at].msg_len
        asked.since = turn.tick
        asked.origin = CACHED
        asked.is_read = False
        if plain_address(peer.address, asked.address):
            read(turn, asked)

    cdef uint32_t handle(self, const Turn *turn, uint16_t number, int got) noexcept nogil:
        """Answer or pass each packet of a batch; returns how many replies are ready.

        Each is read before the one in front of it is answered.
        """
        cdef Batch *batch = self.batch
        cdef Asked *asked
        cdef Peer *peer
        cdef uint32_t size
        cdef uint32_t ready = 0
        cdef Why why
        cdef int at
        self.take(turn, number, 0)
        for at in range(got):
            if at + 1 < got:
                self.take(turn, number, at + 1)
            asked = &self.asked[at & 1]
            peer = &batch.peers[at]
            why = answer(turn, asked, batch.replies + self.filled, &size)
            if why == ANSWERED:
                self.address_reply(ready, peer, size)
                ready += 1
            elif why != MISSING or not board(self.flights, asked, peer, turn.tick):
                self.pass_on(why, peer, turn.tick, asked.packet, asked.size)
        return ready

    cdef void land(self, uint64_t number) noexcept nogil:
        """Hear what came from an upstream."""
        cdef Turn turn
        cdef Flight *flight
        cdef End how
        self.begin(&turn)
        flight = hear(self.flights, number, turn.tick, &how)
        if flight != NULL:
            self.end_flight(&turn, flight, how)
        self.end()

    cdef void look_after(self) noexcept nogil:
        """Look at flights that take long, or whose question another worker asked."""
        cdef Turn turn
        cdef Flight *flight
        cdef End how
        self.begin(&turn)
        flight = look(self.flights, turn.tick, &how)
        while flight != NULL:
            self.end_flight(&turn, flight, how)
            flight = look(self.flights, turn.tick, &how)
        self.end()

    cdef void end_flight(self, const Turn *turn, Flight *flight, End how) noexcept nogil:
        """Answer all who waited; they are judged again, the world may be another now."""
        cdef Asked *asked = &self.asked[0]
        cdef Waiter *waiter = leaving(self.flights, flight)
        cdef Peer *peer
        cdef uint32_t size
        cdef Why why
        while waiter != NULL:
            if self.landed == BATCH or self.landed_on != waiter.peer.socket:
                self.send_landed()
                self.landed_on = waiter.peer.socket
            asked.packet = waiter.packet
            asked.size = waiter.size
            asked.since = waiter.since
            asked.origin = UPSTREAM
            why = MISSING
            if plain_address(waiter.peer.address, asked.address):
                read(turn, asked)
                if how != UNPROVEN:
                    why = answer(turn, asked, self.batch.replies + self.filled, &size)
                if why == MISSING and how == UNANSWERED:
                    why = fail(turn, asked, self.batch.replies + self.filled, &size)
            if why == ANSWERED:
                peer = &self.batch.landed[self.landed]
                peer[0] = waiter.peer
                self.address_reply(self.landed, peer, size)
                self.landed += 1
            else:
                self.pass_on(why, &waiter.peer, waiter.since, asked.packet, asked.size)
            waiter = leaving(self.flights, flight)

    cdef void send_landed(self) noexcept nogil:
        if self.landed:
            self.flush(self.descriptors[self.landed_on], self.landed)
            self.landed = 0

    cdef void address_reply(self, uint32_t at, Peer *peer, uint32_t size) noexcept nogil:
        cdef mmsghdr *sent = &self.batch.sent[at]
        self.batch.sent_at[at].iov_base = self.batch.replies + self.filled
        self.batch.sent_at[at].iov_len = size
        self.filled += (size + 15) & ~<uint32_t>15
        sent.msg_hdr.msg_name = peer.address
        sent.msg_hdr.msg_namelen = peer.address_size
        sent.msg_hdr.msg_control = peer.control if peer.control_size else NULL
        sent.msg_hdr.msg_controllen = peer.control_size

    cdef void flush(self, int descriptor, uint32_t count) noexcept nogil:
        """Send what is ready; one that cannot be sent is the client's time-out."""
        cdef uint32_t at = 0
        cdef int sent
        add_64(&self.counts.answered, count)
        self.filled = 0
        while at < count:
            sent = sendmmsg(descriptor, &self.batch.sent[at], count - at, MSG_DONTWAIT)
            if sent <= 0:
                add_64(&self.counts.send_errors, 1)
                sent = 1
            at += sent

    cdef void pass_on(
        self, Why why, const Peer *peer, double since, const uint8_t *packet, uint32_t size
    ) noexcept nogil:
        """Hand a packet to Python, or drop it when too many wait there."""
        if hand_over(self.passed, why, peer, since, packet, size):
            add_64(&self.counts.passed, 1)
            self.has_passed = True
        else:
            add_64(&self.counts.unpassed, 1)
