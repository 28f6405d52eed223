"""What devices asked for: newest first, narrowed, paged, and never "visited"."""

import html
import re
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from filterd.resolve.record import Origin

BLOCK = {"action": "block", "reason": "category", "category": "adult", "source": "adult"}
MAC = "02:00:5e:10:20:30"


def names(guardian: Any, query: str = "") -> list[str]:
    text = guardian.text(f"/asked/{query}")
    return re.findall(r'<span class="name"><bdi dir="ltr">([^<]+)</bdi>', text)


@pytest.fixture
def day(home: Any) -> None:
    """A few queries of two children and a stranger, the last one newest."""
    for name, address, mac, why in (
        ("one.example", "192.0.2.7", "", {}),
        ("two.example", "192.0.2.8", MAC, {"profile": "ali", **BLOCK}),
        ("three.example", "192.0.2.7", "", BLOCK),
        ("four.example", "192.0.2.99", "", {"profile": "everybody"}),
    ):
        home.now += timedelta(minutes=1)
        home.asked(name, address, mac, **why)


@pytest.mark.usefixtures("day")
class TestSearch:
    def test_the_newest_stands_first(self, guardian: Any) -> None:
        assert names(guardian) == [f"{n}.example" for n in ("four", "three", "two", "one")]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("?profile=sana", ["three", "one"]),
            ("?profile=ali", ["two"]),
            ("?device=tablet", ["three", "one"]),
            ("?blocked=1", ["three", "two"]),
            ("?text=THREE", ["three"]),
            ("?text=e.ex", ["three", "one"]),
            ("?profile=sana&blocked=1", ["three"]),
            ("?profile=nobody", []),
            ("?device=nothing", []),
            ("?text=%25", []),
            ("?blocked=0&profile=&device=&text=", ["four", "three", "two", "one"]),
            ("?before=3", ["two", "one"]),
            ("?before=x", ["four", "three", "two", "one"]),
            ("?text=" + "x" * 3000, []),
        ],
    )
    def test_it_can_be_narrowed(self, guardian: Any, query: str, found: list[str]) -> None:
        assert names(guardian, query) == [f"{name}.example" for name in found]

    def test_the_form_remembers_what_was_searched(self, guardian: Any) -> None:
        text = guardian.text("/asked/?profile=ali&text=two&blocked=1")
        assert '<option value="ali" selected>' in text
        assert 'value="two"' in text
        assert re.search(r'name="blocked" value="1" checked', text)
        assert '<details class="card" open>' in text

    def test_a_row_says_who_asked_when_and_why(self, guardian: Any) -> None:
        text = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", guardian.text("/asked/")))
        text = html.unescape(text)
        assert "closed It belongs to a closed topic: Adult sites." in text
        assert "Sana's tablet asked for it today, 17:03" in text
        assert "192.0.2.99 asked for it today, 17:04" in text


def test_a_device_is_found_under_all_its_addresses_but_not_its_successors(
    guardian: Any, home: Any
) -> None:
    guardian.post("/devices/claim", {"address": "", "mac": MAC, "profile": "ali", "based_on": 1})
    home.asked("four.example", "192.0.2.8", MAC)
    home.asked("six.example", "2001:db8::8", MAC)
    home.asked("other.example", "192.0.2.8", "f4:f5:e8:00:11:22")
    assert names(guardian, "?device=1") == ["six.example", "four.example"]


def test_long_logs_are_read_page_by_page(guardian: Any, home: Any) -> None:
    for number in range(120):
        home.asked(f"n{number}.example")
    found, query, pages = [], "?text=example", 0
    while query:
        text = guardian.text(f"/asked/{query}")
        found += re.findall(r'class="name"><bdi dir="ltr">([^<]+)', text)
        older = re.search(r'href="/asked/(\?[^"]*before=\d+)"', text)
        query, pages = (older[1].replace("&amp;", "&") if older else ""), pages + 1
        assert ("Newest" in text) == (pages > 1)
    assert found == [f"n{number}.example" for number in reversed(range(120))]
    assert pages == 3


def test_a_name_that_was_not_kept_is_not_made_up(guardian: Any, home: Any) -> None:
    home.asked("", **BLOCK)
    text = guardian.text("/asked/")
    assert "(the name is not kept)" in text
    assert "Adult sites" in text


def test_a_query_nobody_answered_says_so(guardian: Any, home: Any) -> None:
    home.asked("a.example", origin=Origin.FAILED, rcode=2)
    assert "no answer came" in guardian.text("/asked/")


def test_an_empty_log_says_that_it_is_empty(guardian: Any) -> None:
    assert "Nothing was found." in guardian.text("/asked/")


def test_nothing_on_the_page_claims_that_a_child_visited() -> None:
    """A filter of names sees what a device asked for, and nothing more."""
    ui = Path(str(files("admin_ui")))
    for path in (*ui.glob("*.py"), *ui.rglob("*.html")):
        assert not re.search(r"\bvisit(s|ed|ing)?\b", path.read_text("utf-8"), re.IGNORECASE), path
