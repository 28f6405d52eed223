"""Weekly windows: the form, what it refuses, and what a saved one says of itself."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from admin_ui.window_form import MODES, PRESETS, WindowForm, form_of, parse_window
from filterd.config.document import DAYS, Window

NEW = "/children/sana/times/new"
GOOD = {
    "name": "Homework",
    "days": ["mon", "fri"],
    "times": "16:00-18:00",
    "mode": "only",
    "categories": ["learning"],
    "names": "https://www.khanacademy.org/x\n\n  Wikipedia.org ",
}


@pytest.fixture
def send(guardian: Any, home: Any) -> Any:
    def post(path: str = NEW, **fields: Any) -> Any:
        return guardian.post(path, {"based_on": home.current().number, **fields})

    return post


def test_a_window_is_saved_as_it_was_said(guardian: Any, home: Any, send: Any) -> None:
    assert send(**GOOD).headers["Location"] == "/children/sana#windows"
    assert home.profile().windows[1] == Window(
        name="Homework", days=("mon", "fri"), start="16:00", end="18:00", mode="only",
        categories=("learning",), names=("www.khanacademy.org", "wikipedia.org"),
    )  # fmt: skip
    text = re.sub("<[^>]+>", "", guardian.text("/children/sana"))
    for words in ("From 16:00 until 18:00", "Monday, Friday",
                  "Only this is open: Learning, www.khanacademy.org, wikipedia.org"):  # fmt: skip
        assert words in text


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({"times": "21:00-07:00"}, "21:00", "07:00"),
        ({"times": "day", "start": "09:00", "end": "10:00"}, None, None),
        ({"times": "own", "start": "23:30", "end": "00:15"}, "23:30", "00:15"),
        ({"times": "20:00-06:30", "start": "", "end": "x"}, "20:00", "06:30"),
    ],
    ids=["a preset", "the whole day", "own times past midnight", "a preset beats what is hidden"],
)
def test_times_come_from_a_preset_or_are_ones_own(
    home: Any, send: Any, fields: dict[str, str], start: str | None, end: str | None
) -> None:
    assert send(**{**GOOD, **fields}).status_code == 303
    window = home.profile().windows[1]
    assert (window.start, window.end) == (start, end)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "bedtime"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"days": []}, "days"),
        ({"days": ["someday"]}, "days"),
        ({"times": ""}, "times"),
        ({"times": "25:00-26:00"}, "times"),
        ({"times": "own"}, "times"),
        ({"times": "own", "start": "9:00", "end": "10:00"}, "times"),
        ({"times": "own", "start": "24:00", "end": "10:00"}, "times"),
        ({"times": "own", "start": "10:00", "end": "10:00"}, "times"),
        ({"mode": ""}, "mode"),
        ({"mode": "burn"}, "mode"),
        ({"categories": [], "names": " \n "}, "categories"),
        ({"mode": "block", "categories": [], "names": ""}, "categories"),
        ({"mode": "open", "categories": []}, "categories"),
        ({"names": "good.example\nnot a name"}, "names"),
    ],
)
def test_a_field_says_what_is_wrong_and_keeps_what_was_typed(
    home: Any, send: Any, fields: dict[str, Any], field: str
) -> None:
    answer = send(**{**GOOD, **fields})
    assert answer.status_code == 422
    assert set(re.findall(r'id="wrong-([a-z]+)"', answer.text)) == {field}
    assert "Wikipedia.org" in answer.text or "names" in fields
    assert home.current().number == 1


@pytest.mark.parametrize("choice", MODES, ids=lambda choice: choice.value)
def test_a_mode_drops_what_it_has_no_use_for(home: Any, send: Any, choice: Any) -> None:
    assert send(**{**GOOD, "mode": choice.value}).status_code == 303
    window = home.profile().windows[1]
    assert bool(window.categories) == (choice.value != "essentials")
    assert bool(window.names) == (choice.value in {"only", "block"})


def test_a_window_opens_in_its_form_as_it_is(guardian: Any) -> None:
    text = guardian.text("/children/sana/times/1")
    assert 'value="Bedtime"' in text
    assert re.search(r'name="times" value="21:00-07:00" checked', text)
    assert re.search(r'name="mode" value="essentials" checked', text)
    assert len(re.findall(r'name="days" value="\w+" checked', text)) == 7


def test_a_window_can_be_changed_keeping_its_name_and_removed(
    guardian: Any, home: Any, send: Any
) -> None:
    change = {**GOOD, "name": "Bedtime", "mode": "essentials"}
    assert send("/children/sana/times/1", **change).status_code == 303
    assert [window.start for window in home.profile().windows] == ["16:00"]
    assert send("/children/sana/times/1/remove").status_code == 303
    assert home.profile().windows == ()
    assert "There are no times yet." in guardian.text("/children/sana")
    assert send("/children/sana/times/1/remove").status_code == 404


def test_the_window_that_is_open_says_so(guardian: Any, home: Any, send: Any) -> None:
    send(**GOOD | {"days": list(DAYS)})
    text = guardian.text("/children/sana")
    assert text.count("tag moon") == 1  # 17:00: homework, not bedtime
    assert text.index("Homework") < text.index("tag moon")


_texts = st.text(max_size=12)
_fields = st.fixed_dictionaries(
    {
        "name": _texts,
        "days": st.lists(st.sampled_from((*DAYS, "x")), max_size=3),
        "times": st.sampled_from((*PRESETS, "day", "own", "")),
        "start": st.sampled_from(("", "08:00", "23:59", "8", "٠٨:٠٠")),
        "end": st.sampled_from(("", "08:00", "00:00", "xx:yy")),
        "mode": st.sampled_from(("essentials", "only", "block", "open", "?")),
        "categories": st.lists(st.sampled_from(("adult", "learning", "always-allow")), max_size=2),
        "names": _texts,
    }
)


@given(_fields)
@settings(max_examples=150)
def test_any_form_is_a_window_or_says_why_not(fields: dict[str, Any]) -> None:
    """And a window that was read fills in a form that is read as the same window."""
    read = parse_window(MultiDict(fields), ["Bedtime"])
    if isinstance(read, WindowForm):
        assert read.errors
        return
    again = form_of(read)
    sent = {
        "name": again.name, "days": again.days, "times": again.times, "start": again.start,
        "end": again.end, "mode": again.mode, "categories": again.categories, "names": again.names,
    }  # fmt: skip
    assert parse_window(MultiDict(sent), []) == read
