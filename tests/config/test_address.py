"""Addresses have one canonical form, and what is wrong is said with the right text to write."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.config.address import (
    Endpoint,
    parse_endpoint,
    parse_match,
    parse_network,
    parse_upstream,
)
from filterd.config.wrong import Wrong


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("127.0.0.1:5300", "127.0.0.1", 5300),
        (" 0.0.0.0:53 ", "0.0.0.0", 53),
        ("[::1]:5300", "::1", 5300),
        ("[2001:DB8:0::1]:65535", "2001:db8::1", 65535),
        ("[fe80::1%eth0]:53", "fe80::1%eth0", 53),
    ],
)
def test_an_endpoint_is_an_address_and_a_port(text: str, address: str, port: int) -> None:
    endpoint = parse_endpoint(text)
    assert endpoint == Endpoint(address, port)
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param("127.0.0.1", 'like "127.0.0.1:5300"', id="no port"),
        pytest.param("::1", 'like "[::1]:5300"', id="IPv6 without brackets"),
        pytest.param("[::1]", 'like "[::1]:5300"', id="IPv6 without a port"),
        pytest.param(":53", '"0.0.0.0:53" for every IPv4 address', id="no address"),
        pytest.param("*:53", '"[::]:53" for every IPv6 one', id="a star"),
        pytest.param("localhost:53", "write 127.0.0.1", id="a name"),
        pytest.param("[::1:5300", "no port", id="half a bracket"),
        pytest.param("[::1]x:5300", "no port", id="junk behind the bracket"),
        pytest.param("127.0.0.1:0", "between 1 and 65535", id="port 0"),
        pytest.param("127.0.0.1:65536", "between 1 and 65535", id="port too large"),
        pytest.param("127.0.0.1:", "between 1 and 65535", id="an empty port"),
        pytest.param("127.0.0.1:٥٣", "between 1 and 65535", id="digits of another script"),
        pytest.param(5300, 'write "127.0.0.1:5300"', id="a number"),
        pytest.param(None, 'write "127.0.0.1:5300"', id="nothing"),
    ],
)
def test_a_wrong_endpoint_says_what_to_write(value: object, words: str) -> None:
    with pytest.raises(Wrong) as refusal:
        parse_endpoint(value)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" System ", "system"),
        ("9.9.9.9", "9.9.9.9"),
        ("9.9.9.9:53", "9.9.9.9"),
        ("9.9.9.9:5353", "9.9.9.9:5353"),
        ("2620:FE::fe", "2620:fe::fe"),
        ("[2620:fe::fe]", "2620:fe::fe"),
        ("[2620:fe::fe]:5353", "[2620:fe::fe]:5353"),
    ],
)
def test_an_upstream_is_system_or_an_address(text: str, kept: str) -> None:
    assert parse_upstream(text) == kept
    assert parse_upstream(kept) == kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://dns.example/dns-query", 'plain resolver, like 9.9.9.9, or "system"'),
        ("tls://9.9.9.9", "plain resolver"),
        ("dns.example", "does not begin with an IP address"),
        ("9.9.9.9:99999", "between 1 and 65535"),
        ("0.0.0.0", "nobody's address"),
        ("", "does not begin with an IP address"),
    ],
)
def test_a_wrong_upstream_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(Wrong) as refusal:
        parse_upstream(text)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("AA-BB-CC-DD-EE-0F", "aa:bb:cc:dd:ee:0f", id="MAC with hyphens"),
        pytest.param("aabb.ccdd.ee0f", "aa:bb:cc:dd:ee:0f", id="MAC with dots"),
        pytest.param("AABBCCDDEE0F", "aa:bb:cc:dd:ee:0f", id="MAC without anything"),
        pytest.param("a:b:cc:dd:ee:f", "0a:0b:cc:dd:ee:0f", id="MAC as macOS prints it"),
        pytest.param(" 192.168.1.7 ", "192.168.1.7", id="IPv4"),
        pytest.param("192.168.1.7/32", "192.168.1.7", id="a network of one is an address"),
        pytest.param("2001:DB8:0:0::7", "2001:db8::7", id="IPv6"),
        pytest.param("::ffff:192.168.1.7", "192.168.1.7", id="IPv4 in IPv6's dress"),
        pytest.param("fe80::1%eth0", "fe80::1", id="without its scope"),
        pytest.param("192.168.1.0/255.255.255.0", "192.168.1.0/24", id="a netmask"),
        pytest.param("2001:db8::/64", "2001:db8::/64", id="an IPv6 network"),
    ],
)
def test_a_device_is_known_by_one_form(text: str, kept: str) -> None:
    assert parse_match(text) == kept
    assert parse_match(kept) == kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "192.168.1.7/24",
            "write 192.168.1.0/24 for the whole network, or 192.168.1.7 for the one address",
            id="host bits",
        ),
        pytest.param("aa:bb-cc:dd:ee:ff", "aa:bb:cc:dd:ee:ff", id="a mixed MAC"),
        pytest.param("aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:ff", id="five parts"),
        pytest.param("192.168.1.0/33", "not an address or a network", id="a mask too long"),
        pytest.param("sana-phone", "not an address or a network", id="a name"),
        pytest.param("", "not an address or a network", id="nothing"),
    ],
)
def test_a_wrong_match_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(Wrong) as refusal:
        parse_match(text)
    assert words in str(refusal.value)


@given(st.text(max_size=30) | st.from_regex(r"[0-9a-f:./\[\]%-]{0,25}", fullmatch=True))
def test_any_text_has_one_form_or_is_wrong(text: str) -> None:
    for parse in (parse_match, parse_upstream):
        try:
            kept = parse(text)
        except Wrong:
            continue
        assert parse(kept) == kept


@given(st.text(max_size=30) | st.from_regex(r"[0-9a-f:./\[\]%-]{0,25}", fullmatch=True))
def test_any_text_is_an_endpoint_or_wrong(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except Wrong:
        return
    assert parse_endpoint(str(endpoint)) == endpoint


def test_one_address_is_the_network_of_itself() -> None:
    assert parse_network("192.0.2.7") == ip_network("192.0.2.7/32")
    assert parse_network(" 192.0.2.0/24 ") == ip_network("192.0.2.0/24")


@pytest.mark.parametrize("value", ["192.0.2.7/24", "x", "fe80::1%eth0/64", 10, None, ["::1"]])
def test_what_is_no_network_is_wrong(value: object) -> None:
    with pytest.raises(Wrong):
        parse_network(value)
