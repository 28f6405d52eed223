import struct
from collections.abc import Callable

import dns.edns
import dns.flags
import dns.message
import dns.name
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.errors import WireError
from filterd.wire import codes, forge
from filterd.wire.name import from_labels, to_wire
from filterd.wire.query import Edns, Question, scan

Golden = Callable[[str], bytes]

REFUSALS = [
    pytest.param("query-two-opts", codes.FORMERR, "second OPT", id="two OPTs"),
    pytest.param("query-named-opt", codes.FORMERR, "has a name", id="OPT with a name"),
    pytest.param(
        "query-option-overrun",
        codes.FORMERR,
        "longer than their OPT",
        id="option longer than its OPT",
    ),
    pytest.param(
        "query-option-stub", codes.FORMERR, "cut short", id="option shorter than its head"
    ),
    pytest.param(
        "query-opt-overrun", codes.FORMERR, "over the end", id="OPT longer than the packet"
    ),
    pytest.param("query-behind-tsig", codes.FORMERR, "behind a TSIG", id="record behind a TSIG"),
    pytest.param(
        "query-pointer", codes.FORMERR, "pointer or unknown", id="pointer in the question"
    ),
    pytest.param("query-label-type", codes.FORMERR, "unknown label type", id="unknown label type"),
    pytest.param("query-long-name", codes.FORMERR, "over 255", id="name of 256 octets"),
    pytest.param("query-no-question", codes.FORMERR, "one question", id="no question"),
    pytest.param("query-two-questions", codes.FORMERR, "one question", id="two questions"),
    pytest.param("query-with-answer", codes.FORMERR, "in a query", id="answer in a query"),
    pytest.param("query-with-authority", codes.FORMERR, "in a query", id="authority in a query"),
    pytest.param("query-junk", codes.FORMERR, "more bytes", id="one octet too many"),
    pytest.param("query-cut", codes.FORMERR, "cut short", id="cut inside the name"),
    pytest.param("query-cut-type", codes.FORMERR, "cut short", id="cut behind the type"),
    pytest.param("query-missing-opt", codes.FORMERR, "cut short", id="counted OPT is missing"),
    pytest.param("query-forward-pointer", codes.FORMERR, "backwards", id="owner points at itself"),
    pytest.param("query-badvers", codes.BADVERS, "version", id="EDNS version 1"),
    pytest.param("query-chaos", codes.REFUSED, "never relayed", id="version.bind in class CH"),
    pytest.param("query-axfr", codes.REFUSED, "never relayed", id="AXFR"),
    pytest.param("query-ixfr", codes.REFUSED, "never relayed", id="IXFR with its SOA"),
    pytest.param("query-notify", codes.NOTIMP, "opcode", id="NOTIFY"),
    pytest.param("query-status", codes.NOTIMP, "opcode", id="STATUS without a question"),
    pytest.param("query-is-reply", None, "a reply", id="a reply is dropped"),
    pytest.param("query-short", None, "header", id="less than a header is dropped"),
]


@pytest.mark.parametrize(("name", "rcode", "why"), REFUSALS)
def test_what_is_no_query_for_us_is_refused_by_name(
    golden: Golden, name: str, rcode: int | None, why: str
) -> None:
    with pytest.raises(WireError, match=why) as refusal:
        scan(golden(name))
    assert refusal.value.rcode == rcode


def test_a_plain_query_is_read(golden: Golden) -> None:
    query = scan(golden("query-plain"))
    assert query.id == 0x1234
    assert query.question == Question("www.example.org", codes.A, codes.IN)
    assert query.asked == b"\3www\7example\3org\0\0\1\0\1"
    assert query.edns is None
    assert (query.rd, query.ad, query.cd, query.do) == (True, False, False, False)


def test_edns_and_the_clients_letters_are_kept(golden: Golden) -> None:
    query = scan(golden("query-dig-cookie"))
    assert query.question == Question("www.example.org", codes.AAAA, codes.IN)
    assert query.asked[:12] == b"\3WWw\7eXamPle"
    assert query.edns == Edns(1232, True, 0, ((10, bytes(range(1, 9))),))
    assert (query.rd, query.ad, query.cd, query.do) == (True, True, False, True)


def test_a_tsig_behind_the_opt_is_skipped(golden: Golden) -> None:
    assert scan(golden("query-tsig")).edns == Edns(512, False, 0, ())


def test_a_name_of_exactly_255_octets_is_a_name(golden: Golden) -> None:
    query = scan(golden("query-longest-name"))
    assert len(to_wire(query.question.name)) == 255


def test_evil_dot_com_as_one_label_is_not_evil_com(golden: Golden) -> None:
    name = scan(golden("query-dot-in-label")).question.name
    assert name == r"evil\046com"
    assert name.split(".") != ["evil", "com"]


def test_any_is_left_to_the_engine(golden: Golden) -> None:
    assert scan(golden("query-any")).question.qtype == codes.ANY


