"""A child's page: topics, own sites, openness, name; what is good, bad, or overtaken."""

import re
from typing import Any

import pytest

from admin_ui import ListState, edits

SANA = "/children/sana"


@pytest.fixture
def send(guardian: Any, home: Any) -> Any:
    """Send a form of Sana's page, based on the newest version unless told otherwise."""

    def post(path: str, **fields: Any) -> Any:
        return guardian.post(f"{SANA}/{path}", {"based_on": home.current().number, **fields})

    return post


def test_topics_are_saved_with_author_and_reason_and_take_effect(home: Any, send: Any) -> None:
    answer = send("topics", topic=["adult", "gambling"])
    assert answer.status_code == 303
    assert home.profile().blocked_categories == ("adult", "gambling")
    version = home.current()
    assert (version.author, version.reason) == ("Amna", "The topics were changed")
    assert home.notified == [version.number]


def test_the_page_ticks_what_is_closed(guardian: Any) -> None:
    ticked = re.findall(r'name="topic" value="([a-z-]+)" checked', guardian.text(SANA))
    assert sorted(ticked) == ["adult", "random-video-chat"]


def test_a_topic_without_a_list_is_shown_as_such(guardian: Any, home: Any) -> None:
    text = guardian.text(SANA)
    ready, waiting = text.split("topics without a list")
    assert 'value="adult"' in ready
    assert 'value="gambling"' in waiting
    assert "No list installed" not in ready
    home.states = (ListState("adult", "adult", ok=False, names=0, problem="is HTML"),)
    assert 'value="adult"' in guardian.text(SANA).split("topics without a list")[1]


def test_the_locked_topic_is_not_for_choosing_and_says_whether_it_works(
    guardian: Any, home: Any, send: Any
) -> None:
    assert "no list installed, so filterd cannot close it" in guardian.text(SANA)
    home.states = (*home.states, ListState("x", "csam-illegal", ok=True, names=3))
    assert "Child abuse material is always closed." in guardian.text(SANA)
    for fixed in ("csam-illegal", "always-allow", "essentials", "nonsense"):
        assert send("topics", topic=[fixed]).status_code == 400
    assert home.profile().blocked_categories == ("adult", "random-video-chat")


def test_what_the_form_does_not_offer_stays(home: Any, send: Any) -> None:
    version = home.current()
    document = edits.change_profile(
        version.document, "sana", blocked_categories=("learning", "adult"),
        allowed_categories=("games",),
    )  # fmt: skip
    home.policies.save(document, based_on=1, author="x", reason="x", now=home.now)
    send("topics", topic=["games"])
    assert home.profile().blocked_categories == ("learning", "games")
    assert home.profile().allowed_categories == ()  # closed and open at once would stay closed


def test_an_allow_only_child_opens_topics(guardian: Any, home: Any, send: Any) -> None:
    send("openness", openness="chosen")
    assert "What is open?" in guardian.text(SANA)
    send("topics", topic=["learning", "essentials", "adult"])
    assert home.profile().allowed_categories == ("learning", "essentials", "adult")
    assert home.profile().blocked_categories == ("random-video-chat",)


@pytest.mark.parametrize(
    ("choice", "filtering", "default"),
    [("usual", True, "allow"), ("chosen", True, "block"), ("off", False, "allow")],
)
def test_openness_is_one_of_three(
    guardian: Any, home: Any, send: Any, choice: str, filtering: Any, default: str
) -> None:
    assert send("openness", openness=choice).status_code == 303
    assert (home.profile().filtering, home.profile().default) == (filtering, default)
    assert re.search(rf'name="openness" value="{choice}" checked', guardian.text(SANA))


def test_openness_knows_no_fourth(home: Any, send: Any) -> None:
    assert send("openness", openness="everything").status_code == 400
    assert home.current().number == 1


