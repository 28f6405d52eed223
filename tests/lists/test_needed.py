"""The texts that patterns need, against the engine: no name without one is ever found."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import texts as walks
from filterd.lists.needed import LONGEST, SIGNS, needed_texts
from filterd.lists.patterns import Patterns, found_in, why_not
from filterd.lists.texts import Walk, walk_of

NEEDED = {
    "ads": "ads",
    "^ads": "^ads",
    "ADS": "ads",
    r"\.example$": ".example$",
    r"(^|\.)ads\.example$": ".ads.example$ ^ads.example$",
    "^ads$": "^ads$",
    "ads|track": "ads track",
    "(ads|track)x": "adsx trackx",
    "a(b|c)?d": "abd acd ad",
    "ads.*longer": "longer",
    "[ab]ds": "ads bds",
    "[^a-z0-9.]x": "-x _x",
    r"x[\w]y.*zz": "zz",
    r"x\dy": " ".join(f"x{digit}y" for digit in range(10)),
    "b{3}": "bbb",
    "xab{2,}c": "xabb",
    "ab*cc": "cc",
    "(ab)+": "ab",
    "^(.+[_.-])?adse?rv[0-9]*[_.-]": "adserv adsrv",
    r"\bads\b": "ads",
    "(?i)ads": "ads",
    "(?P<name>ads)x": "adsx",
    "ads|ads[0-9]": "ads",
    "(?:^)^ads": "^ads",
    "a|bc|def": "a bc def",
    "a$b": "a$b",
    "a/b": "",
    "a/b|ads": "ads",
    ".*[.]com": ".com",
    "www.*ads": "ads",
    "abcdefghijklmnopqrstuvwxyz": "abcdefghijklmnop",
}


@pytest.mark.parametrize(("pattern", "needed"), NEEDED.items())
def test_a_pattern_needs_one_of(pattern: str, needed: str) -> None:
    assert needed_texts(pattern) == set(needed.split())


NOTHING_NEEDED = [
    *("", "^", "$", "^$", ".*", "[a-z]{8}", "ads|", "(ads)?", "(ads)*x*", "ads|.*", r"\D", r"\b"),
    # What is not read: RE2 may mean something else by it.
    *("[]a]ds", "[^]a]ds", "[+-[:alpha:]]ds", "(?-i)ads", "(?-i:ads)", r"\x61ds", r"\141ds"),
    *(r"\Qads\E", r"\pLads", "ads{,3}", "ads{", "ads{01}", "[[:^alpha:]]ds", r"\Cads", r"\tads"),
]  # fmt: skip


@pytest.mark.parametrize("pattern", NOTHING_NEEDED)
def test_of_a_pattern_without_a_text_or_with_what_is_not_read_nothing_is_claimed(
    pattern: str,
) -> None:
    assert why_not(pattern) == "", "the engine runs it"
    assert needed_texts(pattern) is None


PIECES = (
    *("a", "b", "c", "1", "_", "-", "A", "B", "/", "aa", "ab", ".", r"\.", r"\-", "[ab]", "[^a]"),
    *("[^ab1]", "[a-c]", "[_.-]", "[A-C]", "[-a]", "[a-]", r"[\d-a]", r"[^\W]", "[^[:alpha:]]"),
    *("[[:alpha:]]", "[[:digit:]-]", "[]", "[^", "[", "]", r"\d", r"\w", r"\W", r"\D", r"\b", "^"),
    *("$", r"\A", r"\z", "(", "(?:", "(?i:", "(?i)", "(?m)", "(?-i)", "(?P<n>", ")", ")", ")", "|"),
    *("*", "+", "?", "*?", "??", "{2}", "{0}", "{1,}", "{1,2}", "{0,1}", "{,2}", "{", "}", "(a|b|)"),
    *("(a|^)", "(b|$)", "(a*|b)", "(^)", "(ab|1[.])", "[[:^digit:]]", r"\x61", r"\Qa", "[]a]"),
)  # fmt: skip
written = st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join)
SHORT = ["".join(name) for size in range(1, 5) for name in itertools.product("ab1.", repeat=size)]
names = st.one_of(st.sampled_from(SHORT), st.text("ab1._-", min_size=1, max_size=8))


def has_one(texts: frozenset[str], name: str) -> bool:
    return any(text in f"^{name}$" for text in texts)


@given(pattern=written, asked=st.lists(names, min_size=10, max_size=40))
def test_no_pattern_is_found_in_a_name_without_one_of_its_texts(
    pattern: str, asked: list[str]
) -> None:
    if why_not(pattern):
        return
    texts = needed_texts(pattern)
    if texts is None:
        return
    assert set("".join(texts)) <= {*SIGNS, "^", "$"}
    assert all(0 < len(text) <= LONGEST for text in texts)
    for name in asked:
        assert has_one(texts, name) or not found_in(pattern, name)


# The shapes that published lists have, and what masks become.
PUBLISHED = [
    r"^(.+[_.-])?adse?rv(er?|ice)?s?[0-9]*[_.-]",
    r"^ad([sxv]?[0-9]*|system)[_.-]([^.[:space:]]+\.){1,}|[_.-]ad([sxv]?[0-9]*|system)[_.-]",
    r"^(.+[_.-])?telemetry[_.-]",
    r"^adim(age|g)s?[0-9]*[_.-]",
    r"^advert(s|is(ing|ements?))?[0-9]*[_.-]",
    r"^(.+[-.])?xn--",
    r"(^|\.)doubleclick\.[a-z]{2,3}$",
    r"(?:^|\.)track[a-z0-9]{3,}\.(com|net|xyz)$",
    r"(^|\.)ad.*\.example\.org",
    r"[a-z0-9]{32}\.cdn\.example$",
]


@pytest.mark.parametrize("pattern", PUBLISHED)
def test_patterns_as_published_need_more_than_two_signs(pattern: str) -> None:
    assert why_not(pattern) == ""
    texts = needed_texts(pattern)
    assert texts
    assert min(map(len, texts)) >= 3


def test_what_patterns_need_is_what_those_need_that_are_searched_for() -> None:
    assert Patterns(["ads", "^x[0-9]", "ads"]).needed_texts() == {
        "ads",
        *(f"^x{digit}" for digit in range(10)),
    }
    assert Patterns([]).needed_texts() == frozenset()
    assert Patterns(["ads", "(?=a)"]).needed_texts() == {"ads"}
    assert Patterns(["ads", "[a-z]{4}"]).needed_texts() is None
    assert Patterns([f"{number}{'(x)' * 300}" for number in range(200)]).needed_texts() is None


def walked(walk: Walk, name: str) -> bool:
    rows = memoryview(walk.rows).cast("H")
    state = walk.start
    for octet in name.encode():
        state = rows[state * walks.WIDTH + walk.columns[octet]]
    return rows[state * walks.WIDTH + walks.END] == walks.FOUND


@given(
    texts=st.frozensets(
        st.builds(
            "{}{}{}".format,
            st.sampled_from(["", "^"]),
            st.text("ab.1-", min_size=1, max_size=6),
            st.sampled_from(["", "$"]),
        ),
        max_size=12,
    ),
    asked=st.lists(st.text("ab.1-", max_size=12), max_size=30),
)
def test_a_walk_finds_just_the_texts(texts: frozenset[str], asked: list[str]) -> None:
    walk = walk_of(texts)
    assert walk is not None
    for name in [*asked, *(text.strip("^$") for text in texts)]:
        assert walked(walk, name) == has_one(texts, name)


def test_any_other_octet_counts_as_found() -> None:
    walk = walk_of(())
    assert walk is not None
    assert [walked(walk, name) for name in ("plain.name_1-x", "a b", "A", "\xe9", "^", "$")] == [
        False, *[True] * 5
    ]  # fmt: skip


def test_of_more_texts_than_there_is_room_for_there_is_no_walk() -> None:
    assert walk_of(f"{number:x}-{number:08x}" for number in range(3_000)) is not None
    assert walk_of(f"{number:x}-{number:08x}" for number in range(30_000)) is None
