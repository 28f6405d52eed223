# One query answered from what was taught and what is cached, or the reason why it is passed.
#
# Reads a world and the packet, reads and stamps the cache, writes the reply into the room given and
# one line into the log's ring.  The order of the steps is that of resolve.engine; what a step says
# was decided by Python.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from filterd.fast.cache cimport Store
from filterd.fast.names cimport Hashes
from filterd.fast.packet cimport Question
from filterd.fast.ring cimport Ring
from filterd.fast.tables cimport World

cdef enum Why:
    ANSWERED = 0
    ODD = 1                 # the packet, the name or the reply is none that is proven here
    UNTAUGHT = 2            # nobody taught yet what it takes
    MISSING = 3             # the answer must be asked for upstream

cdef enum Origin:
    # As resolve.record.Origin; a test compares.
    OURSELVES = 0
    CACHED = 1
    UPSTREAM = 2
    FAILED = 3


cdef struct Turn:
    # What a worker works with for one batch of packets.
    World *world
    Store *store
    Ring *lines
    double wall
    double tick


cdef struct Line:
    # What the log is told of one query; the name's text lies behind it.
    double wall
    uint64_t generation
    uint32_t subject
    uint32_t verdict
    uint32_t took_us
    uint16_t qtype
    uint8_t rcode
    uint8_t origin
    uint8_t name_size
    uint8_t address[16]


cdef struct Asked:
    # One query: the packet, who sent it, and behind these what ``read`` makes of it.
    const uint8_t *packet
    uint32_t size
    double since            # tick at which it came
    Origin origin           # where a found answer comes from
    uint8_t address[16]
    bint is_read            # False: it is none that can be proven here
    Question question
    uint64_t hash           # of the question, for the cache
    Hashes hashes           # of its name


cdef void read(const Turn *turn, Asked *asked) noexcept nogil
    # Read the packet, and let the processor load what its answer will need: worth it when another
    # query is answered in between.

cdef Why answer(const Turn *turn, Asked *asked, uint8_t *out, uint32_t *size) noexcept nogil
    # Answer what was read into ``out`` (LARGEST_SENT octets); ``size`` is the reply's.

cdef Why fail(const Turn *turn, Asked *asked, uint8_t *out, uint32_t *size) noexcept nogil
    # Answer one that was read, for whom no upstream had an answer.
