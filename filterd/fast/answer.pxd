# An upstream's reply, walked within bounds: where its TTLs are, how long it may be kept, whom it
# names, and where its OPT begins; or PASS (0).  Reads the reply and writes one struct; no memory,
# no clock, no table.
#
# Taken are replies that wire.answer.without_opt takes too, as long as they are everyday ones:
# at most LARGEST_REPLY octets, MOST_RECORDS records and MOST_LINKS plain target names, not
# truncated, no extended rcode, no TSIG, the OPT last and no octets behind it.  The steps along
# names are bounded by the length of the reply.

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from filterd.fast.packet cimport Question

cdef enum:
    LARGEST_REPLY = 4096
    MOST_RECORDS = 128
    MOST_LINKS = 16
    LINK_TEXT_OCTETS = 1024


cdef struct Link:
    # One target name: links_text[at:at + size], lower case, dotted, never the root.
    uint16_t at
    uint16_t size


cdef struct Answer:
    uint16_t id
    uint16_t flags          # what a reply keeps of the header: AD and the rcode (wire.answer.Body)
    uint16_t rcode
    uint16_t qtype
    uint16_t asked_size     # octets of the question section, behind the header
    uint16_t body_at        # the relayable part, without its OPT, is reply[body_at:][:body_size]
    uint16_t body_size
    uint16_t counts[3]      # answer, authority, additional records in the body
    uint16_t ttl_count
    uint16_t ttl_at[128]    # offsets within the body, rising; read a TTL with ``seconds``
    uint32_t lowest_ttl     # 0 when there is no record
    uint32_t lifetime_s     # as resolve.cache.lifetime_s: 0 means not to be kept at all
    uint16_t link_count
    Link links[16]          # targets of CNAME, DNAME, SVCB and HTTPS in their order, each once
    uint16_t links_text_size
    uint8_t links_text[1024]


cdef inline uint32_t seconds(uint32_t ttl) noexcept nogil:
    """Return a TTL that counts: with its top bit set it means 0 (RFC 2181 section 8)."""
    return ttl if ttl < 0x80000000u else 0


cdef bint is_reply_to(
    const uint8_t *sent, uint32_t sent_size, const uint8_t *reply, uint32_t size
) noexcept nogil
    # Tell whether ``reply`` answers our own query ``sent`` (of reply.to_upstream): id, QR, opcode
    # and question, the letters' case aside.  False for whatever is shorter than that.


cdef bint walk(const uint8_t *reply, uint32_t size, Answer *answer) noexcept nogil
    # Read a whole reply.  It may answer another question: compare with ``is_reply_to`` first.
    # On PASS the struct holds nothing of meaning.
