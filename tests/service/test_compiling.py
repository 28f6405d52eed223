"""Lists become an index in place; what is wrong with one is said and harms no other."""

import os

import pytest

from filterd.config.document import Document, ListSource
from filterd.policy.askers import MOST_WHO
from filterd.service import compiling
from filterd.service.compiling import compile_lists, has_index
from filterd.service.current import index_key
from filterd.service.manifest import load_manifest, recipe_of, save_manifest
from filterd.service.texts import read_list


def test_a_list_of_ones_own_is_in_force_once_compiled(layout, document, store, house) -> None:
    (layout.base / "mine.txt").write_text("casino.example\n")
    manifest = compile_lists(layout, document, index_key(layout))
    assert [(state.id, state.ok, state.names) for state in manifest.lists] == [("mine", True, 1)]
    assert manifest == load_manifest(layout.manifest)
    assert house.is_blocked(layout, "www.casino.example")
    assert not house.is_blocked(layout, "notcasino.example")


def test_a_bad_list_is_named_and_the_others_are_in_force(
    layout, document, store, now, house
) -> None:
    (layout.base / "mine.txt").write_text("casino.example\n")
    (layout.base / "page.txt").write_text("<!DOCTYPE html><html><body>gone</body></html>")
    document = house.with_lists(
        document,
        gone={"category": "games", "file": "gone.txt"},
        page={"category": "games", "file": "page.txt"},
        mine={"category": "games", "file": "mine.txt", "match": "subdomains"},
    )
    store.save(document, based_on=1, author="t", reason="t", now=now)
    manifest = compile_lists(layout, document, index_key(layout))
    assert {state.id: state.ok for state in manifest.lists} == {
        "gone": False,
        "page": False,
        "mine": True,
    }
    assert all(bool(state.what) is not state.ok for state in manifest.lists)
    assert house.is_blocked(layout, "casino.example")


def test_a_list_that_holds_helplines_and_essentials_says_which(layout, document, house) -> None:
    (layout.base / "help.txt").write_text("helpline.example\n")
    (layout.base / "mine.txt").write_text("www.helpline.example\npool.ntp.org\ncasino.example\n")
    document = house.with_lists(
        document,
        help={"category": "always-allow", "file": "help.txt"},
        mine={"category": "games", "file": "mine.txt"},
    )
    manifest = compile_lists(layout, document, index_key(layout))
    mine, helping = manifest.state_of("mine"), manifest.state_of("help")
    assert mine.opens == ("helpline.example",)
    assert mine.closes == ("pool.ntp.org",)
    assert (helping.opens, helping.closes) == ((), ()), "there they are at home"


def test_rules_with_conditions_beyond_what_a_house_can_hold_are_counted_as_left_out(
    layout, document, store, now, house, monkeypatch
) -> None:
    monkeypatch.setattr(compiling, "MOST_CONDITIONAL_IN_ALL", 3)
    for name in ("one", "two"):
        lines = (f"||{name}{number}.example^$dnstype=A\n" for number in range(2))
        (layout.base / f"{name}.txt").write_text("".join(lines))
    document = house.with_lists(
        document,
        one={"category": "games", "file": "one.txt", "format": "adblock"},
        two={"category": "games", "file": "two.txt", "format": "adblock"},
    )
    store.save(document, based_on=1, author="t", reason="t", now=now)
    manifest = compile_lists(layout, document, index_key(layout))
    fared = {state.id: (state.names, state.complaints) for state in manifest.lists}
    assert fared == {"one": (2, 0), "two": (1, 1)}
    assert house.is_blocked(layout, "two0.example")
    assert not house.is_blocked(layout, "two1.example")


def test_rules_for_more_clients_than_can_be_told_apart_are_counted_as_left_out(
    layout, document, house
) -> None:
    clients = (f"10.0.{number // 250}.{number % 250}" for number in range(300))
    lines = (f"||n{number}.example^$client={client}\n" for number, client in enumerate(clients))
    (layout.base / "mine.txt").write_text("".join(lines))
    mine = {"category": "games", "file": "mine.txt", "format": "adblock"}
    manifest = compile_lists(layout, house.with_lists(document, mine=mine), index_key(layout))
    assert manifest.state_of("mine").complaints == 300 - MOST_WHO


def test_a_bundled_list_is_found_without_a_folder_of_that_name(layout) -> None:
    listed = ListSource(category="adult", file="blocklists/adult.txt")
    assert b"# Category: adult" in read_list(layout, "adult", listed)


def test_a_file_beside_the_configuration_goes_before_the_bundled_one(layout) -> None:
    (layout.base / "blocklists").mkdir()
    (layout.base / "blocklists" / "adult.txt").write_text("mine.example\n")
    listed = ListSource(category="adult", file="blocklists/adult.txt")
    assert read_list(layout, "adult", listed) == b"mine.example\n"


def test_an_index_that_is_missing_damaged_or_outdated_is_noticed(layout, document, house) -> None:
    (layout.base / "mine.txt").write_text("casino.example\n")
    key = index_key(layout)
    assert not has_index(layout, document)
    manifest = compile_lists(layout, document, key)
    assert has_index(layout, document)
    whole = layout.index.read_bytes()
    layout.index.write_bytes(whole[:-1] + bytes([whole[-1] ^ 0xFF]))
    assert not has_index(layout, document)
    layout.index.write_bytes(whole)
    assert has_index(layout, document)
    save_manifest(layout.manifest, manifest.with_state(manifest.lists[0], is_stale=True))
    assert not has_index(layout, document), "a text was replaced since"
    save_manifest(layout.manifest, manifest)
    other = house.with_lists(document, mine={"category": "games", "file": "other.txt"})
    assert not has_index(layout, other)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="chown needs root")
def test_what_root_compiles_stays_readable_for_the_running_house(layout, document) -> None:
    os.chown(layout.state, 4711, 4711)
    compile_lists(layout, document, index_key(layout))
    owners = {path.name: path.stat().st_uid for path in (layout.index, layout.manifest)}
    assert owners == {"lists.index": 4711, "lists.json": 4711}
    assert (layout.state / "lists.lock").stat().st_uid == 4711


def test_the_recipe_changes_with_the_lists_and_with_nothing_else(document, house) -> None:
    renamed = Document.model_validate({**document.model_dump(), "zone": "Europe/Berlin"})
    assert recipe_of(renamed) == recipe_of(document)
    other = house.with_lists(document, mine={"category": "games", "file": "other.txt"})
    assert recipe_of(other) != recipe_of(document)
    moved = house.with_lists(
        document, mine={"category": "social", "file": "mine.txt", "match": "subdomains"}
    )
    assert recipe_of(moved) == recipe_of(document), "a category lives in policy, not in the index"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"lists": [7]}', b'{"lists": [{}]}'])
def test_a_manifest_that_cannot_be_read_is_none(layout, content: bytes) -> None:
    layout.manifest.write_bytes(content)
    assert load_manifest(layout.manifest).lists == ()


def test_a_whole_suffix_is_left_out_and_named_unless_the_list_may(
    layout, document, store, house
) -> None:
    (layout.base / "mine.txt").write_text("pages.dev\ncasino.example\n")
    key = index_key(layout)
    state = compile_lists(layout, document, key).state_of("mine")
    assert (state.names, state.suffixes) == (1, ("pages.dev",))
    assert load_manifest(layout.manifest).state_of("mine") == state
    listed = {**document.lists["mine"].model_dump(), "suffixes": True}
    allowed = house.with_lists(document, mine=listed)
    assert compile_lists(layout, allowed, key).state_of("mine").names == 2
