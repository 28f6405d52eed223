# What all workers share: the world in force, the cache, the way to the upstreams, and what is asked.
#
# Written by one thread, Python's, but for what is asked and the cache.  A worker marks the world it reads for as long as a batch takes;
# an old world is freed when nobody has it marked, so nothing ever waits.

from cython cimport final
from libc.stdint cimport uint32_t
from filterd.fast.airborne cimport Airborne
from filterd.fast.cache cimport AnswerCache
from filterd.fast.tables cimport Tables, World
from filterd.fast.tries cimport Way

@final
cdef class Core:
    cdef void *world        # the World in force
    cdef void *in_use[16]   # the World of each worker's batch at hand, NULL between two
    cdef uint32_t workers
    cdef Way way
    cdef Airborne *airborne # what workers are asking for
    cdef object _tables     # whose ``world`` is
    cdef list _retired
    cdef readonly AnswerCache cache
    cdef readonly int passed_event
    cdef bint is_used(self, World *world) noexcept nogil
    cdef uint32_t join(self, int wake_event) except? 0xFFFFFFFF
