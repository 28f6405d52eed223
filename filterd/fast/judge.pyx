# cython: language_level=3, wraparound=False, cdivision=True
# The steps of one query: see judge.pxd.

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy
from filterd.fast.cache cimport (
    Entry, body_of, fetch_home, find_locked, links_of, question_hash, ttls_of, unlock
)
from filterd.fast.names cimport (
    MEANT, PROVEN, Numbers, Proof, both, chained, find, find_asked, hash_asked, may_begin_with_helpline
)
from filterd.fast.packet cimport Question, scan
from filterd.fast.reply cimport SERVFAIL, LARGEST_SENT, Body, Opt, finish, forge
from filterd.fast.ring cimport claim, commit
from filterd.fast.tables cimport UNKNOWN, State, Verdict, state_of, subject_of, verdict_of
from filterd.lists._native.siphash cimport SipKey, siphash24

from filterd.resolve.blocked import BLOCK_TTL_S
from filterd.resolve.engine import NO_UPSTREAM
from filterd.wire.codes import SERVFAIL as SERVFAIL_RCODE
from filterd.wire.edns import opt_record

cdef uint32_t BLOCK_S = BLOCK_TTL_S
cdef uint8_t SERVFAIL_CODE = SERVFAIL_RCODE
cdef Opt no_upstream


def _learn_opt():
    cdef bytes opt = opt_record(do=False, ede=NO_UPSTREAM)
    if len(opt) > <Py_ssize_t>sizeof(no_upstream.octets):
        raise ValueError("an OPT of that size is never sent")
    no_upstream.size = len(opt)
    memcpy(no_upstream.octets, <const uint8_t *>opt, len(opt))


_learn_opt()


cdef struct Judged:
    # What is known of a query when its verdict is.
    const State *state
    const Verdict *verdict
    uint32_t subject
    uint32_t number         # the verdict's
    Numbers numbers         # the name's


cdef inline uint32_t cap_at(uint32_t limit_s, const State *state, double wall) noexcept nogil:
    """Return the TTL cap, as resolve.memo.cap_at."""
    cdef double left_s = state.until - wall
    if left_s >= limit_s:
        return limit_s
    return <uint32_t>left_s if left_s >= 1 else 1


cdef Why judge(
    const Turn *turn, Asked *asked, Entry *entry, Judged *judged
) noexcept nogil:
    """Find the verdict on a question that was read; ``entry`` (or NULL) may know its numbers."""
    cdef World *world = turn.world
    cdef bint is_suspect
    cdef Why why
    judged.subject = subject_of(world, asked.address, turn.tick)
    judged.state = state_of(world, judged.subject, turn.wall)
    if judged.state == NULL:
        return UNTAUGHT
    if entry != NULL:
        why = look_up(world, asked, entry)
        if why != ANSWERED:
            return why
        judged.numbers = entry.numbers
        is_suspect = entry.is_suspect
    else:
        why = reason(find_asked(world.names, &asked.question, &asked.hashes, &judged.numbers))
        if why != ANSWERED:
            return why
        is_suspect = may_begin_with_helpline(world.names, &asked.question)
    judged.number = verdict_of(world, judged.state.content, 0, both(judged.numbers))
    if judged.number == UNKNOWN:
        return UNTAUGHT
    judged.verdict = &world.verdicts[judged.number]
    if is_suspect and judged.verdict.is_logged:
        return ODD
    return ANSWERED


cdef inline Why reason(Proof proof) noexcept nogil:
    return ANSWERED if proof == PROVEN else ODD if proof == MEANT else UNTAUGHT


cdef Why look_up(const World *world, const Asked *asked, Entry *entry) noexcept nogil:
    """Stamp an entry with what this world says of its names, unless it is."""
    cdef Why why
    if entry.generation == world.generation:
        return ANSWERED
    why = reason(find_asked(world.names, &asked.question, &asked.hashes, &entry.numbers))
    if why == ANSWERED and entry.link_count and not entry.is_odd:
        why = look_up_chain(world, entry)
    if why == ANSWERED:
        entry.is_suspect = may_begin_with_helpline(world.names, &asked.question)
        entry.generation = world.generation
    return why


cdef void read(const Turn *turn, Asked *asked) noexcept nogil:
    asked.is_read = scan(asked.packet, asked.size, &asked.question)
    if asked.is_read:
        asked.hash = question_hash(turn.store, &asked.question)
        fetch_home(turn.store, asked.hash)
        hash_asked(turn.world.names, &asked.question, &asked.hashes)


cdef Why answer(const Turn *turn, Asked *asked, uint8_t *out, uint32_t *size) noexcept nogil:
    cdef Judged judged
    cdef Entry *entry
    cdef Why why
    if not asked.is_read:
        return ODD
    entry = find_locked(turn.store, asked.hash, &asked.question, turn.tick)
    why = judge(turn, asked, entry, &judged)
    if why == ANSWERED:
        if judged.verdict.is_block:
            why = block(turn, asked, &judged, judged.number, out, size)
        elif entry == NULL:
            why = MISSING
        else:
            why = serve(turn, asked, &judged, entry, out, size)
    if entry != NULL:
        unlock(turn.store, asked.hash)
    return why


