"""What it means that the core and Python agree; shared by the tests and by the fuzzers.

Each function asserts that whatever the core does with a packet is what Python does, and tells
whether the core took it: passing is always right here, and never enough for everyday packets.
"""

import struct
from itertools import accumulate
from typing import Any

from built import built

from filterd.config.document import Answer
from filterd.errors import WireError
from filterd.policy.verdict import Action, Rank, Reason, Verdict
from filterd.resolve.blocked import extended_error, forge_block
from filterd.resolve.cache import entry_of
from filterd.wire import codes, forge
from filterd.wire.answer import without_opt
from filterd.wire.edns import opt_record
from filterd.wire.name import parents, to_wire
from filterd.wire.query import Query, scan

# Without the core there is nothing to compare; each test file that imports this is skipped.
probe = built("filterd.fast.probe")

KINDS: dict[Answer, int] = {"null": 0, "nxdomain": 1, "nodata": 2, "refused": 3}
SERVFAIL = 4
FAILURE = (codes.EDE_NETWORK_ERROR, "no upstream answered")


def is_relayed_by_python(packet: bytes) -> bool:
    try:
        return scan(packet).question.qtype != codes.ANY
    except WireError:
        return False


def query_agrees(packet: bytes) -> bool:
    seen = probe.scan(packet)
    if seen is None:
        return False
    expected = scan(packet)
    message_id, flags, question, asked, edns, wire, label_at = seen
    assert (message_id, flags, question) == (expected.id, expected.flags, expected.question)
    assert asked == expected.asked
    if expected.edns is None:
        assert edns is None
    else:
        has_options = expected.edns.options != ()
        assert edns == (expected.edns.size, expected.edns.do, has_options)
    name = expected.question.name
    assert wire == to_wire(name)
    assert [name[at:] for at in label_at] == list(parents(name))
    return True


def answer_agrees(packet: bytes) -> bool:
    seen = probe.walk(packet)
    if seen is None:
        return False
    body, answer = without_opt(packet)
    entry = entry_of(answer, body, 0.0)
    assert (seen["id"], seen["flags"]) == (answer.id, body.flags)
    assert (seen["rcode"], seen["qtype"]) == (answer.rcode, answer.question.qtype)
    assert seen["asked"] == answer.asked
    assert (1, *seen["counts"]) == struct.unpack("!4H", body.counts[0])
    sizes = [len(chunk) + 4 for chunk in body.chunks[:-1]]
    assert seen["ttls_at"] == [end - 4 for end in accumulate(sizes)]
    assert seen["body"] == packet[12 + len(answer.asked) : answer.body_end]
    assert seen["lowest_ttl"] == body.lowest_ttl
    assert seen["lifetime_s"] == entry.expires
    assert seen["links"] == entry.names
    return True


def blocks_agree(packet: bytes, verdict: Verdict, ttl: int) -> bool:
    """Compare every kind of block for this verdict."""
    if probe.scan(packet) is None:
        return False
    query = scan(packet)
    taught = opt_record(False, extended_error(verdict))
    for answer in KINDS:
        kind = KINDS["nxdomain" if verdict.reason is Reason.CANARY else answer]
        assert probe.forge(packet, kind, ttl, taught) == forge_block(query, verdict, answer, ttl)
    return True


def failure_and_upstream_agree(packet: bytes, message_id: int) -> bool:
    if probe.scan(packet) is None:
        return False
    query = scan(packet)
    failed = probe.forge(packet, SERVFAIL, 0, opt_record(False, FAILURE))
    assert failed == forge.servfail(query, FAILURE)
    assert probe.to_upstream(packet, message_id) == forge.to_upstream(query, message_id)
    return True


def finished_by_python(query: Query, upstream: bytes, age_s: int, ttl_cap: int) -> bytes | None:
    """Return the reply by UDP, None when it had to be cut."""
    packet = forge.finish(query, without_opt(upstream)[0], age_s, ttl_cap)
    limit = forge.limit_for(query, over_stream=False)
    return packet if forge.fit(query, packet, limit) == packet else None


def finished(packet: bytes, upstream: bytes, age_s: int, ttl_cap: int, **more: Any) -> bytes | None:
    """Return what the core makes of an upstream's reply that it can walk."""
    seen = probe.walk(upstream)
    assert seen is not None
    return probe.finish(
        packet, seen["body"], seen["ttls_at"], seen["flags"], seen["counts"], age_s, ttl_cap, **more
    )


def finish_agrees(packet: bytes, upstream: bytes, age_s: int, ttl_cap: int) -> bool:
    """Compare finished bodies; the core passes just those that Python would have to cut."""
    if probe.scan(packet) is None or probe.walk(upstream) is None:
        return False
    expected = finished_by_python(scan(packet), upstream, age_s, ttl_cap)
    assert finished(packet, upstream, age_s, ttl_cap) == expected
    return True


def all_agrees(packet: bytes, upstream: bytes, age_s: int, ttl_cap: int) -> None:
    """Compare everything the core may write for this packet."""
    listed = Verdict(Action.BLOCK, Rank.CATEGORY, Reason.CATEGORY, category="games")
    blocks_agree(packet, listed, ttl_cap)
    failure_and_upstream_agree(packet, age_s & 0xFFFF)
    finish_agrees(packet, upstream, age_s, ttl_cap)
