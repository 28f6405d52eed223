# cython: language_level=3, wraparound=False, cdivision=True
# Keep what Python taught, and look it up: see tables.pxd.

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy
from filterd.fast.atomic cimport fence, fence_for_reading, load_32, store_32
from filterd.fast.names cimport Numbers, add_plain, both, chained, find, free_names, new_names
from filterd.fast.reply cimport Kind
from filterd.lists._native.siphash cimport SipKey, siphash24

cdef uint64_t generations = 0


class TablesFull(Exception):
    """A table of the core has no room left: begin a new world."""


cdef inline uint64_t mixed(uint64_t one, uint64_t other) noexcept nogil:
    """Spread two numbers that nobody outside chooses freely over all bits."""
    cdef uint64_t word = (one ^ other * <uint64_t>0x9E3779B97F4A7C15) * <uint64_t>0xD6E8FEB86659FD93
    word ^= word >> 32
    word *= <uint64_t>0xD6E8FEB86659FD93
    return word ^ word >> 32


cdef inline Client *ways_of(const World *world, const uint8_t *address) noexcept nogil:
    """Return the WAYS places that a client may have."""
    cdef uint64_t high = 0
    cdef uint64_t low = 0
    memcpy(&high, address, 8)
    memcpy(&low, address + 8, 8)
    return world.clients + WAYS * (mixed(high, low) % CLIENT_SETS)


cdef uint32_t subject_of(World *world, const uint8_t *address, double tick) noexcept nogil:
    cdef Client *client = ways_of(world, address)
    cdef uint32_t turn, subject
    cdef int way
    cdef bint is_it
    for way in range(WAYS):
        turn = load_32(&client.turn)
        is_it = memcmp(client.address, address, ADDRESS_OCTETS) == 0 and tick < client.until
        subject = client.subject
        fence_for_reading()
        if is_it and not turn & 1 and load_32(&client.turn) == turn:
            if not client.used:
                store_32(&client.used, 1)
            return subject
        client += 1
    return UNKNOWN


cdef const State *state_of(
    const World *world, uint32_t subject, double wall
) noexcept nogil:
    cdef const State *state
    cdef uint32_t place, number
    if subject == UNKNOWN or subject >= SUBJECTS:
        return NULL
    for place in range(2):
        number = load_32(&world.states_of[2 * subject + place])
        state = &world.states[number]
        if number != UNKNOWN and state.since <= wall and wall < state.until:
            return state
    return NULL


cdef uint32_t verdict_of(
    const World *world, uint32_t content, uint32_t question, uint64_t what
) noexcept nogil:
    cdef uint64_t of = <uint64_t>content << 32 | question
    cdef uint64_t at = mixed(of, what) & (CELLS - 1)
    cdef uint32_t verdict
    cdef int tried
    for tried in range(CELLS):
        verdict = load_32(&world.cells[at].verdict)
        if verdict == UNKNOWN:
            return UNKNOWN
        if world.cells[at].of == of and world.cells[at].what == what:
            return verdict
        at = (at + 1) & (CELLS - 1)
    return UNKNOWN


