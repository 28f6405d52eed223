"""What a client gets when the house itself answers: refusals, blocks, names with a meaning."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from filterd.policy.override import Override
from filterd.resolve.engine import DROP, Forward, Reply
from filterd.resolve.record import Origin

SANA, BILAL, MOTHER = "192.168.1.20", "192.168.1.21", "192.168.1.22"
QUIET, SILENT = "192.168.1.23", "192.168.1.24"
STRANGER = "203.0.113.9"
# 21:00 in Karachi, when bedtime begins
BEDTIME = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


def read(reply: Reply) -> dns.message.Message:
    return dns.message.from_wire(reply.packet)


def rdatas(message: dns.message.Message) -> list[str]:
    return [rdata.to_text() for rrset in message.answer for rdata in rrset]


@pytest.mark.parametrize(
    ("answer", "rdtype", "rcode", "expected"),
    [
        ("null", "A", dns.rcode.NOERROR, ["0.0.0.0"]),
        ("null", "AAAA", dns.rcode.NOERROR, ["::"]),
        ("null", "HTTPS", dns.rcode.NOERROR, []),
        ("null", "MX", dns.rcode.NOERROR, []),
        ("nxdomain", "A", dns.rcode.NXDOMAIN, []),
        ("nxdomain", "HTTPS", dns.rcode.NXDOMAIN, []),
        ("nodata", "A", dns.rcode.NOERROR, []),
        ("refused", "A", dns.rcode.REFUSED, []),
        ("null", "ANY", dns.rcode.NOERROR, []),
    ],
)
def test_a_block_is_answered_as_the_profile_says(
    make_house: Callable[..., Any],
    make_packet: Callable[..., bytes],
    answer: str,
    rdtype: str,
    rcode: int,
    expected: list[str],
) -> None:
    house = make_house(answer=answer)
    reply = house.reply(make_packet("www.porn.example", rdtype))
    message = read(reply)
    assert message.rcode() == rcode
    assert rdatas(message) == expected
    ttls = {rrset.ttl for rrset in (*message.answer, *message.authority)}
    assert ttls == (set() if answer == "refused" else {10})
    assert reply.record.rcode == rcode
    assert reply.record.origin == Origin.OURSELVES


@pytest.mark.parametrize(
    ("name", "client", "code", "text"),
    [
        pytest.param("porn.example", SANA, 15, "category adult", id="a list"),
        pytest.param("locked.example", MOTHER, 16, "illegal content", id="locked, for everybody"),
        pytest.param("friend.example", BILAL, 17, "blocked by a guardian's rule", id="guardian"),
        pytest.param(
            "blocked.filter.home.arpa", SANA, 17, "this network filters by DNS", id="test name"
        ),
    ],
)
def test_a_block_says_why_to_those_who_understand(
    house: Any, make_packet: Callable[..., bytes], name: str, client: str, code: int, text: str
) -> None:
    told = read(house.reply(make_packet(name, edns=True), client))
    (option,) = told.options
    assert isinstance(option, dns.edns.EDEOption)
    assert (int(option.code), option.text) == (code, text)
    untold = read(house.reply(make_packet(name), client))
    assert untold.edns == -1


@pytest.mark.parametrize("answer", ["null", "refused", "nodata"])
def test_bypass_signals_do_not_exist_for_children(
    make_house: Callable[..., Any], make_packet: Callable[..., bytes], answer: str
) -> None:
    house = make_house(answer=answer)
    reply = house.reply(make_packet("use-application-dns.net"))
    assert read(reply).rcode() == dns.rcode.NXDOMAIN
    assert reply.record.reason == "canary"
    assert isinstance(house.ask(make_packet("use-application-dns.net"), MOTHER), Forward)


def test_the_same_name_is_blocked_for_her_and_not_for_her_brother(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    assert rdatas(read(house.reply(make_packet("porn.example")))) == ["0.0.0.0"]
    asked = house.reply(make_packet("porn.example"), BILAL, "porn.example 300 A 192.0.2.7")
    assert rdatas(read(asked)) == ["192.0.2.7"]
    assert rdatas(read(house.reply(make_packet("porn.example")))) == ["0.0.0.0"], "cached by now"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"flags": 0}, id="RD=0"),
        pytest.param({"flags": dns.flags.RD | dns.flags.CD}, id="CD=1"),
        pytest.param({"want_dnssec": True}, id="DO=1"),
    ],
)
def test_no_flag_slips_past_a_verdict(
    house: Any, make_packet: Callable[..., bytes], query: dict[str, Any]
) -> None:
    house.reply(make_packet("porn.example", **query), MOTHER, "porn.example 300 A 192.0.2.7")
    assert rdatas(read(house.reply(make_packet("porn.example", **query)))) == ["0.0.0.0"]


def test_a_block_never_outlives_the_next_change(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    house.set_clock(BEDTIME - timedelta(seconds=4))
    (rrset,) = read(house.reply(make_packet("porn.example"))).answer
    assert rrset.ttl == 4
    house.set_clock(BEDTIME - timedelta(seconds=0.2))
    (rrset,) = read(house.reply(make_packet("porn.example"))).answer
    assert rrset.ttl == 1


def test_bedtime_closes_and_the_record_says_so(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    house.reply(make_packet("news.example"), SANA, "news.example 300 A 192.0.2.7")
    house.set_clock(BEDTIME)
    reply = house.reply(make_packet("news.example"))
    assert rdatas(read(reply)) == ["0.0.0.0"]
    assert (reply.record.reason, reply.record.detail) == ("window", "Bedtime")


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "expected"),
    [
        ("localhost", "A", dns.rcode.NOERROR, ["127.0.0.1"]),
        ("localhost", "AAAA", dns.rcode.NOERROR, ["::1"]),
        ("filter.home.arpa", "A", dns.rcode.NOERROR, ["192.168.1.2"]),
        ("my.filter.home.arpa", "AAAA", dns.rcode.NOERROR, ["fd00::2"]),
        ("filter.home.arpa", "MX", dns.rcode.NOERROR, []),
        ("_dns.resolver.arpa", "SVCB", dns.rcode.NOERROR, []),
        ("printer.local", "A", dns.rcode.NXDOMAIN, []),
        ("20.1.168.192.in-addr.arpa", "PTR", dns.rcode.NXDOMAIN, []),
    ],
)
@pytest.mark.parametrize("client", [SANA, MOTHER], ids=["child", "adult"])
def test_names_of_the_house_stay_in_the_house(
    house: Any,
    make_packet: Callable[..., bytes],
    client: str,
    name: str,
    rdtype: str,
    rcode: int,
    expected: list[str],
) -> None:
    message = read(house.reply(make_packet(name, rdtype), client))
    assert message.rcode() == rcode
    assert rdatas(message) == expected


def test_any_gets_one_small_record(house: Any, make_packet: Callable[..., bytes]) -> None:
    message = read(house.reply(make_packet("news.example", "ANY")))
    assert [rrset.rdtype.name for rrset in message.answer] == ["HINFO"]


@pytest.mark.parametrize(
    ("damage", "rcode"),
    [
        pytest.param(lambda query: query[:20], dns.rcode.FORMERR, id="cut off"),
        pytest.param(lambda query: query + b"x", dns.rcode.FORMERR, id="junk behind"),
        pytest.param(lambda query: query[:2] + b"\x10" + query[3:], dns.rcode.NOTIMP, id="opcode"),
        pytest.param(lambda query: query[:-1] + b"\3", dns.rcode.REFUSED, id="class CH"),
    ],
)
def test_bad_queries_get_their_error_and_no_line_in_the_log(
    house: Any, make_packet: Callable[..., bytes], damage: Callable[[bytes], bytes], rcode: int
) -> None:
    reply = house.ask(damage(make_packet("news.example", message_id=77)))
    assert isinstance(reply, Reply)
    assert reply.packet[:2] == b"\0\x4d"
    assert reply.packet[3] & 0x0F == rcode
    assert reply.record is None


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_reply_is_never_answered(
    house: Any, make_packet: Callable[..., bytes], transport: str
) -> None:
    query = make_packet("news.example")
    over_stream = transport == "TCP"
    assert house.ask(query[:2] + b"\x81" + query[3:], over_stream=over_stream) is DROP
    assert house.ask(b"\0\1\1", over_stream=over_stream) is DROP


def test_strangers_are_refused_a_few_times_then_not_at_all(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    query = make_packet("news.example", message_id=77)
    replies = [house.ask(query, STRANGER) for _ in range(100)]
    spoken = [reply for reply in replies if reply is not DROP]
    assert 1 <= len(spoken) <= 20
    for reply in spoken:
        message = read(reply)
        assert (message.id, message.rcode()) == (77, dns.rcode.REFUSED)
        assert len(reply.packet) <= len(query)
        assert reply.record is None
    house.wait(1)
    again = [house.ask(query, STRANGER) for _ in range(100)]
    assert 1 <= len([reply for reply in again if reply is not DROP]) <= 10
    assert isinstance(house.ask(query, SANA), Forward), "the house is served all the same"


def test_a_strangers_broken_packet_gets_nothing(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    assert house.ask(make_packet("news.example")[:20], STRANGER) is DROP


def test_a_name_always_allowed_leaves_no_trace(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    house.set_clock(BEDTIME)
    query = make_packet("www.helpline.example")
    for client in (SANA, MOTHER, QUIET):
        reply = house.reply(query, client, "www.helpline.example 300 A 192.0.2.7")
        assert rdatas(read(reply)) == ["192.0.2.7"]
        assert reply.record is None
        again = house.reply(query, client)
        assert again.record is None
        assert house.hit(query, client).record is None
    done = house.ask(make_packet("two.helpline.example"))
    assert house.engine.failed(done, house.now).record is None


@pytest.mark.parametrize("suffix", ["lan2.example", "example.org", "fritz.box"])
def test_not_even_with_a_search_suffix_behind_it(
    house: Any, make_packet: Callable[..., bytes], suffix: str
) -> None:
    name = f"www.helpline.example.{suffix}"
    assert house.reply(make_packet(name), SANA, f"{name} 300 A 192.0.2.7").record is None
    other = f"www.news.example.{suffix}"
    assert house.reply(make_packet(other), SANA, f"{other} 300 A 192.0.2.7").record is not None


def test_not_even_where_its_answer_leads_to_a_locked_name(
    house: Any, make_packet: Callable[..., bytes]
) -> None:
    reply = house.reply(
        make_packet("www.helpline.example"),
        SANA,
        "www.helpline.example 300 CNAME locked.example.",
        "locked.example 300 A 192.0.2.7",
    )
    assert rdatas(read(reply)) == ["0.0.0.0"]
    assert reply.record is None


@pytest.mark.parametrize(
    ("client", "kept"),
    [
        pytest.param(SANA, ("www.porn.example", "porn.example"), id="full"),
        pytest.param(QUIET, ("", ""), id="categories"),
        pytest.param(SILENT, None, id="nothing"),
    ],
)
def test_the_log_keeps_what_the_profile_says(
    house: Any, make_packet: Callable[..., bytes], client: str, kept: tuple[str, str] | None
) -> None:
    query = make_packet("www.porn.example")
    record = house.reply(query, client).record
    memorised = house.hit(query, client).record
    assert memorised == record
    if kept is None:
        assert record is None
        return
    assert (record.name, record.matched) == kept
    assert (record.category, record.source, record.reason) == ("adult", "porn", "category")
    assert (record.address, record.action, record.version) == (client, "block", 1)
    assert record.build == house.engine.policy.build
    assert record.at == house.now.wall


def test_a_paused_device_is_silent_until_the_pause_ends(
    house: Any, make_policy: Callable[..., Any], make_packet: Callable[..., bytes]
) -> None:
    house.reply(make_packet("news.example"), BILAL, "news.example 300 A 192.0.2.7")
    start = datetime.fromtimestamp(house.now.wall, UTC)
    pause = Override(7, "pause", "bilal", starts=start, ends=start + timedelta(seconds=90))
    house.engine.replace_policy(make_policy(version=2, overrides=(pause,)))
    reply = house.reply(make_packet("news.example"), BILAL)
    assert rdatas(read(reply)) == ["0.0.0.0"]
    assert (reply.record.reason, reply.record.detail, reply.record.version) == ("pause", "7", 2)
    house.wait(90)
    assert rdatas(read(house.reply(make_packet("news.example"), BILAL))) == ["192.0.2.7"]
