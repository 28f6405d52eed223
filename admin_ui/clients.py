"""The clients that asked, and whose they are: strangers, devices, what an asker is called."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from admin_ui.language import Ltr, Own
from filterd.config.document import Document
from filterd.policy.snapshot import Policy
from filterd.store.log import LogReader, SeenClient

_ICONS: Mapping[str, tuple[str, ...]] = {
    "phone": ("phone", "mobile", "galaxy", "iphone", "redmi", "فون", "موبائل"),
    "tablet": ("tablet", "ipad", "tab", "ٹیبلٹ"),
    "laptop": ("laptop", "computer", "pc", "notebook", "chromebook", "لیپ", "کمپیوٹر"),
    "tv": ("tv", "television", "ٹی وی"),
}


class Asker(NamedTuple):
    """A client under all its addresses; ``mac`` is "" when it is not known."""

    address: str
    mac: str
    first_seen: datetime
    last_seen: datetime
    queries: int


def strangers_of(policy: Policy, log: LogReader) -> tuple[Asker, ...]:
    """Return the clients nobody claimed, the latest first; one entry for each MAC address."""
    return _gathered(
        client for client in log.clients() if not device_of(policy, client.address, client.mac)
    )


def last_seen_of(policy: Policy, log: LogReader) -> dict[str, datetime]:
    """Return when each claimed device last asked, {device id: moment}."""
    found: dict[str, datetime] = {}
    for client in log.clients():
        device_id = device_of(policy, client.address, client.mac)
        if device_id:
            found[device_id] = max(client.last_seen, found.get(device_id, client.last_seen))
    return found


def addresses_of(policy: Policy, log: LogReader, device_id: str) -> tuple[str, ...]:
    """Return the addresses a device has asked from, the latest first."""
    return tuple(
        client.address
        for client in log.clients()
        if device_of(policy, client.address, client.mac) == device_id
    )


def device_of(policy: Policy, address: str, mac: str) -> str:
    """Return the id of the device behind an address, "" when nobody claimed it."""
    return policy.client(address, mac or None).device_id


def asker_words(policy: Policy, address: str, mac: str) -> Own | Ltr:
    """Return who asked: the device's name, or the address of a stranger."""
    device = policy.document.devices.get(device_of(policy, address, mac))
    if device is None:
        return Ltr(address)
    return Own(device.name)


def fresh_name(document: Document, child: str) -> str:
    """Return a first name for a child's next device: the child's name and a number."""
    taken = {device.name for device in document.devices.values()}
    number = 1
    while (name := f"{child} {number}") in taken:
        number += 1
    return name


def icon_of(name: str) -> str:
    """Return the picture that fits what a device is called."""
    words = name.casefold()
    for icon, hints in _ICONS.items():
        if any(hint in words for hint in hints):
            return icon
    return "devices"


def _gathered(clients: Iterable[SeenClient]) -> tuple[Asker, ...]:
    """Put clients of one MAC address together; a device often has an IPv4 and an IPv6 address."""
    found: dict[str, Asker] = {}
    for client in clients:
        key = client.mac or client.address
        known = found.get(key)
        if known is None:
            found[key] = Asker(*_values(client))
            continue
        found[key] = known._replace(
            first_seen=min(known.first_seen, client.first_seen),
            queries=known.queries + client.queries,
        )
    return tuple(found.values())


def _values(client: SeenClient) -> tuple[str, str, datetime, datetime, int]:
    return client.address, client.mac, client.first_seen, client.last_seen, client.queries
