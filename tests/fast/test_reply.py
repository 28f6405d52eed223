"""What the core writes is what wire.forge writes, byte for byte."""

from typing import get_args

import pytest
from agreement import (
    KINDS,
    blocks_agree,
    failure_and_upstream_agree,
    finish_agrees,
    finished,
    probe,
)
from crafted import everyday_queries, everyday_replies, opt, query, record, reply, wire_name
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filterd.config.document import Answer
from filterd.policy.verdict import Action, Rank, Reason, Verdict
from filterd.wire import codes, forge
from filterd.wire.edns import opt_record
from filterd.wire.query import scan

LARGEST_SENT = 1232

verdicts = st.builds(
    Verdict,
    st.just(Action.BLOCK),
    st.just(Rank.CATEGORY),
    st.sampled_from(Reason),
    category=st.text(max_size=150),
)
ttls = st.one_of(st.integers(1, 60), st.integers(0, 86_400))


def test_every_answer_that_a_profile_may_choose_is_known_to_the_core() -> None:
    assert set(get_args(Answer.__value__ if hasattr(Answer, "__value__") else Answer)) == set(KINDS)


@settings(max_examples=400)
@given(everyday_queries(), verdicts, ttls)
def test_a_block_is_what_python_forges(packet: bytes, verdict: Verdict, ttl: int) -> None:
    assert blocks_agree(packet, verdict, ttl)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("qtype", [codes.A, codes.AAAA, codes.HTTPS, 16])
@pytest.mark.parametrize("behind", [b"", opt(), opt(flags=0x8000)], ids=["bare", "EDNS", "DO"])
def test_each_reason_for_a_block_looks_as_python_writes_it(
    reason: Reason, qtype: int, behind: bytes
) -> None:
    verdict = Verdict(Action.BLOCK, Rank.OWN, reason)
    for flags in (0, codes.RD, codes.RD | codes.CD | codes.AD):
        assert blocks_agree(query(qtype=qtype, behind=behind, flags=flags), verdict, 10)


@given(everyday_queries(), st.integers(0, 65535))
def test_a_failure_and_a_query_to_an_upstream_are_what_python_forges(
    packet: bytes, message_id: int
) -> None:
    assert failure_and_upstream_agree(packet, message_id)


@st.composite
def asked_and_answered(draw: st.DrawFn) -> tuple[bytes, bytes]:
    packet = draw(everyday_queries())
    return packet, draw(everyday_replies(to=forge.to_upstream(scan(packet), 7)))


@settings(max_examples=700)
@given(
    asked_and_answered(),
    st.one_of(st.integers(0, 500), st.integers(0, 2**31)),
    st.one_of(st.integers(1, 60), st.integers(1, 86_400)),
)
def test_a_finished_body_is_what_python_finishes_unless_it_is_cut(
    pair: tuple[bytes, bytes], age_s: int, ttl_cap: int
) -> None:
    assert finish_agrees(*pair, age_s, ttl_cap)


TXT = record(b"\xc0\x0c", 16, b"\xff" + b"x" * 255)


@pytest.mark.parametrize(
    ("behind", "rest"),
    [
        pytest.param(b"", 512, id="no EDNS"),
        pytest.param(opt(0), 512 - 11, id="size 0 means 512"),
        pytest.param(opt(512), 512 - 11, id="512"),
        pytest.param(opt(700), 700 - 11, id="700"),
        pytest.param(opt(1232), 1232 - 11, id="1232"),
        pytest.param(opt(4096), 1232 - 11, id="4096 is more than we send"),
    ],
)
def test_a_reply_may_have_as_many_octets_as_python_sends_and_no_more(
    behind: bytes, rest: int
) -> None:
    packet = query(b"\1q\0", codes.HTTPS, behind=behind)
    for size in (rest - 1, rest, rest + 1):
        upstream = reply(record(b"\xc0\x0c", 16, b"x" * (size - 19 - 12)))
        assert finish_agrees(packet, upstream, 5, 60)
        assert (finished(packet, upstream, 5, 60) is None) is (size > rest)


@pytest.mark.parametrize("ttl", [0, 1, 59, 60, 61, 2**31 - 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("age_s", [0, 1, 60, 2**31])
def test_a_ttl_is_aged_and_capped_as_python_does(ttl: int, age_s: int) -> None:
    packet = query(b"\1q\0", codes.HTTPS)
    upstream = reply(record(b"\xc0\x0c", 16, b"\1x", ttl=ttl), record(b"\xc0\x0c", 16, b"\1y"))
    assert finish_agrees(packet, upstream, age_s, 60)


@pytest.mark.parametrize("flags", [0, codes.AD, codes.CD, codes.RD | codes.AD | codes.CD])
@pytest.mark.parametrize("behind", [b"", opt(), opt(flags=0x8000)], ids=["bare", "EDNS", "DO"])
def test_ad_stays_for_those_who_understand_it(flags: int, behind: bytes) -> None:
    packet = query(b"\1q\0", codes.HTTPS, flags=flags, behind=behind)
    upstream = reply(record(b"\xc0\x0c", 16, b"\1x"), flags=0x81A0)
    assert finish_agrees(packet, upstream, 0, 60)


def test_letters_come_back_as_the_client_wrote_them() -> None:
    packet = query(wire_name(b"wWw", b"EXAMPLE"))
    upstream = bytearray(forge.to_upstream(scan(packet), 7).lower()[:-11])
    upstream[2:4] = b"\x81\x80"
    upstream[11] = 0
    found = finished(packet, bytes(upstream), 0, 60)
    assert found is not None
    assert found[12:25] == b"\3wWw\7EXAMPLE\0"


@example(bytes(range(7)), 3)
@given(st.binary(max_size=40), st.integers(0, 65535))
def test_a_ttl_outside_its_body_is_passed(octets: bytes, at: int) -> None:
    found = probe.finish(query(), octets, [at], 0, (1, 0, 0), 0, 60)
    assert (found is None) is (at + 4 > len(octets))


def test_without_room_nothing_is_written() -> None:
    packet = query(b"\1q\0", codes.HTTPS, behind=opt())
    taught = opt_record(False, (codes.EDE_BLOCKED, "category games"))
    block = probe.forge(packet, 1, 10, taught)
    sent = probe.to_upstream(packet, 7)
    upstream = reply(TXT)
    relayed = finished(packet, upstream, 0, 60)
    assert relayed is not None
    for room in range(LARGEST_SENT):
        assert probe.forge(packet, 1, 10, taught, room) == (block if room >= len(block) else None)
        assert probe.to_upstream(packet, 7, room) == (sent if room >= len(sent) else None)
        found = finished(packet, upstream, 0, 60, room=room)
        assert found == (relayed if room >= len(relayed) else None)


def test_an_opt_that_is_none_of_ours_is_refused_when_it_is_taught() -> None:
    with pytest.raises(ValueError, match="larger"):
        probe.forge(query(), 0, 10, bytes(200))
