"""Names left open become exceptions of the list itself, as strong as what they must beat."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists.condition import Conditional, Rewrite
from filterd.lists.formats import parse
from filterd.lists.opened import NO_LINE, with_open_names
from filterd.lists.parsed import Parsed, Placed, Scope, each_name
from filterd.lists.rule import Kind

BLOCKS = b"||casino.example^\n||news.example^\n"


def adblock(text: bytes, *conditional: Conditional) -> Parsed:
    parsed = parse("mine", text, "adblock")
    return replace(parsed, conditional=tuple(Placed(1, rule) for rule in conditional))


def exceptions(parsed: Parsed) -> dict[str, tuple[Kind, Scope]]:
    return {
        name: key
        for key, names in parsed.names.items()
        if key[0] in {Kind.EXCEPTION, Kind.IMPORTANT_EXCEPTION}
        for name in each_name(names)
    }


@pytest.mark.parametrize(
    ("written", "name", "scope"),
    [
        ("news.example", "news.example", Scope.SUBTREE),
        ("=news.example", "news.example", Scope.EXACT),
        ("help.casino.example", "help.casino.example", Scope.SUBTREE),
    ],
    ids=["with all below", "alone", "below what is listed"],
)
def test_a_name_left_open_is_an_exception(written: str, name: str, scope: Scope) -> None:
    before = adblock(BLOCKS)
    after = with_open_names(before, (written,))
    assert exceptions(after) == {name: (Kind.EXCEPTION, scope)}
    assert after.rules == before.rules + 1
    assert after.names[Kind.BLOCK, Scope.SUBTREE] == before.names[Kind.BLOCK, Scope.SUBTREE]


def test_no_names_change_nothing() -> None:
    parsed = adblock(BLOCKS)
    assert with_open_names(parsed, ()) is parsed


def test_exceptions_of_the_list_stay_and_have_their_lines() -> None:
    after = with_open_names(adblock(BLOCKS + b"@@||ok.example^\n"), ("news.example",))
    names = after.names[Kind.EXCEPTION, Scope.SUBTREE]
    lines = list(memoryview(names.lines).cast("B").cast("I"))
    assert list(zip(each_name(names), lines, strict=True)) == [
        ("ok.example", 3),
        ("news.example", NO_LINE),
    ]


@pytest.mark.parametrize(
    ("important", "opened", "kind"),
    [
        ("news.example", "news.example", Kind.IMPORTANT_EXCEPTION),
        ("example", "news.example", Kind.EXCEPTION),
        ("news.example", "good.news.example", Kind.IMPORTANT_EXCEPTION),
        ("bad.news.example", "news.example", Kind.IMPORTANT_EXCEPTION),
        ("badnews.example", "news.example", Kind.EXCEPTION),
        ("other.example", "news.example", Kind.EXCEPTION),
    ],
    ids=["itself", "no rule", "a parent", "below", "another with the same end", "another"],
)
def test_what_is_closed_as_important_is_opened_as_important(
    important: str, opened: str, kind: Kind
) -> None:
    text = BLOCKS + f"||{important}^$important\n".encode()
    assert exceptions(with_open_names(adblock(text), (opened,)))[opened][0] is kind


def test_an_important_rule_with_a_condition_counts_as_well() -> None:
    named = Conditional(Kind.IMPORTANT, "news.example", "subtree", types=frozenset({1}))
    pattern = Conditional(Kind.IMPORTANT, pattern="news")
    for rule in (named, pattern):
        opened = with_open_names(adblock(BLOCKS, rule), ("news.example", "=other.example"))
        assert exceptions(opened)["news.example"][0] is Kind.IMPORTANT_EXCEPTION
    weaker = with_open_names(adblock(BLOCKS, named), ("other.example",))
    assert exceptions(weaker)["other.example"][0] is Kind.EXCEPTION


def test_a_rewrite_is_taken_away_where_a_name_is_left_open() -> None:
    rule = Conditional(Kind.REWRITE, "news.example", "subtree", rewrite=Rewrite(3))
    opened = with_open_names(adblock(BLOCKS, rule), ("=news.example", "casino.example"))
    assert opened.conditional == (
        Placed(1, rule),
        Placed(NO_LINE, Conditional(Kind.REWRITE, "news.example", "exact")),
    )


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(
    lambda labels: ".".join([*labels, "example"])
)


@given(listed=st.sets(NAMES, min_size=1), name=NAMES)
def test_important_is_met_whenever_one_name_is_in_the_other(listed: set[str], name: str) -> None:
    text = b"".join(f"||{each}^$important\n".encode() for each in sorted(listed))
    near = any(
        one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
        for one in listed
        for other in [name]
    )
    kind = exceptions(with_open_names(adblock(text), (name,)))[name][0]
    assert (kind is Kind.IMPORTANT_EXCEPTION) is near
