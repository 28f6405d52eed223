from collections.abc import Callable

import dns.edns
import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import WireError
from filterd.wire import codes, forge
from filterd.wire.answer import walk, without_opt
from filterd.wire.edns import UDP_SIZE
from filterd.wire.query import Query, scan

Golden = Callable[[str], bytes]
EDE = (codes.EDE_BLOCKED, "adult")


def ask(qtype: str = "A", name: str = "WwW.example.org.", **edns: int | bool) -> Query:
    return scan(dns.message.make_query(name, qtype, id=77, **edns).to_wire())


GOLDEN_REPLIES = [
    pytest.param(
        "blocked-aaaa",
        lambda golden: forge.null_address(scan(golden("query-dig-cookie")), 10, EDE),
        id="null address with an extended error",
    ),
    pytest.param(
        "blocked-nodata",
        lambda golden: forge.nodata(scan(golden("query-plain")), ttl=60, ede=EDE),
        id="NODATA without EDNS",
    ),
    pytest.param(
        "error-badvers",
        lambda golden: forge.error(golden("query-badvers"), codes.BADVERS),
        id="BADVERS",
    ),
    pytest.param(
        "error-cut",
        lambda golden: forge.error(golden("query-cut"), codes.FORMERR),
        id="FORMERR to half a question",
    ),
    pytest.param(
        "error-notify",
        lambda golden: forge.error(golden("query-notify"), codes.NOTIMP),
        id="NOTIMP keeps the opcode",
    ),
    pytest.param(
        "finished-chain",
        lambda golden: forge.finish(
            scan(golden("query-dig-cookie")), without_opt(golden("upstream-chain"))[0], 100, 60
        ),
        id="finished body",
    ),
    pytest.param(
        "to-upstream",
        lambda golden: forge.to_upstream(scan(golden("query-dig-cookie")), 7),
        id="upstream query",
    ),
    pytest.param(
        "truncated",
        lambda golden: forge.fit(scan(golden("query-dig-cookie")), golden("finished-chain"), 100),
        id="truncated",
    ),
]


@pytest.mark.parametrize(("name", "forged"), GOLDEN_REPLIES)
def test_what_is_forged_is_what_is_written_down(
    golden: Golden, name: str, forged: Callable[[Golden], bytes]
) -> None:
    assert forged(golden).hex(" ") == golden(name).hex(" ")


Forge = Callable[[Query, tuple[int, str] | None], bytes]
FORGED = [
    pytest.param(lambda q, ede: forge.null_address(q, 10, ede), 0, id="null address"),
    pytest.param(lambda q, ede: forge.nodata(q, ttl=10, ede=ede), 0, id="NODATA"),
    pytest.param(lambda q, ede: forge.nxdomain(q, ttl=10, ede=ede), 3, id="NXDOMAIN"),
    pytest.param(forge.refused, 5, id="REFUSED"),
    pytest.param(forge.servfail, 2, id="SERVFAIL"),
    pytest.param(
        lambda q, ede: forge.addresses(q, ["192.0.2.7"], ["2001:db8::7"], 10, ede),
        0,
        id="page address",
    ),
]


@pytest.mark.parametrize("qtype", ["A", "AAAA", "HTTPS", "TXT"])
@pytest.mark.parametrize(("make", "rcode"), FORGED)
def test_every_forged_reply_keeps_the_rules(make: Forge, rcode: int, qtype: str) -> None:
    query = ask(qtype, use_edns=0, want_dnssec=True)
    query = query._replace(flags=query.flags | codes.CD | codes.AD | 0x0040)
    reply = dns.message.from_wire(make(query, EDE))
    assert (reply.id, reply.rcode()) == (77, rcode)
    # AD and the unknown bit are gone, RD and CD are echoed, RA is set.
    assert reply.flags & ~0xF == dns.flags.QR | dns.flags.RD | dns.flags.RA | dns.flags.CD
    assert reply.question[0].name.to_text() == "WwW.example.org."
    assert reply.question[0].rdtype == dns.rdatatype.from_text(qtype)
    assert (reply.edns, reply.payload, reply.ednsflags) == (0, UDP_SIZE, dns.flags.DO)
    assert [(o.code, o.text) for o in reply.options] == [EDE]


