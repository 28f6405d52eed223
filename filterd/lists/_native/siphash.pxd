# SipHash-2-4, the keyed hash under which names lie in an index: inline functions for every part of
# the compiled core, also for filterd.fast.
#
# May touch: the bytes from ``data`` up to ``length``, which the caller has bounded.  Allocates
# nothing, raises nothing, needs no GIL.
# Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), whose published vectors
# are tested.  Words are little-endian on every machine: they are put together byte by byte, which
# compilers turn into one load where that is the same.

from libc.stdint cimport uint8_t, uint64_t


cdef struct SipKey:
    uint64_t low
    uint64_t high


cdef struct SipState:
    uint64_t v0
    uint64_t v1
    uint64_t v2
    uint64_t v3


cdef inline uint64_t little_endian_64(const uint8_t *at) noexcept nogil:
    return (
        <uint64_t>at[0]
        | <uint64_t>at[1] << 8
        | <uint64_t>at[2] << 16
        | <uint64_t>at[3] << 24
        | <uint64_t>at[4] << 32
        | <uint64_t>at[5] << 40
        | <uint64_t>at[6] << 48
        | <uint64_t>at[7] << 56
    )


cdef inline uint64_t turned_left(uint64_t word, int bits) noexcept nogil:
    return word << bits | word >> (64 - bits)


cdef inline void sip_round(SipState *state) noexcept nogil:
    state.v0 += state.v1
    state.v2 += state.v3
    state.v1 = turned_left(state.v1, 13) ^ state.v0
    state.v3 = turned_left(state.v3, 16) ^ state.v2
    state.v0 = turned_left(state.v0, 32) + state.v3
    state.v2 += state.v1
    state.v3 = turned_left(state.v3, 21) ^ state.v0
    state.v1 = turned_left(state.v1, 17) ^ state.v2
    state.v2 = turned_left(state.v2, 32)


cdef inline void sip_word(SipState *state, uint64_t word) noexcept nogil:
    state.v3 ^= word
    sip_round(state)
    sip_round(state)
    state.v0 ^= word


cdef inline uint64_t siphash24(
    const SipKey *key, const uint8_t *data, size_t length
) noexcept nogil:
    cdef SipState state
    cdef size_t at = 0
    cdef uint64_t last = <uint64_t>length << 56  # the length's low byte, then the bytes left over
    cdef int shift = 0
    state.v0 = key.low ^ <uint64_t>0x736F6D6570736575
    state.v1 = key.high ^ <uint64_t>0x646F72616E646F6D
    state.v2 = key.low ^ <uint64_t>0x6C7967656E657261
    state.v3 = key.high ^ <uint64_t>0x7465646279746573
    while length - at >= 8:
        sip_word(&state, little_endian_64(data + at))
        at += 8
    if length >= 8 and at < length:  # the last eight bytes at once, without those already taken
        last |= little_endian_64(data + length - 8) >> (64 - 8 * (length - at))
    else:
        while at < length:
            last |= <uint64_t>data[at] << shift
            shift += 8
            at += 1
    sip_word(&state, last)
    state.v2 ^= 0xFF
    sip_round(&state)
    sip_round(&state)
    sip_round(&state)
    sip_round(&state)
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3


cdef inline SipKey sip_key(bytes key) except *:
    """Take a key apart; ValueError unless it has 16 bytes."""
    cdef SipKey made
    cdef const uint8_t *at
    if key is None or len(key) != 16:
        raise ValueError("a key has 16 bytes")
    at = <const uint8_t *>key
    made.low = little_endian_64(at)
    made.high = little_endian_64(at + 8)
    return made
