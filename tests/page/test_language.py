"""The switch of languages, and who remembers the choice."""

from typing import Any

import pytest

from admin_ui import language
from admin_ui.language import Listing, Ltr, Own, plain, say


def spoken(answer: Any) -> str:
    return answer.text.split('<html lang="')[1].split('"')[0]


def test_the_switch_stays_on_the_page(guardian: Any) -> None:
    answer = guardian.post("/language", {"language": "ur", "back": "/asked/?text=a"})
    assert answer.headers["Location"] == "/asked/?text=a"
    assert spoken(guardian.get("/asked/?text=a")) == "ur"


def test_the_switch_leads_nowhere_else(guardian: Any) -> None:
    answer = guardian.post("/language", {"language": "ur", "back": "//evil.example"})
    assert answer.headers["Location"] == "/"


def test_a_language_nobody_speaks_is_refused(guardian: Any) -> None:
    assert guardian.post("/language", {"language": "tlh"}).status_code == 400


def test_a_guardian_keeps_the_language_on_every_page_load(guardian: Any) -> None:
    guardian.speak("ur")
    guardian.client.delete_cookie("language", domain="localhost")
    assert spoken(guardian.get("/", headers={"Accept-Language": "en"})) == "ur"


def test_a_browser_keeps_the_language_without_a_sign_in(stranger: Any) -> None:
    stranger.speak("ur")
    assert spoken(stranger.get("/sign-in", headers={"Accept-Language": "en"})) == "ur"
    stranger.sign_in()
    assert spoken(stranger.get("/")) == "ur"
    stranger.post("/sign-out")
    assert spoken(stranger.get("/sign-in")) == "ur"


@pytest.mark.parametrize(
    ("header", "code"), [("ur-PK,en;q=0.8", "ur"), ("de,fr", "en"), ("", "en"), ("en-GB", "en")]
)
def test_without_a_choice_the_browsers_wish_counts(stranger: Any, header: str, code: str) -> None:
    assert spoken(stranger.get("/sign-in", headers={"Accept-Language": header})) == code


def test_a_cookie_somebody_made_up_is_no_language(stranger: Any) -> None:
    stranger.client.set_cookie("language", "../../etc", domain="localhost")
    assert spoken(stranger.get("/sign-in")) == "en"


def test_what_goes_into_a_sentence_is_escaped_and_keeps_its_direction() -> None:
    sentence = say("%(child)s: %(name)s is now closed", child="<b>علی</b>", name=Ltr("a&b.example"))
    assert sentence.__html__() == (
        '<bdi>&lt;b&gt;علی&lt;/b&gt;</bdi>: <bdi dir="ltr">a&amp;b.example</bdi> is now closed'
    )
    assert plain(sentence) == "<b>علی</b>: a&b.example is now closed"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("www.example.com", '<bdi dir="ltr">www.example.com</bdi>'),
        ("xn--mgbab2bd.example",
         '<bdi dir="ltr">بازار.example</bdi> (<bdi dir="ltr">xn--mgbab2bd.example</bdi>)'),
        ("xn--9.example", '<bdi dir="ltr">xn--9.example</bdi>'),
        ("xn--", '<bdi dir="ltr">xn--</bdi>'),
        ("xn--\\255<b>", '<bdi dir="ltr">xn--\\255&lt;b&gt;</bdi>'),
    ],
    ids=["plain", "international", "not valid", "empty", "hostile"],
)  # fmt: skip
def test_an_international_name_is_shown_as_read_and_as_spelled(name: str, shown: str) -> None:
    assert Ltr(name).__html__() == shown


def test_a_list_and_a_name_are_escaped_too() -> None:
    assert Listing((Own("<i>"), Ltr("x"))).__html__() == (
        '<bdi>&lt;i&gt;</bdi>, <bdi dir="ltr">x</bdi>'
    )


def test_no_text_is_not_a_catalogues_header() -> None:
    assert language.gettext("") == ""


def test_counts_have_the_plural_of_their_language(guardian: Any, home: Any) -> None:
    for number, address in enumerate(("192.0.2.50", "192.0.2.51"), 1):
        home.asked("x.example", address)
        words = "1 new device. Whose is it?" if number == 1 else "2 new devices. Whose are they?"
        assert words in guardian.text("/")
    guardian.speak("ur")
    assert "2 نئی ڈیوائسز۔ یہ کس کی ہیں؟" in guardian.text("/")
