"""The core's scanner reads what Python's reads, takes every everyday query and no other."""

import pytest
from agreement import is_relayed_by_python, probe, query_agrees
from crafted import (
    EVERYDAY_FLAGS,
    IGNORED_OPTIONS,
    any_queries,
    everyday_queries,
    golden_packets,
    opt,
    option,
    query,
    wire_name,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from filterd.config.document import parse_document
from filterd.config.machine import HOME_NETWORKS
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.policy.snapshot import compile_policy
from filterd.resolve.asked import Now
from filterd.resolve.engine import Engine, Forward, Reply
from filterd.wire import codes
from filterd.wire.name import from_labels

TAKEN = {"query-plain", "query-dig-cookie", "query-longest-name", "to-upstream"}


@settings(max_examples=1500)
@given(any_queries)
def test_what_the_core_takes_python_reads_to_the_same_question(packet: bytes) -> None:
    query_agrees(packet)


@settings(max_examples=500)
@given(everyday_queries())
@example(query(wire_name()))
def test_an_everyday_query_is_never_passed(packet: bytes) -> None:
    assert query_agrees(packet)


@pytest.mark.parametrize("name", sorted(golden_packets()))
def test_of_the_golden_packets_the_everyday_queries_are_taken(name: str) -> None:
    packet = golden_packets()[name]
    assert (probe.scan(packet) is not None) is (name in TAKEN)


def test_of_all_types_those_are_taken_that_python_relays_as_they_are() -> None:
    for qtype in range(65536):
        packet = query(qtype=qtype)
        assert (probe.scan(packet) is not None) is is_relayed_by_python(packet), qtype


def test_of_all_flags_only_rd_ad_and_cd_are_taken() -> None:
    everyday = codes.RD | codes.AD | codes.CD
    assert all(flags & ~everyday == 0 for flags in EVERYDAY_FLAGS)
    for flags in range(65536):
        taken = probe.scan(query(flags=flags)) is not None
        assert taken is (flags & ~everyday == 0), hex(flags)


def test_of_all_options_only_those_nobody_reads_are_taken() -> None:
    for code in range(65536):
        taken = probe.scan(query(behind=opt(options=option(code, b"12345678")))) is not None
        assert taken is (code in IGNORED_OPTIONS), code


@pytest.mark.parametrize("code", IGNORED_OPTIONS)
@pytest.mark.parametrize("name", [b"blocked", b"open"])
def test_an_option_that_the_core_ignores_python_ignores_too(code: int, name: bytes) -> None:
    document = parse_document(
        {
            "zone": "Asia/Karachi",
            "profiles": {"child": {"name": "Child", "blocked_names": ["blocked.example"]}},
            "default_profile": "child",
        }
    )
    policy = compile_policy(document, 1, Index(compile_index([], bytes(16)), bytes(16)), ())

    def done_with(options: bytes) -> bytes:
        packet = query(wire_name(name, b"example"), behind=opt(options=options))
        engine = Engine(policy, HOME_NETWORKS)
        done = engine.ask(packet, "192.168.1.20", None, Now(1.8e9, 1000.0))
        assert isinstance(done, Reply if name == b"blocked" else Forward)
        return done.packet

    assert done_with(option(code, b"12345678")) == done_with(b"")


WRONG_COUNTS = [(0, 0, 0, 0), (2, 0, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1), (1, 0, 0, 2)]


@pytest.mark.parametrize("counts", WRONG_COUNTS)
def test_counts_that_do_not_say_what_is_there_are_passed(
    counts: tuple[int, int, int, int],
) -> None:
    assert probe.scan(query(counts=counts)) is None


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(query(qclass=3), id="another class"),
        pytest.param(query(wire_name(b"a b")), id="a blank in a label"),
        pytest.param(query(wire_name(b"a.b")), id="a dot in a label"),
        pytest.param(query(wire_name(b"\xc3\xa4")), id="a label of UTF-8"),
        pytest.param(query(wire_name(b"a\0b")), id="a zero in a label"),
        pytest.param(query(wire_name(b"\x7f[]@`{")), id="neighbours of letters"),
        pytest.param(query(b"\1a\xc0\x0c"), id="a pointer"),
        pytest.param(query(b"\x40" + b"a" * 64 + b"\0"), id="a label of 64"),
        pytest.param(query(behind=opt(upper_and_version=1)), id="EDNS of the future"),
        pytest.param(query(behind=opt(upper_and_version=0x100)), id="an rcode in the OPT"),
        pytest.param(query(behind=opt(flags=0x4000)), id="an unknown EDNS flag"),
        pytest.param(query(behind=b"\1a" + opt()), id="an OPT with a name"),
        pytest.param(query(behind=b"\xc0\x0c" + opt()[1:]), id="an OPT with a pointer"),
        pytest.param(query(behind=opt() + b"\0"), id="an octet behind the OPT"),
        pytest.param(query(counts=(1, 0, 0, 2), behind=opt() * 2), id="two OPTs"),
        pytest.param(query(counts=(1, 0, 0, 0), behind=opt()), id="an OPT that is not counted"),
        pytest.param(query(behind=opt(options=b"\0\x0a\0\5abcd")), id="an option too long"),
        pytest.param(query(behind=opt(options=b"\0\x0a\0")), id="an option cut short"),
        pytest.param(query(behind=b"\0\0\x01\0\1\0\0\0\0\0\0"), id="a record that is no OPT"),
    ],
)
def test_what_is_odd_goes_to_python(packet: bytes) -> None:
    assert probe.scan(packet) is None


