# Replies, byte for byte as wire.forge and resolve.blocked make them: blocks, SERVFAIL, finished
# bodies, and the query to an upstream.  Writes into the room it is given; no clock, no table.
#
# The bytes of an SOA, a null address and an OPT are taken from wire.forge and wire.edns when the
# module is loaded, so they are written down once.  Returned is the reply's size, or PASS (0) for
# what does not fit: into the room, or into what the client takes (then Python sets TC).

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from filterd.fast.packet cimport Question

cdef enum:
    # Room that every forged reply, and every finished body that is not passed, fits into.
    LARGEST_SENT = 1232


cdef enum Kind:
    # What a block or a failure looks like; as config.document.Answer, and SERVFAIL.
    NULL_ADDRESS = 0
    NXDOMAIN = 1
    NODATA = 2
    REFUSED = 3
    SERVFAIL = 4


cdef struct Opt:
    # Our OPT as wire.edns.opt_record(do=False, ede) returns it.  Taught by Python with a verdict;
    # ``plain`` is the one without an extended error.
    uint16_t size
    uint8_t octets[160]


cdef Opt plain


cdef Opt opt_of(bytes octets)
    # Return an OPT as the core keeps it, from what wire.edns.opt_record(do=False, ede) returns.


cdef struct Body:
    # A relayable body as answer.walk finds it and the cache keeps it.  ``ttl_at`` are offsets in
    # ``octets``; ``flags`` are AD and the rcode; ``counts`` are answer, authority, additional.
    const uint8_t *octets
    const uint16_t *ttl_at
    uint16_t size
    uint16_t ttl_count
    uint16_t flags
    uint16_t counts[3]


cdef uint32_t forge(
    const uint8_t *packet, const Question *question, Kind kind, uint32_t ttl, const Opt *opt,
    uint8_t *out, uint32_t room
) noexcept nogil
    # Forge a reply to the packet that ``packet.scan`` read into ``question``.  ``ttl`` is in
    # seconds; ``opt`` is sent only to a client that sent one, with the client's DO.


cdef uint32_t finish(
    const uint8_t *packet, const Question *question, const Body *body, uint32_t age_s,
    uint32_t ttl_cap, uint8_t *out, uint32_t room
) noexcept nogil
    # Turn a body into the reply to this packet: id, question in the client's letters, RD and CD,
    # AD only for a client that set AD or DO, each TTL lowered by ``age_s`` and to at most
    # ``ttl_cap``, our OPT.  The body must answer the same question.


cdef uint32_t limit_for(const Question *question) noexcept nogil
    # Return how many octets a reply by UDP may have.


cdef uint32_t to_upstream(
    const uint8_t *packet, const Question *question, uint16_t message_id, uint8_t *out,
    uint32_t room
) noexcept nogil
    # Write the query that asks an upstream the same, with an OPT of our own.
