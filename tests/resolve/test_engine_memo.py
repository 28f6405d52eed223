"""The memo is the same answer sooner: never another one, never an older one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.edns
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.resolve.cache import Entry
from filterd.resolve.engine import Engine, Reply
from filterd.resolve.memo import cap_at, cap_until, honest_until
from filterd.wire import forge
from filterd.wire.answer import without_opt
from filterd.wire.query import scan

SANA, BILAL, MOTHER = "192.168.1.20", "192.168.1.21", "192.168.1.22"
BEDTIME = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)

NAMES = ["news.example", "www.news.example", "porn.example", "x.helpline.example", "NEWS.example"]
CHAIN = {
    "news.example": ["news.example 90 A 192.0.2.7"],
    "www.news.example": [
        "www.news.example 200 CNAME blocked-target.example.",
        "blocked-target.example 70 A 192.0.2.9",
    ],
    "x.helpline.example": ["x.helpline.example 30 A 192.0.2.8"],
    "porn.example": ["porn.example 300 A 192.0.2.10"],
}


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from([SANA, BILAL, MOTHER]),
            st.booleans(),
            st.integers(0, 65535),
            st.sampled_from([0.0, 0.0, 0.3, 1.0, 9.7, 31.0, 65.0]),
        ),
        max_size=25,
    ),
    left_s=st.sampled_from([2.5, 40.0, 100.0, 5000.0]),
)
def test_a_hit_is_what_asking_would_give_byte_for_byte(
    make_house: Callable[..., Any],
    make_packet: Callable[..., bytes],
    steps: list[tuple[str, str, bool, int, float]],
    left_s: float,
) -> None:
    house = make_house()
    house.set_clock(BEDTIME - timedelta(seconds=left_s))
    for name, client, edns, message_id, wait in steps:
        house.wait(wait)
        query = make_packet(name, edns=edns, message_id=message_id)
        hit = house.hit(query, client)
        asked = house.reply(query, client, *CHAIN[name.lower()])
        if hit is not None:
            assert hit.packet == asked.packet
            assert hit.record == asked.record


@given(
    ttl_list=st.lists(st.integers(0, 200), min_size=1, max_size=3),
    limit_s=st.integers(1, 120),
    left_s=st.one_of(st.none(), st.floats(0.1, 300)),
    passed=st.floats(0, 150),
    later=st.one_of(st.floats(0, 1), st.sampled_from([0.5, 0.9, 0.999, 1.0])),
)
def test_a_template_holds_only_while_its_ttls_are_true(
    make_packet: Callable[..., bytes],
    make_answer: Callable[..., bytes],
    ttl_list: list[int],
    limit_s: int,
    left_s: float | None,
    passed: float,
    later: float,
) -> None:
    query = make_packet("news.example")
    lines = [f"n{at}.news.example {ttl} A 192.0.2.7" for at, ttl in enumerate(ttl_list)]
    body, _ = without_opt(make_answer(query, *lines))
    entry = Entry(body, (), 0, stored=50.0, expires=50.0 + 1000)

    def written(tick: float) -> bytes:
        left = None if left_s is None else left_s - (tick - 50.0)
        return forge.finish(scan(query), body, int(tick - 50.0), cap_at(limit_s, left))

    then = 50.0 + passed
    left_then = None if left_s is None else left_s - passed
    if left_then is not None and left_then <= 0:
        return
    until = min(
        honest_until(entry, cap_at(limit_s, left_then), then), cap_until(limit_s, left_then, then)
    )
    # Any instant before the end; a hair is left out, for floats are not the matter here.
    instant = then + later * (until - then if until != float("inf") else 500) - 1e-6
    if instant >= then:
        assert written(instant) == written(then)


def test_a_template_above_the_cap_holds_for_long(house: Any, make_packet: Any) -> None:
    query = make_packet("news.example")
    house.reply(query, SANA, "news.example 300 A 192.0.2.7")
    first = house.reply(query)
    for _ in range(120):
        house.wait(2)
        house.engine._client(SANA, None, house.now.tick)  # keeps the client known, no more
        hit = house.hit(query)
        assert hit is not None
        assert hit.packet == first.packet
    house.wait(2)
    assert house.hit(query) is None, "240 s old: from here the TTL counts down"


def test_a_memo_does_not_outlive_the_answer_whose_chain_was_blocked(
    house: Any, make_packet: Any
) -> None:
    query = make_packet("www.news.example")
    house.reply(
        query,
        SANA,
        "www.news.example 20 CNAME blocked-target.example.",
        "blocked-target.example 300 A 192.0.2.9",
    )
    house.reply(query)
    assert house.hit(query) is not None
    house.wait(20)
    house.engine._client(SANA, None, house.now.tick)
    assert house.hit(query) is None
    moved = house.reply(query, SANA, "www.news.example 20 A 192.0.2.7")
    assert moved.record.action == "allow"


def test_a_memorised_no_ends_with_its_time(house: Any, make_packet: Any) -> None:
    soa = "example 900 SOA ns.example. host.example. 1 3600 600 86400 100"
    query = make_packet("no.example")
    house.reply(query, SANA, authority=[soa], rcode=3)
    house.wait(99)
    house.reply(query)
    assert house.hit(query) is not None
    house.wait(1)
    assert house.hit(query) is None


def test_no_memorised_answer_outlives_bedtime(house: Any, make_packet: Any) -> None:
    house.set_clock(BEDTIME - timedelta(seconds=61.5))
    for name, records in [("porn.example", []), ("news.example", ["news.example 900 A 192.0.2.7"])]:
        house.reply(make_packet(name), SANA, *records)
        house.reply(make_packet(name))
    for _ in range(61):
        house.wait(1)
        house.engine._client(SANA, None, house.now.tick)
        left_s = BEDTIME.timestamp() - house.now.wall
        for name in ("porn.example", "news.example"):
            hit = house.hit(make_packet(name)) or house.reply(make_packet(name))
            assert dns.message.from_wire(hit.packet).answer[0].ttl <= max(1, left_s)


def test_what_went_over_a_stream_is_not_memorised_for_udp(house: Any, make_packet: Any) -> None:
    query = make_packet("long.example", "TXT")
    records = [f"long.example 300 TXT {'x' * 200}{number}" for number in range(3)]
    house.reply(query, SANA, *records)
    whole = house.reply(query, SANA, over_stream=True)
    assert 512 < len(whole.packet) < 1000
    assert house.hit(query) is None
    assert len(house.reply(query).packet) <= 512


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda house, policy: house.engine.replace_policy(policy), id="new policy"),
        pytest.param(lambda house, _: house.set_clock(BEDTIME), id="clock set forward"),
        pytest.param(
            lambda house, _: house.set_clock(datetime(2026, 1, 1, tzinfo=UTC)), id="clock set back"
        ),
        pytest.param(lambda house, _: house.wait(2.1), id="who has the address is looked up anew"),
    ],
)
def test_the_memo_is_asked_no_more_after(
    house: Any, make_policy: Any, make_packet: Any, change: Callable[..., None]
) -> None:
    query = make_packet("porn.example")
    house.reply(query)
    assert house.hit(query) is not None
    change(house, make_policy(version=2))
    assert house.hit(query) is None


@pytest.mark.parametrize(
    ("query", "client"),
    [
        pytest.param({"name": "porn.example"}, BILAL, id="another child"),
        pytest.param({"name": "porn.example"}, "203.0.113.9", id="a stranger"),
        pytest.param({"name": "Porn.example"}, SANA, id="another case"),
        pytest.param({"name": "porn.example", "edns": True}, SANA, id="another dress"),
    ],
)
def test_a_hit_needs_the_same_subject_and_packet(
    house: Any, make_packet: Any, query: dict[str, Any], client: str
) -> None:
    house.reply(make_packet("porn.example"))
    assert house.hit(make_packet(**query), client) is None


def test_devices_of_one_profile_share_the_memo_but_not_the_address(
    house: Any, make_packet: Any
) -> None:
    query = make_packet("porn.example")
    house.reply(query, "192.168.1.101")
    house.engine._client("192.168.1.102", None, house.now.tick)
    hit = house.hit(query, "192.168.1.102")
    assert isinstance(hit, Reply)
    assert hit.record.address == "192.168.1.102"


def test_a_cookie_does_not_fill_the_memo(house: Any, make_packet: Any) -> None:
    query = make_packet(
        "porn.example", use_edns=0, options=[dns.edns.GenericOption(10, b"12345678")]
    )
    house.reply(query)
    assert house.hit(query) is None


@given(packet=st.binary(max_size=80))
def test_any_bytes_may_be_looked_up(make_house: Callable[..., Any], packet: bytes) -> None:
    house = make_house()
    engine: Engine = house.engine
    assert engine.hit(packet, SANA, *house.now) is None
    engine.ask(packet, SANA, None, house.now)
    engine.hit(packet, SANA, *house.now)
