# The answers of upstreams, once for the workers and for Python: resolve.cache over memory of a fixed
# size, in shards with a short lock each.  Touches its own memory only.
#
# A shard is a circle of entries: the oldest make room for new ones.  An entry is a head and what
# ``Entry`` says lies behind it; chains of entries with one hash slot find it again.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from filterd.fast.answer cimport Answer
from filterd.fast.atomic cimport pthread_mutex_t
from filterd.fast.names cimport Numbers
from filterd.fast.packet cimport Question
from filterd.fast.reply cimport Body
from filterd.lists._native.siphash cimport SipKey

cdef enum:
    SHARDS = 8
    HOMES = 8192            # of the hash table of one shard


cdef struct Entry:
    uint32_t space          # octets up to the next entry, 0 from here on to the end of the room
    uint32_t next           # the next in the chain, in units of 8 octets, 0 for none
    uint64_t hash
    double stored           # tick
    double expires          # tick
    uint64_t generation     # of the world that the next three, and ``is_suspect``, are of
    Numbers numbers         # of the asked name
    uint64_t chain          # the hash of the chain's numbers, and the one that has its names too
    uint64_t named_chain
    uint32_t lowest_ttl
    uint16_t qtype
    uint8_t wants           # DO and CD of the question
    uint8_t is_dead         # replaced, but still in the circle
    uint8_t is_suspect      # the name may begin with a helpline's
    uint8_t is_odd          # only Python can judge and finish it
    uint8_t name_size       # of the wire name, lower case
    uint16_t flags
    uint16_t rcode
    uint16_t counts[3]
    uint16_t ttl_count
    uint16_t body_size
    uint16_t links_size     # of the links' texts: each its length in two octets, then the text
    uint16_t link_count
    # behind the head: ttl_at (2 octets each), the name, the links, the body


cdef struct Shard:
    pthread_mutex_t lock
    uint8_t *room
    uint32_t size
    uint32_t oldest         # where the oldest entry begins
    uint32_t free           # where the next one will
    uint32_t places         # entries in the circle, dead ones too
    uint32_t count          # living ones
    uint32_t homes[8192]    # the first of each chain, in units of 8 octets, 0 for none


cdef struct Store:
    SipKey key
    Shard *shards           # SHARDS of them


cdef inline const uint16_t *ttls_of(const Entry *entry) noexcept nogil:
    return <const uint16_t *>(<const uint8_t *>entry + sizeof(Entry))

cdef inline const uint8_t *name_of(const Entry *entry) noexcept nogil:
    return <const uint8_t *>entry + sizeof(Entry) + 2 * entry.ttl_count

cdef inline const uint8_t *links_of(const Entry *entry) noexcept nogil:
    return name_of(entry) + entry.name_size

cdef inline const uint8_t *body_of(const Entry *entry) noexcept nogil:
    return links_of(entry) + entry.links_size


cdef uint64_t question_hash(const Store *store, const Question *question) noexcept nogil
    # Return the hash of what makes two questions have the same answer.

cdef void fetch_home(const Store *store, uint64_t hash) noexcept nogil
    # Let the processor load what ``find_locked`` looks at first.

cdef Entry *find_locked(
    Store *store, uint64_t hash, const Question *question, double tick
) noexcept nogil
    # Return what is kept and still holds, with its shard locked; NULL, and no lock, when nothing is.

cdef void unlock(Store *store, uint64_t hash) noexcept nogil

cdef void keep(
    Store *store, uint64_t hash, const Question *question, const Answer *answer,
    const uint8_t *reply, double tick
) noexcept nogil
    # Keep an upstream's answer for as long as it may be kept.


cdef class AnswerCache:
    cdef Store *store