@pytest.mark.parametrize("qtype", [41, 249, 250, 251, 252, 253, 254])
def test_types_between_servers_are_refused(golden: Golden, qtype: int) -> None:
    packet = golden("query-plain")[:-4] + bytes((0, qtype, 0, 1))
    with pytest.raises(WireError) as refusal:
        scan(packet)
    assert refusal.value.rcode == codes.REFUSED


@pytest.mark.parametrize("opcode", range(1, 16))
def test_only_opcode_query_is_implemented(golden: Golden, opcode: int) -> None:
    packet = bytearray(golden("query-plain"))
    packet[2] |= opcode << 3
    with pytest.raises(WireError) as refusal:
        scan(bytes(packet))
    assert refusal.value.rcode == codes.NOTIMP


def test_an_answer_is_wrong_even_in_an_ixfr(golden: Golden) -> None:
    packet = golden("query-ixfr")
    with pytest.raises(WireError) as refusal:
        scan(packet[:6] + b"\0\1" + packet[8:])
    assert refusal.value.rcode == codes.FORMERR


def test_an_owner_behind_the_question_is_255_octets_at_most(golden: Golden) -> None:
    def packet(octets: int) -> bytes:
        labels = (b"\x3f" + b"a" * 63) * 3
        rest = octets - len(labels) - 2
        owner = labels + bytes((rest,)) + b"a" * rest + b"\0"
        record = owner + b"\0\x10\0\1" + bytes(6)
        return golden("query-plain")[:11] + b"\1" + golden("query-plain")[12:] + record

    assert scan(packet(255)).edns is None
    with pytest.raises(WireError, match="over 255"):
        scan(packet(256))


names = st.lists(
    st.one_of(
        st.from_regex(rb"\A[A-Za-z0-9_-]{1,63}\Z"),
        st.binary(min_size=1, max_size=63),
    ),
    max_size=8,
).filter(lambda each: sum(map(len, each)) + len(each) + 1 <= 255)
options = st.lists(
    # Codes that dnspython leaves undecoded.
    st.tuples(st.integers(min_value=65001, max_value=65534), st.binary(max_size=40)),
    max_size=4,
)
flags = st.sampled_from([0, codes.RD, codes.RD | codes.CD, codes.AD, 0x0040 | codes.RD])


@st.composite
def messages(draw: st.DrawFn) -> dns.message.Message:
    qtype = draw(st.sampled_from([1, 5, 6, 12, 15, 16, 28, 33, 64, 65, 255, 4711]))
    name = dns.name.Name([*draw(names), b""])
    message = dns.message.make_query(name, qtype, id=draw(st.integers(0, 0xFFFF)))
    message.flags = dns.flags.Flag(draw(flags))
    if draw(st.booleans()):
        message.use_edns(
            0,
            draw(st.sampled_from([0, dns.flags.DO])),
            payload=draw(st.integers(0, 0xFFFF)),
            options=[dns.edns.GenericOption(*each) for each in draw(options)],
        )
    return message


@settings(max_examples=200)
@given(messages())
def test_scan_and_dnspython_read_the_same_query(message: dns.message.Message) -> None:
    packet = message.to_wire()
    oracle = dns.message.from_wire(packet)
    query = scan(packet)
    asked = oracle.question[0]
    assert query.id == oracle.id
    assert query.flags == oracle.flags
    assert query.question == Question(from_labels(asked.name.labels[:-1]), asked.rdtype, 1)
    assert query.asked == asked.name.to_wire() + struct.pack("!HH", asked.rdtype, 1)
    assert (query.edns is None) == (oracle.edns < 0)
    if query.edns is not None:
        assert query.edns.size == oracle.payload
        assert query.edns.do == bool(oracle.ednsflags & dns.flags.DO)
        assert query.edns.options == tuple((o.otype, o.to_wire()) for o in oracle.options)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    packet = bytearray(draw(messages()).to_wire())
    for at, octet in draw(
        st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=4)
    ):
        packet[at] = octet
    cut = draw(st.integers(0, len(packet)))
    return bytes(packet[:cut] if draw(st.booleans()) else packet) + draw(st.binary(max_size=12))


@settings(max_examples=400)
@given(st.one_of(st.binary(max_size=80), damaged()))
def test_any_bytes_are_a_query_or_a_wire_error_that_can_be_answered(packet: bytes) -> None:
    try:
        query = scan(packet)
    except WireError as refusal:
        rcode = refusal.rcode
    else:
        assert packet[12:].startswith(query.asked)
        assert to_wire(query.question.name) == query.asked[:-4].lower()
        return
    if rcode is not None:
        reply = forge.error(packet, rcode)
        assert reply[:2] == packet[:2]
        assert reply[2] & 0x80
        assert reply[3] & 0xF == rcode & 0xF
        # An error never makes filterd an amplifier.
        assert len(reply) <= len(packet)
