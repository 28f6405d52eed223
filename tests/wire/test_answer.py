from collections.abc import Callable
from ipaddress import ip_address
from itertools import pairwise

import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.errors import WireError
from filterd.wire import codes
from filterd.wire.answer import (
    RR,
    Section,
    is_reply_to,
    is_truncated,
    negative_ttl,
    walk,
    without_opt,
)
from filterd.wire.name import from_labels
from filterd.wire.query import Question

Golden = Callable[[str], bytes]


def test_a_chain_is_read_with_its_targets_and_addresses(golden: Golden) -> None:
    answer = walk(golden("upstream-chain"))
    assert (answer.id, answer.flags, answer.rcode) == (0x4D2A, 0x81A0, 0)
    assert answer.question == Question("www.example.org", codes.AAAA, codes.IN)
    assert answer.asked == b"\3www\7example\3org\0\0\x1c\0\1"
    alias, first, second = answer.records
    assert alias == RR(
        Section.ANSWER, "www.example.org", codes.CNAME, 300, 39, "edge.example.net", (), None
    )
    assert (first.name, first.ttl, first.addresses) == ("edge.example.net", 120, ("2001:db8::1",))
    assert second.addresses == ("2001:db8::2",)


def test_the_ttl_offset_points_at_the_ttl(golden: Golden) -> None:
    packet = golden("upstream-chain")
    for record in walk(packet).records:
        assert int.from_bytes(packet[record.ttl_at : record.ttl_at + 4]) == record.ttl


def test_the_body_ends_where_the_opt_begins(golden: Golden) -> None:
    packet = golden("upstream-chain")
    end = walk(packet).body_end
    assert packet[end : end + 3] == b"\0\0\x29"


def test_https_names_its_target_and_its_hints(golden: Golden) -> None:
    alias, service = walk(golden("upstream-https")).records
    assert (alias.target, alias.addresses) == ("svc.example.net", ())
    assert service.target is None  # "." is the owner itself
    assert service.addresses == ("192.0.2.1", "192.0.2.2", "2001:db8::7")


def test_a_negative_answer_lives_as_long_as_the_lower_of_both_soa_times(golden: Golden) -> None:
    answer = walk(golden("upstream-nxdomain"))
    assert answer.rcode == codes.NXDOMAIN
    assert negative_ttl(answer) == 900


def test_without_an_soa_nothing_negative_may_be_kept(golden: Golden) -> None:
    assert negative_ttl(walk(golden("upstream-chain"))) is None


def test_a_body_has_no_opt_and_counts_without_it(golden: Golden) -> None:
    packet = golden("upstream-chain")
    body, answer = without_opt(packet)
    assert body.counts == (bytes.fromhex("0001000300000000"), bytes.fromhex("0001000300000001"))
    assert body.ttls == (300, 120, 120)
    assert body.lowest_ttl == 120
    seconds = [each.to_bytes(4) for each in body.ttls]
    joined = b"".join(a + b for a, b in zip(body.chunks, [*seconds, b""], strict=True))
    assert joined == packet[12 + len(answer.asked) : answer.body_end]


