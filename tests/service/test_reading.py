"""A text is read once, and again only when something changed that it depends on."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from filterd.config.document import ListSource
from filterd.errors import ListError
from filterd.service import reading
from filterd.service.compiling import compile_lists
from filterd.service.current import index_key
from filterd.service.readlist import open_read_list, save_read_list

TEXT = "casino.example\ndice.example\npages.dev\nnot a name\n"


@pytest.fixture
def names(layout, document, store) -> Path:
    (layout.base / "mine.txt").write_text(TEXT)
    compile_lists(layout, document, index_key(layout))
    return layout.names_of("mine")


def is_read_again(layout, document, names: Path) -> bool:
    before = names.stat()
    compile_lists(layout, document, index_key(layout))
    return names.stat() != before


def test_an_unchanged_list_is_not_read_again(layout, document, names) -> None:
    assert not is_read_again(layout, document, names)
    os.utime(layout.base / "mine.txt", (1, 1))
    assert not is_read_again(layout, document, names), "it is the text that counts"


def test_a_changed_text_is_read_again(layout, document, names, house) -> None:
    (layout.base / "mine.txt").write_text(TEXT + "poker.example\n")
    assert is_read_again(layout, document, names)
    assert house.is_blocked(layout, "poker.example")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"match": "format"}, id="what a name covers"),
        pytest.param({"format": "domains"}, id="the format"),
        pytest.param({"suffixes": True}, id="public suffixes"),
        pytest.param({"open_names": ("dice.example",)}, id="names left open"),
    ],
)
def test_a_list_that_is_to_be_read_differently_is_read_again(
    layout, document, names, house, changed
) -> None:
    listed = {**document.lists["mine"].model_dump(), **changed}
    assert is_read_again(layout, house.with_lists(document, mine=listed), names)


@pytest.mark.parametrize(
    "changed", [{"category": "social"}, {"interval": 3}, {"exceptions": "everywhere"}]
)
def test_what_policy_makes_of_a_list_does_not_read_it_again(
    layout, document, names, house, changed
) -> None:
    listed = {**document.lists["mine"].model_dump(), **changed}
    assert not is_read_again(layout, house.with_lists(document, mine=listed), names)


@pytest.mark.parametrize(
    ("what", "value"),
    [("READER", 4711), ("HAVE_ENGINE", "another"), ("public_suffixes", lambda: {"dev"})],
)
def test_another_filterd_reads_again(layout, document, names, monkeypatch, what, value) -> None:
    reading._suffix_digest.cache_clear()
    monkeypatch.setattr(reading, what, value)
    assert is_read_again(layout, document, names)
    reading._suffix_digest.cache_clear()


@pytest.mark.parametrize("place", [0, 3, 20, 90, -1])
def test_a_damaged_read_list_is_noticed_and_read_again(
    layout, document, names, house, place: int
) -> None:
    content = bytearray(names.read_bytes())
    content[place] ^= 0xFF
    names.write_bytes(content)
    with pytest.raises(ListError, match=r"damaged|cannot be used"):
        open_read_list("mine", names)
    compile_lists(layout, document, index_key(layout))
    assert open_read_list("mine", names).facts.rules == 2
    assert house.is_blocked(layout, "casino.example")


@pytest.mark.parametrize("size", [0, 1, 15, 16, 64, 100])
def test_a_read_list_that_was_cut_off_is_noticed(names, size: int) -> None:
    names.write_bytes(names.read_bytes()[:size])
    with pytest.raises(ListError):
        open_read_list("mine", names)


def test_what_was_read_comes_back_as_it_was(layout, document, names) -> None:
    listed = document.lists["mine"]
    fresh = reading.read("mine", listed, TEXT.encode())
    known = open_read_list("mine", names)
    assert known.facts == fresh.facts
    assert known.facts.suffixes == ("pages.dev",)
    assert known.parsed is not None
    assert known.parsed.complaints == fresh.parsed.complaints
    save_read_list(names, fresh)
    again = names.read_bytes()
    save_read_list(names, known)
    assert names.read_bytes() == again, "the same text gives the same bytes"


def test_a_text_that_is_no_list_is_not_looked_at_again(layout, document, names, house) -> None:
    (layout.base / "mine.txt").write_text("<html>")
    assert is_read_again(layout, document, names)
    assert not is_read_again(layout, document, names)
    (state,) = compile_lists(layout, document, index_key(layout)).lists
    assert (state.ok, "web page" in state.problem) == (False, True)
    assert not house.is_blocked(layout, "casino.example")


def test_what_was_read_in_lists_that_are_gone_is_removed(layout, document, names, house) -> None:
    layout.held_names_of("mine").write_bytes(b"waits")
    layout.held_names_of("gone").write_bytes(b"waited")
    other = house.with_lists(document, other={"category": "games", "file": "mine.txt"})
    compile_lists(layout, other, index_key(layout))
    assert [path.name for path in layout.read_lists.iterdir()] == ["other.names"]


def test_what_a_worker_that_died_left_behind_is_removed(layout, document, names) -> None:
    dead, alive = 4_000_000, os.getppid()
    for pid in (dead, alive):
        (layout.read_lists / f".mine.names.{pid}").write_bytes(b"half")
    compile_lists(layout, document, index_key(layout))
    assert {path.name for path in layout.read_lists.iterdir()} == {
        "mine.names",
        f".mine.names.{alive}",
    }
    (layout.read_lists / f".mine.names.{alive}").unlink()


def test_only_the_owner_may_read_what_was_read(layout, names) -> None:
    assert names.stat().st_mode & 0o777 == 0o600
    assert layout.read_lists.stat().st_mode & 0o777 == 0o700


def test_lists_come_in_the_order_of_the_policy_however_many_are_read_at_once(
    layout, document, store, house, monkeypatch
) -> None:
    lists = {}
    for number in range(12):
        text = "".join(f"n{n}.l{number}.example\n" for n in range((12 - number) * 300))
        (layout.base / f"{number}.txt").write_text(text)
        lists[f"l{number}"] = {"category": "games", "file": f"{number}.txt"}
    document = house.with_lists(document, **lists)
    files = []
    for at_once in (1, 4):
        monkeypatch.setattr(reading, "_AT_ONCE", at_once)
        compile_lists(layout, document, index_key(layout))
        files.append(layout.index.read_bytes())
        for path in layout.read_lists.iterdir():
            path.unlink()
    assert files[0] == files[1]


def test_long_lists_are_read_one_at_a_time(layout, document, store, house, monkeypatch) -> None:
    """Or their texts and names would be in memory together."""
    monkeypatch.setattr(reading, "_LARGE_BYTES", 10)
    monkeypatch.setattr(reading, "_AT_ONCE", 4)
    at_once, most = [], []
    real, lock = reading.read, threading.Lock()

    def counted(*arguments):
        at_once.append(1)
        most.append(len(at_once))
        try:
            return real(*arguments)
        finally:
            with lock:
                at_once.pop()

    monkeypatch.setattr(reading, "read", counted)
    lists = {}
    for number in range(8):
        (layout.base / f"{number}.txt").write_text(f"n{number}.example\n" * 2000)
        lists[f"l{number}"] = {"category": "games", "file": f"{number}.txt"}
    compile_lists(layout, house.with_lists(document, **lists), index_key(layout))
    assert max(most) == 1
    assert len(most) == 8


def test_looking_writes_nothing(layout, document) -> None:
    (layout.base / "mine.txt").write_text(TEXT)
    assert reading.look(layout, "mine", document.lists["mine"]).facts.rules == 2
    assert not layout.read_lists.exists()
    with pytest.raises(ListError, match="there is no file"):
        reading.look(layout, "none", ListSource(category="games", file="none.txt"))


def test_names_left_open_are_open_and_are_not_counted(layout, document, store, house) -> None:
    (layout.base / "mine.txt").write_text("casino.example\nnews.example\n")
    listed = {**document.lists["mine"].model_dump(), "open_names": ("news.example",)}
    state = compile_lists(layout, house.with_lists(document, mine=listed), index_key(layout))
    assert house.is_blocked(layout, "www.casino.example")
    assert not house.is_blocked(layout, "www.news.example")
    assert replace(state.lists[0]).names == 2


def test_an_essential_that_is_left_open_is_no_danger(layout, document, store, house) -> None:
    (layout.base / "mine.txt").write_text("casino.example\npool.ntp.org\n")
    listed = document.lists["mine"].model_dump()
    key = index_key(layout)
    assert compile_lists(layout, document, key).lists[0].closes == ("pool.ntp.org",)
    opened = house.with_lists(document, mine={**listed, "open_names": ("pool.ntp.org",)})
    assert compile_lists(layout, opened, key).lists[0].closes == ()
