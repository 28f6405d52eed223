"""The core's walk over a reply finds what Python's finds, and passes what is not everyday."""

import struct

import pytest
from agreement import answer_agrees, probe
from crafted import (
    changed,
    everyday_replies,
    golden,
    golden_packets,
    opt,
    pointer,
    record,
    reply,
    wire_name,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filterd.errors import WireError
from filterd.wire import codes
from filterd.wire.answer import is_reply_to, walk, without_opt

UPSTREAM = {"upstream-chain", "upstream-https", "upstream-nxdomain", "finished-chain"}
# Well-formed too; whether it answers anything of ours is is_reply_to's to say.
TAKEN = UPSTREAM | {"blocked-aaaa", "blocked-nodata", "query-is-reply"}
RECORDS_AT = 19
Q = pointer(12)


@settings(max_examples=1500)
@given(
    st.one_of(
        everyday_replies(), changed(everyday_replies()), changed(golden), st.binary(max_size=99)
    )
)
def test_what_the_core_takes_python_reads_to_the_same_answer(packet: bytes) -> None:
    answer_agrees(packet)


@settings(max_examples=500)
@given(everyday_replies())
def test_an_everyday_reply_is_never_passed(packet: bytes) -> None:
    assert answer_agrees(packet)


@pytest.mark.parametrize("name", sorted(golden_packets()))
def test_of_the_golden_packets_the_everyday_replies_are_taken(name: str) -> None:
    packet = golden_packets()[name]
    assert (probe.walk(packet) is not None) is (name in TAKEN)


A = record(Q, codes.A, bytes((192, 0, 2, 1)))
TXT = record(Q, 16, b"\1x")
ODD = [
    pytest.param(reply(flags=0x0180), id="a query"),
    pytest.param(reply(flags=0x8380), id="truncated"),
    pytest.param(reply(flags=0xA180), id="another opcode"),
    pytest.param(reply(A)[:4] + b"\0\2" + reply(A)[6:], id="two questions"),
    pytest.param(reply()[:17] + b"\0\3", id="a question of another class"),
    pytest.param(reply()[:16] + b"\xff" + reply()[17:], id="a question for ANY"),
    pytest.param(reply(A) + b"\0", id="an octet behind the last record"),
    pytest.param(reply(additional=2, behind=opt() + TXT), id="a record behind the OPT"),
    pytest.param(reply(additional=2, behind=opt() * 2), id="two OPTs"),
    pytest.param(reply(additional=1, behind=b"\1a" + opt()), id="an OPT with a name"),
    pytest.param(
        reply(TXT, additional=1, behind=pointer(18) + opt()[1:]), id="an OPT with a pointer"
    ),
    pytest.param(reply(opt()), id="an OPT in the answer section"),
    pytest.param(reply(additional=1, behind=opt(upper_and_version=0x100)), id="BADVERS"),
    pytest.param(
        reply(additional=1, behind=record(b"\0", codes.TSIG, b"", rclass=255)), id="a TSIG"
    ),
    pytest.param(
        reply(A, additional=1, behind=record(b"\0", codes.TSIG, b"")), id="a TSIG of class IN"
    ),
    pytest.param(reply(record(Q, 16, b"\1x", rclass=3)), id="a record of another class"),
    pytest.param(reply(record(Q, codes.A, b"abc")), id="A of three octets"),
    pytest.param(reply(record(Q, codes.AAAA, b"abcd")), id="AAAA of four octets"),
    pytest.param(reply(record(Q, codes.CNAME, b"\1a\0\0")), id="octets behind an alias"),
    pytest.param(reply(record(Q, codes.CNAME, b"\1a")), id="an alias over its record"),
    pytest.param(reply(record(Q, codes.CNAME, b"\0")), id="an alias to the root"),
    pytest.param(reply(record(Q, codes.CNAME, b"\3a.b\0")), id="an alias with a dot in a label"),
    pytest.param(reply(record(Q, codes.SOA, bytes(21))), id="an SOA of 21 octets"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1")), id="a service without a target"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0\0\4\0\0")), id="an empty hint"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0\0\6\0\4abcd")), id="a hint of four for v6"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0\0\4\0\3abc")), id="a hint of three"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0\0\6\0\0")), id="an empty hint for v6"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0" + b"\0\3\0\0" * 2)), id="a key twice"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0\0\3\0\0\0\2\0\0")), id="a key too late"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0\0\3\0\1")), id="a parameter too long"),
    pytest.param(reply(record(Q, codes.HTTPS, b"\0\1\0\0\3\0")), id="a parameter cut short"),
    pytest.param(reply(record(b"\x80", 16, b"")), id="an unknown label type"),
    pytest.param(reply(record(pointer(RECORDS_AT), 16, b"")), id="a pointer to itself"),
    pytest.param(reply(record(pointer(40), 16, b"abcdefghijkl\0")), id="a pointer forwards"),
    pytest.param(reply(record(pointer(4), 16, b"")), id="a pointer into the header"),
    pytest.param(reply(record(b"\1a" + pointer(19), 16, b"")), id="a label before its pointer"),
    pytest.param(
        reply(record(Q, 10, b"\3a"), record(pointer(31), 16, b"")), id="a label around its pointer"
    ),
    pytest.param(reply(A[:-5]), id="rdata over the end"),
    pytest.param(reply(b""), id="a record is missing"),
]


