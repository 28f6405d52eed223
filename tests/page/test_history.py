"""Changes: who, when, what in words; and undo, which is a change like any other."""

import re
from datetime import timedelta
from typing import Any

import pytest

from admin_ui import edits
from admin_ui.changes import REASONS, changed, reason_of
from admin_ui.language import Own, plain
from filterd.config.document import Device, Document, ListSource, Profile, Window, parse_document

BASE = Document(
    zone="Asia/Karachi",
    profiles={
        "sana": Profile(
            name="Sana", blocked_categories=("adult",), blocked_names=("a.example",),
            windows=(Window(name="Bed", mode="essentials"),),
        ),
        "all": Profile(name="All"),
    },
    devices={"tab": Device(name="Tab", profile="sana", match=("192.0.2.7",))},
    default_profile="all",
)  # fmt: skip


def seen(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def sana(**changes: Any) -> Document:
    return edits.change_profile(BASE, "sana", **changes)


def house(**changes: Any) -> Document:
    return parse_document({**BASE.model_dump(), **changes})


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (BASE, []),
        (sana(name="Zoya"), ["Sana is now called Zoya"]),
        (sana(filtering=False), ["Sana: the filter is off"]),
        (sana(default="block"), ["Sana: only what is allowed is open"]),
        (sana(blocked_categories=("games",)),
         ["Sana: the topic “Games” is now closed", "Sana: the topic “Adult sites” is no longer closed"]),
        (sana(allowed_categories=("learning",)), ["Sana: the topic “Learning” is now open"]),
        (sana(blocked_names=("=b.example",)),
         ["Sana: b.example is now closed", "Sana: a.example was taken off the list"]),
        (sana(blocked_names=(), allowed_names=("a.example",)), ["Sana: a.example is now open"]),
        (sana(windows=[]), ["Sana: the time “Bed” was removed"]),
        (sana(windows=[Window(name="Bed", mode="essentials", days=("mon",)).model_dump(),
                       Window(name="Lunch", mode="essentials").model_dump()]),
         ["Sana: the time “Bed” was changed", "Sana: the time “Lunch” was added"]),
        (sana(log="nothing", answer="refused"), ["Sana: other settings were changed"]),
        (edits.add_profile(BASE, "Ali")[0], ["Ali was added"]),
        (edits.release_device(BASE, "tab"), ["Tab belongs to nobody"]),
        (edits.claim_device(BASE, "all", "Phone", "192.0.2.8"), ["Phone belongs to All"]),
        (edits.change_device(BASE, "tab", name="Pad"), ["The device Tab is now called Pad"]),
        (edits.change_device(BASE, "tab", profile="all"), ["Tab now belongs to All"]),
        (edits.change_device(BASE, "tab", match=("192.0.2.9",)), ["Tab is recognised in another way"]),
        (house(zone="Europe/London"), ["The time zone is now Europe/London"]),
        (house(lists={"x": ListSource(category="adult", file="x").model_dump()}),
         ["The list x was added to the topic “Adult sites”"]),
        (house(upstreams=["9.9.9.9"]), ["Other settings of the house were changed"]),
        (house(default_profile="sana"), ["Other settings of the house were changed"]),
    ],
)  # fmt: skip
def test_every_difference_is_told(after: Document, lines: list[str]) -> None:
    assert [plain(line) for line in changed(BASE, after)] == lines


def test_the_way_back_is_told_too() -> None:
    assert [plain(line) for line in changed(sana(filtering=False), BASE)] == [
        "Sana: everything is open but what is closed"
    ]
    assert [plain(line) for line in changed(edits.add_profile(BASE, "Ali")[0], BASE)] == [
        "Ali was removed"
    ]


def test_a_flood_of_differences_is_cut_with_a_count() -> None:
    after = sana(blocked_names=[f"n{number}.example" for number in range(40)])
    lines = [plain(line) for line in changed(BASE, after)]
    assert len(lines) == 13
    assert lines[-1] == "… and 29 more changes"


def test_reasons_of_the_page_are_translated_and_those_of_people_are_theirs() -> None:
    assert all(not isinstance(reason_of(reason, None), Own) for reason in REASONS)
    assert reason_of("because <b>", None) == Own("because <b>")
    assert plain(reason_of("undoes version 3", 3)) == "Undo"


def test_every_change_has_author_time_and_words(guardian: Any, home: Any) -> None:
    home.now += timedelta(hours=1)
    guardian.post("/children/ali/names", {"site": "a.example", "reach": "below", "verb": "block",
                                          "based_on": 1})  # fmt: skip
    text = seen(guardian.text("/changes/"))
    assert "A site was closed علی : a.example is now closed Amna , today, 18:00" in text
    assert "The rules filterd started with filterd , yesterday, 17:00" in text
    guardian.speak("ur")
    assert "ایک ویب سائٹ بند کی گئی" in guardian.text("/changes/")


def test_undo_is_a_new_version_and_can_itself_be_undone(guardian: Any, home: Any) -> None:
    assert "Undo the last change" not in guardian.text("/changes/")
    guardian.post("/children/sana/rename", {"name": "Zoya", "based_on": 1})
    answer = guardian.post("/changes/undo", {"based_on": 2})
    assert answer.headers["Location"] == "/changes/"
    version = home.current()
    assert (version.number, version.undoes, version.author) == (3, 2, "Amna")
    assert home.profile().name == "Sana"
    assert home.notified == [2, 3]
    assert "Undo Zoya is now called Sana Amna" in seen(guardian.text("/changes/"))
    guardian.post("/changes/undo", {"based_on": 3})
    assert home.profile().name == "Zoya"


def test_there_is_nothing_to_undo_at_first(guardian: Any, home: Any) -> None:
    assert guardian.post("/changes/undo", {"based_on": 1}).status_code == 503
    assert home.current().number == 1


def test_a_long_history_is_cut(guardian: Any, home: Any) -> None:
    for number in range(1, 41):
        home.policies.save(
            edits.change_profile(home.current().document, "sana", name=f"S{number}"),
            based_on=number, author="x", reason="x", now=home.now,
        )  # fmt: skip
    assert guardian.text("/changes/").count("is now called") == 30
