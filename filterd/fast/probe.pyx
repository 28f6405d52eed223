# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True
"""Shows the functions of packet, answer, reply and texts to tests and fuzzers, who speak Python.

Every packet is first copied into memory of exactly its size, so that a sanitizer sees a read
behind its end.  Nothing of the running core calls this.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy
from filterd.fast cimport answer as _answer
from filterd.fast cimport packet as _packet
from filterd.fast cimport reply as _reply
from filterd.fast cimport texts as _texts

from sys import byteorder as _ORDER


cdef class _Copy:
    """A packet in memory of its own."""

    cdef uint8_t *octets
    cdef uint32_t size

    def __cinit__(self, bytes packet):
        self.size = len(packet)
        self.octets = <uint8_t *>malloc(self.size)
        if self.octets == NULL and self.size:
            raise MemoryError
        memcpy(self.octets, <const uint8_t *>packet, self.size)

    def __dealloc__(self):
        free(self.octets)


def scan(bytes packet):
    cdef _Copy copy = _Copy(packet)
    cdef _packet.Question question
    if not _packet.scan(copy.octets, copy.size, &question):
        return None
    edns = None
    if question.has_opt:
        edns = (question.udp_size, bool(question.wants_dnssec), bool(question.has_options))
    return (
        question.id,
        question.flags,
        (question.text[:question.text_size].decode(), question.qtype, question.qclass),
        packet[_packet.HEADER_OCTETS:question.end],
        edns,
        <bytes>question.wire[:question.wire_size],
        [question.label_at[label] for label in range(question.labels)],
    )


def plain_text(bytes wire):
    cdef _Copy copy = _Copy(wire)
    cdef uint8_t text[255]
    cdef uint32_t size = _packet.plain_text(copy.octets, copy.size, text)
    return text[:size].decode() if size else None


def is_reply_to(bytes sent, bytes reply):
    cdef _Copy ours = _Copy(sent), theirs = _Copy(reply)
    return bool(_answer.is_reply_to(ours.octets, ours.size, theirs.octets, theirs.size))


def walk(bytes reply):
    cdef _Copy copy = _Copy(reply)
    cdef _answer.Answer answer
    cdef _answer.Link link
    if not _answer.walk(copy.octets, copy.size, &answer):
        return None
    links = []
    for number in range(answer.link_count):
        link = answer.links[number]
        links.append(answer.links_text[link.at:link.at + link.size].decode())
    return {
        "id": answer.id,
        "flags": answer.flags,
        "rcode": answer.rcode,
        "qtype": answer.qtype,
        "asked": reply[_packet.HEADER_OCTETS:answer.body_at],
        "body": reply[answer.body_at:answer.body_at + answer.body_size],
        "asked_size": answer.asked_size,
        "counts": tuple(answer.counts[section] for section in range(3)),
        "ttls_at": [answer.ttl_at[number] for number in range(answer.ttl_count)],
        "lowest_ttl": answer.lowest_ttl,
        "lifetime_s": answer.lifetime_s,
        "links": tuple(links),
    }


def forge(bytes packet, int kind, uint32_t ttl, bytes opt, uint32_t room=_reply.LARGEST_SENT):
    cdef _Copy copy = _Copy(packet), out = _Copy(bytes(room))
    cdef _packet.Question question
    cdef _reply.Opt kept = _reply.opt_of(opt)
    if not _packet.scan(copy.octets, copy.size, &question):
        return None
    size = _reply.forge(
        copy.octets, &question, <_reply.Kind>kind, ttl, &kept, out.octets, out.size
    )
    return <bytes>out.octets[:size] if size else None


def finish(bytes packet, bytes octets, list ttls_at, uint16_t flags, tuple counts,
           uint32_t age_s, uint32_t ttl_cap, uint32_t room=_reply.LARGEST_SENT):
    cdef _Copy copy = _Copy(packet), out = _Copy(bytes(room)), kept = _Copy(octets)
    cdef _Copy places = _Copy(b"".join(int(at).to_bytes(2, _ORDER) for at in ttls_at))
    cdef _packet.Question question
    cdef _reply.Body body
    body.octets, body.size = kept.octets, kept.size
    body.ttl_at, body.ttl_count = <uint16_t *>places.octets, len(ttls_at)
    body.flags = flags
    body.counts[0], body.counts[1], body.counts[2] = counts
    if not _packet.scan(copy.octets, copy.size, &question):
        return None
    size = _reply.finish(
        copy.octets, &question, &body, age_s, ttl_cap, out.octets, out.size
    )
    return <bytes>out.octets[:size] if size else None


def to_upstream(bytes packet, uint16_t message_id, uint32_t room=_reply.LARGEST_SENT):
    cdef _Copy copy = _Copy(packet), out = _Copy(bytes(room))
    cdef _packet.Question question
    if not _packet.scan(copy.octets, copy.size, &question):
        return None
    size = _reply.to_upstream(copy.octets, &question, message_id, out.octets, out.size)
    return <bytes>out.octets[:size] if size else None


def may_have_text(walk, bytes name):
    cdef _Copy copy = _Copy(name)
    cdef _texts.Texts texts
    _texts.take_texts(&texts, walk)
    return bool(_texts.may_have_text(&texts, copy.octets, copy.size))
