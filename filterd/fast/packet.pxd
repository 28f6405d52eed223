# A client's packet, read strictly: what is asked, or PASS (0).  Reads the packet and writes one
# struct; no memory, no clock, no table.
#
# Taken are queries that wire.query.scan takes too, as long as they are everyday ones: no flag but
# RD, AD and CD, one question of class IN for a type that may be relayed (ANY is Python's), a name
# of plain labels [A-Za-z0-9_-] (the root included), and nothing else or one OPT of version 0 with
# options that nobody reads.  Whatever else there is goes to Python, wrong packets included: how to
# answer those is wire.forge's to say.

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef enum:
    HEADER_OCTETS = 12
    MAX_NAME_OCTETS = 255   # of the wire form, final zero included
    MAX_LABELS = 127
    QR = 0x8000
    TC = 0x0200
    RD = 0x0100
    RA = 0x0080
    AD = 0x0020
    CD = 0x0010
    IN = 1


cdef struct Question:
    uint16_t id
    uint16_t flags          # the header's second word as sent: test with RD, AD, CD
    uint16_t qtype
    uint16_t qclass         # always IN
    uint16_t asked_size     # the question section as sent is packet[HEADER_OCTETS:][:asked_size]
    uint16_t end            # the offset behind it: HEADER_OCTETS + asked_size
    uint16_t udp_size       # as the client's OPT says, 0 without one; not yet raised or capped
    bint has_opt
    bint wants_dnssec       # the DO bit; False without an OPT
    bint has_options        # the OPT carries options (all of the kind that is ignored)
    uint8_t wire_size       # octets of ``wire``, its final zero included
    uint8_t text_size       # octets of ``text``; 0 for the root
    uint8_t labels          # how many; 0 for the root
    uint8_t wire[256]       # the name as on the wire, letters in lower case
    uint8_t text[256]       # the name as filterd writes it: "www.example.org", not ended by a zero
    uint8_t label_at[128]   # where in ``text`` each label begins, from the left: the parent that
                            # starts at label i is text[label_at[i]:text_size]


cdef bint scan(const uint8_t *packet, uint32_t size, Question *question) noexcept nogil
    # Read ``size`` octets of one UDP payload.  On PASS the struct holds nothing of meaning.


cdef uint32_t plain_text(const uint8_t *wire, uint32_t size, uint8_t *text) noexcept nogil
    # Write the dotted lower-case form of an uncompressed wire name of ``size`` octets (final zero
    # included) into ``text`` (room for 255) and return how many octets it has.  PASS for a label
    # that is not plain, for the root, and for what is no name of exactly ``size`` octets.
