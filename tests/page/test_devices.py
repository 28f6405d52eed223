"""Devices: new ones first, claimed in two taps, renamed, moved, released."""

import html
import re
from typing import Any

import pytest

MAC = "02:00:5e:10:20:30"
HARDWARE = "f4:f5:e8:00:11:22"


@pytest.fixture
def send(guardian: Any, home: Any) -> Any:
    def post(path: str, **fields: Any) -> Any:
        return guardian.post(f"/devices/{path}", {"based_on": home.current().number, **fields})

    return post


def read(guardian: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", guardian.text("/devices/"))))


def test_a_new_device_stands_first_with_what_is_known_of_it(guardian: Any, home: Any) -> None:
    assert "New: whose is it?" not in read(guardian)
    home.asked("a.example", "192.0.2.50", HARDWARE)
    home.asked("b.example", "192.0.2.50", HARDWARE)
    text = read(guardian)
    assert text.index("New: whose is it?") < text.index("Sana's tablet")
    assert "the rules of Everybody else hold" in text
    assert re.search(rf"192.0.2.50 Hardware address {HARDWARE} First asked: today, 17:00", text)
    assert "Asked 2 times" in text
    assert "private address" not in text


def test_a_device_that_makes_its_address_up_is_told_apart(guardian: Any, home: Any) -> None:
    home.asked("a.example", "192.0.2.50", MAC)
    assert "This device uses a private address that may change." in read(guardian)


def test_one_device_with_two_addresses_is_one(guardian: Any, home: Any) -> None:
    home.asked("a.example", "192.0.2.50", HARDWARE)
    home.asked("a.example", "2001:db8::50", HARDWARE)
    assert guardian.text("/devices/").count('action="/devices/claim"') == 1
    assert "Asked 2 times" in read(guardian)


def test_what_is_claimed_is_not_new(guardian: Any, home: Any) -> None:
    home.asked("a.example", "192.0.2.7")
    text = read(guardian)
    assert "New: whose is it?" not in text
    assert "Last asked: today, 17:00" in text


@pytest.mark.parametrize(
    ("address", "mac", "match"),
    [
        ("192.0.2.50", HARDWARE, HARDWARE),
        ("192.0.2.50", "", "192.0.2.50"),
        ("2001:db8::50", "", "2001:db8::50"),
        ("fe80::1%eth0", "", "fe80::1"),
    ],
)
def test_claiming_makes_a_device_known_by_the_best_there_is(
    guardian: Any, home: Any, send: Any, address: str, mac: str, match: str
) -> None:
    home.asked("a.example", address, mac)
    assert f'name="address" value="{address}"' in guardian.text("/devices/")
    answer = send("claim", address=address, mac=mac, profile="ali")
    assert answer.headers["Location"] == "/devices/"
    device = home.current().document.devices["1"]
    assert (device.name, device.profile, device.match) == ("علی 1", "ali", (match,))
    assert "New: whose is it?" not in read(guardian)
    assert home.notified == [2]


def test_a_childs_devices_are_numbered(home: Any, send: Any) -> None:
    for last in (50, 51, 52):
        send("claim", address=f"192.0.2.{last}", mac="", profile="sana")
    names = [device.name for device in home.current().document.devices.values()]
    assert names == ["Sana's tablet", "Sana 1", "Sana 2", "Sana 3"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"address": "192.0.2.50", "profile": "nobody"}, 404),
        ({"address": "192.0.2.50"}, 404),
        ({"address": "not an address", "profile": "ali"}, 400),
        ({"profile": "ali"}, 400),
        ({"address": "192.0.2.50", "mac": "zz:zz", "profile": "ali"}, 400),
        ({"address": "192.0.2.7", "profile": "ali"}, 409),
    ],
    ids=["no such child", "no child", "no address", "nothing", "no MAC", "claimed already"],
)
def test_a_claim_that_makes_no_sense_is_refused(
    home: Any, send: Any, fields: dict[str, str], status: int
) -> None:
    assert send("claim", **fields).status_code == status
    assert home.current().number == 1


def test_a_device_is_renamed_moved_and_released(guardian: Any, home: Any, send: Any) -> None:
    assert send("tablet/rename", name="علی کا فون").status_code == 303
    assert "#phone" in guardian.text("/devices/")  # the picture follows the name
    assert send("tablet/move", profile="ali").status_code == 303
    device = home.current().document.devices["tablet"]
    assert (device.name, device.profile) == ("علی کا فون", "ali")
    assert send("tablet/release").status_code == 303
    assert home.current().document.devices == {}


def test_a_wrong_name_comes_back_with_its_device_open(guardian: Any, home: Any, send: Any) -> None:
    send("claim", address="192.0.2.50", mac="", profile="ali")
    for name, words in (("", "Write a name here."), ("علی 1", "is there already")):
        answer = send("tablet/rename", name=name)
        assert answer.status_code == 422
        assert words in answer.text
        assert len(re.findall("<details open>", answer.text)) == 1
    assert home.current().number == 2


@pytest.mark.parametrize("path", ["rename", "move", "release"])
def test_a_device_nobody_knows_is_nowhere(home: Any, send: Any, path: str) -> None:
    assert send(f"nothing/{path}", name="X", profile="ali").status_code == 404
    assert home.current().number == 1


def test_a_device_cannot_be_given_to_nobody_known(home: Any, send: Any) -> None:
    assert send("tablet/move", profile="nobody").status_code == 404
    assert home.current().number == 1