@pytest.mark.parametrize(("make", "rcode"), FORGED)
def test_without_edns_there_is_no_opt(make: Forge, rcode: int) -> None:
    reply = dns.message.from_wire(make(ask(), EDE))
    assert (reply.edns, reply.options, reply.rcode()) == (-1, (), rcode)


@pytest.mark.parametrize(("make", "rcode"), FORGED)
def test_without_do_there_is_no_do(make: Forge, rcode: int) -> None:
    reply = dns.message.from_wire(make(ask(use_edns=0), None))
    assert (reply.edns, reply.ednsflags, reply.options) == (0, 0, ())


@pytest.mark.parametrize("make", [forge.nodata, forge.nxdomain])
def test_a_negative_answer_can_be_kept_as_long_as_it_says(make: Callable[..., bytes]) -> None:
    (rrset,) = dns.message.from_wire(make(ask(), ttl=42)).authority
    assert (rrset.name.to_text(), rrset.ttl) == ("WwW.example.org.", 42)
    assert rrset[0].minimum == 42
    assert rrset[0].mname.to_text() == "filter.home.arpa."
    assert rrset[0].rname.to_text() == "hostmaster.filter.home.arpa."


@pytest.mark.parametrize(
    ("qtype", "answer"),
    [("A", "0.0.0.0"), ("AAAA", "::"), ("HTTPS", None), ("MX", None), ("ANY", None)],
)
def test_the_null_address_is_of_the_asked_family(qtype: str, answer: str | None) -> None:
    reply = dns.message.from_wire(forge.null_address(ask(qtype), 10))
    assert [(rrset.ttl, rrset[0].to_text()) for rrset in reply.answer] == (
        [(10, answer)] if answer else []
    )
    assert bool(reply.authority) is (answer is None)


@pytest.mark.parametrize(
    ("qtype", "v4", "v6", "answer"),
    [
        pytest.param("A", ["192.0.2.1", "192.0.2.2"], [], {"192.0.2.1", "192.0.2.2"}, id="two"),
        pytest.param("AAAA", ["192.0.2.1"], ["2001:db8::1"], {"2001:db8::1"}, id="the right one"),
        pytest.param("AAAA", [], ["::ffff:192.0.2.1"], {"::ffff:192.0.2.1"}, id="mapped"),
        pytest.param("AAAA", ["192.0.2.1"], [], set(), id="family without an address"),
        pytest.param("HTTPS", ["192.0.2.1"], ["2001:db8::1"], set(), id="another type"),
    ],
)
def test_addresses_answer_their_own_type(
    qtype: str, v4: list[str], v6: list[str], answer: set[str]
) -> None:
    reply = dns.message.from_wire(forge.addresses(ask(qtype), v4, v6, 30))
    assert {rdata.to_text() for rrset in reply.answer for rdata in rrset} == answer
    assert all(rrset.ttl == 30 for rrset in reply.answer + reply.authority)
    assert bool(reply.authority) is not bool(answer)


@pytest.mark.parametrize("wrong", ["192.0.2", "01.2.3.4", "::1", "page.example"])
def test_an_address_of_the_wrong_kind_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        forge.addresses(ask("A"), [wrong], [], 30)


def test_any_gets_one_hinfo() -> None:
    reply = dns.message.from_wire(forge.hinfo_any(ask("ANY", use_edns=0), ttl=9))
    (rrset,) = reply.answer
    assert rrset.to_text() == 'WwW.example.org. 9 IN HINFO "RFC8482" ""'
    assert reply.edns == 0


@pytest.mark.parametrize(("make", "_rcode"), FORGED)
def test_a_forged_reply_fits_every_client(make: Forge, _rcode: int) -> None:
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61]) + "."
    for qtype in ("A", "TXT"):
        query = ask(qtype, longest, use_edns=0, payload=0)
        reply = make(query, (15, "x" * 500))
        assert len(reply) <= forge.limit_for(query, over_stream=False) == 512


