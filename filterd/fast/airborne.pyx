# cython: language_level=3, wraparound=False, cdivision=True
# Ask for each question once, whichever worker: see airborne.pxd.

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from filterd.fast.atomic cimport (
    pthread_mutex_destroy, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_unlock
)
from filterd.fast.kernel cimport eventfd_write


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


cdef Part take_part(Airborne *airborne, uint64_t hash, uint32_t worker) noexcept nogil:
    cdef Part part = ALONE
    cdef Place *place
    cdef Place *free_one = NULL
    cdef uint32_t tried
    pthread_mutex_lock(&airborne.lock)
    for tried in range(TRIED):
        place = place_at(airborne, hash, tried)
        if hash and place.hash == hash:
            place.followers |= <uint32_t>1 << worker
            part = FOLLOWS
            break
        if not place.hash and free_one == NULL:
            free_one = place
    if hash and part == ALONE and free_one != NULL:
        free_one.hash = hash
        free_one.followers = 0
        part = LEADS
    pthread_mutex_unlock(&airborne.lock)
    return part


cdef void landed(Airborne *airborne, uint64_t hash) noexcept nogil:
    cdef Place *place
    cdef uint32_t followers = 0
    cdef uint32_t tried, worker
    pthread_mutex_lock(&airborne.lock)
    for tried in range(TRIED):
        place = place_at(airborne, hash, tried)
        if place.hash == hash:
            followers = place.followers
            place.hash = 0
            break
    pthread_mutex_unlock(&airborne.lock)
    for worker in range(MOST_WORKERS):
        if followers >> worker & 1:
            eventfd_write(airborne.wake[worker], 1)
