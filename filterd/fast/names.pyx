# cython: language_level=3, wraparound=False, cdivision=True
# Look names up in the mapped index and in the small tables beside it: see names.pxd.

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy
from filterd.fast.atomic cimport load_64, store_64
from filterd.fast.packet cimport Question
from filterd.fast.texts cimport may_have_text, take_texts
from filterd.lists._native.search cimport Search
from filterd.lists._native.siphash cimport siphash24
from filterd.lists._native.slots cimport Slots, narrow_pair, wide_pair, word_at, fetch, slot_of

cdef enum:
    # A name of more labels is not searched for helplines: Python proves it.
    MOST_LABELS_SEARCHED = 12
    MOST_TOPS = 8

cdef uint64_t LOW_48 = (<uint64_t>1 << 48) - 1


cdef inline uint64_t pair_of(const Slots *slots, uint64_t hash) noexcept nogil:
    """Return the pair number of a listed name, 0 when the name is not listed."""
    cdef uint64_t pair = wide_pair(slots, hash) if slots.wide else narrow_pair(slots, hash)
    return pair if pair < slots.pairs else 0


cdef inline const TypedSlot *typed_slot(const Names *names, uint64_t hash) noexcept nogil:
    """Return the slot of a typed name, NULL when nobody typed it."""
    cdef uint64_t tried
    cdef uint64_t at = hash & names.typed_mask
    for tried in range(names.typed_mask + 1):
        if names.typed[at].hash == hash:
            return &names.typed[at]
        if not names.typed[at].hash:
            return NULL
        at = (at + 1) & names.typed_mask
    return NULL


cdef inline bint holds(const uint64_t *table, uint64_t mask, uint64_t hash) noexcept nogil:
    """Tell whether a hash lies in a table whose free slots are 0."""
    cdef uint64_t tried
    cdef uint64_t at = hash & mask
    for tried in range(mask + 1):
        if table[at] == hash:
            return True
        if not table[at]:
            return False
        at = (at + 1) & mask
    return False


cdef inline bint step(
    const Names *names, uint64_t hash, bint is_parent, Numbers *found, bint *knows_base,
    bint *knows_typed
) noexcept nogil:
    """Look one name on the way up; True when nothing more is to be found."""
    cdef const TypedSlot *slot
    cdef uint64_t pair
    if not knows_base[0]:
        pair = pair_of(&names.listed, hash)
        if pair:
            found.base = names.listed.below[pair] if is_parent else names.listed.here[pair]
            knows_base[0] = True
    if not knows_typed[0]:
        slot = typed_slot(names, hash)
        if slot != NULL:
            found.typed = slot.below if is_parent else slot.here
            knows_typed[0] = True
    return knows_base[0] and knows_typed[0]


cdef void climb(
    const Names *names, const uint8_t *text, uint32_t size, const Hashes *hashes, Numbers *found
) noexcept nogil:
    """Look at a name, and then at each of its parents."""
    cdef uint32_t at = 0
    cdef uint64_t hash = hashes.name
    cdef uint64_t next = hashes.parent
    cdef bint knows_base = names.listed.pairs <= 1
    cdef bint knows_typed = names.typed_count == 0
    found.base = found.typed = 0
    while not step(names, hash, at != 0, found, &knows_base, &knows_typed):
        while at < size and text[at] != c'.':
            at += 1
        at += 1
        if at >= size:
            return
        hash = next if next else siphash24(&names.key, text + at, size - at)
        next = 0


cdef bint is_plain(
    const Names *names, const uint8_t *text, uint32_t size, uint64_t hash
) noexcept nogil:
    """Tell whether a name is known to fit no pattern; while Python adds to them."""
    cdef int tried
    cdef uint64_t seen
    if not names.needs_plain or not may_have_text(&names.texts, text, size):
        return True
    cdef uint64_t at = hash & (PLAIN - 1)
    for tried in range(PLAIN):
        seen = load_64(&names.plain[at])
        if seen == hash:
            return True
        if not seen:
            return False
        at = (at + 1) & (PLAIN - 1)
    return False


