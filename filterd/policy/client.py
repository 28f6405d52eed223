"""Who is asking: the device, and with it the profile.

Most specific first: MAC address, exact address, longest network; whoever is left is a new device
and gets the default profile.  Finding out a client's MAC is not done here.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from filterd.config.address import plain_address
from filterd.config.document import Device

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who asks.

    ``device_id`` is "" for a device nobody claimed; ``matched`` is what it was recognised by and
    then "" too.  ``subject`` keys what holds for this very client: equal keys behave equally.
    """

    address: str
    mac: str | None
    device_id: str
    profile_id: str
    matched: str
    subject: str


class Match(NamedTuple):
    """A device, and which entry of its ``match`` it was recognised by."""

    device_id: str
    matched: str


class Devices:
    """The house's devices, ready to be looked up.

    Raises ValueError for a ``match`` entry that is neither a MAC, an address nor a network.
    """

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._by_mac: dict[str, Match] = {}
        self._by_address: dict[_Address, Match] = {}
        networks: dict[tuple[int, int], dict[int, Match]] = {}
        for device_id, device in devices.items():
            for text in device.match:
                self._add(Match(device_id, text), networks)
        # A house has few prefix lengths, so trying each is quicker than a tree.
        self._networks = {
            version: tuple(
                (length, found)
                for (of_version, length), found in sorted(
                    networks.items(), key=lambda item: item[0][1], reverse=True
                )
                if of_version == version
            )
            for version in (4, 6)
        }

    def _add(self, match: Match, networks: dict[tuple[int, int], dict[int, Match]]) -> None:
        """File one entry; of two equal ones the first in the document holds."""
        text = match.matched
        if _is_mac(text):
            self._by_mac.setdefault(text, match)
        elif "/" in text:
            network = ipaddress.ip_network(text)
            level = networks.setdefault((network.version, network.prefixlen), {})
            host_bits = network.max_prefixlen - network.prefixlen
            level.setdefault(int(network.network_address) >> host_bits, match)
        else:
            self._by_address.setdefault(ipaddress.ip_address(text), match)

    def find(self, address: str, mac: str | None) -> Match | None:
        """Return the device, None for one nobody claimed.

        ``address`` as the socket names it: an IPv4-mapped IPv6 address and an interface behind
        ``%`` are understood; what is no address at all matches nothing.
        """
        if mac is not None:
            found = self._by_mac.get(mac.lower())
            if found is not None:
                return found
        parsed = plain_address(address)
        if parsed is None:
            return None
        return self._by_address.get(parsed) or self._in_network(parsed)

    def _in_network(self, address: _Address) -> Match | None:
        number, bits = int(address), address.max_prefixlen
        for length, level in self._networks[address.version]:
            found = level.get(number >> (bits - length))
            if found is not None:
                return found
        return None


def random_mac(mac: str) -> bool:
    """Tell whether the device made this MAC up itself and may change it (IEEE 802, U/L bit)."""
    return bool(int(mac[:2], 16) & 0x02)


def _is_mac(text: str) -> bool:
    return text.count(":") == 5 and all(len(part) == 2 for part in text.split(":"))
