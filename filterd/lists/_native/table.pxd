# The working table of a build: for each name its hash and its pair, open addressing.
#
# May touch: the memory that ``hashes`` and ``numbers`` point to, which its maker sized: one place
# for each home and one for each name that may come, so that no search and no insertion runs over
# the end.  Allocates nothing, raises nothing, needs no GIL.
# The hash stands for the name: of five million names two share one with a chance of 7e-7.  A name's
# home comes from the high bits, as in an index file, so a walk over the places is nearly in order.

from libc.stdint cimport uint32_t, uint64_t

from filterd.lists._native.slots cimport home_of


cdef extern from *:
    """
    #if defined(__GNUC__)
    #define FILTERD_SOON(at) __builtin_prefetch(at)
    #else
    #define FILTERD_SOON(at) ((void)(at))
    #endif
    """
    # A hint that this memory is read soon.
    void needed_soon "FILTERD_SOON"(const void *at) noexcept nogil


# What a place's number says: 0 that it is free, else the name's pair, counted from 1 (a pair that
# is *kept*), and what became of the name.
cdef enum:
    FREE_PLACE = 0
    KEPT = (1 << 29) - 1  # the bits of the pair
    CLOSED = 1 << 29  # its parents' word is in the pair
    LEFT_OUT = 1 << 30  # its parents' word is all there is to say


cdef struct Table:
    uint64_t *hashes
    uint32_t *numbers
    uint32_t homes
    size_t room
    size_t count


cdef inline size_t place_of(const Table *table, uint64_t hashed) noexcept nogil:
    """Return where the name is, or the free place where it belongs."""
    cdef size_t at = home_of(hashed, table.homes)
    while table.numbers[at] != FREE_PLACE and table.hashes[at] != hashed:
        at += 1
    return at


cdef inline void soon(const Table *table, uint64_t hashed) noexcept nogil:
    """Say that the name's place is asked for soon: fetching memory takes longer than hashing."""
    cdef size_t home = home_of(hashed, table.homes)
    needed_soon(&table.numbers[home])
    needed_soon(&table.hashes[home])


cdef inline size_t put_in_order(Table *table) noexcept nogil:
    """Bring the names to the front, in order of their hashes, with their pairs as ``Pairs`` has
    them; return how many there are without those left out.  The table is none afterwards.

    Names side by side without a free place between them have their homes there too, so each such
    run only has to be put in order in itself.
    """
    cdef size_t at
    cdef size_t back
    cdef size_t to = 0
    cdef size_t run = 0  # where the present one starts
    cdef uint64_t hashed
    cdef uint32_t number
    for at in range(table.room):
        number = table.numbers[at]
        if number == FREE_PLACE:
            run = to
        elif not number & LEFT_OUT:
            hashed = table.hashes[at]
            back = to
            while back > run and table.hashes[back - 1] > hashed:
                table.hashes[back] = table.hashes[back - 1]
                table.numbers[back] = table.numbers[back - 1]
                back -= 1
            table.hashes[back] = hashed
            table.numbers[back] = (number & KEPT) - 1
            to += 1
    return to