@pytest.mark.parametrize(
    ("site", "reach", "written"),
    [
        ("www.youtube.com", "below", "www.youtube.com"),
        ("www.youtube.com", "exact", "=www.youtube.com"),
        ("www.youtube.com", "site", "youtube.com"),
        ("https://www.youtube.com/watch?v=1", "site", "youtube.com"),
        ("HTTPS://User:Pass@WWW.Example.CO.UK:8443/x?y#z", "site", "example.co.uk"),
        ("  m.example.com.  ", "below", "m.example.com"),
        ("*.example.com", "below", "example.com"),
        ("=www.example.com", "below", "www.example.com"),
        ("alice.github.io", "site", "alice.github.io"),
        ("بازار.example", "below", "xn--mgbab2bd.example"),
        ("printer.home.arpa", "exact", "=printer.home.arpa"),
    ],
)
@pytest.mark.parametrize("verb", ["block", "allow"])
def test_a_pasted_address_becomes_the_name_it_stands_for(
    home: Any, send: Any, site: str, reach: str, written: str, verb: str
) -> None:
    answer = send("names", site=site, reach=reach, verb=verb)
    assert answer.headers["Location"].endswith("#names")
    listed = home.profile().blocked_names if verb == "block" else home.profile().allowed_names
    assert listed == (written,)


@pytest.mark.parametrize(
    "site",
    ["", "youtube", "192.168.1.1", "http://[::1]/", "a b.example", "mum@example.com", "com.pk",
     "co.uk", "a..example", "x" * 64 + ".example", "javascript:alert(1)", "<b>.example",
     "." * 300],
)  # fmt: skip
def test_what_is_no_site_is_said_beside_the_field(home: Any, send: Any, site: str) -> None:
    answer = send("names", site=site, reach="below", verb="block")
    assert answer.status_code == 422
    assert 'id="wrong-site"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert home.current().number == 1


def test_a_reach_or_verb_nobody_offered_is_refused(home: Any, send: Any) -> None:
    assert send("names", site="a.example", reach="all", verb="block").status_code == 422
    assert send("names", site="a.example", reach="below", verb="burn").status_code == 400
    assert send("names/remove", written="a.example", verb="").status_code == 400
    assert home.current().number == 1


def test_the_newest_word_on_a_name_holds(home: Any, send: Any) -> None:
    send("names", site="a.example", reach="below", verb="block")
    send("names", site="a.example", reach="below", verb="allow")
    assert (home.profile().blocked_names, home.profile().allowed_names) == ((), ("a.example",))
    send("names", site="a.example", reach="exact", verb="block")
    assert home.profile().blocked_names == ("=a.example",)


def test_a_name_can_be_taken_off_again(guardian: Any, home: Any, send: Any) -> None:
    send("names", site="a.example", reach="exact", verb="block")
    assert "Only this name" in guardian.text(SANA)
    send("names/remove", written="=a.example", verb="block")
    assert home.profile().blocked_names == ()
    number = home.current().number
    send("names/remove", written="=a.example", verb="block")  # twice is once
    assert home.current().number == number


def test_what_was_saved_is_said_once_in_the_readers_language(guardian: Any, send: Any) -> None:
    guardian.speak("ur")
    send("names", site="a.example", reach="below", verb="block")
    text = guardian.text(SANA)
    assert '<bdi dir="ltr">a.example</bdi> اب <bdi>Sana</bdi> کے لیے بند ہے' in text
    assert 'role="status"' not in guardian.text(SANA)


def test_a_child_can_be_renamed_but_not_into_another(home: Any, send: Any) -> None:
    assert send("rename", name=" ثنا ").status_code == 303
    assert home.profile().name == "ثنا"
    assert send("rename", name="ثنا").status_code == 303  # its own name
    for taken in ("علی", "everybody ELSE"):
        answer = send("rename", name=taken)
        assert answer.status_code == 422
        assert "is there already" in answer.text
    assert home.profile().name == "ثنا"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "two\nlines", "a\u2028b"])
def test_a_name_that_cannot_be_shown_is_refused(home: Any, send: Any, name: str) -> None:
    answer = send("rename", name=name)
    assert answer.status_code == 422
    assert 'id="wrong-name"' in answer.text
    assert home.current().number == 1


