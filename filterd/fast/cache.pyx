# cython: language_level=3, wraparound=False, cdivision=True
# Keep answers in a circle of entries: see cache.pxd.

import re
import struct

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy
from filterd.fast.answer cimport Answer, seconds
from filterd.fast.atomic cimport (
    pthread_mutex_destroy, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_unlock
)
from filterd.fast.kernel cimport roomy
from filterd.fast.names cimport chained
from filterd.fast.packet cimport CD, MAX_NAME_OCTETS, Question
from filterd.lists._native.siphash cimport sip_key, siphash24
from filterd.lists._native.slots cimport fetch

from filterd.resolve.cache import SIZE_BYTES
from filterd.resolve.cache import Entry as PythonEntry
from filterd.wire import name as wire_names
from filterd.wire.answer import Body as PythonBody

cdef enum:
    START = 8               # where a room's first entry lies: 0 stands for none
    WANTS_DO = 1
    WANTS_CD = 2
    MOST_LINKS_JUDGED = 16
    LARGEST_PART = 0xFFFF

_U32 = struct.Struct("!I")
_U16 = struct.Struct("=H")
_COUNTS = struct.Struct("!4H")
_is_plain = re.compile(r"[a-z0-9_.-]{1,253}").fullmatch


cdef inline uint8_t wants_of(const Question *question) noexcept nogil:
    return (WANTS_DO if question.wants_dnssec else 0) | (WANTS_CD if question.flags & CD else 0)


cdef inline uint64_t hash_of(
    const Store *store, const uint8_t *name, uint32_t size, uint16_t qtype, uint8_t wants
) noexcept nogil:
    return chained(
        &store.key, siphash24(&store.key, name, size), <uint64_t>qtype << 8 | wants
    )


cdef uint64_t question_hash(const Store *store, const Question *question) noexcept nogil:
    return hash_of(store, question.wire, question.wire_size, question.qtype, wants_of(question))


cdef void fetch_home(const Store *store, uint64_t hash) noexcept nogil:
    fetch(&store.shards[hash >> 61].homes[hash % HOMES])


cdef inline Shard *shard_of(Store *store, uint64_t hash) noexcept nogil:
    return &store.shards[hash >> 61]


cdef inline Entry *entry_at(const Shard *shard, uint32_t units) noexcept nogil:
    return <Entry *>(shard.room + <uint64_t>units * 8)


