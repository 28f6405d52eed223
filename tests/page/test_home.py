"""The home page: what holds for each child now, what is broken, pause and give back."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from admin_ui import HeldList, ListState, edits
from filterd.config.document import Window
from filterd.policy.override import Override

KARACHI = ZoneInfo("Asia/Karachi")


def seen(text: str) -> str:
    """Return a page as it is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def card(guardian: Any, name: str) -> str:
    cards = re.findall(r'<article class="card".*?</article>', guardian.text("/"), re.DOTALL)
    return seen(next(each for each in cards if f"<bdi>{name}</bdi>" in each))


@pytest.fixture
def change(home: Any) -> Any:
    """Change Sana's profile as somebody else would."""

    def save(**fields: Any) -> None:
        version = home.current()
        document = edits.change_profile(version.document, "sana", **fields)
        home.policies.save(
            document, based_on=version.number, author="Bilal", reason="test", now=home.now
        )

    return save


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-11-24T17:00", "The filter is on until 21:00"),
        ("2026-11-24T20:59", "The filter is on until 21:00"),
        ("2026-11-24T21:00", "Bedtime : only essentials are open until 07:00"),
        ("2026-11-25T06:59", "Bedtime : only essentials are open until 07:00"),
        ("2026-11-25T07:00", "The filter is on until 21:00"),
    ],
)
def test_a_card_says_what_holds_now_and_until_when(
    guardian: Any, home: Any, time: str, words: str
) -> None:
    home.now = datetime.fromisoformat(time).replace(tzinfo=KARACHI)
    assert words in card(guardian, "Sana")


def window(**fields: Any) -> dict[str, Any]:
    return Window(**{"name": "Now", "mode": "essentials", **fields}).model_dump()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"filtering": False}, "No filter: everything is open"),
        ({"windows": [], "default": "block"}, "Only what you allowed is open"),
        ({"windows": [], "blocked_categories": []}, "Nothing is chosen to be closed yet"),
        ({"windows": []}, "The filter is on"),
        ({"windows": [window(mode="only", categories=("learning",))]},
         "Now : only what you chose is open"),
        ({"windows": [window(mode="block", names=("a.example",))]},
         "Now : more than usual is closed"),
        ({"windows": [window(mode="open", categories=("adult",))]},
         "Now : more than usual is open"),
        ({"windows": [window(mode="open", categories=("adult",)), window(name="Later")]},
         "Later : only essentials are open"),
    ],
    ids=["no filter", "allow-only", "nothing closed", "no plan", "only", "block", "open",
         "the strictest window is told"],
)  # fmt: skip
def test_a_card_has_a_sentence_for_everything(
    guardian: Any, change: Any, fields: dict[str, Any], words: str
) -> None:
    change(**fields)
    assert words in card(guardian, "Sana")


def test_windows_that_follow_one_another_are_told_as_one(guardian: Any, change: Any) -> None:
    change(windows=[window(start="16:00", end="18:00"), window(name="now", start="18:00", end="19:00"),
                    window(name="Other", start="12:00", end="17:30", mode="block",
                           categories=("adult",))])  # fmt: skip
    assert "Now : only essentials are open until 18:00" in card(guardian, "Sana")


def test_a_plan_for_another_day_names_the_day(guardian: Any, change: Any) -> None:
    change(windows=[window(days=("sat",), start="10:00", end="12:00")])
    assert "The filter is on until Saturday, 10:00" in card(guardian, "Sana")


def test_without_a_running_filter_no_card_claims_protection(guardian: Any, home: Any) -> None:
    home.status = None
    text = seen(guardian.text("/"))
    assert "No device in the house is protected now." in text
    assert "The filter is on" not in text
    assert "The filter is not running" in card(guardian, "Sana")


def test_a_wrong_clock_is_told_above_the_children_and_on_the_card(guardian: Any, home: Any) -> None:
    home.now -= timedelta(days=2)
    text = guardian.text("/")
    assert text.index("The clock of this computer is wrong") < text.index("<article")
    assert "The clock is wrong: only essentials are open" in card(guardian, "Sana")


def waiting(home: Any, **fields: Any) -> ListState:
    """Return a list of which a download waits for an answer."""
    held = HeldList("it shrank from 900 to 9 names", 9, home.now)
    return ListState("x", "adult", **{"ok": True, "names": 900, "held": held, **fields})


@pytest.mark.parametrize(
    ("change_house", "words", "is_urgent"),
    [
        (lambda home: setattr(home, "status", {"problem": "no disk"}),
         "The newest rules could not be loaded.", True),
        (lambda home: setattr(home, "status", {"index_problem": "damaged"}),
         "The lists are not loaded", True),
        (lambda home: setattr(home, "status", {"log_problem": "the disk is full"}),
         "The record of what devices ask for has stopped.", False),
        (lambda home: setattr(home, "starter_differs", True),
         "filterd policy apply", False),
        (lambda home: setattr(home, "states", (ListState("x", "adult", False, 0, "is HTML"),)),
         "could not be loaded, so it closes nothing", False),
        (lambda home: setattr(home, "states", (ListState("x", "adult", True, 5, trouble="404"),)),
         "has a problem.", False),
        (lambda home: setattr(home, "states", (waiting(home),)),
         "A list changed a lot. Look at it before it is used.", False),
    ],
    ids=["policy", "index", "log", "starter", "list refused", "list old", "list waits"],
)  # fmt: skip
@pytest.mark.parametrize("code", ["en", "ur"])
def test_what_is_broken_is_told(
    guardian: Any, home: Any, change_house: Any, words: str, is_urgent: Any, code: str
) -> None:
    assert "note stop" not in guardian.text("/")
    change_house(home)
    guardian.speak(code)
    text = guardian.text("/")
    assert (words in text) == (code == "en" or "filterd policy" in words)
    assert ("note stop" in text) is is_urgent
    assert 'class="note' in text