FULL = query(behind=opt(options=option(10, b"12345678")))


@pytest.mark.parametrize("size", range(len(FULL)))
def test_a_query_that_is_cut_short_is_passed(size: int) -> None:
    assert probe.scan(FULL[:size]) is None


@pytest.mark.parametrize(
    ("labels", "is_taken"),
    [
        pytest.param([b"a" * 63] * 3 + [b"b" * 61], True, id="255 octets"),
        pytest.param([b"a" * 63] * 3 + [b"b" * 62], False, id="256 octets"),
        pytest.param([b"a"] * 127, True, id="127 labels"),
        pytest.param([b"a"] * 128, False, id="128 labels"),
        pytest.param([b"a" * 63] * 4, False, id="four of the longest"),
    ],
)
def test_a_name_may_be_as_long_as_a_name_may_be(labels: list[bytes], *, is_taken: bool) -> None:
    packet = query(wire_name(*labels))
    assert is_relayed_by_python(packet) is is_taken
    assert query_agrees(packet) is is_taken


@settings(max_examples=300)
@given(st.lists(st.binary(min_size=1, max_size=63), max_size=8), st.binary(max_size=2))
def test_the_text_of_a_wire_name_is_given_only_for_plain_labels(
    labels: list[bytes], behind: bytes
) -> None:
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    text = from_labels(labels)
    is_plain = text != "" and "\\" not in text and len(wire) <= 255 and not behind
    assert probe.plain_text(wire + behind) == (text if is_plain else None)


@given(st.lists(st.from_regex(rb"\A[A-Za-z0-9_-]{1,20}\Z"), min_size=1, max_size=8))
def test_the_text_of_a_plain_wire_name_is_in_lower_case(labels: list[bytes]) -> None:
    assert probe.plain_text(wire_name(*labels)) == from_labels(labels)


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0", id="the root"),
        pytest.param(b"\1a", id="no end"),
        pytest.param(b"\2a\0", id="a label over its end"),
        pytest.param(b"\1a\0\1b\0", id="two names"),
        pytest.param(b"\xc0\x0c\0", id="a pointer"),
        pytest.param(b"\x40" + b"a" * 64 + b"\0", id="a label of 64"),
    ],
)
def test_what_is_not_one_plain_name_has_no_text(wire: bytes) -> None:
    assert probe.plain_text(wire) is None
