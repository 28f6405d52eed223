# Which questions some worker is asking an upstream just now, so that no other one asks the same, and
# which ones are Python's for a while, as their answers cannot be proven or kept.
#
# Shared by all workers: touches its own table, with a lock that is held for a few steps, and the
# workers' wake events.  A question that finds no place in the table is asked without it.

from libc.stdint cimport uint32_t, uint64_t
from filterd.fast.atomic cimport pthread_mutex_t

cdef enum:
    MOST_WORKERS = 16
    PLACES = 4096           # a power of two; 128 flights a worker fill an eighth for four of them
    TRIED = 8               # of them for one question


cdef enum Part:
    # Whose turn it is to ask.
    ALONE = 0               # ours, and nobody will hear of it
    LEADS = 1               # ours; the others wait for ``landed``
    FOLLOWS = 2             # another's: we are woken when it has landed
    PASSES = 3              # Python's


cdef enum Landing:
    # What a leader, or who overtook it, brings to the others.
    KEPT_FOR_ALL = 0        # the answer is in the cache
    NOTHING = 1             # they ask themselves
    FOR_PYTHON = 2          # they would bring no more than this one


cdef struct Place:
    uint64_t hash           # of the question (0, which is as good as any, is never asked together)
    uint32_t workers        # a bit for each who asks or follows
    double python_until     # tick; 0: somebody asks


cdef struct Airborne:
    pthread_mutex_t lock
    int wake[16]            # an eventfd for each worker
    Place places[4096]


cdef Airborne *new_airborne() except NULL
cdef void free_airborne(Airborne *airborne) noexcept

cdef Part take_part(
    Airborne *airborne, uint64_t hash, uint32_t worker, double tick
) noexcept nogil
    # Tell a worker whether to ask for what ``hash`` stands for.

cdef void landed(
    Airborne *airborne, uint64_t hash, uint32_t worker, Landing landing, double tick
) noexcept nogil
    # End what a worker asked for, and wake all others who wait for it.