cdef Proof find(
    const Names *names, const uint8_t *text, uint32_t size, Numbers *found
) noexcept nogil:
    cdef uint64_t hash = siphash24(&names.key, text, size)
    cdef Hashes hashes
    if not is_plain(names, text, size, hash):
        return UNSEEN
    hashes.name = hash
    hashes.parent = 0
    climb(names, text, size, &hashes, found)
    return PROVEN


cdef void hash_asked(const Names *names, const Question *question, Hashes *hashes) noexcept nogil:
    cdef uint32_t behind
    hashes.name = siphash24(&names.key, question.text, question.text_size)
    hashes.parent = 0
    fetch(slot_of(&names.listed, hashes.name))
    if question.labels > 2:  # a top-level domain is hardly ever listed
        behind = question.label_at[1]
        hashes.parent = siphash24(
            &names.key, question.text + behind, question.text_size - behind
        )
        fetch(slot_of(&names.listed, hashes.parent))


cdef Proof find_asked(
    const Names *names, const Question *question, const Hashes *hashes, Numbers *found
) noexcept nogil:
    cdef const uint8_t *text = &question.text[0]
    cdef uint32_t at, size, number
    if not question.labels:
        return MEANT
    at = question.label_at[question.labels - 1]
    size = question.text_size - at
    for number in range(names.top_count):
        if names.tops[number].size == size and not memcmp(names.tops[number].text, text + at, size):
            return MEANT
    if holds(names.marked, names.marked_mask, hashes.name):
        return MEANT
    if not is_plain(names, text, question.text_size, hashes.name):
        return UNSEEN
    climb(names, text, question.text_size, hashes, found)
    return PROVEN


cdef bint may_begin_with_helpline(const Names *names, const Question *question) noexcept nogil:
    # A search that begins at a prefix of two labels or more stops at one of its parents, which
    # then is a stretch of labels within the name: the listed ones among these are helplines.
    cdef uint32_t start, behind, first
    if question.labels < 3 or not (names.helpline_count or names.doubts_helplines):
        return False
    if names.doubts_helplines or question.labels > MOST_LABELS_SEARCHED:
        return True
    for behind in range(2, question.labels):
        for start in range(behind):
            first = question.label_at[start]
            if holds(
                names.helplines, names.helplines_mask,
                LOW_48 & siphash24(
                    &names.key, question.text + first, question.label_at[behind] - 1 - first
                ),
            ):
                return True
    return False


# What follows is run by Python, once for a policy or an index.


cdef uint64_t mask_for(uint64_t count) noexcept:
    """Return the mask of a table that is at most half full with so many."""
    cdef uint64_t size = 16
    while size < 2 * count:
        size *= 2
    return size - 1


cdef void add(uint64_t *table, uint64_t mask, uint64_t hash) noexcept nogil:
    cdef uint64_t at = hash & mask
    while table[at] and table[at] != hash:
        at = (at + 1) & mask
    table[at] = hash


cdef uint64_t hash_of(const Names *names, str name):
    cdef bytes text = name.encode()
    return siphash24(&names.key, <const uint8_t *>text, len(text))


cdef Names *new_names(object known) except NULL:
    """Make the tables of a policy; ``known`` is a ``filterd.fast.known.Known``."""
    cdef Names *names = <Names *>calloc(1, sizeof(Names))
    cdef Search search
    if names == NULL:
        raise MemoryError
    try:
        search = known.search
        names.key = search.slots.key
        names.listed = search.slots
        names.listed_octets = search._buffer.len
        take_typed(names, known.typed)
        take_marked(names, known.marked)
        take_tops(names, known.tops)
        take_helplines(names, known.helpline_sets)
        names.doubts_helplines = known.doubts_helplines
        names.needs_plain = known.needs_plain
        take_texts(&names.texts, known.walk)
        names.plain = <uint64_t *>calloc(PLAIN, sizeof(uint64_t))
        if names.plain == NULL:
            raise MemoryError
    except BaseException:
        free_names(names)
        raise
    return names


