"""The right child is recognised, most specific first."""

import pytest

from filterd.config.document import Device
from filterd.policy.client import Devices, Match, random_mac

DEVICES = Devices(
    {
        "house": Device(name="house", profile="p", match=("10.0.0.0/8", "fd00::/8")),
        "room": Device(name="room", profile="p", match=("10.0.4.0/24", "fd00:4::/32")),
        "seat": Device(name="seat", profile="p", match=("10.0.4.9", "fd00:4::9", "fe80::9")),
        "tablet": Device(name="tablet", profile="p", match=("02:00:5e:00:53:01",)),
        "all-v6": Device(name="all", profile="p", match=("::/0",)),
        "late": Device(name="late", profile="p", match=("10.0.4.9", "10.0.4.0/24")),
    }
)


@pytest.mark.parametrize(
    ("address", "mac", "device", "matched"),
    [
        pytest.param("10.0.4.9", "02:00:5e:00:53:01", "tablet", "02:00:5e:00:53:01", id="MAC first"),
        pytest.param("10.0.4.9", "02:00:5E:00:53:01", "tablet", "02:00:5e:00:53:01", id="MAC in capitals"),
        pytest.param("10.0.4.9", "02:00:5e:00:53:02", "seat", "10.0.4.9", id="unknown MAC, address"),
        pytest.param("10.0.4.9", None, "seat", "10.0.4.9", id="exact address before its network"),
        pytest.param("10.0.4.8", None, "room", "10.0.4.0/24", id="longest network"),
        pytest.param("10.0.5.8", None, "house", "10.0.0.0/8", id="shorter network"),
        pytest.param("::ffff:10.0.4.9", None, "seat", "10.0.4.9", id="IPv4 in IPv6 clothes"),
        pytest.param("fd00:4::9", None, "seat", "fd00:4::9", id="exact IPv6"),
        pytest.param("fd00:4:0::0009", None, "seat", "fd00:4::9", id="IPv6 spelt otherwise"),
        pytest.param("fd00:4::8", None, "room", "fd00:4::/32", id="longest IPv6 network"),
        pytest.param("fd01::1", None, "house", "fd00::/8", id="shorter IPv6 network"),
        pytest.param("fe80::1%eth0", None, "all-v6", "::/0", id="interface behind an address"),
        pytest.param("fe80::9%eth0", None, "seat", "fe80::9", id="interface behind a known address"),
    ],
)  # fmt: skip
def test_the_most_specific_match_wins(
    address: str, mac: str | None, device: str, matched: str
) -> None:
    assert DEVICES.find(address, mac) == Match(device, matched)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("192.0.2.1", id="outside every network"),
        pytest.param("", id="no address"),
        pytest.param("nonsense", id="not an address"),
    ],
)
def test_whoever_is_left_is_nobodys_device(address: str) -> None:
    assert DEVICES.find(address, None) is None


@pytest.mark.parametrize(
    ("mac", "is_random"),
    [
        pytest.param("02:00:5e:00:53:01", True, id="locally administered"),
        pytest.param("de:ad:be:ef:00:01", True, id="private address of a phone"),
        pytest.param("00:00:5e:00:53:01", False, id="given by the maker"),
        pytest.param("01:00:5e:00:53:01", False, id="multicast is another bit"),
    ],
)
def test_a_made_up_mac_is_known_by_its_bit(mac: str, *, is_random: bool) -> None:
    assert random_mac(mac) is is_random