cdef inline uint32_t units_of(const Shard *shard, const Entry *entry) noexcept nogil:
    return <uint32_t>((<const uint8_t *>entry - shard.room) // 8)


cdef void unlock(Store *store, uint64_t hash) noexcept nogil:
    pthread_mutex_unlock(&shard_of(store, hash).lock)


cdef Entry *find_locked(
    Store *store, uint64_t hash, const Question *question, double tick
) noexcept nogil:
    return find(
        store, hash, question.wire, question.wire_size, question.qtype, wants_of(question), tick
    )


cdef Entry *find(
    Store *store, uint64_t hash, const uint8_t *name, uint32_t size, uint16_t qtype, uint8_t wants,
    double tick
) noexcept nogil:
    cdef Shard *shard = shard_of(store, hash)
    cdef Entry *entry
    pthread_mutex_lock(&shard.lock)
    entry = living(shard, hash, name, size, qtype, wants)
    if entry != NULL and tick < entry.expires:
        return entry
    if entry != NULL:
        unlink(shard, entry)
    pthread_mutex_unlock(&shard.lock)
    return NULL


cdef Entry *living(
    Shard *shard, uint64_t hash, const uint8_t *name, uint32_t size, uint16_t qtype, uint8_t wants
) noexcept nogil:
    cdef uint32_t units = shard.homes[hash % HOMES]
    cdef Entry *entry
    while units:
        entry = entry_at(shard, units)
        if (
            entry.hash == hash and entry.qtype == qtype and entry.wants == wants
            and entry.name_size == size and memcmp(name_of(entry), name, size) == 0
        ):
            return entry
        units = entry.next
    return NULL


cdef void unlink(Shard *shard, Entry *entry) noexcept nogil:
    """Take an entry out of its chain; its place in the circle stays until its turn comes."""
    cdef uint32_t *link = &shard.homes[entry.hash % HOMES]
    cdef uint32_t units = units_of(shard, entry)
    while link[0] and link[0] != units:
        link = &entry_at(shard, link[0]).next
    if link[0]:
        link[0] = entry.next
    entry.is_dead = True
    shard.count -= 1


cdef void drop_oldest(Shard *shard) noexcept nogil:
    cdef Entry *entry = <Entry *>(shard.room + shard.oldest)
    if not entry.is_dead:
        unlink(shard, entry)
    shard.oldest += entry.space
    shard.places -= 1
    if shard.oldest >= shard.size or (<Entry *>(shard.room + shard.oldest)).space == 0:
        shard.oldest = START


cdef Entry *room_for(Shard *shard, uint32_t space) noexcept nogil:
    """Return room for an entry; ends because every turn drops one or goes round, once."""
    while True:
        if not shard.places:
            shard.oldest = shard.free = START
        if not shard.places or shard.free > shard.oldest:
            if space <= shard.size - shard.free:
                break
            if shard.free < shard.size:
                (<Entry *>(shard.room + shard.free)).space = 0
            shard.free = START
        elif space <= shard.oldest - shard.free:
            break
        else:
            drop_oldest(shard)
    cdef Entry *entry = <Entry *>(shard.room + shard.free)
    entry.space = space
    shard.free += space
    shard.places += 1
    return entry


cdef struct Parts:
    # What lies behind an entry's head.
    const uint16_t *ttl_at
    const uint8_t *name
    const uint8_t *links
    const uint8_t *body


cdef void put(Store *store, const Entry *head, const Parts *parts) noexcept nogil:
    """Keep an entry in the place of what the question had before."""
    cdef Shard *shard = shard_of(store, head.hash)
    cdef uint64_t size = (
        sizeof(Entry) + 2 * head.ttl_count + head.name_size + head.links_size + head.body_size
    )
    cdef uint32_t space = <uint32_t>((size + 7) & ~<uint64_t>7)
    cdef Entry *entry
    if space > shard.size // 4:
        return
    pthread_mutex_lock(&shard.lock)
    entry = living(shard, head.hash, parts.name, head.name_size, head.qtype, head.wants)
    if entry != NULL:
        unlink(shard, entry)
    entry = room_for(shard, space)
    memcpy(entry, head, sizeof(Entry))
    entry.space = space
    entry.is_dead = False
    entry.generation = 0
    memcpy(<uint8_t *>ttls_of(entry), parts.ttl_at, 2 * head.ttl_count)
    memcpy(<uint8_t *>name_of(entry), parts.name, head.name_size)
    memcpy(<uint8_t *>links_of(entry), parts.links, head.links_size)
    memcpy(<uint8_t *>body_of(entry), parts.body, head.body_size)
    entry.next = shard.homes[head.hash % HOMES]
    shard.homes[head.hash % HOMES] = units_of(shard, entry)
    shard.count += 1
    pthread_mutex_unlock(&shard.lock)


cdef void keep(
    Store *store, uint64_t hash, const Question *question, const Answer *answer,
    const uint8_t *reply, double tick
) noexcept nogil:
    cdef Entry head
    cdef Parts parts
    cdef uint8_t links[1024 + 2 * 16]
    cdef uint16_t at
    if not answer.lifetime_s:
        return
    head.hash = hash
    head.stored = tick
    head.expires = tick + answer.lifetime_s
    head.lowest_ttl = answer.lowest_ttl
    head.qtype = question.qtype
    head.wants = wants_of(question)
    head.is_odd = False
    head.name_size = question.wire_size
    head.flags = answer.flags
    head.rcode = answer.rcode
    memcpy(head.counts, answer.counts, sizeof(head.counts))
    head.ttl_count = answer.ttl_count
    head.body_size = answer.body_size
    head.links_size = 0
    head.link_count = answer.link_count
    for at in range(answer.link_count):
        memcpy(links + head.links_size, &answer.links[at].size, 2)
        memcpy(
            links + head.links_size + 2,
            answer.links_text + answer.links[at].at, answer.links[at].size
        )
        head.links_size += 2 + answer.links[at].size
    parts.ttl_at = &answer.ttl_at[0]
    parts.name = &question.wire[0]
    parts.links = links
    parts.body = reply + answer.body_at
    put(store, &head, &parts)


cdef class AnswerCache:
    """What ``resolve.cache.Cache`` is, over memory that the core's workers share."""

    def __cinit__(self, bytes key not None, uint32_t size_bytes=SIZE_BYTES):
        cdef int at
        self.store = <Store *>calloc(1, sizeof(Store))
        if self.store == NULL:
            raise MemoryError
        self.store.key = sip_key(key)
        self.store.shards = <Shard *>calloc(SHARDS, sizeof(Shard))
        if self.store.shards == NULL:
            raise MemoryError
        for at in range(SHARDS):
            pthread_mutex_init(&self.store.shards[at].lock, NULL)
            self.store.shards[at].size = (size_bytes // SHARDS) & ~<uint32_t>7
            self.store.shards[at].room = <uint8_t *>roomy(self.store.shards[at].size)
            if self.store.shards[at].room == NULL:
                raise MemoryError

    def __dealloc__(self):
        cdef int at
        if self.store == NULL:
            return
        if self.store.shards != NULL:
            for at in range(SHARDS):
                pthread_mutex_destroy(&self.store.shards[at].lock)
                free(self.store.shards[at].room)
        free(self.store.shards)
        free(self.store)

    def __len__(self):
        cdef int at
        cdef uint32_t count = 0
        for at in range(SHARDS):
            pthread_mutex_lock(&self.store.shards[at].lock)
            count += self.store.shards[at].count
            pthread_mutex_unlock(&self.store.shards[at].lock)
        return count

    def get(self, key, double tick):
        """Return the ``resolve.cache.Entry`` that is kept and still holds at ``tick``, else None."""
        cdef bytes name = wire_names.to_wire(key[0])
        cdef uint8_t wants = (WANTS_DO if key[3] else 0) | (WANTS_CD if key[4] else 0)
        cdef uint64_t hash = hash_of(self.store, name, <uint32_t>len(name), key[1], wants)
        cdef Entry *entry = find(
            self.store, hash, name, <uint32_t>len(name), key[1], wants, tick
        )
        cdef bytes copy
        if entry == NULL:
            return None
        copy = <bytes>(<const uint8_t *>entry)[:entry.space]
        unlock(self.store, hash)
        return opened(<const Entry *>(<const uint8_t *>copy))

    def put(self, key, entry):
        """Keep an entry, unless it has no time to live."""
        if entry.expires > entry.stored:
            closed(self.store, key, entry)

    def clear(self):
        """Forget everything."""
        cdef int at
        cdef Shard *shard
        for at in range(SHARDS):
            shard = &self.store.shards[at]
            pthread_mutex_lock(&shard.lock)
            while shard.places:
                drop_oldest(shard)
            pthread_mutex_unlock(&shard.lock)


cdef object opened(const Entry *entry):
    """Return an entry as Python knows it."""
    cdef bytes body = <bytes>body_of(entry)[:entry.body_size]
    cdef bytes links = <bytes>links_of(entry)[:entry.links_size]
    cdef uint16_t number
    chunks, ttls, texts = [], [], []
    start = 0
    for number in range(entry.ttl_count):
        at = ttls_of(entry)[number]
        chunks.append(body[start:at])
        ttls.append(seconds(_U32.unpack_from(body, at)[0]))
        start = at + 4
    chunks.append(body[start:])
    at = 0
    while at < len(links):
        size = _U16.unpack_from(links, at)[0]
        texts.append(links[at + 2 : at + 2 + size].decode("ascii"))
        at += 2 + size
    answers, authority, additional = entry.counts[0], entry.counts[1], entry.counts[2]
    counts = (
        _COUNTS.pack(1, answers, authority, additional),
        _COUNTS.pack(1, answers, authority, additional + 1),
    )
    whole = PythonBody(entry.flags, counts, tuple(chunks), tuple(ttls), entry.lowest_ttl)
    return PythonEntry(whole, tuple(texts), entry.rcode, entry.stored, entry.expires)


cdef int closed(Store *store, key, entry) except -1:
    """Keep an entry that Python made; what does not fit into one is not kept."""
    cdef bytes name = wire_names.to_wire(key[0])
    cdef bytes body, links, offsets
    cdef Entry head
    cdef Parts parts
    whole = entry.body
    body = whole.chunks[0]
    at = []
    for ttl, chunk in zip(whole.ttls, whole.chunks[1:], strict=True):
        at.append(len(body))
        body += _U32.pack(ttl) + chunk
    links = b"".join(_U16.pack(len(text)) + text.encode() for text in entry.names)
    if max(len(body), len(links)) > LARGEST_PART or len(name) > MAX_NAME_OCTETS:
        return 0
    offsets = struct.pack(f"={len(at)}H", *at)
    head.wants = (WANTS_DO if key[3] else 0) | (WANTS_CD if key[4] else 0)
    head.hash = hash_of(store, name, <uint32_t>len(name), key[1], head.wants)
    head.stored = entry.stored
    head.expires = entry.expires
    head.lowest_ttl = whole.lowest_ttl
    head.qtype = key[1]
    head.is_odd = len(entry.names) > MOST_LINKS_JUDGED or not all(map(_is_plain, entry.names))
    head.name_size = len(name)
    head.flags = whole.flags
    head.rcode = entry.rcode
    _, head.counts[0], head.counts[1], head.counts[2] = _COUNTS.unpack(whole.counts[0])
    head.ttl_count = len(at)
    head.body_size = len(body)
    head.links_size = len(links)
    head.link_count = len(entry.names)
    parts.ttl_at = <const uint16_t *>(<const uint8_t *>offsets)
    parts.name = name
    parts.links = links
    parts.body = body
    put(store, &head, &parts)
    return 0