def test_what_follows_the_opt_goes_with_it(golden: Golden) -> None:
    packet = bytearray(golden("upstream-chain") + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4")
    packet[11] = 2
    body, answer = without_opt(bytes(packet))
    assert body == without_opt(golden("upstream-chain"))[0]
    assert len(answer.records) == 3


def test_an_extended_response_code_is_not_relayed(golden: Golden) -> None:
    packet = bytearray(golden("upstream-chain"))
    packet[walk(bytes(packet)).body_end + 5] = 1
    assert walk(bytes(packet)).rcode == codes.BADVERS
    with pytest.raises(WireError, match="16"):
        without_opt(bytes(packet))


def test_an_extended_response_code_is_seen_behind_a_pointer_to_the_root(golden: Golden) -> None:
    packet = bytearray(golden("upstream-chain"))
    at = walk(bytes(packet)).body_end
    packet[at + 5] = 1
    packet[at : at + 1] = bytes((0xC0, packet.index(0, 12)))
    assert walk(bytes(packet)).rcode == codes.BADVERS


def test_a_ttl_with_its_top_bit_set_is_zero(golden: Golden) -> None:
    packet = bytearray(golden("upstream-chain"))
    packet[39] = 0x80
    assert walk(bytes(packet)).records[0].ttl == 0


@pytest.mark.parametrize(
    ("change", "is_reply"),
    [
        pytest.param(lambda reply: reply, True, id="the same question"),
        pytest.param(lambda reply: reply.replace(b"WWw", b"wwW"), True, id="in another case"),
        pytest.param(lambda reply: b"\0\x08" + reply[2:], False, id="another id"),
        pytest.param(lambda reply: reply[:2] + b"\x01" + reply[3:], False, id="a query"),
        pytest.param(lambda reply: reply[:2] + b"\xa1" + reply[3:], False, id="another opcode"),
        pytest.param(lambda reply: reply.replace(b"WWw", b"wxw"), False, id="another name"),
        pytest.param(lambda reply: reply[:29] + b"\0\1\0\1", False, id="another type"),
        pytest.param(lambda reply: reply[:4] + bytes(8), False, id="no question"),
        pytest.param(lambda reply: reply[:5] + b"\0" + reply[6:], False, id="question not counted"),
        pytest.param(lambda reply: reply[:30], False, id="cut short"),
        pytest.param(lambda reply: reply[:2], False, id="only the id"),
        pytest.param(lambda _: b"", False, id="nothing"),
    ],
)
def test_only_the_reply_to_what_was_sent_is_taken(
    golden: Golden, change: Callable[[bytes], bytes], *, is_reply: bool
) -> None:
    sent = golden("to-upstream")
    assert is_reply_to(sent, change(sent[:2] + b"\x81\x80" + sent[4:])) is is_reply


def test_type_65_is_not_type_97_in_another_case() -> None:
    sent = bytes.fromhex("0001 0100 0001 0000 0000 0000 00 0041 0001")
    reply = bytes.fromhex("0001 8180 0001 0000 0000 0000 00 0061 0001")
    assert not is_reply_to(sent, reply)


def test_truncation_is_seen_before_anything_is_read(golden: Golden) -> None:
    assert is_truncated(golden("truncated"))
    assert not is_truncated(golden("upstream-chain"))


HEAD = bytes.fromhex("0001 8180 0001 0001 0000 0000 01 61 00 0041 0001")
TWO = HEAD[:7] + b"\2" + HEAD[8:]
BROKEN = [
    pytest.param("c00c 0001 0001 0000003c 0003 c00002", id="A of three octets"),
    pytest.param("c00c 001c 0001 0000003c 0004 c0000201", id="AAAA of four octets"),
    pytest.param("c00c 0005 0001 0000003c 0003 c00c 00", id="octets behind an alias"),
    pytest.param("c00c 0005 0001 0000003c 0001 c00c", id="alias longer than its rdata"),
    pytest.param("c00c 0006 0001 0000003c 0004 00000000", id="SOA of four octets"),
    pytest.param("c00c 0010 0001 0000003c 0005 036162", id="rdata behind the end"),
    pytest.param("c00c 0041 0001 0000003c 0002 0001", id="service without a target"),
    pytest.param("c00c 0041 0001 0000003c 0007 0001 00 0004 0000", id="empty hint"),
    pytest.param("c00c 0041 0001 0000003c 000a 0001 00 0004 0003 c00002", id="hint of three"),
    pytest.param("c00c 0041 0001 0000003c 0009 0001 00 0003 0009 6832", id="parameter too long"),
    pytest.param(
        "c00c 0041 0001 0000003c 0013 0001 00 0004 0004 c0000201 0004 0004 c0000202",
        id="the same hint twice",
    ),
    pytest.param("c00c 0041 0001 0000003c 0006 0001 00 0004 00", id="parameter cut short"),
    pytest.param("c00c 0010 0003 0000003c 0000", id="record of another class"),
    pytest.param("00 0029 04d0 00000000 0000", id="OPT in the answer section"),
    pytest.param("80 0001 0001 0000003c 0004 c0000201", id="unknown label type"),
    pytest.param("", id="a record is missing"),
]


@pytest.mark.parametrize("record", BROKEN)
def test_a_malformed_record_spoils_the_reply(record: str) -> None:
    with pytest.raises(WireError) as refusal:
        walk(HEAD + bytes.fromhex(record))
    assert refusal.value.rcode == codes.SERVFAIL


@pytest.mark.parametrize(
    "record",
    [
        pytest.param("c01d 0001 0001 0000003c 0000", id="to what comes later"),
        pytest.param("c013 0001 0001 0000003c 0000", id="to itself"),
        pytest.param("c004 0001 0001 0000003c 0000", id="into the header"),
        # The owner of the second record goes back to 31, and from there on to 33.
        pytest.param(
            "c00c 000a 0001 0000003c 0005 c021 016200 c01f 0010 0001 0000003c 0000",
            id="back and then forth",
        ),
    ],
)
def test_a_pointer_that_does_not_go_back_spoils_the_reply(record: str) -> None:
    with pytest.raises(WireError, match="backwards"):
        walk(TWO + bytes.fromhex(record))


@pytest.mark.parametrize(
    "records",
    [
        pytest.param("0161 c013 000a 0001 0000003c 0000", id="a label before its own pointer"),
        # The second owner's pointer leads to a label that swallows this pointer.
        pytest.param(
            "c00c 000a 0001 0000003c 0002 0361 c01f 0010 0001 0000003c 0000", id="its own pointer"
        ),
        # The first owner is known when the second one's pointer leads back to it from inside.
        pytest.param(
            "03c01361 00 000a 0001 0000003c 0000 c014 0010 0001 0000003c 0000",
            id="a known name around its own pointer",
        ),
    ],
)
def test_a_name_ends_before_the_pointer_to_it(records: str) -> None:
    with pytest.raises(WireError, match=r"further|backwards"):
        walk(TWO + bytes.fromhex(records))


@pytest.mark.parametrize("place", range(24, 29))
def test_no_name_runs_through_a_ttl(place: int) -> None:
    # It will be rewritten, and a client would read another name than the verdict did.
    first = bytes.fromhex("c00c 000a 0001 01620000 0000")
    second = bytes((0xC0, place)) + bytes.fromhex("0010 0001 0000003c 0000")
    with pytest.raises(WireError):
        walk(TWO + first + second)


@pytest.mark.parametrize(("place", "name"), [(12, "a"), (23, ""), (29, "")])
def test_beside_a_ttl_a_name_may_stand(place: int, name: str) -> None:
    first = bytes.fromhex("c00c 000a 0001 01620000 0000")
    second = bytes((0xC0, place)) + bytes.fromhex("0010 0001 0000003c 0000")
    assert walk(TWO + first + second).records[1].name == name


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("query-plain", id="a query"),
        pytest.param("error-cut", id="a reply without a question"),
        pytest.param("query-short", id="less than a header"),
    ],
)
def test_what_is_no_reply_to_one_question_is_refused(golden: Golden, name: str) -> None:
    with pytest.raises(WireError):
        walk(golden(name))


