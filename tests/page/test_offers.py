"""More lists: what is offered for a topic, in plain words; on, off, and how far each one is."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest

from admin_ui import HeldList, ListState
from admin_ui.offer_lines import rounded
from admin_ui.topics import TOPICS
from filterd.config.document import ListSource, parse_document
from filterd.config.subscribing import add_list, source_of
from filterd.service.choosing import offered_lists

OFFERS = offered_lists()
NSFW = "hagezi-nsfw"
CATEGORIES = sorted({entry.category for entry in OFFERS.values()})


def words_of(page: str) -> str:
    text = re.sub("<[^>]+>", " ", page.replace("<wbr>", ""))
    return re.sub(r"\s+", " ", html.unescape(text))


def read(guardian: Any, path: str = "/more-lists/adult") -> str:
    return words_of(guardian.text(path))


def card(guardian: Any, offer_id: str = NSFW) -> str:
    """Return the text of one offer."""
    page = guardian.text(f"/more-lists/{OFFERS[offer_id].category}")
    found = re.search(rf'<section class="card" id="offer-{offer_id}".*?</section>', page, re.DOTALL)
    assert found is not None
    return words_of(found[0])


def press(guardian: Any, home: Any, what: str, offer_id: str = NSFW, **fields: Any) -> Any:
    given = {"based_on": home.current().number, **fields}
    return guardian.post(f"/more-lists/{offer_id}/{what}", given)


def listed(home: Any) -> dict[str, ListSource]:
    return dict(home.current().document.lists)


@pytest.fixture
def subscribed(home: Any) -> Any:
    """Use the offer and let it fare like this."""

    def subscribe(*states: ListState, list_id: str = NSFW) -> None:
        document = add_list(home.current().document, list_id, source_of(OFFERS[NSFW]))
        number = home.current().number
        home.policies.save(document, based_on=number, author="x", reason="x", now=home.now)
        home.states = (*home.states, *states)

    return subscribe


def test_the_page_of_lists_leads_to_every_topic_with_an_offer(guardian: Any) -> None:
    page = guardian.text("/lists/")
    assert 'href="#more"' in page
    assert 'id="more"' in page
    assert re.findall(r'href="/more-lists/([a-z-]+)"', page) == [
        category for category in TOPICS_IN_ORDER if category in CATEGORIES
    ]
    assert "Adult sites 5 lists" in read(guardian, "/lists/")
    assert "in use" not in read(guardian, "/lists/")


TOPICS_IN_ORDER = [
    "adult", "dating", "ai-general", "games", "social", "gambling", "drugs",
    "weapons-violence-gore", "hate", "piracy", "malware-phishing-scam", "newly-registered",
    "bypass", "dyn-dns-tunnels", "url-shorteners", "ads-trackers",
]  # fmt: skip


def test_a_topic_counts_what_is_in_use(guardian: Any, subscribed: Any) -> None:
    subscribed()
    assert "Adult sites 5 lists 1 in use" in read(guardian, "/lists/")


def test_a_house_without_a_catalogue_offers_nothing(home: Any, request: Any) -> None:
    home.catalogue = {}
    assert "More lists" not in read(request.getfixturevalue("guardian"), "/lists/")


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_topic_shows_its_offers_with_all_that_is_to_be_known(
    guardian: Any, category: str
) -> None:
    page = guardian.text(f"/more-lists/{category}")
    text = words_of(page)
    assert TOPICS[category].name in text
    entries = [entry for entry in OFFERS.values() if entry.category == category]
    for entry in entries:
        for words in (entry.name, entry.licence, entry.remark):
            assert words in text
    assert page.count("Use this list") == len(entries)
    wide = sum(entry.tier == 2 for entry in entries)
    assert text.count("also closes some harmless sites") == wide


def test_an_offer_tells_how_long_it_is_in_plain_words(guardian: Any) -> None:
    assert "about 114,000 names" in card(guardian)
    assert "Size not known" in card(guardian, "oisd-nsfw")
    assert "Size 23 names" in card(guardian, "sinfonietta-snuff")
    assert "Comes from cdn.jsdelivr.net" in card(guardian)


@pytest.mark.parametrize(
    ("names", "said"),
    [(1, 1), (99, 99), (100, 100), (436, 440), (889, 890), (1355, 1400), (9604, 9600),
     (16642, 17000), (114081, 114000), (577133, 577000), (4600370, 4600000)],
)  # fmt: skip
def test_numbers_are_said_as_people_say_them(names: int, said: int) -> None:
    assert rounded(names) == said


def test_a_list_that_opens_what_others_close_says_so(home: Any, request: Any) -> None:
    opening = OFFERS[NSFW].model_copy(update={"exceptions": "everywhere"})
    home.catalogue = {**OFFERS, NSFW: opening}
    guardian = request.getfixturevalue("guardian")
    assert "may open sites again that other lists close" in card(guardian)
    assert "may open sites" not in card(guardian, "oisd-nsfw")


def test_a_topic_says_for_whom_it_is_closed(guardian: Any, home: Any) -> None:
    assert "This topic is closed for: Everybody else , Sana , علی" in read(guardian)
    assert "This topic is closed for nobody." in read(guardian, "/more-lists/gambling")


def test_one_tap_uses_a_list(guardian: Any, home: Any) -> None:
    sent = press(guardian, home, "use")
    where = "/more-lists/adult#offer-hagezi-nsfw"
    assert (sent.status_code, sent.headers["Location"]) == (303, where)
    version = home.current()
    assert version.document.lists[NSFW] == source_of(OFFERS[NSFW])
    assert (version.author, version.reason) == ("Amna", "A list was added")
    assert home.notified == [version.number]
    text = read(guardian)
    assert "HaGeZi NSFW is downloaded now." in text
    assert "It is being downloaded. This takes a minute." in card(guardian)
    assert "Stop using this list" in card(guardian)
    assert "See how far it is" in card(guardian)


def test_one_tap_stops_using_it_whatever_it_is_called(
    guardian: Any, home: Any, subscribed: Any
) -> None:
    before = listed(home)
    subscribed(list_id="night")
    sent = press(guardian, home, "stop")
    assert sent.status_code == 303
    assert listed(home) == before
    assert home.current().reason == "A list was removed"
    assert "HaGeZi NSFW is no longer used." in read(guardian)
    assert "Use this list" in card(guardian)


def test_the_changes_tell_it_and_take_it_back(guardian: Any, home: Any) -> None:
    before = listed(home)
    press(guardian, home, "use")
    told = "The list hagezi-nsfw was added to the topic “Adult sites”"
    assert told in read(guardian, "/changes/")
    guardian.post("/changes/undo", {"based_on": home.current().number})
    assert listed(home) == before
    assert "The list hagezi-nsfw of the topic “Adult sites” was removed" in read(
        guardian, "/changes/"
    )


@pytest.mark.parametrize("what", ["use", "stop"])
def test_a_second_tap_changes_nothing(guardian: Any, home: Any, what: str) -> None:
    press(guardian, home, "use")
    press(guardian, home, what)
    version = home.current()
    assert press(guardian, home, what).status_code == 303
    assert home.current() == version


@pytest.mark.parametrize("what", ["use", "stop"])
def test_a_form_of_yesterday_changes_nothing(guardian: Any, home: Any, what: str) -> None:
    before = listed(home)
    assert press(guardian, home, what, based_on=0).status_code == 409
    assert press(guardian, home, what, based_on="").status_code == 400
    assert press(guardian, home, what, csrf_token="x").status_code == 400
    assert listed(home) == before


def test_only_guardians_see_and_change_this(stranger: Any, home: Any) -> None:
    answers = [stranger.get("/more-lists/adult"), press(stranger, home, "use")]
    for answer in answers:
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/sign-in")
    assert home.current().number == 1


@pytest.mark.parametrize("path", ["/more-lists/nudify", "/more-lists/nothing", "/more-lists/"])
def test_a_topic_without_an_offer_is_no_page(guardian: Any, path: str) -> None:
    assert guardian.get(path).status_code == 404


def test_a_list_nobody_offers_cannot_be_used(guardian: Any, home: Any) -> None:
    for what in ("use", "stop"):
        assert press(guardian, home, what, "nothing").status_code == 404
    assert home.current().number == 1


WAITS = {"why": "it shrank", "names": 12}


@pytest.mark.parametrize(
    ("fields", "words", "never"),
    [
        ({"ok": True, "names": 114_081}, ["This list is in force", "114,081 names"], "about"),
        ({"ok": True, "names": 9, "trouble": "the server answered 404"},
         ["This list is in force", "could not be downloaded", "answered 404"], "does nothing"),
        ({"ok": True, "names": 9, "held": WAITS},
         ["This list is in force", "Look at the new list and answer"], "does nothing"),
        ({"problem": "not downloaded yet"}, ["It is being downloaded."], "wrong"),
        ({"problem": "not downloaded yet", "is_loading": True, "checked": True},
         ["It is being downloaded."], "wrong"),
        ({"problem": "not downloaded yet", "trouble": "no route"},
         ["Something is wrong, so it does nothing", "It could not be downloaded", "no route"],
         "in force"),
        ({"problem": "not downloaded yet", "held": WAITS},
         ["A new list waits for your answer", "Look at the new list and answer"], "above"),
        ({"problem": "not downloaded yet", "held": {**WAITS, "is_refused": True}},
         ["Something is wrong", "It was refused"], "in force"),
        ({"problem": "is HTML", "checked": True},
         ["Something is wrong", "It could not be loaded", "is HTML"], "in force"),
    ],
    ids=["in force", "download failed", "a new one waits", "waiting", "here, not yet compiled",
         "cannot be had", "the first one waits", "refused", "cannot be read"],
)  # fmt: skip
def test_an_offer_tells_how_it_fares(
    guardian: Any, home: Any, subscribed: Any, fields: dict[str, Any], words: list[str], never: str
) -> None:
    given = {"ok": False, "names": 0, **fields}
    if "held" in given:
        given["held"] = HeldList(since=home.now, **given["held"])
    if "checked" in given:
        given["checked"] = home.now
    subscribed(ListState(NSFW, "adult", **given))
    text = card(guardian)
    for each in words:
        assert each in text
    assert never not in text
    assert "Stop using this list" in text


def test_a_list_that_was_just_chosen_is_no_fault_of_the_house(
    guardian: Any, home: Any, subscribed: Any
) -> None:
    subscribed(ListState(NSFW, "adult", ok=False, names=0, problem="not downloaded yet"))
    assert "could not be loaded" not in read(guardian, "/")
    home.states = (*home.states[:-1], replace(home.states[-1], trouble="no route"))
    assert "could not be loaded" in read(guardian, "/")


@pytest.mark.parametrize("code", ["en", "ur"])
def test_what_is_english_is_marked_as_such(guardian: Any, code: str) -> None:
    guardian.speak(code)
    page = guardian.text("/more-lists/adult")
    remark = OFFERS["shadowwhisperer-adult"].remark
    assert f'<p class="quote" lang="en" dir="ltr"><bdi>{remark}</bdi></p>' in page
    assert '<bdi lang="en" dir="ltr">GPL-3.0</bdi>' in page


def close(home: Any, **changes: Any) -> None:
    """Change Sana's rules."""
    current = home.current()
    data = current.document.model_dump()
    data["profiles"]["sana"].update(changes)
    home.policies.save(
        parse_document(data), based_on=current.number, author="x", reason="x", now=home.now
    )


def test_a_closed_topic_without_a_list_is_said_to_do_nothing(guardian: Any, home: Any) -> None:
    assert "no list for it works" not in read(guardian, "/children/sana")
    close(home, blocked_categories=["adult", "gambling", "self-harm"])
    text = read(guardian, "/children/sana")
    assert "Chosen, but no list for it works, so nothing is closed: Self-harm, Gambling" in text
    close(home, default="block", blocked_categories=[], allowed_categories=["learning"])
    text = read(guardian, "/children/sana")
    assert "Chosen, but no list for it works, so nothing is open: Learning" in text


def test_a_topic_without_a_list_shows_where_lists_are(guardian: Any) -> None:
    page = guardian.text("/children/sana")
    assert "Look for a list" in page
    assert 'href="/lists/#more"' in page