cdef class Tables:
    """One world, as Python fills it; ``known`` says what its names are (``fast.known``)."""

    def __cinit__(self, known):
        global generations
        cdef World *world = <World *>calloc(1, sizeof(World))
        if world == NULL:
            raise MemoryError
        self.world = world
        self._known = known  # the index stays mapped as long as this world lives
        generations += 1
        world.generation = generations
        world.is_logging = known.is_logging
        world.clients = <Client *>calloc(CLIENT_SETS * WAYS, sizeof(Client))
        world.states_of = <uint32_t *>calloc(2 * SUBJECTS, sizeof(uint32_t))
        world.states = <State *>calloc(STATES, sizeof(State))
        world.verdicts = <Verdict *>calloc(VERDICTS, sizeof(Verdict))
        world.cells = <Cell *>calloc(CELLS, sizeof(Cell))
        if (
            world.clients == NULL or world.states_of == NULL or world.states == NULL
            or world.verdicts == NULL or world.cells == NULL
        ):
            raise MemoryError
        world.names = new_names(known)

    def __dealloc__(self):
        if self.world != NULL:
            free_names(self.world.names)
            free(self.world.clients)
            free(self.world.states_of)
            free(self.world.states)
            free(self.world.verdicts)
            free(self.world.cells)
            free(self.world)

    @property
    def generation(self):
        return self.world.generation

    def numbers(self, str name not None):
        """Return the numbers of a plain name as the workers find them; for tests."""
        cdef bytes text = name.encode()
        cdef Numbers found
        find(self.world.names, <const uint8_t *>text, <uint32_t>len(text), &found)
        return found.base, found.typed

    def tell_plain(self, str name not None):
        """Say that no rule with conditions fits a name."""
        if not add_plain(self.world.names, name):
            raise TablesFull

    def new_subject(self):
        """Return the number of one more subject."""
        if self.subjects + 1 >= SUBJECTS:
            raise TablesFull
        self.subjects += 1
        return self.subjects

    def new_state(
        self, uint32_t subject, uint32_t content, double since, double until, uint32_t limit_s
    ):
        """Say what holds for a subject from ``since`` on, in the place of the older of two."""
        cdef uint32_t *places
        if not 0 < subject <= self.subjects or not content:
            raise ValueError("no such subject, or no content")
        if self.states + 1 >= STATES:
            raise TablesFull
        self.states += 1
        self.world.states[self.states] = State(
            since=since, until=until, content=content, limit_s=limit_s
        )
        places = &self.world.states_of[2 * subject]
        store_32(&places[places[1] < places[0]], self.states)

    def new_verdict(self, bint is_block, bint is_logged, bint has_name, int kind, bytes opt not None):
        """Return the number of one more verdict; ``opt`` is a reply's OPT, without DO."""
        cdef Verdict *verdict
        if self.verdicts + 1 >= VERDICTS:
            raise TablesFull
        verdict = &self.world.verdicts[self.verdicts + 1]
        if len(opt) > <Py_ssize_t>sizeof(verdict.opt.octets):
            raise ValueError("an OPT of that size is never sent")
        verdict.is_block = is_block
        verdict.is_logged = is_logged
        verdict.has_name = has_name
        verdict.kind = <Kind>kind
        verdict.opt.size = len(opt)
        memcpy(verdict.opt.octets, <const uint8_t *>opt, len(opt))
        self.verdicts += 1
        return self.verdicts

    def meet(self, bytes address not None, uint32_t subject, double until):
        """Say whose a client's address is, until a tick; a known one is renewed."""
        cdef Client *client
        cdef Client *place
        cdef int way
        if len(address) != ADDRESS_OCTETS or not 0 < subject <= self.subjects:
            raise ValueError("not an address of 16 octets, or no subject")
        client = place = ways_of(self.world, <const uint8_t *>address)
        for way in range(WAYS):
            if memcmp(client.address, <const uint8_t *>address, ADDRESS_OCTETS) == 0:
                place = client
                break
            if client.until < place.until:
                place = client
            client += 1
        store_32(&place.turn, place.turn + 1)
        fence()
        memcpy(place.address, <const uint8_t *>address, ADDRESS_OCTETS)
        place.subject = subject
        place.until = until
        fence()
        store_32(&place.turn, place.turn + 1)

    def active(self):
        """Return the addresses of the clients that asked since the last call."""
        cdef int at
        found = []
        for at in range(CLIENT_SETS * WAYS):
            if self.world.clients[at].used:
                store_32(&self.world.clients[at].used, 0)
                found.append(<bytes>self.world.clients[at].address[:ADDRESS_OCTETS])
        return found

    def tell_question(self, uint32_t content, uint32_t base, uint32_t typed, uint32_t verdict):
        """Say what the verdict on a question with these numbers is."""
        self.tell(<uint64_t>content << 32, <uint64_t>base << 32 | typed, verdict)

    def tell_chain(self, uint32_t content, uint32_t question, names, numbers, uint32_t verdict):
        """Say what becomes of a question's verdict by an answer's chain.

        ``numbers`` are those of the chain's names.  With ``names`` it holds for these names
        only, with None for all that have these numbers.
        """
        cdef const SipKey *key = &self.world.names.key
        cdef uint64_t chain = 0
        cdef bytes text
        for base, typed in numbers:
            chain = chained(key, chain, both(Numbers(base=base, typed=typed)))
        for name in names or ():
            text = name.encode()
            chain = chained(key, chain, siphash24(key, <const uint8_t *>text, len(text)))
        self.tell(<uint64_t>content << 32 | question, chain, verdict)

    cdef int tell(self, uint64_t of, uint64_t what, uint32_t verdict) except -1:
        cdef uint64_t at = mixed(of, what) & (CELLS - 1)
        if not 0 < verdict <= self.verdicts:
            raise ValueError("no such verdict")
        while self.world.cells[at].verdict:
            if self.world.cells[at].of == of and self.world.cells[at].what == what:
                store_32(&self.world.cells[at].verdict, verdict)
                return 0
            at = (at + 1) & (CELLS - 1)
        if self.cells >= CELLS // 2:
            raise TablesFull
        self.world.cells[at].of = of
        self.world.cells[at].what = what
        self.cells += 1
        store_32(&self.world.cells[at].verdict, verdict)
        return 0