@pytest.mark.parametrize("packet", ODD)
def test_what_is_odd_goes_to_python(packet: bytes) -> None:
    assert probe.walk(reply(A)) is not None
    assert probe.walk(packet) is None


@pytest.mark.parametrize("place", range(22, 31))
def test_no_name_runs_through_a_ttl(place: int) -> None:
    first = struct.pack("!HHHIH", 0xC00C, 10, 1, 0x01620000, 0)
    packet = reply(first, record(pointer(place), 16, b""))
    try:
        without_opt(packet)
    except WireError:
        assert probe.walk(packet) is None
    else:
        assert answer_agrees(packet)


@pytest.mark.parametrize("rcode", range(16))
@pytest.mark.parametrize(
    "records",
    [
        pytest.param([], id="nothing"),
        pytest.param([(1, codes.HTTPS, 90, b"\0\1\0")], id="what was asked for"),
        pytest.param([(1, codes.CNAME, 30, b"\1a\0"), (2, codes.SOA, 60, bytes(22))], id="no end"),
        pytest.param([(2, codes.SOA, 60, bytes(18) + b"\0\0\0\x1e")], id="a low minimum"),
        pytest.param([(2, codes.SOA, 60, bytes(18) + b"\xff\0\0\0")], id="no minimum"),
        pytest.param([(2, codes.SOA, 90000, bytes(18) + b"\0\1\x11\x70")], id="a long no"),
        pytest.param([(1, codes.SOA, 5, bytes(21) + b"\x05")], id="an SOA as the answer"),
        pytest.param([(2, 2, 4, b"\0"), (3, codes.A, 2, b"abcd")], id="a delegation"),
        pytest.param([(1, codes.HTTPS, 2**31, b"\0\1\0")], id="a TTL with its top bit"),
        pytest.param([(1, codes.HTTPS, 2**31 - 1, b"\0\1\0")], id="68 years"),
    ],
)
def test_an_answer_is_kept_as_long_as_python_keeps_it(
    records: list[tuple[int, int, int, bytes]], rcode: int
) -> None:
    counts = [sum(1 for each in records if each[0] == section) for section in (1, 2, 3)]
    packet = struct.pack("!6H", 7, 0x8180 | rcode, 1, *counts) + b"\1q\0\0\x41\0\1"
    packet += b"".join(record(Q, rtype, rdata, ttl=ttl) for _, rtype, ttl, rdata in records)
    assert answer_agrees(packet)


def test_there_is_room_for_as_many_records_as_promised_and_no_more() -> None:
    assert answer_agrees(reply(*[A] * 128))
    with_opt = reply(*[A] * 128, additional=1, behind=opt())
    assert answer_agrees(with_opt)
    assert probe.walk(reply(*[A] * 129)) is None


def test_there_is_room_for_as_many_targets_as_promised_and_no_more() -> None:
    def chain(count: int) -> bytes:
        return reply(*[record(Q, codes.CNAME, wire_name(b"t%d" % i)) for i in range(count)])

    assert answer_agrees(chain(16))
    assert probe.walk(chain(17)) is None
    again = reply(*[record(Q, codes.CNAME, b"\1t\0")] * 40)
    assert probe.walk(again)["links"] == ("t",)


