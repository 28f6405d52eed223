"""Devices and strangers as lines on a page."""

from datetime import datetime
from zoneinfo import ZoneInfo

from admin_ui.clients import Asker, icon_of
from admin_ui.parts import DeviceLine, Stranger
from admin_ui.times import when_words
from filterd.config.document import Device
from filterd.policy.client import random_mac


def device_line(
    device_id: str,
    device: Device,
    last_seen: datetime | None = None,
    now: datetime | None = None,
    zone: ZoneInfo | None = None,
) -> DeviceLine:
    """Return a claimed device; with the three moments it says when it last asked."""
    seen = None
    if last_seen is not None and now is not None and zone is not None:
        seen = when_words(last_seen, now, zone)
    is_random = any(_is_random(match) for match in device.match)
    return DeviceLine(device_id, device.name, icon_of(device.name), device.match, is_random, seen)


def stranger_line(asker: Asker, now: datetime, zone: ZoneInfo) -> Stranger:
    return Stranger(
        asker.address,
        asker.mac,
        _is_random(asker.mac),
        when_words(asker.first_seen, now, zone),
        when_words(asker.last_seen, now, zone),
        asker.queries,
    )


def _is_random(match: str) -> bool:
    """Tell whether this is a MAC address that its device made up; False for other addresses."""
    return match.count(":") == 5 and match[2:3] == ":" and random_mac(match)
