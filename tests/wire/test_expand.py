"""A record that is cut out of a reply says outside of it what it said inside."""

from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import WireError
from filterd.wire import forge
from filterd.wire.answer import Section, without_opt
from filterd.wire.expand import plain_records
from filterd.wire.query import Question, scan

LABELS = st.sampled_from(["a", "bb", "mail", "example", "x" * 63, "WwW", "_dns"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join(labels) + ".")
RDATAS: dict[str, st.SearchStrategy[str]] = {
    "A": st.just("192.0.2.7"),
    "TXT": st.just('"some text"'),
    "NS": NAMES,
    "CNAME": NAMES,
    "PTR": NAMES,
    "DNAME": NAMES,
    "MX": NAMES.map(lambda name: f"10 {name}"),
    "AFSDB": NAMES.map(lambda name: f"1 {name}"),
    "RT": NAMES.map(lambda name: f"1 {name}"),
    "KX": NAMES.map(lambda name: f"1 {name}"),
    "SRV": NAMES.map(lambda name: f"1 2 443 {name}"),
    "SOA": st.tuples(NAMES, NAMES).map(lambda two: f"{two[0]} {two[1]} 1 2 3 4 5"),
    "RP": st.tuples(NAMES, NAMES).map(lambda two: f"{two[0]} {two[1]}"),
    "PX": st.tuples(NAMES, NAMES).map(lambda two: f"9 {two[0]} {two[1]}"),
    "HTTPS": NAMES.map(lambda name: f"1 {name} ipv4hint=192.0.2.7"),
}
RECORDS = st.sampled_from(sorted(RDATAS)).flatmap(
    lambda rdtype: st.tuples(NAMES, st.integers(0, 2**31 - 1), st.just(rdtype), RDATAS[rdtype])
)


def reply_to(name: str, answers: list[Any], authority: list[Any]) -> bytes:
    message = dns.message.make_response(dns.message.make_query(name, "A"))
    for section, records in ((message.answer, answers), (message.authority, authority)):
        for owner, ttl, rdtype, rdata in records:
            section.append(dns.rrset.from_text(owner, ttl, "IN", rdtype, rdata))
    return message.to_wire(max_size=65_535)


def canonical(name: str) -> bytes:
    return dns.name.from_text(name).canonicalize().to_wire() or b""


@given(NAMES, st.lists(RECORDS, max_size=5), st.lists(RECORDS, max_size=3))
def test_records_are_cut_out_whole(name: str, answers: list[Any], authority: list[Any]) -> None:
    body, answer = without_opt(reply_to(name, answers, authority))
    found = plain_records(answer.question, body)
    assert [(each.section, each.owner, each.ttl, each.rtype) for each in found] == [
        (section, canonical(owner), ttl, dns.rdatatype.from_text(rdtype))
        for section, records in ((Section.ANSWER, answers), (Section.AUTHORITY, authority))
        for owner, ttl, rdtype, _ in records
    ]
    for each, (_, _, rdtype, rdata) in zip(found, [*answers, *authority], strict=True):
        expected = dns.rdata.from_text("IN", rdtype, rdata)
        read = dns.rdata.from_wire("IN", rdtype, each.rdata, 0, len(each.rdata))
        assert read == expected


@given(NAMES, st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_a_damaged_reply_is_cut_up_or_refused(
    name: str, answers: list[Any], data: st.DataObject
) -> None:
    reply = bytearray(reply_to(name, answers, []))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(12, len(reply) - 1))
        reply[at] = data.draw(st.integers(0, 255))
    try:
        body, answer = without_opt(bytes(reply))
        found = plain_records(answer.question, body)
    except WireError:
        return
    for each in found:
        assert dns.name.from_wire(each.owner, 0)[1] == len(each.owner)


def test_rdata_that_ends_inside_a_name_is_refused() -> None:
    reply = reply_to("example.", [("example.", 60, "MX", "10 mail.other.")], [])
    body, answer = without_opt(reply.replace(b"\4mail", b"\x3fmail"))
    with pytest.raises(WireError):
        plain_records(answer.question, body)


ASK = scan(dns.message.make_query("Www.Example.org.", "MX", use_edns=0, id=7).to_wire())


@given(NAMES, st.lists(RECORDS, max_size=5), st.lists(RECORDS, max_size=2), st.integers(0, 500))
def test_an_alias_stands_before_what_is_behind_it(
    target: str, answers: list[Any], authority: list[Any], age_s: int
) -> None:
    body, answer = without_opt(reply_to(target, answers, authority))
    behind = forge.Behind(3, plain_records(answer.question, body), age_s)
    target_name = answer.question.name
    written = forge.alias(ASK, target_name, behind, ttl_cap=60, ede=(4, "games"))
    reply = dns.message.from_wire(written, one_rr_per_rrset=True)
    assert (reply.id, reply.rcode(), reply.question[0].name.to_text()) == (7, 3, "Www.Example.org.")
    assert not reply.flags & dns.flags.AD
    first, *others = reply.answer
    assert first.to_text() == f"Www.Example.org. 60 IN CNAME {target_name}."
    for given_records, found in ((answers, others), (authority, reply.authority)):
        assert [(rrset.name.canonicalize(), rrset.ttl, rrset.rdtype.name) for rrset in found] == [
            (dns.name.from_text(owner).canonicalize(), max(0, min(ttl - age_s, 60)), rdtype)
            for owner, ttl, rdtype, _ in given_records
        ]


@pytest.mark.parametrize("rcode", [1, 2, 4, 5, 9, 15])
def test_a_code_is_answered_with_nothing_else(rcode: int) -> None:
    reply = dns.message.from_wire(forge.failure(ASK, rcode, (15, "games")))
    assert (reply.rcode(), reply.answer, reply.authority) == (rcode, [], [])
    assert [(option.code, option.text) for option in reply.options] == [(15, "games")]


def test_records_of_the_type_asked_for_are_written_as_given() -> None:
    rdatas = [b"\0\5\1a\0", b"\0\x09\1b\0"]
    reply = dns.message.from_wire(forge.records(ASK, rdatas, ttl=10))
    assert [rdata.to_text() for rrset in reply.answer for rdata in rrset] == ["5 a.", "9 b."]
    assert {rrset.ttl for rrset in reply.answer} == {10}


def test_a_question_is_put_together_as_it_was_sent() -> None:
    question = Question("a\\046b.example", 1, 1)
    reply = reply_to("a\\046b.example.", [("a\\046b.example.", 60, "A", "192.0.2.7")], [])
    body, answer = without_opt(reply)
    assert answer.question == question
    (found,) = plain_records(question, body)
    assert found.owner == b"\3a.b\7example\0"
