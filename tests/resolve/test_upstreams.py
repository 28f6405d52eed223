"""The first healthy upstream is asked first; a sick one is probed, never forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.resolve.upstreams import (
    LONGEST_BACKOFF_S,
    Upstream,
    Upstreams,
    choose,
    from_resolv_conf,
    parse_upstream,
)

ONE, TWO, THREE = Upstream("192.0.2.1"), Upstream("192.0.2.2"), Upstream("192.0.2.3")


@pytest.mark.parametrize(
    ("text", "upstream"),
    [
        pytest.param("192.0.2.1", ONE, id="IPv4"),
        pytest.param("192.0.2.1:5353", Upstream("192.0.2.1", 5353), id="IPv4 with port"),
        pytest.param("2001:db8::1", Upstream("2001:db8::1"), id="IPv6"),
        pytest.param("[2001:db8::1]:5353", Upstream("2001:db8::1", 5353), id="IPv6 with port"),
        pytest.param("[2001:db8::1]", Upstream("2001:db8::1"), id="IPv6 in brackets"),
        pytest.param("fe80::1%eth0", Upstream("fe80::1%eth0"), id="link-local with its interface"),
    ],
)
def test_an_upstream_is_an_address_and_perhaps_a_port(text: str, upstream: Upstream) -> None:
    assert parse_upstream(text) == upstream
    assert parse_upstream(str(upstream)) == upstream


@pytest.mark.parametrize(
    "text", ["", "dns.example", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1:x", "[::1]x", "[::1"]
)
def test_what_is_no_upstream_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_upstream(text)


def test_resolv_conf_without_ourselves() -> None:
    text = """# made by the router
domain house
nameserver 127.0.0.1
nameserver   192.0.2.1   # first
nameserver 2001:db8::1
; nameserver 192.0.2.9
nameserver dns.example
nameserver
nameserver 192.0.2.1
options edns0
"""
    ours = {Upstream("127.0.0.1")}
    assert from_resolv_conf(text, ours) == (ONE, Upstream("2001:db8::1"))
    assert from_resolv_conf(text, set())[0] == Upstream("127.0.0.1")


def test_who_listens_everywhere_is_every_loopback_address() -> None:
    text = "nameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1\n"
    both = {Upstream("0.0.0.0"), Upstream("::")}
    assert from_resolv_conf(text, both) == (ONE,)
    assert from_resolv_conf(text, {Upstream("0.0.0.0")}) == (Upstream("::1"), ONE)
    assert len(from_resolv_conf(text, {Upstream("0.0.0.0", 5300)})) == 3


def test_system_stands_for_the_system_and_nothing_is_asked_twice() -> None:
    chosen = choose(["192.0.2.2", "system", "192.0.2.1"], "nameserver 192.0.2.1\n", set())
    assert chosen == (TWO, ONE)


@given(st.text())
def test_any_text_is_a_resolv_conf(text: str) -> None:
    from_resolv_conf(text, set())


def test_the_order_is_the_guardians_while_all_are_healthy() -> None:
    assert Upstreams([ONE, TWO, THREE]).order(0.0) == (ONE, TWO, THREE)


def test_a_failed_one_comes_last_until_its_back_off_has_passed() -> None:
    upstreams = Upstreams([ONE, TWO])
    upstreams.failed(ONE, 10.0)
    assert upstreams.order(10.9) == (TWO, ONE)
    assert upstreams.order(11.0) == (ONE, TWO)


def test_only_one_query_is_the_probe() -> None:
    upstreams = Upstreams([ONE, TWO])
    upstreams.failed(ONE, 10.0)
    assert [upstreams.order(11.0)[0] for _ in range(3)] == [ONE, TWO, TWO]
    # The probe was never heard of: another one may try.
    assert upstreams.order(14.0)[0] == ONE


def test_success_heals_at_once() -> None:
    upstreams = Upstreams([ONE, TWO])
    upstreams.failed(ONE, 10.0)
    upstreams.failed(ONE, 11.0)
    upstreams.succeeded(ONE)
    assert upstreams.order(11.0) == (ONE, TWO)
    upstreams.failed(ONE, 12.0)
    assert upstreams.order(13.0) == (ONE, TWO), "its back-off began anew"


def test_the_back_off_doubles_up_to_its_bound() -> None:
    upstreams = Upstreams([ONE, TWO])
    tick, waits = 0.0, []
    for _ in range(10):
        upstreams.failed(ONE, tick)
        failed_at = tick
        while upstreams.order(tick)[0] != ONE:
            tick += 0.25
        waits.append(tick - failed_at)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert waits[-1] == LONGEST_BACKOFF_S


def test_a_hundred_queries_that_fail_together_count_once() -> None:
    upstreams = Upstreams([ONE, TWO])
    for _ in range(100):
        upstreams.failed(ONE, 10.0)
    assert upstreams.order(11.0) == (ONE, TWO)


def test_when_all_are_sick_all_are_still_asked_the_next_due_first() -> None:
    upstreams = Upstreams([ONE, TWO])
    upstreams.failed(ONE, 10.0)
    upstreams.failed(TWO, 9.5)
    assert upstreams.order(10.1) == (TWO, ONE)


def test_replacing_keeps_what_is_known() -> None:
    upstreams = Upstreams([ONE, TWO])
    upstreams.failed(ONE, 10.0)
    upstreams.replace([ONE, THREE])
    assert upstreams.all == (ONE, THREE)
    assert upstreams.order(10.5) == (THREE, ONE)
    upstreams.failed(TWO, 10.0)
    upstreams.succeeded(TWO)
    assert upstreams.all == (ONE, THREE)


def test_no_upstream_at_all_is_an_empty_order() -> None:
    assert Upstreams([]).order(0.0) == ()
