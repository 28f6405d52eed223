"""Which clients a list's rule is for, decided once per client instead of once per query.

Every distinct ``Who`` of a policy's rules has a bit; the bits that hold for a client are its
*traits*.  Clients with equal traits are alike to every rule.

Of AdGuard's client tags only ``user_child`` can be known here: it is whoever has a filtering
profile.  No document says what kind of device something is, or which system it runs, and nobody
is told apart as administrator; such a tag is nobody's, so a rule for it never holds and a rule
for all but it always does.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from filterd.config.address import parse_match, plain_address
from filterd.config.document import Device
from filterd.config.wrong import Wrong
from filterd.lists.condition import EVERYBODY, Who

# Each is looked at for every new client, and their bits are part of a subject's key.
MOST_WHO = 256
# Addresses, devices and networks that all of them name together: reading one takes 20
# microseconds, and no house has as many.
MOST_NAMED = 4_096

CHILD = "user_child"


class Asker(NamedTuple):
    """A client as rules may speak of it; ``mac`` None and empty texts where nothing is known."""

    address: str
    mac: str | None
    device_id: str
    device_name: str
    is_filtered: bool


class Askers:
    """The ``Who``s of a policy, each with its bit."""

    def __init__(self) -> None:
        self._bits: dict[Who, int] = {}
        self._whos: list[_Sets] = []
        self._named = 0
        # By version and prefix length, as a house's networks are found (``policy.client``).
        self._networks: dict[tuple[int, int], dict[int, str]] = {}

    def __len__(self) -> int:
        return len(self._whos)

    def bit(self, who: Who) -> int | None:
        """Return the bit of ``who``, 0 for everybody; None when there are too many already."""
        if who == EVERYBODY:
            return 0
        bit = self._bits.get(who)
        if bit is None:
            named = self._named + len(who.clients) + len(who.but_clients)
            if len(self._whos) >= MOST_WHO or named > MOST_NAMED:
                return None
            self._named = named
            bit = self._bits[who] = 1 << len(self._whos)
            self._whos.append(
                _Sets(
                    frozenset(map(self._canonical, who.clients)),
                    frozenset(map(self._canonical, who.but_clients)),
                    frozenset(who.tags),
                    frozenset(who.but_tags),
                )
            )
        return bit

    def traits(self, asker: Asker) -> int:
        """Return the bits of all that hold for this client."""
        known = frozenset(self._known(asker))
        tags = frozenset((CHILD,)) if asker.is_filtered else frozenset[str]()
        return sum(1 << at for at, sets in enumerate(self._whos) if sets.hold(known, tags))

    def _canonical(self, text: str) -> str:
        """Return the one form of a rule's client; a network is filed as well."""
        if "/" in text:
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                return text.casefold()
            level = self._networks.setdefault((network.version, network.prefixlen), {})
            host_bits = network.max_prefixlen - network.prefixlen
            level[int(network.network_address) >> host_bits] = str(network)
            return str(network)
        try:
            return parse_match(text)
        except Wrong:
            return text.casefold()

    def _known(self, asker: Asker) -> Iterator[str]:
        """Yield every form in which a rule may have written this client."""
        yield from (asker.device_id, asker.device_name.casefold(), (asker.mac or "").lower())
        address = plain_address(asker.address)
        if address is None:
            return
        yield str(address)
        number = int(address)
        for (version, length), level in self._networks.items():
            if version == address.version:
                found = level.get(number >> (address.max_prefixlen - length))
                if found is not None:
                    yield found


class _Sets(NamedTuple):
    """A ``Who`` with its clients in their one form."""

    clients: frozenset[str]
    but_clients: frozenset[str]
    tags: frozenset[str]
    but_tags: frozenset[str]

    def hold(self, known: frozenset[str], tags: frozenset[str]) -> bool:
        """Tell whether the client is one of those meant, and none of those left out."""
        if not (self.but_clients.isdisjoint(known) and self.but_tags.isdisjoint(tags)):
            return False
        is_meant = not self.clients or not self.clients.isdisjoint(known)
        return is_meant and (not self.tags or not self.tags.isdisjoint(tags))


def known_by(match: Iterable[str]) -> tuple[str, str | None]:
    """Return the first address and the first MAC of a device's ``match``, "" and None without.

    So a device that is asked about without a packet is what its owner says it is.
    """
    macs = [text for text in match if text.count(":") == 5 and len(text) == 17]
    addresses = [text for text in match if plain_address(text) is not None]
    return next(iter(addresses), ""), next(iter(macs), None)


def asker_of(
    address: str, mac: str | None, device_id: str, device: Device | None, *, is_filtered: bool
) -> Asker:
    """Return a client as rules may speak of it; ``device`` None when nobody claimed it."""
    if device is None:
        return Asker(address, mac, "", "", is_filtered)
    if not address and mac is None:
        address, mac = known_by(device.match)
    return Asker(address, mac, device_id, device.name, is_filtered)
