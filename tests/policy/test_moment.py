"""What holds now and until when: windows, overrides, and a clock that is wrong."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from filterd.config.document import Document, Profile
from filterd.policy.moment import Moment
from filterd.policy.override import Override
from filterd.policy.profile import Rules, TimedWindow
from filterd.policy.snapshot import Policy, compile_policy
from filterd.policy.verdict import Reason, Verdict
from filterd.wire.codes import IN, A
from filterd.wire.query import Question

At = Callable[..., datetime]
House = Callable[..., Policy]
Ask = Callable[..., Verdict]

BEDTIME = {"name": "Bedtime", "start": "21:00", "end": "07:00", "mode": "essentials"}
PHONE, TABLET = "192.168.1.8", "192.168.1.7"


def override(number: int, kind: Any, **what: Any) -> Override:
    return Override(number, kind, "sana", **what)


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        pytest.param("2026-11-24 16:59:59", "default-allow", id="not yet"),
        pytest.param("2026-11-24 17:00", "pause", id="from its start"),
        pytest.param("2026-11-24 17:29:59", "pause", id="to its end"),
        pytest.param("2026-11-24 17:30", "default-allow", id="half-open"),
    ],
)
def test_an_override_expires_by_itself(
    when: str, reason: str, house: House, ask: Ask, at: At
) -> None:
    times = {"starts": at("2026-11-24 17:00"), "ends": at("2026-11-24 17:30")}
    policy = house(overrides=(override(1, "pause", **times),))
    assert ask(policy, "x.example", at(when)).reason.value == reason


def test_an_override_without_times_holds_until_it_is_taken_back(
    house: House, ask: Ask, at: At
) -> None:
    policy = house(overrides=(override(1, "pause"),))
    verdict = ask(policy, "x.example", at("2099-01-01 00:00"))
    assert (verdict.reason, verdict.until) == (Reason.PAUSE, None)


@pytest.mark.parametrize(
    ("overrides", "reason", "detail"),
    [
        pytest.param([(1, "pause"), (2, "grant")], "grant", "2", id="opened during a pause"),
        pytest.param([(1, "grant"), (2, "pause")], "pause", "2", id="paused after a grant"),
        pytest.param([(2, "pause"), (1, "grant")], "pause", "2", id="whatever their order"),
        pytest.param([(1, "grant"), (2, "grant")], "grant", "2", id="of two grants the newer"),
        pytest.param([(1, "pause"), (2, "pause")], "pause", "2", id="of two pauses the newer"),
        pytest.param([(1, "grant"), (2, "pause"), (3, "grant")], "grant", "3", id="and again"),
    ],
)
def test_the_newest_override_wins(
    overrides: list[tuple[int, str]], reason: str, detail: str, house: House, ask: Ask, at: At
) -> None:
    names = {"grant": ("x.example",), "pause": ()}
    given = tuple(override(number, kind, names=names[kind]) for number, kind in overrides)
    verdict = ask(house(overrides=given), "x.example", at("2026-11-24 12:00"))
    assert (verdict.reason.value, verdict.detail) == (reason, detail)


def test_a_category_granted_during_a_pause_opens_in_it(house: House, ask: Ask, at: At) -> None:
    pause, grant = override(1, "pause"), override(2, "grant", categories=("games",))
    lists = {"play": ["play.example"]}
    policy = house(lists=lists, overrides=(pause, grant), blocked_categories=["games"])
    now = at("2026-11-24 12:00")
    assert ask(policy, "play.example", now).reason is Reason.DEFAULT_ALLOW
    assert ask(policy, "x.example", now).reason is Reason.PAUSE


def test_a_pause_for_one_device_leaves_the_others(house: House, ask: Ask, at: At) -> None:
    policy = house(overrides=(override(1, "pause", device="tablet"),))
    now = at("2026-11-24 12:00")
    assert ask(policy, "x.example", now, TABLET).reason is Reason.PAUSE
    assert ask(policy, "x.example", now, PHONE).reason is Reason.DEFAULT_ALLOW


def test_a_pause_for_the_profile_holds_for_a_device_with_a_grant(
    house: House, ask: Ask, at: At
) -> None:
    grant = override(1, "grant", names=("x.example",), device="tablet")
    policy = house(overrides=(grant, override(2, "pause")))
    now = at("2026-11-24 12:00")
    assert {ask(policy, "x.example", now, who).reason for who in (TABLET, PHONE)} == {Reason.PAUSE}


def test_an_override_for_what_is_gone_says_nothing(house: House, ask: Ask, at: At) -> None:
    gone = (
        override(1, "pause", device="sold"),
        Override(2, "pause", "moved-out"),
        Override(3, "pause", "guest", device="tablet"),
    )
    policy = house(overrides=gone)
    for address in (TABLET, PHONE, "10.9.9.9"):
        assert not ask(policy, "x.example", at("2026-11-24 12:00"), address).is_block


@pytest.mark.parametrize(
    ("when", "until"),
    [
        pytest.param("2026-11-24 12:00", "2026-11-24 17:00", id="a coming override"),
        pytest.param("2026-11-24 17:00", "2026-11-24 17:30", id="the end of one in force"),
        pytest.param("2026-11-24 17:30", "2026-11-24 21:00", id="a window's start"),
        pytest.param("2026-11-24 22:00", "2026-11-25 07:00", id="a window's end"),
    ],
)
def test_until_is_the_next_change(when: str, until: str, house: House, ask: Ask, at: At) -> None:
    times = {"starts": at("2026-11-24 17:00"), "ends": at("2026-11-24 17:30")}
    policy = house(windows=[BEDTIME], overrides=(override(1, "pause", **times),))
    assert ask(policy, "x.example", at(when)).until == at(until)


def test_until_is_the_subjects_own(house: House, ask: Ask, at: At) -> None:
    pause = override(1, "pause", device="tablet", ends=at("2026-11-24 17:30"))
    policy = house(overrides=(pause,))
    now = at("2026-11-24 12:00")
    assert ask(policy, "x.example", now, TABLET).until == at("2026-11-24 17:30")
    assert ask(policy, "x.example", now, PHONE).until is None


def test_an_unfiltered_profile_never_changes(house: House, ask: Ask, at: At) -> None:
    policy = house(filtering=False, windows=[BEDTIME], overrides=(override(1, "pause"),))
    assert ask(policy, "x.example", at("2026-11-24 12:00")).until is None


def test_a_profile_lives_in_its_own_zone(house: House, ask: Ask, at: At) -> None:
    policy = house(windows=[BEDTIME], zone="Europe/Berlin")
    assert not ask(policy, "x.example", at("2026-11-24 20:30", "Europe/Berlin")).is_block
    assert ask(policy, "x.example", at("2026-11-24 21:00", "Europe/Berlin")).is_block


LISTS = {"basics": ["time.example"], "help": ["help.example"], "play": ["play.example"]}


@pytest.mark.parametrize(
    ("settings", "name", "reason"),
    [
        pytest.param({"windows": [BEDTIME]}, "x.example", "clock", id="closed"),
        pytest.param({"windows": [BEDTIME]}, "time.example", "default-allow", id="essentials"),
        pytest.param({"windows": [BEDTIME]}, "help.example", "always-allow", id="helplines"),
        pytest.param(
            {"windows": [BEDTIME], "allowed_names": ["x.example"]},
            "x.example",
            "own-allow",
            id="own names are not the clock's",
        ),
        pytest.param(
            {"windows": [{"mode": "open", "categories": ["games"]}]},
            "play.example",
            "clock",
            id="an open window counts as a window",
        ),
        pytest.param({}, "x.example", "default-allow", id="without windows"),
        pytest.param(
            {"windows": [BEDTIME], "filtering": False}, "x.example", "unfiltered", id="unfiltered"
        ),
    ],
)
def test_a_wrong_clock_closes_profiles_with_windows(
    settings: dict[str, Any], name: str, reason: str, house: House, ask: Ask, at: At
) -> None:
    policy = house(lists=LISTS, newest=at("2026-11-24 12:00"), **settings)
    assert ask(policy, name, at("1970-01-01 12:00")).reason.value == reason


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        pytest.param("2026-11-24 11:58:59", "clock", id="more than a minute behind"),
        pytest.param("2026-11-24 11:59", "default-allow", id="a minute behind is a correction"),
        pytest.param("2026-11-24 12:00", "default-allow", id="right"),
    ],
)
def test_a_clock_is_wrong_when_it_is_a_minute_behind(
    when: str, reason: str, house: House, ask: Ask, at: At
) -> None:
    policy = house(newest=at("2026-11-24 12:00"), windows=[BEDTIME])
    assert ask(policy, "x.example", at(when)).reason.value == reason


def test_a_wrong_clock_says_when_it_will_be_believed(house: House, ask: Ask, at: At) -> None:
    policy = house(newest=at("2026-11-24 12:00"), windows=[BEDTIME])
    verdict = ask(policy, "x.example", at("1970-01-01 12:00"))
    assert verdict.until == at("2026-11-24 11:59")


def test_a_wrong_clock_brings_no_ended_grant_back(house: House, ask: Ask, at: At) -> None:
    ended = override(1, "grant", names=("x.example",), ends=at("2026-11-24 11:00"))
    policy = house(newest=at("2026-11-24 12:00"), default="block", overrides=(ended,))
    assert ask(policy, "x.example", at("1970-01-01 12:00")).reason is Reason.DEFAULT_BLOCK


def test_a_wrong_clock_does_not_end_a_pause(house: House, ask: Ask, at: At) -> None:
    times = {"starts": at("2026-11-24 11:30"), "ends": at("2026-11-24 19:00")}
    policy = house(newest=at("2026-11-24 12:00"), overrides=(override(1, "pause", **times),))
    assert ask(policy, "x.example", at("1970-01-01 12:00")).reason is Reason.PAUSE


def test_a_table_is_kept_until_its_moment_is_over(house: House, at: At) -> None:
    policy = house(windows=[BEDTIME])
    first = policy.table("sana", at("2026-11-24 12:00"))
    assert policy.table("sana", at("2026-11-24 20:59:59")) is first
    second = policy.table("sana", at("2026-11-24 21:00"))
    assert second is not first
    assert second.until == at("2026-11-25 07:00")


def test_a_clock_that_is_put_back_gets_a_new_table(house: House, at: At) -> None:
    policy = house(windows=[BEDTIME])
    now = at("2026-11-24 21:00")
    assert policy.table("sana", now).until == at("2026-11-25 07:00")
    assert policy.table("sana", now - timedelta(hours=1)).until == now


ALIKE = [
    {"windows": [BEDTIME]},
    {"windows": [BEDTIME | {"start": "22:00"}]},
    {"windows": [BEDTIME | {"name": "Night"}]},
    {"windows": [BEDTIME | {"mode": "block", "categories": ["games"]}]},
    {"windows": [BEDTIME | {"mode": "block", "names": ["a.example"]}]},
    {"windows": [BEDTIME | {"mode": "only", "names": ["a.example"]}]},
    {"windows": [BEDTIME | {"mode": "open", "categories": ["games"]}]},
    {"windows": [BEDTIME], "blocked_categories": ["games"]},
    {"blocked_names": ["a.example"]},
    {"allowed_names": ["a.example"], "default": "block"},
    {"default": "block"},
    {"default": "block", "allowed_categories": ["games"]},
    {"filtering": False},
    {},
]


def test_moments_of_equal_content_decide_alike(
    list_sources: dict[str, Any], naive_lists: Any, at: At
) -> None:
    # Two children of each kind, so that some are alike, at every hour of a day.
    profiles = {f"p{number}": Profile(name="x", **each) for number, each in enumerate(ALIKE * 2)}
    document = Document(
        zone="Asia/Karachi", lists=list_sources, profiles=profiles, default_profile="p0"
    )
    overrides = (
        Override(1, "pause", "p0", starts=at("2026-11-24 12:00"), ends=at("2026-11-24 13:00")),
        Override(2, "grant", "p1", names=("a.example",), ends=at("2026-11-24 23:00")),
    )
    lists = {"play": ["game.example"], "basics": ["time.example"]}
    policy = compile_policy(document, 1, naive_lists(lists), overrides, at("2026-11-24 05:00"))
    said: dict[Any, set[Any]] = {}
    for profile_id in profiles:
        for hour in range(24):
            subject = policy.client_of(profile_id).subject
            table = policy.table(subject, at(f"2026-11-24 {hour:02}:30"))
            found = []
            for name in ("a.example", "x.example", "game.example", "time.example"):
                verdict = table.decide(Question(name, A, IN))
                link = table.review(verdict, ("x.a.example", "game.example"), A)
                found += [each and replace(each, until=None) for each in (verdict, link)]
            said.setdefault(table.moment.content, set()).add(tuple(found))
    assert {len(each) for each in said.values()} == {1}
    for number, kind in enumerate(ALIKE[2:], 2):
        twins = (f"p{number}", f"p{number + len(ALIKE)}")
        one, other = (policy.moment(each, at("2026-11-24 23:30")).content for each in twins)
        # A name that is typed in one profile is not typed in the other.
        assert (one == other) == ("a.example" not in str(kind))


def test_content_is_made_of_all_that_a_moment_has() -> None:
    # Whoever adds a field must say in ``content`` whether it decides.
    assert {each.name for each in fields(Moment)} == {
        "rules", "windows", "pause", "grants", "granted", "opened", "is_clock_right", "until",
        "traits",
    }  # fmt: skip
    assert {each.name for each in fields(Rules)} == {
        "profile_id", "profile", "zone", "scope", "blocked", "allowed", "windows",
    }  # fmt: skip
    assert {each.name for each in fields(TimedWindow)} == {
        "scope", "name", "mode", "categories", "weekly",
    }  # fmt: skip