def test_a_new_child_starts_protected_with_the_rules_of_everybody(guardian: Any, home: Any) -> None:
    answer = guardian.post("/add-child", {"name": "Zara Khan", "based_on": 1})
    assert answer.headers["Location"] == "/children/zara-khan"
    assert home.profile("zara-khan").blocked_categories == ("adult",)
    assert home.profile("zara-khan").windows == ()


def test_children_of_any_script_and_one_name_get_ids_of_their_own(guardian: Any, home: Any) -> None:
    for name in ("زارا", "حسن", "new", "Sana!"):
        guardian.post("/add-child", {"name": name, "based_on": home.current().number})
    added = list(home.current().document.profiles)[3:]
    assert added == ["child", "child-2", "new", "sana-2"]
    for profile_id in added:
        assert guardian.get(f"/children/{profile_id}").status_code == 200


def test_adding_a_child_refuses_a_taken_name(guardian: Any, home: Any) -> None:
    answer = guardian.post("/add-child", {"name": "SANA", "based_on": 1})
    assert answer.status_code == 422
    assert 'value="SANA"' in answer.text
    assert home.current().number == 1


def test_a_child_goes_only_without_devices_and_never_the_default(
    guardian: Any, home: Any, send: Any
) -> None:
    assert "First give the devices to somebody else." in guardian.text(SANA)
    assert send("remove").status_code == 409
    assert guardian.post("/children/everybody/remove", {"based_on": 1}).status_code == 409
    assert home.current().number == 1
    guardian.post("/devices/tablet/release", {"based_on": 1})
    assert send("remove").headers["Location"] == "/"
    assert "sana" not in home.current().document.profiles
    assert guardian.get(SANA).status_code == 404


CHANGES = [
    ("/children/sana/topics", {"topic": "gambling"}),
    ("/children/sana/openness", {"openness": "off"}),
    ("/children/sana/names", {"site": "a.example", "reach": "below", "verb": "block"}),
    ("/children/sana/names/remove", {"written": "a.example", "verb": "block"}),
    ("/children/sana/rename", {"name": "X"}),
    ("/children/sana/remove", {}),
    (
        "/children/sana/times/new",
        {"name": "X", "days": "mon", "times": "day", "mode": "essentials"},
    ),
    ("/children/sana/times/1", {"name": "X", "days": "mon", "times": "day", "mode": "essentials"}),
    ("/children/sana/times/1/remove", {}),
    ("/add-child", {"name": "X"}),
    ("/devices/claim", {"address": "192.0.2.9", "mac": "", "profile": "ali"}),
    ("/devices/tablet/rename", {"name": "X"}),
    ("/devices/tablet/move", {"profile": "ali"}),
    ("/devices/tablet/release", {}),
    ("/changes/undo", {}),
]


@pytest.mark.parametrize(("path", "fields"), CHANGES, ids=[path for path, _ in CHANGES])
def test_somebody_who_saved_meanwhile_is_not_overwritten(
    guardian: Any, home: Any, path: str, fields: dict[str, str]
) -> None:
    other = edits.add_name(home.current().document, "ali", "b.example", "block")
    home.policies.save(other, based_on=1, author="Bilal", reason="x", now=home.now)
    answer = guardian.post(
        path, {"based_on": 1, **fields}, headers={"Referer": "http://localhost:8080/asked/?text=a"}
    )
    assert answer.status_code == 409
    assert "Somebody else was quicker" in answer.text
    assert 'href="/asked/?text=a"' in answer.text  # where to look again
    assert home.current().document == other
    assert home.notified == []


def test_a_change_says_what_it_is_based_on(guardian: Any, home: Any) -> None:
    for path, fields in CHANGES:
        for based_on in ("", "x", "1.5"):
            answer = guardian.post(path, {"based_on": based_on, **fields})
            assert answer.status_code == 400, path
    assert home.current().number == 1


def test_a_child_nobody_knows_is_nowhere(guardian: Any, home: Any) -> None:
    for path, fields in CHANGES:
        if path.startswith("/children/sana"):
            other = path.replace("sana", "nobody")
            assert guardian.post(other, {"based_on": 1, **fields}).status_code == 404, path
    assert home.current().number == 1
