"""Only the house may ask, and strangers cannot make the node talk."""

import pytest

from filterd.config.address import plain_address
from filterd.config.machine import HOME_NETWORKS
from filterd.resolve.access import Bucket, may_ask


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        pytest.param("192.168.1.20", True, id="private"),
        pytest.param("172.31.255.255", True, id="last private of 172"),
        pytest.param("172.32.0.0", False, id="first public behind 172"),
        pytest.param("127.0.0.5", True, id="loopback"),
        pytest.param("::1", True, id="loopback, IPv6"),
        pytest.param("fe80::1%eth0", True, id="link-local with its interface"),
        pytest.param("fd12::7", True, id="unique local"),
        pytest.param("::ffff:192.168.1.20", True, id="IPv4 in IPv6 dress"),
        pytest.param("::ffff:203.0.113.9", False, id="a stranger in IPv6 dress"),
        pytest.param("203.0.113.9", False, id="a stranger"),
        pytest.param("2001:db8::9", False, id="a stranger, IPv6"),
    ],
)
def test_only_home_networks_may_ask(address: str, expected: object) -> None:
    plain = plain_address(address)
    assert plain is not None
    assert may_ask(plain, HOME_NETWORKS) is expected


@pytest.mark.parametrize("text", ["", "nobody", "1.2.3", "/run/sock"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert plain_address(text) is None


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(10.0) for _ in range(5)] == [True, True, True, False, False]
    assert [bucket.take(10.5) for _ in range(2)] == [True, False]
    assert sum(bucket.take(100.0) for _ in range(9)) == 3


def test_a_bucket_gives_nothing_for_time_running_backwards() -> None:
    bucket = Bucket(rate=1000, burst=1)
    assert bucket.take(10.0)
    assert not bucket.take(5.0)