def test_there_is_room_for_four_of_the_longest_targets() -> None:
    def targets(count: int) -> bytes:
        names = [wire_name(*[bytes((97 + i,)) * 63] * 3, b"b" * 61) for i in range(count)]
        return reply(*[record(Q, codes.CNAME, name) for name in names])

    assert answer_agrees(targets(4))
    assert probe.walk(targets(5)) is None


def test_a_reply_of_4096_octets_is_read_and_a_longer_one_passed() -> None:
    def sized(size: int) -> bytes:
        return reply(record(Q, 16, bytes(size - RECORDS_AT - 12)))

    assert answer_agrees(sized(4096))
    assert probe.walk(sized(4097)) is None


def pointers(count: int) -> bytes:
    """An owner that is ``count`` pointers long, each pointing at the one before."""
    start = RECORDS_AT + 12
    places = [start, *range(start + 3, start + 3 + 2 * (count - 2), 2)]
    rdata = b"\1a\0" + b"".join(map(pointer, places[: count - 1]))
    return reply(record(Q, 10, rdata), record(pointer(start + 3 + 2 * (count - 2)), 16, b""))


def test_127_pointers_are_a_name_and_128_are_not() -> None:
    assert answer_agrees(pointers(127))
    assert probe.walk(pointers(128)) is None


@pytest.mark.parametrize(("octets", "is_taken"), [(255, True), (256, False)])
def test_a_name_may_not_grow_over_255_octets_by_pointers(octets: int, *, is_taken: bool) -> None:
    label = bytes((63,)) + b"a" * 63
    rest = octets - 193 - 1
    owner = bytes((rest,)) + b"b" * rest + pointer(RECORDS_AT + 12)
    packet = reply(record(Q, 10, label * 3 + b"\0"), record(owner, 16, b""))
    assert (probe.walk(packet) is not None) is is_taken


def test_the_steps_along_names_are_bounded_by_the_length_of_the_reply() -> None:
    deep = record(Q, 10, b"\1a" * 126 + b"\0")
    few = reply(deep, *[record(pointer(RECORDS_AT + 12), 16, b"")] * 8)
    many = reply(deep, *[record(pointer(RECORDS_AT + 12), 16, b"")] * 127)
    assert answer_agrees(few)
    assert len(walk(many).records) == 128
    assert probe.walk(many) is None


def test_names_of_everyday_depth_never_run_out_of_steps() -> None:
    # The reverse name of an IPv6 address, 34 labels, for as many answers as there may be.
    name = wire_name(*[b"f"] * 32, b"ip6", b"arpa")
    head = struct.pack("!6H", 7, 0x8180, 1, 100, 0, 0) + name + b"\0\x0c\0\1"
    packet = head + record(Q, 12, wire_name(b"host", b"example")) * 100
    assert answer_agrees(packet)


SENT = golden_packets()["to-upstream"]
TYPE_65 = bytes.fromhex("0001 0100 0001 0000 0000 0000 00 0041 0001")
REPLIES = [
    *(SENT[:2] + bytes((high,)) + SENT[3:] for high in (0x01, 0x81, 0xA1, 0x85, 0x83)),
    SENT[:2] + b"\x81" + SENT[3:].upper(),
    SENT[:2] + b"\x81" + SENT[3:].lower(),
    TYPE_65[:2] + b"\x81" + TYPE_65[3:],
    TYPE_65[:2] + b"\x81" + TYPE_65[3:14] + b"\x61" + TYPE_65[15:],
]


@settings(max_examples=500)
@given(
    st.sampled_from([SENT, TYPE_65]),
    st.one_of(st.sampled_from(REPLIES), changed(st.sampled_from(REPLIES)), st.binary(max_size=40)),
)
@example(SENT, REPLIES[1])
def test_only_that_is_a_reply_which_python_calls_one(sent: bytes, packet: bytes) -> None:
    assert probe.is_reply_to(sent, packet) is is_reply_to(sent, packet)


def test_the_reply_to_what_was_sent_is_known_in_any_case_of_its_letters() -> None:
    same = SENT[:2] + b"\x81" + SENT[3:]
    assert probe.is_reply_to(SENT, same)
    assert probe.is_reply_to(SENT, same[:12] + same[12:29].swapcase() + same[29:])
    assert not any(probe.is_reply_to(SENT, same[:size]) for size in range(33))
