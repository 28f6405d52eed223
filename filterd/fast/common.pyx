# cython: language_level=3, wraparound=False, cdivision=True
# What all workers share: see common.pxd.

from cython cimport final
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy
from filterd.fast.airborne cimport MOST_WORKERS, free_airborne, new_airborne
from filterd.fast.atomic cimport fence, load_pointer, store_32, store_pointer
from filterd.fast.kernel cimport EFD_CLOEXEC, EFD_NONBLOCK, close, eventfd, eventfd_read
from filterd.fast.tries cimport UPSTREAMS, Way


@final
cdef class Core:
    """What all workers share: the world in force, and the cache.

    ``passed_event`` becomes readable when packets were passed.  Every method is Python's.
    """

    def __cinit__(self, AnswerCache cache not None, Tables tables not None):
        self.cache = cache
        self.world = tables.world
        self._tables = tables
        self._retired = []
        self.passed_event = -1
        self.airborne = new_airborne()
        self.passed_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
        if self.passed_event < 0:
            raise OSError("no event descriptor can be had")

    def __dealloc__(self):
        free_airborne(self.airborne)
        if self.passed_event >= 0:
            close(self.passed_event)

    def put_in_force(self, Tables tables not None):
        """Let every batch from now on be answered by these tables; the old ones wait their end."""
        self._retired.append(self._tables)
        self._tables = tables
        store_pointer(&self.world, tables.world)
        self.release()

    def set_way(self, addresses):
        """Say whom workers ask: sockaddrs of UPSTREAMS at most, the first first; none: pass."""
        cdef Way *way = &self.way
        cdef bytes address
        addresses = list(addresses)[:UPSTREAMS]
        store_32(&way.turn, way.turn + 1)
        fence()
        way.number += 1
        way.count = 0
        for address in addresses:
            memcpy(way.addresses[way.count], <const uint8_t *>address, len(address))
            way.sizes[way.count] = len(address)
            way.count += 1
        fence()
        store_32(&way.turn, way.turn + 1)
        return way.number

    def release(self):
        """Free old tables that no worker uses any more; returns how many are still used."""
        kept = []
        for tables in self._retired:
            if self.is_used((<Tables>tables).world):
                kept.append(tables)
        self._retired = kept
        return len(kept)

    cdef bint is_used(self, World *world) noexcept nogil:
        cdef uint32_t at
        for at in range(self.workers):
            if load_pointer(&self.in_use[at]) == <void *>world:
                return True
        return False

    cdef uint32_t join(self, int wake_event) except? 0xFFFFFFFF:
        """Return the number of one more worker, who is woken by this event."""
        if self.workers == MOST_WORKERS:
            raise ValueError("too many workers")
        self.airborne.wake[self.workers] = wake_event
        self.workers += 1
        return self.workers - 1

    def clear_event(self):
        """Take note of ``passed_event``: to be called before the passed packets are taken."""
        cdef uint64_t count
        eventfd_read(self.passed_event, &count)
