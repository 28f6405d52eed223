"""The lists: how each fares, in plain words; and the two answers to a download that waits."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from admin_ui import HeldList, ListState
from admin_ui.list_lines import stamp_of
from filterd.config.document import ListSource, parse_document
from filterd.errors import ListError
from filterd.service import manifest
from filterd.service.guards import Hits, why_held

WHY = "it shrank from 90,000 to 12 names"
SMALLER = {"why": WHY, "names": 12, "reason": "smaller"}


def read(guardian: Any) -> str:
    text = re.sub("<[^>]+>", " ", guardian.text("/lists/"))
    return re.sub(r"\s+", " ", html.unescape(text))


def state(**fields: Any) -> ListState:
    return ListState("adult", "adult", **{"ok": True, "names": 90_000, **fields})


@pytest.fixture
def subscribe(home: Any) -> Any:
    """Make the list "adult" one that comes from the internet, in this state."""

    def subscribed(**fields: Any) -> None:
        source = ListSource(category="adult", url="https://lists.example/adult.txt")
        document = home.current().document
        lists = {**document.lists, "adult": source}
        home.policies.save(
            parse_document({**document.model_dump(), "lists": lists}),
            based_on=home.current().number, author="x", reason="x", now=home.now,
        )  # fmt: skip
        home.states = (state(**fields),)

    return subscribed


@pytest.fixture
def held(home: Any, subscribe: Any) -> HeldList:
    """A download of "adult" that waits since this morning."""
    waits = HeldList(since=home.now - timedelta(hours=5), **SMALLER)
    subscribe(held=waits, checked=home.now - timedelta(days=3))
    return waits


def test_every_list_of_the_policy_is_shown_with_its_topic(guardian: Any) -> None:
    text = read(guardian)
    for words in ("Adult sites adult", "Video chat with strangers strangers", "help", "basics"):
        assert words in text
    assert text.count("1 name It is a file on the computer that runs filterd.") == 4
    assert "Use it" not in text


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(hours=2), "Its copy is from today, 15:00"),
        (timedelta(hours=20), "Its copy is from yesterday, 21:00"),
        (timedelta(days=1), "Its copy is 1 day old: yesterday, 17:00"),
        (timedelta(days=9), "Its copy is 9 days old: Sunday 15 November, 17:00"),
        (timedelta(hours=-2), "Its copy is from today, 19:00"),
    ],
    ids=["hours", "yesterday", "a day", "days", "a clock that went back"],
)
def test_a_copy_tells_its_age(
    guardian: Any, home: Any, subscribe: Any, ago: timedelta, words: str
) -> None:
    subscribe(checked=home.now - ago)
    assert f"90,000 names {words}" in read(guardian)


REFUSED = {**SMALLER, "is_refused": True}


@pytest.mark.parametrize(
    ("fields", "words", "detail"),
    [
        ({"trouble": "the server answered 404"},
         "The newest one could not be downloaded. The one from before is used.", "answered 404"),
        ({"held": REFUSED}, "A new one was refused. The one from before is used.", WHY),
        ({"closes": tuple(f"{n}.example" for n in range(9))},
         "It closes sites that everybody needs.",
         "0.example, 1.example, 2.example, 3.example, 4.example …"),
        ({"left_out": 1}, "1 line could not be used", ""),
        ({"left_out": 1234}, "1,234 lines could not be used", ""),
        ({"ok": False, "problem": "not there"}, "It is not downloaded yet", ""),
        ({"ok": False, "problem": "not there", "trouble": "no route"},
         "It could not be downloaded, so it does nothing.", "no route"),
        ({"ok": False, "problem": "not there", "held": REFUSED},
         "It was refused, so it does nothing.", WHY),
        ({"ok": False, "problem": "not there", "held": {**REFUSED, "is_refused": False}},
         "It does nothing until you have answered above.", WHY),
        ({"ok": False, "problem": "is HTML", "trouble": "no route", "is_there": True},
         "It could not be loaded, so it does nothing.", "is HTML"),
    ],
    ids=["download failed", "refused", "closes too much", "a line", "lines", "not there yet",
         "never came", "new and refused", "new and waiting", "cannot be read"],
)  # fmt: skip
def test_what_is_wrong_is_told_in_plain_words(
    guardian: Any, home: Any, subscribe: Any, fields: dict[str, Any], words: str, detail: str
) -> None:
    given = dict(fields)
    if given.pop("is_there", given.get("ok", True)):
        given["checked"] = home.now
    if "held" in given:
        given["held"] = HeldList(since=home.now, **given["held"])
    subscribe(**given)
    text = read(guardian)
    assert words in text
    assert detail in text


def test_a_list_that_was_just_added_is_no_fault(guardian: Any, home: Any) -> None:
    home.states = ()
    assert read(guardian).count("It was not read yet. This takes a minute.") == 4


def test_a_house_without_lists_says_so(guardian: Any, home: Any) -> None:
    document = parse_document({**home.current().document.model_dump(), "lists": {}})
    home.policies.save(document, based_on=1, author="x", reason="x", now=home.now)
    assert "No list installed" in read(guardian)


def test_what_waits_stands_first_with_all_that_helps_to_decide(guardian: Any, held: Any) -> None:
    text = read(guardian)
    card = text[: text.index("All lists")]
    for words in ("A new list waits for your answer", held.why, "In use now 90,000 names",
                  "The new one 12 names", "Waiting since today, 12:00",
                  "If you are not sure, keep the old one.", "Keep the old one", "Use it"):  # fmt: skip
        assert words in card


def test_where_nothing_is_in_use_nothing_is_kept(guardian: Any, home: Any, held: Any) -> None:
    home.states = (state(ok=False, names=0, problem="not there", held=held),)
    text = read(guardian)
    assert "Keep the old one" not in text
    assert "If you are not sure, do not use it." in text
    assert "In use now" not in text


@pytest.mark.parametrize("code", ["en", "ur"])
def test_the_words_of_the_service_stand_small_below_a_translated_sentence(
    guardian: Any, held: Any, code: str
) -> None:
    guardian.speak(code)
    text = guardian.text("/lists/")
    assert f'<p class="small"><span class="code">{held.why}</span></p>' in text
    assert ("It has far fewer names" in text) is (code == "en")


@pytest.mark.parametrize(
    ("before", "names", "hits", "words"),
    [
        (900, 900, Hits(closes=("bank.example",)), "It would close a site that everybody needs."),
        (900, 900, Hits(opens=("help.example",)), "It holds a helpline."),
        (900, 9, Hits(), "It has far fewer names than the one in use."),
        (900, 9000, Hits(), "It has far more names than the one in use."),
    ],
    ids=["closes", "helpline", "shrank", "grew"],
)
def test_every_reason_of_the_service_has_a_sentence(
    guardian: Any, home: Any, held: Any, before: int, names: int, hits: Hits, words: str
) -> None:
    known = manifest.ListState("adult", "adult", ok=True, names=before)
    why = why_held(known, names, hits)
    assert why is not None
    home.states = (state(held=replace(held, why=str(why), reason=why.reason)),)
    assert words in read(guardian)


def test_a_reason_nobody_foresaw_has_one_too(guardian: Any, home: Any, held: Any) -> None:
    home.states = (state(held=replace(held, why="it looks odd", reason="odd")),)
    assert "It is very different from the one in use." in read(guardian)


@pytest.mark.parametrize(
    ("answer", "words"),
    [("accept", "The new list is being loaded."), ("refuse", "The new list is not used.")],
)
def test_an_answer_is_given_and_told(
    guardian: Any, home: Any, held: Any, answer: str, words: str
) -> None:
    before = home.current()
    path = f"/lists/adult/{answer}"
    assert f'action="{path}"' in guardian.text("/lists/")
    sent = guardian.post(path, {"stamp": stamp_of(held)})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/lists/")
    assert home.answers == [(answer, "adult")]
    assert re.search(
        rf'<p class="note good said"[^>]*>.*{words}', guardian.text("/lists/"), re.DOTALL
    )
    assert words not in guardian.text("/lists/")
    assert home.current() == before, "the rules are the same ones"


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_an_answer_holds_for_the_download_that_was_seen(
    guardian: Any, home: Any, held: Any, answer: str
) -> None:
    newer = replace(held, since=home.now)
    home.states = (state(held=newer),)
    for stamp in (stamp_of(held), ""):
        sent = guardian.post(f"/lists/adult/{answer}", {"stamp": stamp})
        assert sent.status_code == 409
        assert "Somebody else was quicker" in sent.text
    assert home.answers == []


@pytest.mark.parametrize("answer", ["accept", "refuse"])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ListError("adult", "no download of it waits"), "Nothing waits for an answer here"),
        (OSError(28, "No space left on device"), "This could not be saved."),
    ],
    ids=["somebody answered already", "full disk"],
)
def test_an_answer_that_fails_is_told_plainly(
    guardian: Any, home: Any, answer: str, error: Exception, words: str
) -> None:
    home.answer_fails = error
    assert guardian.post(f"/lists/adult/{answer}").status_code == 303
    text = guardian.text("/lists/")
    assert re.search(rf'<p class="note stop said"[^>]*>.*{words}', text, re.DOTALL)


@pytest.mark.parametrize("list_id", ["nothing", "%2e%2e", "a%2fb"])
def test_a_list_nobody_knows_is_nowhere(guardian: Any, home: Any, list_id: str) -> None:
    for answer in ("accept", "refuse"):
        assert guardian.post(f"/lists/{list_id}/{answer}").status_code == 404
    assert home.answers == []


ANSWERS = {
    "native": "Queries are answered by the compiled core.",
    "python": "Queries are answered by Python alone: slower, but complete.",
}


@pytest.mark.parametrize("core", ANSWERS)
def test_the_foot_says_who_answers_in_the_words_of_whoever_does(
    guardian: Any, home: Any, core: str
) -> None:
    home.status = {"core": core}
    assert [words for words in ANSWERS.values() if words in read(guardian)] == [ANSWERS[core]]


@pytest.mark.parametrize("status", [None, {}], ids=["not running", "of an older filterd"])
def test_while_nobody_says_who_answers_the_foot_does_not_either(
    guardian: Any, home: Any, status: dict[str, Any] | None
) -> None:
    home.status = status
    text = read(guardian)
    assert "Queries are answered" not in text
    assert "All times are in this zone" in text