cdef bint add_plain(Names *names, str name) except -1:
    cdef bytes text = name.encode()
    cdef uint64_t hash = siphash24(&names.key, <const uint8_t *>text, len(text))
    cdef uint64_t at = hash & (PLAIN - 1)
    if is_plain(names, <const uint8_t *>text, <uint32_t>len(text), hash):
        return True
    if names.plain_count >= PLAIN // 2:
        return False
    while names.plain[at]:
        at = (at + 1) & (PLAIN - 1)
    names.plain_count += 1
    store_64(&names.plain[at], hash)
    return True


cdef int take_typed(Names *names, object typed) except -1:
    cdef uint64_t at, hash
    typed = list(typed)
    names.typed_mask = mask_for(len(typed))
    names.typed = <TypedSlot *>calloc(names.typed_mask + 1, sizeof(TypedSlot))
    if names.typed == NULL:
        raise MemoryError
    for name, here, below in typed:
        hash = hash_of(names, name)
        at = hash & names.typed_mask
        while names.typed[at].hash:
            at = (at + 1) & names.typed_mask
        names.typed[at] = TypedSlot(hash=hash, here=here, below=below)
    names.typed_count = len(typed)
    return 0


cdef int take_marked(Names *names, object marked) except -1:
    names.marked_mask = mask_for(len(marked))
    names.marked = <uint64_t *>calloc(names.marked_mask + 1, sizeof(uint64_t))
    if names.marked == NULL:
        raise MemoryError
    for name in marked:
        add(names.marked, names.marked_mask, hash_of(names, name))
    return 0


cdef int take_tops(Names *names, object tops) except -1:
    cdef Top *top
    cdef bytes text
    for name in tops:
        text = name.encode()
        if names.top_count == MOST_TOPS or len(text) > <Py_ssize_t>sizeof(top.text):
            raise ValueError("more or longer top labels than there is room for")
        top = &names.tops[names.top_count]
        top.size = len(text)
        memcpy(top.text, <const uint8_t *>text, len(text))
        names.top_count += 1
    return 0


cdef int take_helplines(Names *names, object helpline_sets) except -1:
    """Gather the hashes of the listed names of these sets, in two passes over the index."""
    cdef const Slots *listed = &names.listed
    cdef uint8_t *is_helpline = <uint8_t *>calloc(max(listed.pairs, 1), 1)
    cdef uint32_t pair
    if is_helpline == NULL:
        raise MemoryError
    for pair in range(listed.pairs):
        is_helpline[pair] = (
            listed.here[pair] in helpline_sets or listed.below[pair] in helpline_sets
        )
    with nogil:
        names.helpline_count = each_helpline(names, is_helpline, False)
    names.helplines_mask = mask_for(names.helpline_count)
    names.helplines = <uint64_t *>calloc(names.helplines_mask + 1, sizeof(uint64_t))
    if names.helplines == NULL:
        free(is_helpline)
        raise MemoryError
    with nogil:
        each_helpline(names, is_helpline, True)
    free(is_helpline)
    return 0


cdef uint32_t each_helpline(Names *names, const uint8_t *is_helpline, bint keep) noexcept nogil:
    cdef const Slots *listed = &names.listed
    cdef const uint8_t *slot = listed.at
    cdef uint64_t step = 16 if listed.wide else 8
    cdef uint64_t at, low, pair
    cdef uint32_t count = 0
    for at in range(names.listed_octets // step):
        if listed.wide:
            low, pair = word_at(slot) & LOW_48, word_at(slot + 8)
        else:
            low, pair = word_at(slot) >> 16, word_at(slot) & 0xFFFF
        if pair and pair < listed.pairs and is_helpline[pair]:
            count += 1
            if keep:
                add(names.helplines, names.helplines_mask, low)
        slot += step
    return count


cdef void free_names(Names *names) noexcept:
    if names != NULL:
        free(names.typed)
        free(names.marked)
        free(names.helplines)
        free(names.plain)
        free(names)
