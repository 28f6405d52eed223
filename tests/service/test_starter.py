"""What counts as a time zone is what this machine knows, whichever way it is asked."""

import zoneinfo

import pytest

from filterd.service.starter import Zones


def test_every_zone_there_is_is_one() -> None:
    zones = Zones()
    assert set(zones) == zoneinfo.available_timezones()
    assert len(zones) == len(zoneinfo.available_timezones())
    assert all(zone in zones for zone in zones)


NONE = (
    "",
    "Asia",
    "Asia/Karachee",
    "../UTC",
    "/etc/passwd",
    "posix/UTC",
    "right/UTC",
    "posixrules",
)
ODD = ("zone.tab", "Asia/Karachi\0", "x" * 5000, "Asia/Kar\u0430chi", 5, None)


@pytest.mark.parametrize("text", [*NONE, *ODD])
def test_what_is_none_is_none_and_raises_nothing(text: object) -> None:
    assert text not in Zones()
