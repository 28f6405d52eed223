"""What a list answers instead: made here, or found under another name, and never half of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import pytest

from filterd.lists.condition import Conditional, Rewrite, Who
from filterd.lists.formats import parse
from filterd.lists.rule import Kind
from filterd.resolve.engine import Forward, Reply
from filterd.resolve.record import Origin

SANA, BILAL, MOTHER, QUIET = "192.168.1.20", "192.168.1.21", "192.168.1.22", "192.168.1.23"
BEDTIME = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


def rewrite(rdtype: str, rdata: str) -> Rewrite:
    wire = dns.rdata.from_text("IN", rdtype, rdata).to_wire()
    assert wire is not None
    return Rewrite(0, int(dns.rdatatype.from_text(rdtype)), wire)


def rule(answer: Rewrite, name: str = "video.example", **more: Any) -> Conditional:
    return Conditional(Kind.REWRITE, name, "subtree", rewrite=answer, **more)


def alias(target: str, name: str = "video.example", **more: Any) -> Conditional:
    return rule(rewrite("CNAME", target + "."), name, **more)


def read(reply: Reply) -> dns.message.Message:
    return dns.message.from_wire(reply.packet)


def lines(message: dns.message.Message) -> list[str]:
    return [line for rrset in message.answer for line in rrset.to_text().splitlines()]


def errors(message: dns.message.Message) -> list[tuple[int, str]]:
    return [
        (int(option.code), option.text)
        for option in message.options
        if isinstance(option, dns.edns.EDEOption)
    ]


@pytest.fixture
def make(make_house: Callable[..., Any]) -> Callable[..., Any]:
    """A house whose list of games, which Sana may not see, has these rules."""

    def made(*rules: Conditional, **sana: Any) -> Any:
        return make_house(rules=rules, **{"blocked_categories": ["games", "adult"]} | sana)

    return made


A1, A2 = rewrite("A", "192.0.2.1"), rewrite("A", "192.0.2.2")
MADE_HERE = [
    pytest.param([Rewrite(3)], "A", 3, [], 15, id="no such name"),
    pytest.param([Rewrite(5)], "AAAA", 5, [], 15, id="refused"),
    pytest.param([Rewrite(2)], "TXT", 2, [], 15, id="SERVFAIL"),
    pytest.param([Rewrite(16)], "A", 5, [], 15, id="a code that needs an OPT"),
    pytest.param([A1, Rewrite(5)], "A", 5, [], 15, id="a code before records"),
    pytest.param([A1, A2], "A", 0, ["10 IN A 192.0.2.1", "10 IN A 192.0.2.2"], 4, id="addresses"),
    pytest.param([A1, A2], "AAAA", 0, [], 15, id="nothing of this type"),
    pytest.param([Rewrite(0)], "A", 0, [], 15, id="nothing at all"),
    pytest.param([rewrite("TXT", '"no"')], "TXT", 0, ['10 IN TXT "no"'], 4, id="text"),
    pytest.param(
        [rewrite("HTTPS", "1 . alpn=h2")], "HTTPS", 0, ['10 IN HTTPS 1 . alpn="h2"'], 4, id="HTTPS"
    ),
    pytest.param(
        [rewrite("CNAME", "b.example."), A1], "A", 0, ["10 IN A 192.0.2.1"], 4, id="records first"
    ),
    pytest.param(
        [rewrite("CNAME", "b.example.")], "CNAME", 0, ["10 IN CNAME b.example."], 4, id="the alias"
    ),
]


@pytest.mark.parametrize(("answers", "rdtype", "rcode", "records", "code"), MADE_HERE)
@pytest.mark.parametrize(
    "dress",
    [
        pytest.param({}, id="UDP"),
        pytest.param({"flags": dns.flags.RD | dns.flags.CD}, id="CD=1"),
        pytest.param({"want_dnssec": True}, id="DO=1"),
    ],
)
def test_what_a_list_says_is_answered(
    make: Callable[..., Any], make_packet: Callable[..., bytes], answers: list[Rewrite],
    rdtype: str, rcode: int, records: list[str], code: int, dress: dict[str, Any],
) -> None:  # fmt: skip
    house = make(*map(rule, answers))
    query = make_packet("WWW.video.example", rdtype, edns=True, **dress)
    reply = house.reply(query)
    message = read(reply)
    assert dns.message.from_wire(query).is_response(message)
    assert (message.rcode(), lines(message)) == (
        rcode,
        [f"WWW.video.example. {record}" for record in records],
    )
    assert errors(message) == [(code, "category games")]
    assert not message.flags & dns.flags.AD
    has_soa = not records and rcode in {0, 3}
    assert [rrset.ttl for rrset in message.authority] == ([10] if has_soa else [])
    record = reply.record
    assert (record.action, record.reason, record.category, record.source, record.matched) == (
        "rewrite", "category", "games", "play", "video.example",
    )  # fmt: skip
    assert (record.rcode, record.origin) == (rcode, Origin.OURSELVES)
    assert house.hit(query).packet == reply.packet
    assert house.reply(query, over_stream=True).packet == reply.packet


def test_everything_is_not_told_of_a_rewritten_name(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    for answer in (A1, rewrite("CNAME", "b.example.")):
        reply = make(rule(answer)).reply(make_packet("video.example", "ANY"))
        assert [rrset.rdtype.name for rrset in read(reply).answer] == ["HINFO"]
        assert reply.record.action == "rewrite"


def test_an_alias_is_answered_with_its_targets_records(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house = make(alias("safe.example"))
    query = make_packet("Www.Video.example", message_id=77, edns=True)
    forward = house.ask(query)
    assert isinstance(forward, Forward)
    sent = dns.message.from_wire(forward.packet)
    assert sent.question[0].to_text() == "safe.example. IN A"
    found = ("safe.example 300 CNAME edge.safe.example.", "edge.safe.example 7 A 192.0.2.7")
    reply = house.reply(query, SANA, *found)
    message = read(reply)
    assert message.id == 77
    assert lines(message) == [
        "Www.Video.example. 10 IN CNAME safe.example.",
        "safe.example. 10 IN CNAME edge.safe.example.",
        "edge.safe.example. 7 IN A 192.0.2.7",
    ]
    assert errors(message) == [(4, "category games")]
    assert (reply.record.action, reply.record.origin, reply.record.rcode) == ("rewrite", 2, 0)
    # From here on there is one answer for all, whichever way they come to it.
    assert house.reply(make_packet("safe.example"), BILAL).record.action == "allow"
    assert house.reply(query).record.origin == Origin.CACHE
    assert house.hit(query).packet == house.reply(query).packet


@pytest.mark.parametrize(
    ("rdtype", "records"),
    [
        ("AAAA", ["safe.example. 10 IN AAAA 2001:db8::7"]),
        ("HTTPS", ['safe.example. 10 IN HTTPS 1 . ipv4hint="192.0.2.7"']),
        ("MX", ["safe.example. 10 IN MX 5 mail.safe.example.",
                "safe.example. 10 IN MX 9 www.safe.example."]),
        ("NS", ["safe.example. 10 IN NS a.safe.example.", "safe.example. 10 IN NS example."]),
        ("SRV", ["safe.example. 10 IN SRV 1 2 443 www.safe.example."]),
        ("SOA", ["safe.example. 10 IN SOA a.safe.example. m.a.safe.example. 1 2 3 4 5"]),
        ("RP", ["safe.example. 10 IN RP m.safe.example. t.m.safe.example."]),
        ("TXT", ['safe.example. 10 IN TXT "a" "b"']),
        ("TYPE65280", ["safe.example. 10 IN TYPE65280 \\# 2 c00c"]),
    ],
)  # fmt: skip
def test_names_inside_the_targets_records_are_written_out(
    make: Callable[..., Any], make_packet: Callable[..., bytes], rdtype: str, records: list[str]
) -> None:
    house = make(alias("safe.example"))
    given = [line.replace(". 10 IN ", " 60 ", 1) for line in records]
    reply = house.reply(make_packet("a.much.longer.video.example", rdtype), SANA, *given)
    assert lines(read(reply)) == [
        "a.much.longer.video.example. 10 IN CNAME safe.example.",
        *records,
    ]


@pytest.mark.parametrize("rcode", [0, 3])
def test_no_from_the_target_is_no_with_its_soa(
    make: Callable[..., Any], make_packet: Callable[..., bytes], rcode: int
) -> None:
    house = make(alias("safe.example"))
    soa = ["example 900 SOA a.example. b.example. 1 2 3 4 600"]
    query = make_packet("video.example")
    message = read(house.reply(query, SANA, authority=soa, rcode=rcode))
    assert (message.rcode(), lines(message)) == (
        rcode,
        ["video.example. 10 IN CNAME safe.example."],
    )
    assert [rrset.to_text() for rrset in message.authority] == [
        "example. 10 IN SOA a.example. b.example. 1 2 3 4 600"
    ]
    assert read(house.reply(query)).answer == message.answer, "and from the cache"


@pytest.mark.parametrize(
    ("rules", "asked", "target"),
    [
        pytest.param(
            [alias("other.example"), alias("third.example", "other.example")],
            "video.example", "other.example", id="a target that is rewritten itself",
        ),
        pytest.param(
            [alias("b.video.example", "a.video.example"), alias("a.video.example", "b.video.example")],
            "a.video.example", "b.video.example", id="a ring",
        ),
        pytest.param([alias("filter.home.arpa")], "video.example", "filter.home.arpa", id="our page"),
        pytest.param([alias("nas.local")], "video.example", "nas.local", id="a name of no upstream"),
    ],
)  # fmt: skip
def test_no_second_step_is_taken(
    make: Callable[..., Any], make_packet: Callable[..., bytes], rules: list[Conditional],
    asked: str, target: str,
) -> None:  # fmt: skip
    reply = make(*rules).reply(make_packet(asked))
    assert lines(read(reply)) == [f"{asked}. 10 IN CNAME {target}."]
    assert (reply.record.action, reply.record.origin) == ("rewrite", Origin.OURSELVES)


def test_a_name_is_no_alias_for_itself(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house = make(alias("safe.video.example"))
    found = "safe.video.example 60 A 192.0.2.7"
    assert lines(read(house.reply(make_packet("www.video.example"), SANA, found))) == [
        "www.video.example. 10 IN CNAME safe.video.example.",
        "safe.video.example. 10 IN A 192.0.2.7",
    ]
    assert house.reply(make_packet("safe.video.example")).record.action == "allow"


@pytest.mark.parametrize(
    ("rules", "asked", "records", "matched"),
    [
        pytest.param([alias("porn.example")], "video.example", [], "porn.example", id="the target"),
        pytest.param(
            [alias("safe.example")], "video.example",
            ["safe.example 60 CNAME cdn.blocked-target.example."],
            "blocked-target.example", id="a link behind the target",
        ),
        pytest.param(
            [alias("safe.example")], "news.example", ["news.example 60 CNAME www.video.example."],
            "video.example", id="a link that would be rewritten",
        ),
        pytest.param(
            [Conditional(Kind.BLOCK, pattern=r"^ads\.", types=frozenset({1}))], "news.example",
            ["news.example 60 CNAME ads.example."], r"/^ads\./", id="a pattern for this type",
        ),
    ],
)  # fmt: skip
def test_what_an_answer_leads_to_is_judged(
    make: Callable[..., Any], make_packet: Callable[..., bytes], rules: list[Conditional],
    asked: str, records: list[str], matched: str,
) -> None:  # fmt: skip
    house = make(*rules)
    reply = house.reply(make_packet(asked), SANA, *records)
    assert lines(read(reply)) == [f"{asked}. 10 IN A 0.0.0.0"]
    assert (reply.record.action, reply.record.matched) == ("block", matched)


def test_a_link_may_be_followed_for_another_type(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house = make(Conditional(Kind.BLOCK, pattern=r"^ads\.", types=frozenset({1})))
    records = ("news.example 60 CNAME ads.example.", "ads.example 60 AAAA 2001:db8::1")
    assert house.reply(make_packet("news.example", "AAAA"), SANA, *records).record.action == "allow"


@pytest.mark.parametrize("seconds", range(0, 40, 3))
def test_what_is_remembered_is_what_would_be_made(
    make: Callable[..., Any], make_packet: Callable[..., bytes], seconds: int
) -> None:
    """Whenever a template answers, it says what asking anew says, to the byte."""
    house, query = make(alias("safe.example")), make_packet("video.example")
    house.reply(query, SANA, "safe.example 25 A 192.0.2.7", "safe.example 300 A 192.0.2.8")
    for _ in range(seconds):
        house.wait(1)
        done = house.ask(query)
        if isinstance(done, Forward):
            assert house.now.tick >= 1025
            assert house.hit(query) is None
            return
        hit = house.hit(query)
        assert hit is None or hit.packet == done.packet
        left = 25 - int(house.now.tick - 1000)
        assert [rrset.ttl for rrset in read(done).answer] == [10, min(10, left)]


def test_no_rewritten_answer_outlives_bedtime(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house, query = make(alias("safe.example")), make_packet("video.example")
    house.reply(query, SANA, "safe.example 300 A 192.0.2.7")
    house.set_clock(BEDTIME.replace(hour=15, minute=59, second=56))
    assert {rrset.ttl for rrset in read(house.reply(query)).answer} == {4}
    house.set_clock(BEDTIME)
    assert house.hit(query) is None
    assert house.reply(query).record.reason == "window"


def test_an_answer_that_is_too_long_is_cut_for_udp_only(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house = make(alias("safe.example"), *(
        rule(rewrite("TXT", f'"{"x" * 200}{number}"'), "long.example") for number in range(8)
    ))  # fmt: skip
    long = [f"safe.example 300 TXT {'x' * 200}{number}" for number in range(8)]
    for name, count in (("video.example", 9), ("long.example", 8)):
        query = make_packet(name, "TXT")
        cut = read(house.reply(query, SANA, *long))
        assert cut.flags & dns.flags.TC
        assert not cut.answer
        whole = read(house.reply(query, over_stream=True))
        assert not whole.flags & dns.flags.TC
        assert len(lines(whole)) == count


def test_the_longest_records_a_list_can_have_fit_into_a_reply(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    texts = [Rewrite(0, 16, (b"\xf9" + f"{number:0>249}".encode()) * 4) for number in range(100)]
    house = make(*(rule(text, f"{'x' * 63}." * 3 + "video.example") for text in texts))
    query = make_packet(f"{'x' * 63}." * 3 + "video.example", "TXT", edns=True)
    whole = read(house.reply(query, over_stream=True))
    assert (len(lines(whole)), whole.flags & dns.flags.TC) == (64, 0)


@pytest.mark.parametrize("first", ["alias", "itself"])
def test_who_waited_for_another_name_is_told_to_ask_again(
    make: Callable[..., Any], make_policy: Callable[..., Any], make_packet: Callable[..., bytes],
    make_answer: Any, first: str,
) -> None:  # fmt: skip
    rules: dict[str, tuple[Conditional, ...]] = {"alias": (alias("safe.example"),), "itself": ()}
    before = rules.pop(first)
    (after,) = rules.values()
    house = make(*before)
    query = make_packet("video.example", edns=True)
    forward = house.ask(query)
    house.engine.replace_policy(
        make_policy(version=2, rules=after, blocked_categories=["games", "adult"])
    )
    asked = dns.message.from_wire(forward.packet).question[0].name.to_text(omit_final_dot=True)
    said = make_answer(forward.packet, f"{asked} 300 A 192.0.2.7")
    entry = house.engine.learn(forward, said, house.now.tick)
    reply = house.engine.answered(forward, entry, house.now)
    assert read(reply).rcode() == dns.rcode.SERVFAIL
    assert (reply.record.origin, reply.record.version) == (Origin.FAILED, 2)
    again = house.ask(query)
    assert isinstance(again, Forward)
    assert again.key != forward.key


def test_a_target_that_cannot_be_had_is_a_failure(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house = make(alias("safe.example"))
    reply = house.engine.failed(house.ask(make_packet("video.example")), house.now)
    assert read(reply).rcode() == dns.rcode.SERVFAIL
    assert (reply.record.action, reply.record.origin) == ("rewrite", Origin.FAILED)


def test_a_targets_rdata_that_makes_no_sense_is_a_failure(
    make: Callable[..., Any], make_packet: Callable[..., bytes], make_answer: Any
) -> None:
    house = make(alias("safe.example"))
    forward = house.ask(make_packet("video.example", "MX"))
    said = make_answer(forward.packet, "safe.example 60 MX 5 mail.other.example.")
    assert said.count(b"\4mail") == 1
    entry = house.engine.learn(forward, said.replace(b"\4mail", b"\x3fmail"), house.now.tick)
    reply = house.engine.answered(forward, entry, house.now)
    assert read(reply).rcode() == dns.rcode.SERVFAIL


def test_a_rule_for_one_client_is_for_no_other(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    other = "192.168.1.40"  # hers as well: her profile is everybody's who has none
    house = make(rule(A1, who=Who(clients=(SANA,))))
    query = make_packet("video.example")
    for client, expected in ((SANA, "192.0.2.1"), (other, "192.0.2.9")) * 2:
        for _ in range(2):
            reply = house.reply(query, client, "video.example 60 A 192.0.2.9")
            assert lines(read(reply))[0].endswith(expected)
        assert house.hit(query, client).packet == reply.packet


def test_whoever_may_see_games_sees_them(
    make: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house, query = make(rule(A1)), make_packet("video.example")
    for client in (BILAL, MOTHER):
        assert house.reply(query, client, "video.example 60 A 192.0.2.9").record.action == "allow"
    allowed = make(rule(A1), allowed_names=["video.example"])
    reply = allowed.reply(query, SANA, "video.example 60 A 192.0.2.9")
    assert reply.record.reason == "own-allow"


def test_a_rewrite_is_logged_as_deep_as_the_profile_says(
    make_house: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    pattern = Conditional(Kind.REWRITE, pattern="^video", rewrite=A1)
    for depth, name, matched in (
        ("full", "video.example", "/^video/"),
        ("categories", "", ""),
    ):
        house = make_house(rules=[pattern], blocked_categories=["games"], log=depth)
        record = house.reply(make_packet("video.example")).record
        assert (record.action, record.category) == ("rewrite", "games")
        assert (record.name, record.matched) == (name, matched)
    house = make_house(rules=[pattern], blocked_categories=["games"], log="nothing")
    assert house.reply(make_packet("video.example")).record is None


WRITTEN = """\
||video.example^$dnsrewrite=NOERROR;CNAME;safe.example
||one.example^$dnsrewrite=192.0.2.1
||one.example^$dnsrewrite=192.0.2.2
@@||one.example^$dnsrewrite=192.0.2.2
||gone.example^$dnsrewrite=NXDOMAIN
||spared.example^$dnsrewrite=REFUSED
@@||spared.example^$dnsrewrite
||hers.example^$client=192.168.1.20
||children.example^$ctag=user_child
||most.example^$denyallow=ok.most.example
"""


@pytest.mark.parametrize(
    ("name", "rdtype", "said"),
    [
        ("www.video.example", "A", "rewrite CNAME safe.example. A 192.0.2.9"),
        ("one.example", "A", "rewrite A 192.0.2.1"),
        ("one.example", "TXT", "rewrite"),
        ("gone.example", "A", "rewrite"),
        ("spared.example", "A", "allow A 192.0.2.9"),
        ("hers.example", "A", "block A 0.0.0.0"),
        ("children.example", "A", "block A 0.0.0.0"),
        ("most.example", "A", "block A 0.0.0.0"),
        ("www.ok.most.example", "A", "allow A 192.0.2.9"),
    ],
)
def test_rules_as_lists_write_them_do_what_they_say(
    make: Callable[..., Any], make_packet: Callable[..., bytes], name: str, rdtype: str, said: str
) -> None:
    parsed = parse("play", WRITTEN.encode(), "adblock")
    assert parsed.complaint_count == 0
    house = make(*(placed.rule for placed in parsed.conditional))
    target = "safe.example" if "video" in name else name
    reply = house.reply(make_packet(name, rdtype), SANA, f"{target} 60 A 192.0.2.9")
    records = (line.split(" IN ")[1] for line in lines(read(reply)))
    assert " ".join([reply.record.action, *records]) == said