@pytest.mark.parametrize(
    ("edns", "over_stream", "limit"),
    [
        pytest.param({}, False, 512, id="no EDNS"),
        pytest.param({"use_edns": 0, "payload": 100}, False, 512, id="less than allowed"),
        pytest.param({"use_edns": 0, "payload": 800}, False, 800, id="the client's size"),
        pytest.param({"use_edns": 0, "payload": 4096}, False, 1232, id="no fragments"),
        pytest.param({}, True, 65535, id="stream"),
        pytest.param({"use_edns": 0, "payload": 512}, True, 65535, id="stream with EDNS"),
    ],
)
def test_a_reply_may_be_as_long_as(edns: dict[str, int], *, over_stream: bool, limit: int) -> None:
    assert forge.limit_for(ask(**edns), over_stream) == limit


@pytest.mark.parametrize("edns", [{}, {"use_edns": 0, "want_dnssec": True}])
def test_what_does_not_fit_says_so_and_keeps_question_and_opt(edns: dict[str, int]) -> None:
    query = ask("A", **edns)
    whole = forge.addresses(query, [f"192.0.2.{i}" for i in range(40)], [], 30, EDE)
    assert forge.fit(query, whole, len(whole)) is whole
    cut = dns.message.from_wire(forge.fit(query, whole, len(whole) - 1))
    assert cut.flags == dns.flags.QR | dns.flags.TC | dns.flags.RD | dns.flags.RA
    assert cut.question[0].name.to_text() == "WwW.example.org."
    assert (cut.answer, cut.authority, cut.additional) == ([], [], [])
    assert (cut.edns >= 0, cut.ednsflags) == (bool(edns), dns.flags.DO if edns else 0)


def test_a_truncated_reply_keeps_its_rcode() -> None:
    query = ask()
    assert forge.fit(query, forge.nxdomain(query, ttl=1), 50)[3] & 0xF == codes.NXDOMAIN


@pytest.mark.parametrize("extra", [0, codes.CD])
@pytest.mark.parametrize("edns", [{}, {"use_edns": 0}, {"use_edns": 0, "want_dnssec": True}])
def test_an_upstream_gets_the_question_and_nothing_else(edns: dict[str, int], extra: int) -> None:
    query = ask(**edns)
    query = query._replace(flags=query.flags & ~codes.RD | extra)
    message = dns.message.from_wire(forge.to_upstream(query, 4711))
    assert message.id == 4711
    assert message.flags == dns.flags.RD | dns.flags.AD | extra
    assert message.question[0].name.to_text() == "WwW.example.org."
    assert (message.edns, message.payload, message.options) == (0, UDP_SIZE, ())
    assert bool(message.ednsflags & dns.flags.DO) is query.do


def upstream(flags: int = 0x8180) -> bytes:
    reply = dns.message.make_response(dns.message.make_query("www.example.org.", "A", use_edns=0))
    reply.flags = dns.flags.Flag(flags)
    reply.answer = [
        dns.rrset.from_text("www.example.org.", 300, "IN", "CNAME", "edge.example.net."),
        dns.rrset.from_text("edge.example.net.", 20, "IN", "A", "192.0.2.1", "192.0.2.2"),
    ]
    reply.authority = [dns.rrset.from_text("example.net.", 7200, "IN", "NS", "ns.example.net.")]
    return reply.to_wire(want_shuffle=False)


@pytest.mark.parametrize(
    ("age_s", "cap", "ttls"),
    [
        pytest.param(0, 86400, [300, 20, 20, 7200], id="as they came"),
        pytest.param(5, 86400, [295, 15, 15, 7195], id="older"),
        pytest.param(5, 15, [15, 15, 15, 15], id="all at the cap"),
        pytest.param(6, 15, [15, 14, 14, 15], id="some at the cap"),
        pytest.param(100, 60, [60, 0, 0, 60], id="never below zero"),
        pytest.param(9999, 60, [0, 0, 0, 0], id="all over"),
        pytest.param(0, 0, [0, 0, 0, 0], id="cap of zero"),
    ],
)
def test_ttls_are_aged_and_capped(age_s: int, cap: int, ttls: list[int]) -> None:
    body, before = without_opt(upstream())
    after = walk(forge.finish(ask(), body, age_s, cap))
    assert [record.ttl for record in after.records] == ttls
    assert [r._replace(ttl=0) for r in after.records] == [r._replace(ttl=0) for r in before.records]