def test_a_tsig_behind_the_opt_changes_nothing(golden: Golden) -> None:
    packet = bytearray(golden("upstream-chain") + bytes.fromhex("00 00fa 00ff 00000000 0000"))
    packet[11] = 2
    assert without_opt(bytes(packet)) == without_opt(golden("upstream-chain"))


def test_an_opt_with_a_name_spoils_the_reply(golden: Golden) -> None:
    packet = golden("upstream-chain")
    end = walk(packet).body_end
    with pytest.raises(WireError):
        walk(packet[:end] + b"\1a" + packet[end:])


def test_two_opts_spoil_the_reply(golden: Golden) -> None:
    packet = bytearray(golden("upstream-chain") + bytes.fromhex("00 0029 04d0 00000000 0000"))
    packet[11] = 2
    with pytest.raises(WireError):
        walk(bytes(packet))


def test_bytes_behind_the_last_record_are_not_relayed(golden: Golden) -> None:
    packet = golden("upstream-https")
    assert without_opt(packet + b"junk") == without_opt(packet)


OWNERS = ["example.org.", "www.example.org.", "a.b.c.example.org.", "edge.example.net.", "."]
RDATA = {
    "A": ["192.0.2.1", "198.51.100.7"],
    "AAAA": ["2001:db8::1", "::ffff:0:1", "2001:db8:0:1:1:1:1:1"],
    "CNAME": OWNERS,
    "DNAME": OWNERS,
    "TXT": ['"text"', '"a" "b"'],
    "MX": ["10 mail.example.org."],
    "NS": ["ns.example.org."],
    "SOA": ["ns.example.org. root.example.org. 1 2 3 4 300"],
    "SVCB": ["0 edge.example.net.", "1 . alpn=h2 ipv4hint=192.0.2.9"],
    "HTTPS": ["1 www.example.org. ipv4hint=192.0.2.8,192.0.2.9 ipv6hint=2001:db8::8"],
}


