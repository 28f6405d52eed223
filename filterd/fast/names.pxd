# What the compiled lists and the guardians' own names say of a name: two numbers, the same that
# lists.index.Index.find and policy.overlay.Overlay.find give.
#
# Reads the mapped index and small tables; writes only what it is given.  A name is in filterd's text
# form.  A search of the index ends at its last slot, which is free (lists/_native/search.pyx sees to
# it), of the other tables after every slot.

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from filterd.fast.packet cimport Question
from filterd.fast.texts cimport Texts
from filterd.lists._native.siphash cimport SipKey, siphash24
from filterd.lists._native.slots cimport Slots


cdef enum:
    PLAIN = 262144          # a power of two; at most half of them are used


cdef struct TypedSlot:
    uint64_t hash           # 0 is a free slot
    uint32_t here
    uint32_t below


cdef struct Top:
    uint8_t size
    uint8_t text[15]


cdef struct Names:
    # All that is known of names under one policy and one index.
    SipKey key
    Slots listed            # the base index
    uint64_t listed_octets
    TypedSlot *typed
    uint64_t typed_mask
    uint32_t typed_count
    uint64_t *marked        # hashes of names that have a meaning of their own
    uint64_t marked_mask
    Top tops[8]             # top labels under which some names have one
    uint32_t top_count
    bint needs_plain        # patterns are in force: only names known to fit none are looked up
    Texts texts             # a name with none of these fits none
    uint64_t *plain         # hashes of other such names, as Python says
    uint32_t plain_count
    bint doubts_helplines   # any name may be one
    uint64_t *helplines     # hashes of listed names that may be written down nowhere
    uint64_t helplines_mask
    uint32_t helpline_count


cdef struct Numbers:
    uint32_t base
    uint32_t typed


cdef inline uint64_t both(Numbers numbers) noexcept nogil:
    return <uint64_t>numbers.base << 32 | numbers.typed


cdef inline uint64_t chained(const SipKey *key, uint64_t chain, uint64_t link) noexcept nogil:
    """Return the hash of a chain of names with one more link; an empty chain's is 0."""
    cdef uint64_t pair[2]
    pair[0] = chain
    pair[1] = link
    return siphash24(key, <const uint8_t *>pair, sizeof(pair))


cdef enum Proof:
    PROVEN = 0
    MEANT = 1               # the name has a meaning of its own, which is Python's
    UNSEEN = 2              # a pattern may fit it, as far as Python has said


cdef struct Hashes:
    # Of an asked name and of its parent, 0 where it has none.
    uint64_t name
    uint64_t parent


cdef void hash_asked(const Names *names, const Question *question, Hashes *hashes) noexcept nogil
    # Hash an asked name, and let the processor load what ``find_asked`` will look at.

cdef Proof find_asked(
    const Names *names, const Question *question, const Hashes *hashes, Numbers *found
) noexcept nogil
    # Find the numbers of an asked name's sets; 0 where nobody speaks of it.

cdef Proof find(
    const Names *names, const uint8_t *text, uint32_t size, Numbers *found
) noexcept nogil
    # The same for a name that an answer leads to.

cdef bint add_plain(Names *names, str name) except -1
    # Note, where it cannot be seen, that no rule with conditions fits a name; False when there is
    # no more room.


cdef bint may_begin_with_helpline(const Names *names, const Question *question) noexcept nogil
    # Tell whether a helpline may be asked for with a suffix behind it (True where unproven).


cdef Names *new_names(object known) except NULL
cdef void free_names(Names *names) noexcept
