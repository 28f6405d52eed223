import asyncio

import pytest

from filterd.devices.neighbours import parse_ip_neigh, parse_proc_arp, read_neighbours

IP_NEIGH = """[
 {"dst":"192.0.2.7","dev":"eth0","lladdr":"AA:BB:CC:00:11:22","state":["REACHABLE"]},
 {"dst":"192.0.2.8","dev":"eth0","state":["FAILED"]},
 {"dst":"2001:DB8::7","dev":"eth0","lladdr":"aa:bb:cc:00:11:22","state":["STALE"]}]"""

PROC_ARP = """IP address       HW type     Flags       HW address            Mask     Device
192.0.2.7        0x1         0x2         AA:bb:cc:00:11:22     *        eth0
192.0.2.9        0x1         0x0         00:00:00:00:00:00     *        eth0
"""


def test_both_families_of_one_device_lead_to_its_mac() -> None:
    assert parse_ip_neigh(IP_NEIGH) == {
        "192.0.2.7": "aa:bb:cc:00:11:22",
        "2001:db8::7": "aa:bb:cc:00:11:22",
    }


def test_an_incomplete_arp_entry_is_nobody() -> None:
    assert parse_proc_arp(PROC_ARP) == {"192.0.2.7": "aa:bb:cc:00:11:22"}


@pytest.mark.parametrize("text", ["", "not json", "{}", "[1, null]", '[{"dst": 5, "lladdr": []}]'])
def test_what_iproute2_never_prints_is_an_empty_table(text: str) -> None:
    assert parse_ip_neigh(text) == {}


def test_this_machine_can_be_read() -> None:
    table = asyncio.run(read_neighbours())
    assert all(mac.count(":") >= 1 for mac in table.values())
