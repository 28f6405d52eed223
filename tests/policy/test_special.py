"""Names with a meaning stay in the house; others are left alone."""

import pytest

from filterd.policy.special import CANARIES, LocalAnswer, LocalKind, local_answer
from filterd.wire.query import Question

A, NS, PTR, AAAA, DS, SVCB = 1, 2, 12, 28, 43, 64


@pytest.mark.parametrize(
    ("name", "qtype", "kind", "zone"),
    [
        pytest.param("localhost", A, "loopback", "localhost", id="localhost"),
        pytest.param("app.localhost", AAAA, "loopback", "localhost", id="below localhost"),
        pytest.param("localhost", SVCB, "nodata", "localhost", id="localhost, not an address"),
        pytest.param("filter.home.arpa", A, "self", "home.arpa", id="the page"),
        pytest.param("my.filter.home.arpa", AAAA, "self", "home.arpa", id="the child's page"),
        pytest.param("filter.home.arpa", SVCB, "nodata", "home.arpa", id="the page, no address"),
        pytest.param("home.arpa", NS, "nodata", "home.arpa", id="the house's zone exists"),
        pytest.param("printer.home.arpa", A, "nxdomain", "home.arpa", id="nobody at home"),
        pytest.param("x.filter.home.arpa", A, "nxdomain", "home.arpa", id="below the page"),
        pytest.param("_dns.resolver.arpa", SVCB, "nodata", "resolver.arpa", id="designation"),
        pytest.param("resolver.arpa", A, "nodata", "resolver.arpa", id="the resolver itself"),
        pytest.param("nas.local", A, "nxdomain", "local", id="multicast DNS"),
        pytest.param("local", A, "nxdomain", "local", id="local itself"),
        pytest.param("abc.onion", A, "nxdomain", "onion", id="onion"),
        pytest.param("a.test", A, "nxdomain", "test", id="test"),
        pytest.param("a.invalid", A, "nxdomain", "invalid", id="invalid"),
        pytest.param("1.1.168.192.in-addr.arpa", PTR, "nxdomain", "168.192.in-addr.arpa", id="192"),
        pytest.param("10.in-addr.arpa", PTR, "nodata", "10.in-addr.arpa", id="apex of a zone"),
        pytest.param("5.0.16.172.in-addr.arpa", PTR, "nxdomain", "16.172.in-addr.arpa", id="172.16"),
        pytest.param("5.0.31.172.in-addr.arpa", PTR, "nxdomain", "31.172.in-addr.arpa", id="172.31"),
        pytest.param("1.0.64.100.in-addr.arpa", PTR, "nxdomain", "64.100.in-addr.arpa", id="shared"),
        pytest.param("1.0.0.127.in-addr.arpa", PTR, "nxdomain", "127.in-addr.arpa", id="loopback"),
        pytest.param("0.d.f.ip6.arpa", PTR, "nxdomain", "d.f.ip6.arpa", id="ULA"),
        pytest.param("0.b.e.f.ip6.arpa", PTR, "nxdomain", "b.e.f.ip6.arpa", id="link-local"),
        pytest.param("1." + "0." * 31 + "ip6.arpa", PTR, "nodata", "1." + "0." * 31 + "ip6.arpa", id="::1"),
    ],
)  # fmt: skip
def test_stays_in_the_house(name: str, qtype: int, kind: str, zone: str) -> None:
    assert local_answer(Question(name, qtype, 1)) == LocalAnswer(LocalKind(kind), zone)


@pytest.mark.parametrize(
    ("name", "qtype"),
    [
        pytest.param("example.com", A, id="an ordinary name"),
        pytest.param("example", A, id="RFC 6761 wants example names resolved as ever"),
        pytest.param("local.example.com", A, id="local in front"),
        pytest.param("notlocalhost", A, id="label boundary"),
        pytest.param("8.8.8.8.in-addr.arpa", PTR, id="a public address"),
        pytest.param("1.0.15.172.in-addr.arpa", PTR, id="below 172.16"),
        pytest.param("1.0.32.172.in-addr.arpa", PTR, id="above 172.31"),
        pytest.param("1.0.63.100.in-addr.arpa", PTR, id="below 100.64"),
        pytest.param("0.c.e.f.ip6.arpa", PTR, id="beside link-local"),
        pytest.param("168.192.in-addr.arpa", DS, id="proof of a delegation lies in the parent"),
        pytest.param("home.arpa", DS, id="RFC 8375: DS of home.arpa is asked outside"),
        pytest.param("arpa", NS, id="arpa"),
        pytest.param("", NS, id="root"),
        *(pytest.param(name, A, id=name) for name in sorted(CANARIES)),
    ],
)
def test_is_not_the_houses_to_answer(name: str, qtype: int) -> None:
    assert local_answer(Question(name, qtype, 1)) is None


def test_the_test_name_is_left_to_the_verdict_of_a_filtered_profile() -> None:
    assert local_answer(Question("blocked.filter.home.arpa", A, 1)) is None


def test_the_test_name_does_not_leave_the_house_from_an_unfiltered_profile() -> None:
    answer = local_answer(Question("blocked.filter.home.arpa", A, 1), filtering=False)
    assert answer == LocalAnswer(LocalKind.NXDOMAIN, "home.arpa")
