"""What comes from an upstream: kept honestly, shared by all, judged for each."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest

from filterd.resolve.cache import Cache, Entry
from filterd.resolve.engine import Forward, Reply
from filterd.resolve.record import Origin
from filterd.wire.answer import Body

SANA, BILAL, MOTHER = "192.168.1.20", "192.168.1.21", "192.168.1.22"
BEDTIME = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
SOA = "ns.example. host.example. 1 3600 600 86400 "


def read(reply: Reply) -> dns.message.Message:
    return dns.message.from_wire(reply.packet)


def ttls(reply: Reply) -> list[int]:
    message = read(reply)
    return [rrset.ttl for rrset in (*message.answer, *message.authority)]


def test_an_answer_is_asked_for_once_and_counts_down(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("news.example")
    first = house.reply(query, MOTHER, "news.example 300 A 192.0.2.7")
    assert (ttls(first), first.record.origin) == ([300], Origin.UPSTREAM)
    for passed in (0, 1, 298):
        house.wait(passed)
        again = house.reply(query, MOTHER)
        assert again.record.origin == Origin.CACHE
        assert read(again).answer == read(first).answer
    assert ttls(again) == [1]
    house.wait(1)
    assert isinstance(house.ask(query, MOTHER), Forward)


def test_each_ttl_counts_down_by_itself(house: Any, make_packet: Callable[..., bytes]) -> None:
    query = make_packet("www.news.example")
    chain = ("www.news.example 200 CNAME news.example.", "news.example 300 A 192.0.2.7")
    house.reply(query, MOTHER, *chain)
    house.wait(150)
    assert ttls(house.reply(query, MOTHER)) == [50, 150]
    house.wait(50)
    assert isinstance(house.ask(query, MOTHER), Forward), "the chain is as old as its oldest link"


def test_a_child_gets_short_ttls_of_what_is_cached_for_long(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("news.example")
    assert ttls(house.reply(query, SANA, "news.example 300 A 192.0.2.7")) == [60]
    assert ttls(house.reply(query, MOTHER)) == [300]
    house.wait(280)
    assert ttls(house.reply(query, SANA)) == [20]


def test_the_cap_is_the_profiles(
    make_house: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house = make_house(max_ttl_s=7)
    query = make_packet("news.example")
    assert ttls(house.reply(query, SANA, "news.example 300 A 192.0.2.7")) == [7]
    assert ttls(house.reply(query, BILAL)) == [60]


@pytest.mark.parametrize(
    ("left_s", "ttl"), [(40, 40), (40.9, 40), (60, 60), (61, 60), (1.5, 1), (0.2, 1)]
)
def test_no_answer_outlives_bedtime(
    house: Any, make_packet: Callable[..., bytes], left_s: float, ttl: int
) -> None:
    house.set_clock(BEDTIME - timedelta(seconds=left_s))
    query = make_packet("news.example")
    assert ttls(house.reply(query, SANA, "news.example 300 A 192.0.2.7")) == [ttl]
    assert ttls(house.reply(query, SANA)) == [ttl]


@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.NOERROR])
@pytest.mark.parametrize(
    ("soa", "kept_s"),
    [
        pytest.param("example 900 SOA " + SOA + "300", 300, id="minimum below the SOA's TTL"),
        pytest.param("example 200 SOA " + SOA + "300", 200, id="SOA's TTL below the minimum"),
        pytest.param("example 99999 SOA " + SOA + "99999", 3600, id="capped at an hour"),
    ],
)
def test_no_is_kept_as_long_as_the_soa_says(
    house: Any, make_packet: Callable[..., bytes], rcode: int, soa: str, kept_s: int
) -> None:
    query = make_packet("no.example")
    assert read(house.reply(query, MOTHER, authority=[soa], rcode=rcode)).rcode() == rcode
    house.wait(kept_s - 1)
    assert read(house.reply(query, MOTHER)).rcode() == rcode
    house.wait(1)
    assert isinstance(house.ask(query, MOTHER), Forward)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"rcode": dns.rcode.NXDOMAIN}, id="no such name, without SOA"),
        pytest.param({"rcode": dns.rcode.NOERROR}, id="no such type, without SOA"),
        pytest.param({"rcode": dns.rcode.REFUSED}, id="refused"),
        pytest.param({"rcode": dns.rcode.NOTIMP}, id="not implemented"),
    ],
)
def test_what_nobody_vouches_for_is_not_kept(
    house: Any, make_packet: Callable[..., bytes], said: dict[str, int]
) -> None:
    query = make_packet("no.example")
    assert read(house.reply(query, MOTHER, **said)).rcode() == said["rcode"]
    assert isinstance(house.ask(query, MOTHER), Forward)


def test_a_record_without_time_is_passed_on_and_not_kept(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("now.example")
    assert ttls(house.reply(query, SANA, "now.example 0 A 192.0.2.7")) == [0]
    assert isinstance(house.ask(query), Forward)


def test_an_alias_to_nothing_is_kept_as_long_as_its_shorter_part(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("www.example", "AAAA")
    soa = "example 900 SOA " + SOA + "100"
    house.reply(query, MOTHER, "www.example 300 CNAME host.example.", authority=[soa])
    house.wait(99)
    assert ttls(house.reply(query, MOTHER)) == [201, 801]
    house.wait(1)
    assert isinstance(house.ask(query, MOTHER), Forward)


def test_an_upstreams_failure_is_kept_for_seconds(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("broken.example")
    house.reply(query, SANA, rcode=dns.rcode.SERVFAIL)
    assert read(house.reply(query)).rcode() == dns.rcode.SERVFAIL
    house.wait(5)
    assert isinstance(house.ask(query), Forward)


def test_no_answer_at_all_is_a_failure_that_is_not_kept(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("dead.example", edns=True)
    forward = house.ask(query)
    house.wait(2.3)
    reply = house.engine.failed(forward, house.now)
    message = read(reply)
    assert message.rcode() == dns.rcode.SERVFAIL
    assert int(message.options[0].code) == 23
    assert reply.record.origin == Origin.FAILED
    assert round(reply.record.took_us, -3) == 2_300_000
    assert isinstance(house.ask(query), Forward)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"rdtype": "A"}, {"rdtype": "AAAA"}, id="type"),
        pytest.param({}, {"want_dnssec": True}, id="DO"),
        pytest.param({}, {"flags": dns.flags.RD | dns.flags.CD}, id="CD"),
    ],
)
def test_different_questions_have_different_answers(
    house: Any, make_packet: Callable[..., bytes], one: dict[str, Any], other: dict[str, Any]
) -> None:
    house.reply(make_packet("news.example", **one), SANA, "news.example 300 A 192.0.2.7")
    assert isinstance(house.ask(make_packet("news.example", **other)), Forward)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"name": "NEWS.Example"}, id="case"),
        pytest.param({"edns": True}, id="EDNS"),
        pytest.param({"flags": 0}, id="RD"),
        pytest.param({"message_id": 4711}, id="id"),
    ],
)
def test_the_same_question_in_another_dress_is_the_same(
    house: Any, make_packet: Callable[..., bytes], same: dict[str, Any]
) -> None:
    house.reply(make_packet("news.example"), SANA, "news.example 300 A 192.0.2.7")
    query = make_packet(**({"name": "news.example"} | same))
    message = read(house.reply(query))
    assert message.is_response is not None
    asked = dns.message.from_wire(query)
    assert asked.is_response(message)
    assert message.question[0].name.to_text() == asked.question[0].name.to_text()
    assert (message.edns >= 0) == (asked.edns >= 0)


@pytest.mark.parametrize(
    ("rdtype", "record"),
    [
        ("CNAME", "www.news.example 300 CNAME blocked-target.example."),
        ("CNAME", "www.news.example 300 CNAME cdn.blocked-target.example."),
        ("HTTPS", "www.news.example 300 HTTPS 1 blocked-target.example. alpn=h2"),
        ("SVCB", "www.news.example 300 SVCB 0 blocked-target.example."),
    ],
)
def test_a_chain_is_blocked_for_one_child_and_served_to_another(
    house: Any, make_packet: Callable[..., bytes], rdtype: str, record: str
) -> None:
    query = make_packet("www.news.example", rdtype)
    served = house.reply(query, BILAL, record)
    assert read(served).answer
    blocked = house.reply(query, SANA)
    assert blocked.record.action == "block"
    assert (blocked.record.name, blocked.record.matched) == (
        "www.news.example",
        "blocked-target.example",
    )
    assert all(rrset.rdtype.name in {"A", "SOA"} for rrset in read(blocked).answer)
    assert read(house.reply(query, BILAL)).answer == read(served).answer


def test_the_chain_is_judged_before_the_first_answer_too(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    chain = ("www.news.example 300 CNAME blocked-target.example.",)
    reply = house.reply(make_packet("www.news.example"), SANA, *chain)
    assert (reply.record.action, reply.record.origin) == ("block", Origin.OURSELVES)


def test_blocking_an_aliass_target_reaches_what_is_cached(
    house: Any, make_policy: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("www.news.example")
    chain = ("www.news.example 300 CNAME cdn.example.", "cdn.example 300 A 192.0.2.7")
    house.reply(query, SANA, *chain)
    house.reply(query, SANA)
    assert house.hit(query) is not None
    house.engine.replace_policy(make_policy(version=2, blocked_names=["cdn.example"]))
    assert house.hit(query) is None
    reply = house.reply(query, SANA)
    assert (reply.record.reason, reply.record.matched) == ("own-block", "cdn.example")
    assert [rrset.to_text() for rrset in read(reply).answer] == [
        "www.news.example. 10 IN A 0.0.0.0"
    ]
    # ... and undone again, from the same cached answer
    house.engine.replace_policy(make_policy(version=3))
    assert read(house.reply(query, SANA)).answer[-1][0].to_text() == "192.0.2.7"


def test_who_waited_is_judged_by_the_policy_of_now(
    house: Any, make_policy: Callable[..., Any], make_packet: Callable[..., bytes], make_answer: Any
) -> None:
    forward = house.ask(make_packet("new.example"))
    house.engine.replace_policy(make_policy(version=2, blocked_names=["new.example"]))
    said = make_answer(forward.packet, "new.example 300 A 192.0.2.7")
    entry = house.engine.learn(forward, said, house.now.tick)
    reply = house.engine.answered(forward, entry, house.now)
    assert reply.record.reason == "own-block"
    assert house.engine.failed(forward, house.now).record.reason == "own-block"


def test_those_who_wait_for_one_answer_each_get_their_own(
    house: Any, make_packet: Callable[..., bytes], make_answer: Any
) -> None:
    queries = [
        (make_packet("www.news.example", message_id=1), SANA),
        (make_packet("WWW.news.example", message_id=2, edns=True), BILAL),
        (make_packet("www.NEWS.example", message_id=3), MOTHER),
    ]
    forwards = [house.ask(query, client) for query, client in queries]
    assert len({forward.key for forward in forwards}) == 1
    said = make_answer(
        forwards[0].packet,
        "www.news.example 300 CNAME blocked-target.example.",
        "blocked-target.example 300 A 192.0.2.7",
    )
    entry = house.engine.learn(forwards[0], said, house.now.tick)
    replies = [house.engine.answered(forward, entry, house.now) for forward in forwards]
    for (query, client), reply in zip(queries, replies, strict=True):
        asked = dns.message.from_wire(query)
        message = read(reply)
        assert asked.is_response(message)
        assert message.question[0].name.to_text() == asked.question[0].name.to_text()
        assert reply.record.address == client
    assert [reply.record.action for reply in replies] == ["block", "allow", "allow"]
    assert [ttls(reply)[0] for reply in replies] == [10, 60, 300]


def test_what_leaves_the_house_carries_nothing_of_the_client(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    forward = house.ask(make_packet("news.example", message_id=4711, edns=True, flags=0))
    sent = dns.message.from_wire(forward.packet)
    assert sent.id == 0, "the exchange gives it a fresh one"
    assert sent.flags & dns.flags.RD
    assert sent.options == ()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda said: said[:-3], id="cut off"),
        pytest.param(lambda said: said[:6] + b"\xff\xff" + said[8:], id="counts that lie"),
        pytest.param(lambda said: said.replace(b"\4news", b"\4olds", 1), id="another question"),
        pytest.param(lambda _: b"", id="nothing"),
    ],
)
def test_an_unusable_reply_is_no_answer(
    house: Any, make_packet: Callable[..., bytes], make_answer: Any, damage: Any
) -> None:
    forward = house.ask(make_packet("news.example"))
    said = make_answer(forward.packet, "news.example 300 A 192.0.2.7")
    assert house.engine.learn(forward, damage(said), house.now.tick) is None
    assert isinstance(house.ask(make_packet("news.example")), Forward)


def test_an_answer_that_is_too_long_is_cut_for_udp_only(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    long = [f"long.example 300 TXT {'x' * 200}{number}" for number in range(8)]
    plain = make_packet("long.example", "TXT")
    assert read(house.reply(plain, SANA, *long)).flags & dns.flags.TC
    assert len(house.reply(plain).packet) <= 512, "also from the cache"
    whole = house.reply(plain, over_stream=True)
    assert len(read(whole).answer[0]) == 8
    assert not read(whole).flags & dns.flags.TC


def test_the_cache_is_bounded_by_number_and_size() -> None:
    body = Body(0, (b"", b""), (bytes(1000),), (), 0)
    by_number, by_size = Cache(entries=100), Cache(size_bytes=50_000)
    for number in range(1000):
        entry = Entry(body, (), 0, 0.0, 100.0)
        by_number.put((f"{number}.example", 1, 1, False, False), entry)
        by_size.put((f"{number}.example", 1, 1, False, False), entry)
    assert 50 <= len(by_number) <= 100
    assert 25 <= len(by_size) <= 50
