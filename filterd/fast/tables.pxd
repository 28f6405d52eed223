# What Python decided, kept for the workers: who a client is, what holds for a subject just now and
# from its next change on, and the verdict for two numbers.  Nothing here is worked out: an answer that
# was not taught is not known.  Verdicts hang on what holds, its *content*: a number for all subjects
# and times that are decided alike.
#
# One thread, Python's, writes; the workers read without a lock.  Written is a new place first and
# its number last, so a reader finds a whole thing or nothing.  A place is never written twice, but
# for a client's, which carries a count that is odd while it is written.  Full tables are replaced
# by an empty world, as is a world whose policy or index is no longer in force.

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from filterd.fast.names cimport Names
from filterd.fast.reply cimport Kind, Opt

cdef enum:
    UNKNOWN = 0             # of states, contents and verdicts, whose numbers begin at 1
    ADDRESS_OCTETS = 16     # an IPv4 address is mapped into IPv6
    WAYS = 8
    CLIENT_SETS = 512       # so many clients, times WAYS, are known at once
    SUBJECTS = 8192
    STATES = 32768
    VERDICTS = 16384
    CELLS = 131072          # a power of two; at most half of them are used


cdef struct Client:
    uint32_t turn           # odd while it is written
    uint32_t subject
    uint32_t used           # set by workers, cleared by Python
    uint8_t address[16]
    double until            # tick


cdef struct State:
    # What holds for a subject from ``since`` until ``until`` (seconds since the epoch).
    double since
    double until
    uint32_t content
    uint32_t limit_s        # the longest TTL of what is served


cdef struct Verdict:
    bint is_block
    bint is_logged
    bint has_name           # the log may hold the asked name
    Kind kind
    Opt opt


cdef struct Cell:
    uint64_t of             # content in the upper half; 0, or the question's verdict, in the lower
    uint64_t what           # the question's numbers, or the hash of a chain
    uint32_t verdict        # 0 is a free cell


cdef struct World:
    uint64_t generation
    bint is_logging
    Names *names
    Client *clients
    uint32_t *states_of     # by subject, two each: those that were told last
    State *states
    Verdict *verdicts
    Cell *cells


cdef uint32_t subject_of(World *world, const uint8_t *address, double tick) noexcept nogil
    # Return the client's subject, UNKNOWN when it must be recognised (again).  Subjects begin at 1.


cdef const State *state_of(
    const World *world, uint32_t subject, double wall
) noexcept nogil
    # Return what holds for the subject at ``wall``, NULL when that is not known.


cdef uint32_t verdict_of(
    const World *world, uint32_t content, uint32_t question, uint64_t what
) noexcept nogil
    # Return the number of a verdict: on a question's numbers (``question`` 0), or on a chain that
    # was met under the question's verdict.  UNKNOWN when it was not taught.


cdef class Tables:
    cdef World *world
    cdef object _known
    cdef readonly uint32_t subjects
    cdef readonly uint32_t states
    cdef readonly uint32_t verdicts
    cdef readonly uint32_t cells
    cdef int tell(self, uint64_t of, uint64_t what, uint32_t verdict) except -1
