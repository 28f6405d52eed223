# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True
"""What libFuzzer calls with its bytes: the scanner, the walker or everything that writes.

FUZZ_TARGET says which (scan, walk, patch).  With FUZZ_ORACLE=1 each input also goes to Python and
both must agree; without it only what must always hold is checked, a hundred times faster.
Each struct is filled with junk first, with other junk the second time: what is read before it is
written shows as two different outcomes.
"""

import os
import sys
import traceback

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport abort, free, malloc
from libc.string cimport memcmp, memset
from filterd.fast.answer cimport Answer, is_reply_to, walk
from filterd.fast.packet cimport HEADER_OCTETS, Question, plain_text, scan
from filterd.fast.reply cimport Body, Kind, finish, forge, limit_for, plain, to_upstream
from filterd.fast.texts cimport Texts, may_have_text, take_texts

import agreement
from filterd.lists.texts import walk_of

cdef enum:
    LARGEST_ROOM = 1500
    # length of the packet, room, age, cap: two octets each; then the kind
    KNOBS = 9

cdef int which = ("scan", "walk", "patch").index(os.environ.get("FUZZ_TARGET", "scan"))
cdef bint with_oracle = os.environ.get("FUZZ_ORACLE", "0") == "1"

cdef Texts texts
_walk = walk_of(["^ads", "track", ".example$", "zz", "ackb"])  # lives as long as texts
take_texts(&texts, _walk)


cdef public int fuzz_one(const uint8_t *octets, size_t size):
    if which == 0:
        scan_one(octets, <uint32_t>size)
    elif which == 1:
        walk_one(octets, <uint32_t>size)
    else:
        patch_one(octets, <uint32_t>size)
    return 0


cdef void hold(bint what) noexcept:
    if not what:
        abort()


def compare(agree, *inputs):
    """Ask Python too; a difference ends the fuzzer like any crash."""
    try:
        agree(*inputs)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        abort()


cdef void scan_one(const uint8_t *octets, uint32_t size):
    cdef Question question, again
    cdef uint8_t text[255]
    cdef uint32_t text_size
    memset(&question, 0xA5, sizeof(question))
    memset(&again, 0x5A, sizeof(again))
    hold(scan(octets, size, &question) == scan(octets, size, &again))
    if scan(octets, size, &question):
        hold(question.end <= size and question.end == HEADER_OCTETS + question.asked_size)
        hold(question.wire_size + 4 == question.asked_size)
        hold(question.text_size == (question.wire_size - 2 if question.labels else 0))
        for number in range(question.labels):
            hold(question.label_at[number] < question.text_size)
        text_size = plain_text(question.wire, question.wire_size, text)
        hold(text_size == question.text_size)
        hold(memcmp(text, question.text, text_size) == 0)
        hold(memcmp(question.wire, again.wire, question.wire_size) == 0)
    # As a name, too: whatever comes is text or is not.
    plain_text(octets, size, text)
    may_have_text(&texts, octets, size)
    if with_oracle:
        compare(agreement.query_agrees, octets[:size])


cdef void walk_one(const uint8_t *octets, uint32_t size):
    cdef Answer answer, again
    cdef uint32_t number, last = 0
    memset(&answer, 0xA5, sizeof(answer))
    memset(&again, 0x5A, sizeof(again))
    hold(walk(octets, size, &answer) == walk(octets, size, &again))
    is_reply_to(octets, size, octets, size)
    if walk(octets, size, &answer):
        hold(answer.body_at + answer.body_size <= <int>size)
        hold(answer.counts[0] + answer.counts[1] + answer.counts[2] == answer.ttl_count)
        for number in range(answer.ttl_count):
            hold(answer.ttl_at[number] >= last and answer.ttl_at[number] + 4 <= answer.body_size)
            last = answer.ttl_at[number] + 4
        for number in range(answer.link_count):
            hold(answer.links[number].size > 0)
            hold(answer.links[number].at + answer.links[number].size <= answer.links_text_size)
        hold(answer.lifetime_s == again.lifetime_s and answer.lowest_ttl == again.lowest_ttl)
    if with_oracle:
        compare(agreement.answer_agrees, octets[:size])


cdef uint16_t word(const uint8_t *octets):
    return octets[0] << 8 | octets[1]


cdef void patch_one(const uint8_t *octets, uint32_t size):
    """Knobs, a client's packet, an upstream's reply: each in memory of its own."""
    cdef Question question
    cdef uint32_t packet_size, room
    if size < KNOBS:
        return
    packet_size = word(octets)
    room = word(octets + 2) % LARGEST_ROOM
    if packet_size > size - KNOBS:
        return
    cdef uint8_t *packet = copied(octets + KNOBS, packet_size)
    cdef uint32_t reply_size = size - KNOBS - packet_size
    cdef uint8_t *reply = copied(octets + KNOBS + packet_size, reply_size)
    cdef uint8_t *out = <uint8_t *>malloc(room)
    memset(&question, 0xA5, sizeof(question))
    if scan(packet, packet_size, &question):
        write_all(octets, packet, &question, reply, reply_size, out, room)
        if with_oracle:
            compare(
                agreement.all_agrees, packet[:packet_size], reply[:reply_size],
                word(octets + 4), word(octets + 6),
            )
    free(packet)
    free(reply)
    free(out)


cdef uint8_t *copied(const uint8_t *octets, uint32_t size):
    cdef uint8_t *copy = <uint8_t *>malloc(size)
    for at in range(size):
        copy[at] = octets[at]
    return copy


cdef void write_all(
    const uint8_t *knobs, const uint8_t *packet, const Question *question,
    const uint8_t *reply, uint32_t reply_size, uint8_t *out, uint32_t room
):
    cdef Answer answer
    cdef Body body
    cdef uint16_t places[8]
    cdef uint32_t age_s = word(knobs + 4), cap_s = word(knobs + 6), number
    memset(&answer, 0xA5, sizeof(answer))
    hold(forge(packet, question, <Kind>(knobs[8] % 8), cap_s, &plain, out, room) <= room)
    hold(to_upstream(packet, question, <uint16_t>age_s, out, room) <= room)
    if walk(reply, reply_size, &answer):
        body.octets, body.size = reply + answer.body_at, answer.body_size
        body.ttl_at, body.ttl_count = answer.ttl_at, answer.ttl_count
        body.flags = answer.flags
        body.counts[0], body.counts[1], body.counts[2] = 1, 2, 3
        hold(finish(packet, question, &body, age_s, cap_s, out, room) <= room)
        hold(finish(packet, question, &body, age_s, cap_s, out, room) <= limit_for(question))
    # A body that no walk has seen, with places that may lie anywhere.
    for number in range(8):
        places[number] = knobs[number] * (number + 1)
    body.octets, body.size = reply, reply_size & 0xFFFF
    body.ttl_at, body.ttl_count = places, knobs[8] % 9
    body.flags = 0xFFFF
    body.counts[0] = body.counts[1] = body.counts[2] = 0xFFFF
    hold(finish(packet, question, &body, age_s, cap_s, out, room) <= room)
