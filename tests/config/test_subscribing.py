"""Lists in and out of a policy: the catalogue's entries as lists, and what they are called."""

import importlib.resources
import re

import pytest

from filterd.config.catalogue import Subscription, load_catalogue
from filterd.config.document import Document, ListSource, Profile
from filterd.config.dump import dump_policy
from filterd.config.load import load_policy
from filterd.config.subscribing import (
    add_list,
    drop_entry,
    free_id,
    id_for,
    ids_of,
    remove_lists,
    source_of,
    use_entry,
)
from filterd.errors import ConfigError

FILE = importlib.resources.files("blocklists") / "catalogue.yaml"
CATALOGUE = load_catalogue(FILE.read_text("utf-8"), "catalogue.yaml").lists
ENTRIES = [pytest.param(key, each, id=key) for key, each in CATALOGUE.items()]

MINE = ListSource(category="games", file="mine.txt")
BASE = Document(
    zone="UTC",
    lists={"mine": MINE},
    profiles={"sana": Profile(name="Sana")},
    default_profile="sana",
)
ENTRY = CATALOGUE["hagezi-nsfw"]


def entry(**changes: object) -> Subscription:
    return Subscription.model_validate({**ENTRY.model_dump(), **changes})


@pytest.mark.parametrize(("key", "offered"), ENTRIES)
def test_every_entry_of_the_catalogue_is_a_list_as_it_is(key: str, offered: Subscription) -> None:
    document = use_entry(BASE, key, offered)
    source = document.lists[key]
    assert source == source_of(offered)
    assert source.addresses == offered.urls
    assert source.open_names == offered.false_positives
    for field in ("category", "interval", "format", "match", "suffixes", "exceptions"):
        assert getattr(source, field) == getattr(offered, field), field
    assert load_policy(dump_policy(document), "policy.yaml", {"UTC"}) == document


def test_an_entry_says_how_far_its_exceptions_reach() -> None:
    assert source_of(entry(exceptions="everywhere")).exceptions == "everywhere"
    assert source_of(ENTRY).exceptions == "category"


def test_an_entry_is_added_once_and_taken_out_whole() -> None:
    once = use_entry(BASE, "hagezi-nsfw", ENTRY)
    assert use_entry(once, "hagezi-nsfw", ENTRY) is once
    assert drop_entry(once, ENTRY) == BASE


@pytest.mark.parametrize(
    "source",
    [
        ListSource(category="adult", url=ENTRY.urls[0]),
        ListSource(category="games", url="https://elsewhere.example/x", mirrors=(ENTRY.urls[2],)),
    ],
    ids=["by its first address", "by a mirror"],
)
def test_a_list_is_the_entry_it_has_an_address_of_whatever_it_is_called(source: ListSource) -> None:
    document = add_list(BASE, "something", source)
    assert ids_of(ENTRY, document.lists) == ("something",)
    assert ids_of(CATALOGUE["oisd-nsfw"], document.lists) == ()
    assert drop_entry(document, ENTRY) == BASE


def test_an_entry_gets_a_name_of_its_own_where_its_id_is_taken() -> None:
    taken = add_list(BASE, "hagezi-nsfw", MINE)
    document = use_entry(taken, "hagezi-nsfw", ENTRY)
    assert document.lists["hagezi-nsfw"] == MINE
    assert ids_of(ENTRY, document.lists) == ("hagezi-nsfw-2",)
    assert drop_entry(document, ENTRY) == taken


def test_lists_are_taken_out_and_the_others_stay() -> None:
    document = add_list(BASE, "more", {"category": "adult", "file": "x"})
    assert list(document.lists) == ["mine", "more"]
    assert remove_lists(document, ("more", "nothing")) == BASE


@pytest.mark.parametrize(
    ("list_id", "source", "words"),
    [
        ("No good", MINE, "is not an id"),
        ("x", {"category": "adults", "url": "https://a.example/x"}, "did you mean adult?"),
        ("x", {"category": "always-allow", "url": "https://a.example/x"}, "cannot be downloaded"),
    ],
    ids=["id", "category", "helplines"],
)
def test_what_is_wrong_with_a_list_is_said(list_id: str, source: ListSource, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        add_list(BASE, list_id, source)


@pytest.mark.parametrize(
    ("address", "taken", "expected"),
    [
        ("https://www.lists.example/a.txt", (), "lists-example"),
        ("HTTPS://Lists.Example:8443?x", ("lists-example",), "lists-example-2"),
        ("http://[::1]/x", (), "list"),
        ("https://192.0.2.1/x", (), "192-0-2-1"),
        (f"https://{'a' * 50}.example/", (), "a" * 40),
        (f"https://{'a' * 50}.example/", ("a" * 40,), "a" * 38 + "-2"),
        ("https://فہرست.example/", (), "example"),
    ],
    ids=["host", "taken", "IPv6", "IPv4", "long", "long and taken", "international"],
)
def test_a_list_from_an_address_gets_an_id_that_is_one(
    address: str, taken: tuple[str, ...], expected: str
) -> None:
    assert id_for(address, taken) == expected
    add_list(BASE, expected, MINE)


def test_a_taken_id_is_numbered_on() -> None:
    assert free_id("adult", ("adult", "adult-2", "adult-3")) == "adult-4"
    assert free_id("adult", ()) == "adult"
