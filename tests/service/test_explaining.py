"""An explanation names the list and the line, from what was read when the lists were compiled."""

from collections.abc import Callable

import pytest

from filterd.lists.patterns import HAVE_ENGINE
from filterd.service.compiling import compile_lists
from filterd.service.current import index_key
from filterd.service.explaining import explain_in_words

TEXT = """\
! a list
||casino.example^
@@||dice.example^
||poker.example^$dnstype=A
/slots[0-9]+/

||news.example^$important
"""


@pytest.fixture
def lines(layout, document, store, now, house) -> Callable[..., list[str]]:
    """Return the lines that speak of a list, for a name that is asked about."""

    def explained(name: str, text: str = TEXT, **listed: object) -> list[str]:
        (layout.base / "mine.txt").write_text(text)
        listed = {"category": "games", "file": "mine.txt", **listed}
        changed = house.with_lists(document, mine=listed)
        newest = store.current().number
        store.save(changed, based_on=newest, author="t", reason="t", now=now)
        compile_lists(layout, changed, index_key(layout))
        return said(name)

    def said(name: str) -> list[str]:
        config = house.write_config(layout, document)
        spoken = explain_in_words(config, name, "192.0.2.7", "A", "")
        return [line for line in spoken if line.startswith(("list ", "which line"))]

    explained.again = said
    return explained


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("www.casino.example", "list mine, line 2: ||casino.example^"),
        ("poker.example", "list mine, line 4: ||poker.example^$dnstype=A"),
        pytest.param(
            "slots77.example",
            "list mine, line 5: /slots[0-9]+/",
            marks=pytest.mark.skipif(not HAVE_ENGINE, reason="needs google-re2"),
        ),
        ("news.example", "list mine, line 7: ||news.example^$important"),
    ],
    ids=["a parent", "a condition", "a pattern", "important"],
)
def test_the_line_that_decided_is_shown_as_it_stands(lines, name: str, line: str) -> None:
    assert lines(name) == [line]


def test_a_name_that_no_line_has_has_no_line(lines) -> None:
    assert lines("other.example") == []


def test_lines_are_counted_as_in_the_file_whatever_ends_them(lines) -> None:
    assert lines("casino.example", "\ufeff# a\r\n\r\ncasino.example # b\r\n") == [
        "list mine, line 3: casino.example # b"
    ]


def test_where_the_text_has_changed_since_the_rule_is_shown(lines, layout) -> None:
    lines("casino.example")
    (layout.base / "mine.txt").write_text("! another\n\n\n")
    assert lines.again("www.casino.example") == ["list mine, line 2: casino.example"]
    (layout.base / "mine.txt").unlink()
    assert lines.again("www.casino.example") == ["list mine, line 2: casino.example"]


def test_what_was_read_and_is_damaged_is_said(lines, layout) -> None:
    lines("casino.example")
    layout.names_of("mine").write_bytes(b"damaged")
    (said,) = lines.again("casino.example")
    assert said.startswith("which line of the list it is cannot be said")


def test_the_text_of_a_list_is_not_parsed_to_explain(lines, monkeypatch) -> None:
    lines("casino.example")

    def never(*_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("filterd.lists.formats.parse", never)
    monkeypatch.setattr("filterd.lists.formats.read", never)
    assert lines.again("casino.example") == ["list mine, line 2: ||casino.example^"]