cdef Why block(
    const Turn *turn, Asked *asked, const Judged *judged, uint32_t number, uint8_t *out,
    uint32_t *size
) noexcept nogil:
    """Answer with the block of a verdict, the question's or that of its answer's chain."""
    cdef const Verdict *verdict = &turn.world.verdicts[number]
    size[0] = forge(
        asked.packet, &asked.question, verdict.kind, cap_at(BLOCK_S, judged.state, turn.wall),
        &verdict.opt, out, LARGEST_SENT
    )
    if not size[0]:
        return ODD
    note(turn, asked, judged.subject, number, out[3] & 0x0F, OURSELVES)
    return ANSWERED


cdef Why serve(
    const Turn *turn, Asked *asked, const Judged *judged, Entry *entry, uint8_t *out,
    uint32_t *size
) noexcept nogil:
    """Answer from an entry, unless its chain leads where this subject may not go."""
    cdef Body body
    cdef uint32_t outcome = judged.number
    if entry.is_odd:
        return ODD
    if entry.link_count:
        outcome = review(turn.world, judged, entry)
        if outcome == UNKNOWN:
            return UNTAUGHT
        if turn.world.verdicts[outcome].is_block:
            return block(turn, asked, judged, outcome, out, size)
    body.octets = body_of(entry)
    body.ttl_at = ttls_of(entry)
    body.size = entry.body_size
    body.ttl_count = entry.ttl_count
    body.flags = entry.flags
    memcpy(body.counts, entry.counts, sizeof(body.counts))
    size[0] = finish(
        asked.packet, &asked.question, &body, <uint32_t>(turn.tick - entry.stored),
        cap_at(judged.state.limit_s, judged.state, turn.wall), out, LARGEST_SENT
    )
    if not size[0]:
        return ODD
    note(turn, asked, judged.subject, outcome, <uint8_t>entry.rcode, asked.origin)
    return ANSWERED


cdef uint32_t review(const World *world, const Judged *judged, const Entry *entry) noexcept nogil:
    """Return the verdict that the chain of an answer leads to, UNKNOWN when it was not taught."""
    cdef uint32_t content = judged.state.content
    cdef uint32_t outcome = verdict_of(world, content, judged.number, entry.chain)
    if outcome == UNKNOWN:
        outcome = verdict_of(world, content, judged.number, entry.named_chain)
    return outcome


cdef Why look_up_chain(const World *world, Entry *entry) noexcept nogil:
    """Find the names of an answer's chain in this world's lists."""
    cdef const SipKey *key = &world.names.key
    cdef const uint8_t *links = links_of(entry)
    cdef uint64_t chain = 0
    cdef uint64_t named
    cdef Numbers numbers
    cdef uint32_t number
    cdef uint16_t size
    cdef uint32_t at = 0
    for number in range(entry.link_count):
        memcpy(&size, links + at, 2)
        if find(world.names, links + at + 2, size, &numbers) != PROVEN:
            return UNTAUGHT
        chain = chained(key, chain, both(numbers))
        at += 2 + size
    named = chain
    at = 0
    for number in range(entry.link_count):
        memcpy(&size, links + at, 2)
        named = chained(key, named, siphash24(key, links + at + 2, size))
        at += 2 + size
    entry.chain = chain
    entry.named_chain = named
    return ANSWERED


cdef void note(
    const Turn *turn, const Asked *asked, uint32_t subject, uint32_t number, uint8_t rcode,
    Origin origin
) noexcept nogil:
    """Put one line into the ring, unless nothing may be kept of such a verdict."""
    cdef const Verdict *verdict = &turn.world.verdicts[number]
    cdef Line line
    cdef uint8_t *room
    if not verdict.is_logged or not turn.world.is_logging:
        return
    line.name_size = asked.question.text_size if verdict.has_name else 0
    room = claim(turn.lines, sizeof(Line) + line.name_size)
    if room == NULL:
        return
    line.wall = turn.wall
    line.generation = turn.world.generation
    line.subject = subject
    line.verdict = number
    line.took_us = <uint32_t>((turn.tick - asked.since) * 1e6)
    line.qtype = asked.question.qtype
    line.rcode = rcode
    line.origin = origin
    memcpy(line.address, asked.address, sizeof(line.address))
    memcpy(room, &line, sizeof(Line))
    memcpy(room + sizeof(Line), asked.question.text, line.name_size)
    commit(turn.lines, sizeof(Line) + line.name_size)


cdef Why fail(const Turn *turn, Asked *asked, uint8_t *out, uint32_t *size) noexcept nogil:
    cdef Judged judged
    cdef Why why = ODD
    if asked.is_read:
        why = judge(turn, asked, NULL, &judged)
    if why != ANSWERED:
        return why
    if judged.verdict.is_block:
        return block(turn, asked, &judged, judged.number, out, size)
    size[0] = forge(
        asked.packet, &asked.question, SERVFAIL, 0, &no_upstream, out, LARGEST_SENT
    )
    if not size[0]:
        return ODD
    note(turn, asked, judged.subject, judged.number, SERVFAIL_CODE, FAILED)
    return ANSWERED