@pytest.mark.parametrize("is_ok", [True, False], ids=["one is in use", "a new list"])
def test_lists_that_wait_are_told_once_and_lead_to_the_lists(
    guardian: Any, home: Any, is_ok: Any
) -> None:
    home.states = (waiting(home, ok=is_ok, problem="" if is_ok else "not there"),) * 2
    notes = re.findall(r'<(?:a|div) class="note.*?</(?:a|div)>\n', guardian.text("/"), re.DOTALL)
    (note,) = [each for each in notes if 'href="/lists/"' in each]
    assert "Look at it before it is used." in note


def test_a_refused_list_is_no_longer_news(guardian: Any, home: Any) -> None:
    held = HeldList("it shrank from 900 to 9 names", 9, home.now, is_refused=True)
    home.states = (waiting(home, held=held),)
    assert 'class="note' not in guardian.text("/")


def test_the_lists_can_be_found_when_all_is_well(guardian: Any) -> None:
    assert 'class="row" href="/lists/"' in guardian.text("/")


@pytest.mark.parametrize(
    ("length", "ends"),
    [("30", timedelta(minutes=30)), ("60", timedelta(hours=1)), ("morning", timedelta(hours=14))],
)
def test_two_taps_stop_the_internet_until_then(
    guardian: Any, home: Any, length: str, ends: timedelta
) -> None:
    assert f'name="length" value="{length}"' in guardian.text("/")
    answer = guardian.post("/children/ali/pause", {"length": length})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    (override,) = home.policies.overrides(home.now)
    assert (override.kind, override.profile, override.author) == ("pause", "ali", "Amna")
    assert override.ends == home.now + ends
    until = (home.now + ends).astimezone(KARACHI)
    assert f"The internet is paused until {until:%H:%M}" in card(guardian, "علی")
    assert home.notified, "the filter was told before the page answered"


def test_one_tap_gives_it_back(guardian: Any, home: Any) -> None:
    guardian.post("/children/ali/pause", {"length": "60"})
    assert "Give back now" in card(guardian, "علی")
    assert "Give back now" not in card(guardian, "Sana")
    guardian.post("/children/ali/resume")
    assert home.policies.overrides(home.now) == ()
    assert "The internet is paused" not in card(guardian, "علی")
    assert len(home.notified) == 2


def test_a_new_pause_takes_the_place_of_the_old_one(guardian: Any, home: Any) -> None:
    guardian.post("/children/ali/pause", {"length": "morning"})
    guardian.post("/children/ali/pause", {"length": "30"})
    (override,) = home.policies.overrides(home.now)
    assert override.ends == home.now + timedelta(minutes=30)


def test_giving_back_leaves_other_children_and_grants_alone(guardian: Any, home: Any) -> None:
    others = [
        home.policies.add_override(Override(0, kind, who, starts=home.now), home.now).id
        for kind, who in (("pause", "sana"), ("grant", "ali"))
    ]
    guardian.post("/children/ali/resume")
    assert [each.id for each in home.policies.overrides(home.now)] == others


@pytest.mark.parametrize("length", ["", "31", "-1", "1e9", "forever"])
def test_a_pause_nobody_offered_is_refused(guardian: Any, home: Any, length: str) -> None:
    assert guardian.post("/children/ali/pause", {"length": length}).status_code == 400
    assert home.policies.overrides(home.now) == ()


def test_a_child_that_is_gone_cannot_be_paused(guardian: Any, home: Any) -> None:
    assert guardian.post("/children/nobody/pause", {"length": "30"}).status_code == 404
    assert guardian.post("/children/nobody/resume").status_code == 404
    assert home.policies.overrides(home.now) == ()


def test_what_has_no_filter_has_nothing_to_stop(guardian: Any, change: Any) -> None:
    change(filtering=False)
    assert "Stop the internet" not in card(guardian, "Sana")


def test_the_honest_sentence_and_the_zone_are_there_once(guardian: Any) -> None:
    text = seen(guardian.text("/"))
    assert "sees the names that a device asks for, and nothing more" in text
    assert text.count("Pakistan Time") == 1
    assert "http://filter.home.arpa:8080 on it. This page must appear" in text


def test_children_stand_first_then_new_devices_then_those_without_a_filter(
    guardian: Any, home: Any
) -> None:
    document = edits.add_profile(home.current().document, "Zara")[0]
    document = edits.change_profile(document, "sana", filtering=False)
    home.policies.save(document, based_on=1, author="x", reason="x", now=home.now)
    names = re.findall(r'<h2 id="child-[a-z]+"><bdi>([^<]+)</bdi>', guardian.text("/"))
    assert names == ["علی", "Zara", "Everybody else", "Sana"]
    assert "Another child?" in guardian.text("/")


def test_a_house_without_children_is_asked_who_lives_there(guardian: Any, home: Any) -> None:
    document = home.current().document
    for child in ("sana", "ali"):
        document = edits.change_profile(document, child, filtering=False)
    home.policies.save(document, based_on=1, author="x", reason="x", now=home.now)
    assert "Who lives here?" in guardian.text("/")


def test_without_lists_no_card_claims_that_topics_are_closed(guardian: Any, home: Any) -> None:
    home.status = {"index_problem": "the lists are not compiled yet"}
    assert "The lists are missing: topics are open" in card(guardian, "Sana")
    assert "The filter is on" not in card(guardian, "Sana")
