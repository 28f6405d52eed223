"""What lists say: categories decide inside themselves, and the written name is found again."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists.rule import Kind, Tag
from filterd.policy.listed import Listed, Sources, memberships, written_for

CATEGORIES = {"porn": "adult", "porn-too": "adult", "play": "games", "basics": "essentials"}


@pytest.mark.parametrize(
    ("tags", "categories"),
    [
        pytest.param("porn BLOCK", {"adult": "porn"}, id="listed"),
        pytest.param("porn REWRITE, porn-too IMPORTANT_EXCEPTION", {"adult": "porn"}, id="a rewrite is the strongest"),
        pytest.param("porn CONDITIONAL", {}, id="only that there are conditions"),
        pytest.param("porn BLOCK, porn-too EXCEPTION", {}, id="exception over block"),
        pytest.param("porn IMPORTANT, porn-too EXCEPTION", {"adult": "porn"}, id="important over exception"),
        pytest.param("porn IMPORTANT, porn-too IMPORTANT_EXCEPTION", {}, id="important exception first"),
        pytest.param("porn BLOCK, play EXCEPTION", {"adult": "porn"}, id="not across categories"),
        pytest.param("porn-too BLOCK, porn BLOCK", {"adult": "porn"}, id="one source, always the same"),
        pytest.param("play BLOCK, porn BLOCK", {"adult": "porn", "games": "play"}, id="both"),
        pytest.param("gone BLOCK", {}, id="a source the policy no longer has"),
        pytest.param("porn EXCEPTION", {}, id="only an exception"),
    ],
)  # fmt: skip
def test_categories_of_a_tag_set(tags: str, categories: dict[str, str]) -> None:
    pairs = (text.split() for text in tags.split(", "))
    tag_set = frozenset(Tag(source, Kind[kind]) for source, kind in pairs)
    found = memberships(tag_set, Sources(CATEGORIES))
    assert {category: each.source for category, each in found.items()} == categories


def test_the_worst_category_comes_first_whatever_the_order_of_tags() -> None:
    tags = [Tag("basics", Kind.BLOCK), Tag("play", Kind.BLOCK), Tag("porn", Kind.BLOCK)]
    assert list(memberships(frozenset(tags), Sources(CATEGORIES))) == [
        "adult",
        "games",
        "essentials",
    ]


EVERYWHERE = Sources({**CATEGORIES, "bad": "csam-illegal"}, frozenset({"play", "porn-too"}))


@pytest.mark.parametrize(
    ("tags", "lifted"),
    [
        pytest.param("porn BLOCK, play EXCEPTION", {"adult": "play"}, id="beyond its category"),
        pytest.param("porn IMPORTANT, play EXCEPTION", {"adult": ""}, id="not what is stronger"),
        pytest.param("porn IMPORTANT, play IMPORTANT_EXCEPTION", {"adult": "play"}, id="but a stronger one does"),
        pytest.param("porn REWRITE, play IMPORTANT_EXCEPTION", {"adult": ""}, id="not a rewrite"),
        pytest.param("porn BLOCK, basics EXCEPTION", {"adult": ""}, id="not by any other list"),
        pytest.param("porn BLOCK, play BLOCK", {"adult": "", "games": ""}, id="not by a block"),
        pytest.param("bad BLOCK, play IMPORTANT_EXCEPTION", {"csam-illegal": ""}, id="never what is locked"),
        pytest.param("porn BLOCK, porn-too EXCEPTION", {}, id="its own category as ever"),
        pytest.param("basics BLOCK, play EXCEPTION", {"essentials": "play"}, id="an essential stays one"),
        pytest.param("play EXCEPTION, porn-too EXCEPTION, basics BLOCK", {"essentials": "play"}, id="of two always the same"),
    ],
)  # fmt: skip
def test_an_exception_may_reach_everywhere(tags: str, lifted: dict[str, str]) -> None:
    pairs = (text.split() for text in tags.split(", "))
    found = memberships(frozenset(Tag(source, Kind[kind]) for source, kind in pairs), EVERYWHERE)
    assert {category: each.lifted_by for category, each in found.items()} == lifted


@pytest.mark.parametrize(
    ("tags", "source"),
    [
        pytest.param("bad BLOCK, bad-too EXCEPTION", "bad", id="another list's exception"),
        pytest.param("bad BLOCK, bad-too IMPORTANT_EXCEPTION", "bad", id="nor an important one"),
        pytest.param(
            "bad BLOCK, bad-too BLOCK, bad EXCEPTION", "bad-too", id="its own opens its own"
        ),
        pytest.param("bad BLOCK, bad EXCEPTION", None, id="a list may correct itself"),
        pytest.param("bad-too BLOCK, bad IMPORTANT", "bad", id="the strongest is named"),
    ],
)
def test_no_list_opens_what_another_one_locks(tags: str, source: str | None) -> None:
    locked = Sources({"bad": "csam-illegal", "bad-too": "csam-illegal"})
    pairs = (text.split() for text in tags.split(", "))
    found = memberships(frozenset(Tag(source, Kind[kind]) for source, kind in pairs), locked)
    assert [each.source for each in found.values()] == ([] if source is None else [source])


@pytest.mark.parametrize(
    ("name", "written"),
    [
        pytest.param("bad.example", "bad.example", id="itself"),
        pytest.param("a.b.bad.example", "bad.example", id="a parent"),
        pytest.param("one.example", "one.example", id="that name only"),
        pytest.param("only.one.example", "only.one.example", id="below an exact one, itself exact"),
        pytest.param("a.below.example", "below.example", id="only below"),
        pytest.param("below.example", "", id="not the name above"),
        pytest.param("www.bad.example", "bad.example", id="of two listed parents the upper"),
        pytest.param("good.bad.example", "bad.example", id="the exception is another rule"),
        pytest.param("example", "", id="not listed"),
    ],
)
def test_the_written_name_is_found(
    naive_lists: Callable[..., Listed], name: str, written: str
) -> None:
    rules = [
        "bad.example",
        "www.bad.example",
        "=one.example",
        "=only.one.example",
        "*.below.example",
        "@@=good.bad.example",
    ]
    lists = naive_lists({"porn": rules, "play": ["example"]})
    assert written_for(lists, name, "porn") == written


LABEL = st.sampled_from("ab")
RULE = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "@@"]),
    st.sampled_from(["", "=", "*."]),
    st.lists(LABEL, min_size=1, max_size=4).map(".".join),
)


@given(
    st.dictionaries(st.sampled_from(["porn", "play"]), st.lists(RULE, max_size=5)),
    st.lists(LABEL, min_size=1, max_size=5),
)
def test_the_written_name_is_the_topmost_that_covers_the_name(
    naive_lists: Callable[..., Any], rules: dict[str, list[str]], labels: list[str]
) -> None:
    name = ".".join(labels)
    blocking = [rule for rule in rules.get("porn", []) if not rule.startswith("@@")]
    covering = [rule.strip("=*.") for rule in blocking if covers_name(rule, name)]
    expected = min(covering, key=len, default="")
    lists = naive_lists(rules)
    assert written_for(lists, name, "porn") == expected
    assert written_for(lists.compiled(), name, "porn") == expected


def covers_name(rule: str, name: str) -> bool:
    listed = rule.strip("=*.")
    is_below = name.endswith(f".{listed}")
    return {"=": name == listed, "*": is_below}.get(rule[0], is_below or name == listed)
