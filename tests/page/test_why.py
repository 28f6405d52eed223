"""Why: a row of the log as it was decided then, and the question asked anew."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from admin_ui import edits
from admin_ui.reasons import STEP_QUESTIONS, reason_words
from filterd.lists.category import CATEGORIES
from filterd.lists.compile import compile_index
from filterd.lists.condition import Conditional, Rewrite
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.lists.parsed import Placed
from filterd.lists.rule import Kind
from filterd.policy.decide import STEPS, profile_default
from filterd.policy.override import Override
from filterd.policy.verdict import Reason


def seen(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def ask(guardian: Any, site: str, who: str = "child:sana", at: str = "") -> Any:
    return guardian.get(f"/why/?site={quote(site)}&who={quote(who)}&at={quote(at)}")


def test_every_reason_has_its_sentence() -> None:
    said = {str(reason_words(reason.value).text) for reason in Reason}
    assert len(said) == len(Reason)


def test_every_step_has_its_question() -> None:
    steps = [step.__name__ for step in (*STEPS, profile_default)]
    assert list(dict.fromkeys(steps)) == list(STEP_QUESTIONS)


def test_a_reason_of_another_version_is_shown_as_it_is() -> None:
    assert "brand-new" in reason_words("brand-new").__html__()


@pytest.mark.parametrize(
    ("site", "who", "verdict", "reason"),
    [
        ("adult.example", "child:sana", "closed", "closed topic: Adult sites ."),
        ("https://www.adult.example/x", "child:sana", "closed", "closed topic: Adult sites ."),
        ("adult.example", "device:tablet", "closed", "closed topic: Adult sites ."),
        ("stranger.example", "child:ali", "open", "Nothing closes it."),
        ("stranger.example", "child:sana", "closed", "Video chat with strangers"),
        ("helpline.example", "child:sana", "open", "a helpline or an emergency page"),
        ("mask.icloud.com", "child:sana", "closed", "go around the filter"),
        ("blocked.filter.home.arpa", "child:sana", "closed", "own test name"),
        ("filter.home.arpa", "child:sana", "open", "page of filterd itself"),
        ("printer.home.arpa", "child:sana", "open", "never asked on the internet"),
    ],
)
def test_the_answer_is_the_filters_own(
    guardian: Any, site: str, who: str, verdict: str, reason: str
) -> None:
    text = seen(ask(guardian, site, who).text)
    assert f"It is {verdict}" in text
    assert reason.replace(" .", "") in text


def test_all_steps_are_told_and_the_deciding_one_stands_out(guardian: Any) -> None:
    text = ask(guardian, "adult.example").text
    steps = re.findall(r"<li( class=\"decided\")?>(.*?)</li>", text.split('class="steps"')[1])
    said = [seen(words) for _, words in steps]
    assert [
        question in words for question, words in zip(STEP_QUESTIONS.values(), said, strict=True)
    ]
    decided = [words for mark, words in zip(steps, said, strict=True) if mark[0]]
    assert len(decided) == 1
    assert "Does it belong to a closed topic? Closed." in decided[0]


@pytest.mark.parametrize(
    ("at", "verdict", "until"),
    [
        ("2026-11-24T20:59", "open", "until 21:00"),
        ("2026-11-24T21:00", "closed", "until 07:00"),
        ("2026-11-20T23:00", "closed", "until"),
    ],
    ids=["before bedtime", "at bedtime", "last week"],
)
def test_another_time_can_be_asked_about(guardian: Any, at: str, verdict: str, until: str) -> None:
    text = seen(ask(guardian, "a.example", at=at).text)
    assert f"It is {verdict}" in text
    assert until in text


def test_a_pause_closes_everything_and_says_until_when(guardian: Any, home: Any) -> None:
    override = Override(0, "pause", "sana", starts=home.now, ends=home.now + timedelta(minutes=20))
    home.policies.add_override(override, home.now)
    text = seen(ask(guardian, "a.example").text)
    assert "It is closed until 17:20" in text
    assert "A guardian paused the internet." in text


@pytest.mark.parametrize(
    ("site", "who", "at", "field"),
    [
        ("not a name", "child:sana", "", "site"),
        ("192.0.2.1", "child:sana", "", "site"),
        ("a.example", "child:nobody", "", "who"),
        ("a.example", "device:nothing", "", "who"),
        ("a.example", "sana", "", "who"),
        ("a.example", "child:sana", "tomorrow", "at"),
        ("a.example", "child:sana", "2026-11-24T20:00+01:00", "at"),
        ("a.example", "child:sana", "0001-01-01T00:00", "at"),
        ("a.example", "child:sana", "9999-12-31T23:59", "at"),
    ],
)
def test_a_question_that_cannot_be_read_says_why(
    guardian: Any, site: str, who: str, at: str, field: str
) -> None:
    answer = ask(guardian, site, who, at)
    assert answer.status_code == 422
    assert set(re.findall(r'id="wrong-([a-z]+)"', answer.text)) == {field}
    assert 'id="answer"' not in answer.text


def test_an_empty_form_is_no_mistake(guardian: Any) -> None:
    answer = guardian.get("/why/")
    assert answer.status_code == 200
    assert "wrong-" not in answer.text
    assert "device:tablet" in answer.text


def buttons(text: str) -> dict[str, str]:
    return {verb: seen(words).strip() for verb, words in
            re.findall(r'name="verb" value="(\w+)">(.*?)</button>', text)}  # fmt: skip


def test_the_answer_can_be_changed_where_it_stands(guardian: Any, home: Any) -> None:
    text = ask(guardian, "www.adult.example").text
    assert buttons(text) == {"block": "Close it for Sana", "allow": "Open it for Sana"}
    form = dict(
        re.findall(r'name="(site|reach|based_on)" value="([^"]*)">', text.split("Change it?")[1])
    )
    guardian.post("/children/sana/names", {**form, "verb": "allow"})
    assert home.profile().allowed_names == ("www.adult.example",)
    assert "It is open" in ask(guardian, "www.adult.example").text


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ("helpline.example", "This always stays open."),
        ("mask.icloud.com", "Nobody can open this."),
        ("blocked.filter.home.arpa", "Nobody can open this."),
    ],
)
def test_what_nobody_can_change_has_no_buttons(guardian: Any, site: str, words: str) -> None:
    text = ask(guardian, site).text
    assert buttons(text) == {}
    assert words in text


def test_where_there_is_no_filter_there_is_nothing_to_change(guardian: Any, home: Any) -> None:
    document = edits.change_profile(home.current().document, "sana", filtering=False)
    home.policies.save(document, based_on=1, author="x", reason="x", now=home.now)
    text = ask(guardian, "adult.example").text
    assert "There is no filter here." in text
    assert "Change it?" not in text


def test_a_row_shows_what_was_decided_then_not_now(guardian: Any, home: Any) -> None:
    home.asked("stranger.example", action="block", reason="category", category="random-video-chat",
               source="strangers", matched="stranger.example", version=1, build="beef01")  # fmt: skip
    document = edits.set_topics(home.current().document, "sana", (), ("random-video-chat",))
    home.policies.save(document, based_on=1, author="x", reason="x", now=home.now)
    text = seen(guardian.text("/why/row/1"))
    assert "It was closed" in text
    for fact in ("Topic Video chat with strangers", "List strangers", "Entry stranger.example",
                 "Version of the rules 1", "State of the lists beef01", "Rules of Sana"):  # fmt: skip
        assert fact in text
    assert "It is open" in ask(guardian, "stranger.example").text


def test_a_row_of_a_child_that_is_gone_is_still_told(guardian: Any, home: Any) -> None:
    home.asked("a.example", profile="gone")
    text = seen(guardian.text("/why/row/1"))
    assert "Rules of gone" in text
    assert "Change it?" not in text


def test_a_row_without_a_name_has_no_buttons(guardian: Any, home: Any) -> None:
    home.asked("", action="block", reason="category", category="adult")
    assert "Change it?" not in guardian.text("/why/row/1")


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_has_a_name_people_know(category: str) -> None:
    assert category not in reason_words("category", category=category).__html__()


@pytest.fixture
def rewriting(home: Any) -> None:
    """The list of adult names answers one of them with an address of its own."""
    rule = Conditional(
        Kind.REWRITE, "changed.example", "subtree", rewrite=Rewrite(0, 1, bytes((192, 0, 2, 1)))
    )
    adult = parse("adult", b"adult.example\n", "domains", "subdomains")
    parsed = replace(adult, conditional=(Placed(2, rule),))
    home.index = Index(compile_index([("adult", parsed)], bytes(16)), bytes(16))


@pytest.mark.usefixtures("rewriting")
def test_a_changed_answer_is_neither_open_nor_closed(guardian: Any) -> None:
    text = seen(ask(guardian, "www.changed.example").text)
    assert "It is given another answer" in text
    assert "It is open" not in text
    assert "It is closed" not in text
    assert "Changed. It belongs to a closed topic: " in text
    assert "The list adult gives another answer for it." in text


def test_a_row_with_a_changed_answer_says_by_which_list(guardian: Any, home: Any) -> None:
    home.asked("www.changed.example", action="rewrite", reason="category", category="adult",
               source="safe-search", matched="/^www/")  # fmt: skip
    for page in ("/asked/", "/why/row/1"):
        text = seen(guardian.text(page))
        assert "The list safe-search gives another answer for it." in text
    assert "It was given another answer" in text
    assert "/^www/" in text
    assert "www.changed.example" not in guardian.text("/asked/?blocked=1")
