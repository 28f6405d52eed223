"""A policy knows its clients, refuses what would fail later, and forgets without harm."""

from collections.abc import Callable
from datetime import datetime

import pytest

from filterd.config.document import Device, Document, Profile
from filterd.errors import ConfigError
from filterd.policy.listed import Listed
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy, compile_policy
from filterd.policy.verdict import Reason
from filterd.wire.query import Question

At = Callable[..., datetime]
House = Callable[..., Policy]


def test_clients_are_told_apart(house: House) -> None:
    policy = house(overrides=(Override(1, "pause", "sana", device="tablet"),))
    tablet, phone = policy.client("192.168.1.7", None), policy.client("192.168.1.8", None)
    seat, stranger = policy.client("192.168.4.77", None), policy.client("203.0.113.5", None)
    assert (tablet.device_id, tablet.profile_id, tablet.subject) == (
        "tablet",
        "sana",
        "sana/tablet",
    )
    assert (phone.device_id, phone.profile_id, phone.subject) == ("phone", "sana", "sana")
    assert (seat.device_id, seat.matched, seat.subject) == ("room", "192.168.4.0/24", "sana")
    assert (stranger.device_id, stranger.profile_id, stranger.subject) == ("", "guest", "guest")
    assert policy.subject("192.168.1.7", None) == "sana/tablet"


def test_a_client_can_be_asked_for_without_an_address(house: House) -> None:
    policy = house(overrides=(Override(1, "pause", "sana", device="tablet"),))
    assert policy.client_of("sana").subject == "sana"
    assert policy.client_of("sana", "tablet").subject == "sana/tablet"
    assert policy.client_of("sana", "phone").subject == "sana"
    with pytest.raises(KeyError):
        policy.client_of("nobody")


def test_a_policy_stamps_what_it_decides(house: House, at: At) -> None:
    policy = house()
    table = policy.table("sana", at("2026-11-24 12:00"))
    assert table.build_version == (policy.build, policy.version) == ("naive", 1)
    assert (table.profile_id, table.profile.name) == ("sana", "Sana")


def test_unknown_zones_are_refused_all_at_once(naive_lists: Callable[..., Listed]) -> None:
    document = Document(
        zone="Asia/Lahore",
        profiles={
            "a": Profile(name="A", zone="Europe"),
            "b": Profile(name="B", zone="../etc/passwd"),
            "c": Profile(name="C", zone="Europe/Berlin"),
        },
        default_profile="a",
    )
    with pytest.raises(ConfigError) as refused:
        compile_policy(document, 1, naive_lists({}))
    paths = [problem.path for problem in refused.value.problems]
    assert paths == ["zone", "profiles.a.zone", "profiles.b.zone"]


def test_more_clients_than_are_remembered_are_still_told_apart(house: House) -> None:
    policy = house()
    for number in range(10_000):
        address = f"192.168.{number % 8}.{number // 8 % 256}"
        expected = "sana" if address.startswith("192.168.4.") else None
        if expected is not None:
            assert policy.subject(address, f"{number:012x}") == expected
        else:
            policy.subject(address, f"{number:012x}")
    assert policy.subject("192.168.1.7", None) == "sana"
    assert policy.subject("198.51.100.1", None) == "guest"


def test_more_tag_sets_than_are_remembered_are_still_decided(house: House, at: At) -> None:
    names = [f"n{number}.example" for number in range(3000)]
    policy = house(blocked_names=names, windows=[{"mode": "block", "names": ["fun.example"]}])
    table = policy.table("sana", at("2026-11-24 12:00"))
    for _ in range(2):
        for name in names:
            assert table.decide(Question(f"www.{name}", 1, 1)).matched == name
            link = table.review(table.decide(Question("x.example", 1, 1)), [name], 1)
            assert link is not None
            assert link.reason is Reason.OWN_BLOCK


def test_several_hundred_profiles_do_not_mix(naive_lists: Callable[..., Listed], at: At) -> None:
    document = Document(
        zone="Asia/Karachi",
        profiles={
            f"p{number}": Profile(name=f"P{number}", blocked_names=(f"only{number}.example",))
            for number in range(300)
        },
        devices={
            f"d{number}": Device(name="d", profile=f"p{number}", match=(f"10.0.{number // 250}.{number % 250}",))
            for number in range(300)
        },
        default_profile="p0",
    )  # fmt: skip
    policy = compile_policy(document, 1, naive_lists({}))
    now = at("2026-11-24 12:00")
    for number in range(300):
        subject = policy.subject(f"10.0.{number // 250}.{number % 250}", None)
        table = policy.table(subject, now)
        assert table.decide(Question(f"only{number}.example", 1, 1)).is_block
        assert not table.decide(Question(f"only{(number + 1) % 300}.example", 1, 1)).is_block