@pytest.mark.parametrize(
    ("edns", "flags", "ad"),
    [
        pytest.param({}, codes.RD, False, id="no sign of DNSSEC"),
        pytest.param({}, codes.RD | codes.AD, True, id="AD"),
        pytest.param({"use_edns": 0}, codes.RD, False, id="EDNS alone"),
        pytest.param({"use_edns": 0, "want_dnssec": True}, codes.RD, True, id="DO"),
    ],
)
def test_authentic_data_is_told_to_those_who_ask(
    edns: dict[str, int], flags: int, *, ad: bool
) -> None:
    query = ask(**edns)._replace(flags=flags)
    for told, expected in ((0x81A0, ad), (0x8180, False)):
        reply = forge.finish(query, without_opt(upstream(told))[0], 0, 60)
        assert bool(reply[3] & codes.AD) is expected


def test_a_finished_reply_is_ours_and_not_the_upstreams() -> None:
    body, _ = without_opt(upstream(0x8780))  # QR AA TC RD RA
    query = ask(use_edns=0)._replace(flags=codes.CD)
    reply = dns.message.from_wire(forge.finish(query, body, 0, 60, (codes.EDE_STALE_ANSWER, "")))
    assert reply.flags == dns.flags.QR | dns.flags.RA | dns.flags.CD
    assert reply.question[0].name.to_text() == "WwW.example.org."
    assert [option.code for option in reply.options] == [codes.EDE_STALE_ANSWER]
    assert len(reply.answer) == 2


def test_a_finished_reply_without_edns_has_no_opt() -> None:
    body, _ = without_opt(upstream())
    assert dns.message.from_wire(forge.finish(ask(), body, 0, 60)).edns == -1


def test_an_empty_answer_is_finished_too(golden: Golden) -> None:
    packet = golden("query-plain")
    body, _ = without_opt(packet[:2] + b"\x81\x80" + packet[4:])
    assert forge.finish(scan(packet), body, 3, 60) == packet[:2] + b"\x81\x80" + packet[4:]


def test_a_negative_answer_keeps_its_rcode_and_soa(golden: Golden) -> None:
    body, _ = without_opt(golden("upstream-nxdomain"))
    reply = dns.message.from_wire(forge.finish(ask(name="NO.example.org."), body, 10, 60))
    assert reply.rcode() == codes.NXDOMAIN
    assert reply.authority[0].ttl == 60


REPLIES: list[Callable[[Query], bytes]] = [
    lambda q: forge.null_address(q, 10, EDE),
    lambda q: forge.nxdomain(q, ttl=10, ede=EDE),
    forge.hinfo_any,
    forge.refused,
    lambda q: forge.fit(q, forge.nodata(q, ttl=1), 50),
    lambda q: forge.finish(q, without_opt(upstream())[0], 3, 60),
]


@given(message_id=st.integers(0, 0xFFFF), make=st.sampled_from(REPLIES), edns=st.booleans())
def test_a_reply_serves_the_next_query_by_its_id_alone(
    message_id: int, make: Callable[[Query], bytes], *, edns: bool
) -> None:
    first = dns.message.make_query("www.example.org.", "A", id=1, use_edns=edns).to_wire()
    second = message_id.to_bytes(2) + first[2:]
    kept = make(scan(first))
    assert forge.with_id_of(second, kept) == make(scan(second))


def test_an_error_has_an_opt_when_the_query_could_be_read(golden: Golden) -> None:
    for name, rcode in (("query-ixfr", codes.REFUSED), ("query-badvers", codes.BADVERS)):
        with pytest.raises(WireError):
            scan(golden(name))
        reply = dns.message.from_wire(forge.error(golden(name), rcode))
        assert (reply.edns, reply.rcode()) == (0, rcode)


@pytest.mark.parametrize(
    ("name", "questions"),
    [
        pytest.param("query-chaos", 1, id="another class"),
        pytest.param("query-junk", 1, id="junk behind the question"),
        pytest.param("query-two-opts", 1, id="two OPTs"),
        pytest.param("query-two-questions", 0, id="two questions"),
        pytest.param("query-no-question", 0, id="no question"),
        pytest.param("query-pointer", 0, id="pointer"),
        pytest.param("query-cut-type", 0, id="cut behind the type"),
    ],
)
def test_an_error_repeats_the_question_where_there_is_one(
    golden: Golden, name: str, questions: int
) -> None:
    reply = dns.message.from_wire(forge.error(golden(name), codes.REFUSED))
    assert len(reply.question) == questions
    assert reply.edns == -1
