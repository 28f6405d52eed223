# cython: language_level=3, wraparound=False, cdivision=True
# Ask for each question once, whichever worker it came to: see airborne.pxd.

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from filterd.fast.atomic cimport (
    pthread_mutex_destroy, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_unlock
)
from filterd.fast.kernel cimport eventfd_write


# Seconds: long enough to spare an upstream, short enough for whoever mends what was wrong.
cdef double PYTHON_FOR = 5.0


cdef Airborne *new_airborne() except NULL:
    cdef Airborne *airborne = <Airborne *>calloc(1, sizeof(Airborne))
    if airborne == NULL:
        raise MemoryError
    pthread_mutex_init(&airborne.lock, NULL)
    return airborne


cdef void free_airborne(Airborne *airborne) noexcept:
    if airborne != NULL:
        pthread_mutex_destroy(&airborne.lock)
        free(airborne)


cdef inline Place *place_at(Airborne *airborne, uint64_t hash, uint32_t tried) noexcept nogil:
    return &airborne.places[(hash + tried) & (PLACES - 1)]


cdef Part take_part(
    Airborne *airborne, uint64_t hash, uint32_t worker, double tick
) noexcept nogil:
    cdef Part part = ALONE
    cdef Place *place
    cdef Place *chosen = NULL
    cdef int tried
    if not hash:
        return ALONE
    pthread_mutex_lock(&airborne.lock)
    for tried in range(TRIED):
        place = place_at(airborne, hash, tried)
        if place.python_until and tick >= place.python_until:
            place.hash = 0
            place.python_until = 0
        if place.hash == hash:
            chosen = place
            part = PASSES if place.python_until else FOLLOWS
            break
        if not place.hash and chosen == NULL:
            chosen = place
            part = LEADS
    if part == LEADS:
        chosen.hash = hash
        chosen.workers = 0
    if part == LEADS or part == FOLLOWS:
        chosen.workers |= <uint32_t>1 << worker
    pthread_mutex_unlock(&airborne.lock)
    return part


cdef void landed(
    Airborne *airborne, uint64_t hash, uint32_t worker, Landing landing, double tick
) noexcept nogil:
    cdef Place *place
    cdef uint32_t waiting = 0
    cdef int tried, other
    pthread_mutex_lock(&airborne.lock)
    for tried in range(TRIED):
        place = place_at(airborne, hash, tried)
        if place.hash == hash and not place.python_until:
            waiting = place.workers & ~(<uint32_t>1 << worker)
            if landing == FOR_PYTHON:
                place.python_until = tick + PYTHON_FOR
            else:
                place.hash = 0
            break
    pthread_mutex_unlock(&airborne.lock)
    for other in range(MOST_WORKERS):
        if waiting >> other & 1:
            eventfd_write(airborne.wake[other], 1)