@st.composite
def rrsets(draw: st.DrawFn) -> list[dns.rrset.RRset]:
    keys = st.tuples(st.sampled_from(OWNERS), st.sampled_from(sorted(RDATA)))
    found = []
    for owner, rtype in draw(st.lists(keys, max_size=5, unique=True)):
        ttl = draw(st.integers(0, 0x7FFFFFFF))
        rdatas = draw(st.lists(st.sampled_from(RDATA[rtype]), min_size=1, unique=True))
        found.append(dns.rrset.from_text(owner, ttl, "IN", rtype, *rdatas))
    return found


@st.composite
def replies(draw: st.DrawFn) -> dns.message.Message:
    asked = draw(st.sampled_from(OWNERS))
    query = dns.message.make_query(asked, "A", use_edns=draw(st.booleans()), id=7)
    reply = dns.message.make_response(query)
    reply.answer, reply.authority, reply.additional = draw(rrsets()), draw(rrsets()), draw(rrsets())
    return reply


def text(name: dns.name.Name) -> str:
    return from_labels(name.labels[:-1])


def expected_addresses(rdata: dns.rdata.Rdata) -> list[str]:
    if rdata.rdtype in {codes.A, codes.AAAA}:
        return [rdata.address]
    if rdata.rdtype in {codes.SVCB, codes.HTTPS}:
        return [a for key in (4, 6) if key in rdata.params for a in rdata.params[key].addresses]
    return []


def expected_target(rdata: dns.rdata.Rdata) -> str | None:
    if rdata.rdtype in {codes.CNAME, codes.DNAME}:
        return text(rdata.target)
    if rdata.rdtype in {codes.SVCB, codes.HTTPS}:
        return text(rdata.target) or None
    return None


@settings(max_examples=150)
@given(replies())
def test_walk_and_dnspython_read_the_same_records(message: dns.message.Message) -> None:
    packet = message.to_wire(max_size=65535, want_shuffle=False)
    answer = walk(packet)
    expected = [
        (section, text(rrset.name), int(rrset.rdtype), rrset.ttl, rdata)
        for section in Section
        for rrset in message.sections[section]
        for rdata in rrset
    ]
    assert len(answer.records) == len(expected)
    for record, (section, owner, rtype, ttl, rdata) in zip(answer.records, expected, strict=True):
        assert record[:4] == (section, owner, rtype, ttl)
        assert int.from_bytes(packet[record.ttl_at : record.ttl_at + 4]) == ttl
        assert record.target == expected_target(rdata)
        assert record.minimum == getattr(rdata, "minimum", None)
        # As addresses, because 2001:db8::1 has many spellings.
        assert [*map(ip_address, record.addresses)] == [*map(ip_address, expected_addresses(rdata))]
    assert all(a.ttl_at < b.ttl_at for a, b in pairwise(answer.records))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    packet = bytearray(draw(replies()).to_wire(max_size=65535, want_shuffle=False))
    changes = st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=6)
    for at, octet in draw(changes):
        packet[at] = octet
    return bytes(packet[: draw(st.integers(0, len(packet)))] if draw(st.booleans()) else packet)


@settings(max_examples=400)
@given(st.one_of(st.binary(max_size=120), damaged()))
def test_any_bytes_are_a_reply_or_a_wire_error(packet: bytes) -> None:
    try:
        body, answer = without_opt(packet)
    except WireError as refusal:
        rcode = refusal.rcode
    else:
        size = 12 + len(answer.asked) + sum(map(len, body.chunks)) + 4 * len(body.ttls)
        assert size == answer.body_end <= len(packet)
        return
    assert rcode == codes.SERVFAIL
