"""Where the nearest rule wins: rules of one list that stand inside each other."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists.condition import Conditional, Rewrite
from filterd.lists.formats import nearest
from filterd.lists.formats.lines import Format, by_line, read
from filterd.lists.formats.nearest import let_nearest_win
from filterd.lists.parsed import Meaning, Parsed, Placed, Rule, Scope, each_name, names_of
from filterd.lists.rule import Kind

# The names are few, so that they nest.
NAMES = ["a.b", "c.a.b", "d.c.a.b", "e.d.c.a.b", "f.b"]
ASKED = [*NAMES, "x.a.b", "x.c.a.b", "x.d.c.a.b", "x.e.d.c.a.b", "x.f.b", "z.b"]
WORDS = ("blocked", "open", "answered")
BLOCKING = {Kind.BLOCK, Kind.IMPORTANT}


def answer(name: str) -> Rewrite:
    return Rewrite(0, 1, bytes([NAMES.index(name)] * 4))


def read_line(line: str) -> Iterable[Meaning]:
    word, scope, name = line.split()
    if word == "half-open":
        return (Conditional(Kind.EXCEPTION, name, scope, types=frozenset({28})),)
    if word == "answered":
        return (Conditional(Kind.REWRITE, name, scope, rewrite=answer(name)),)
    return (Rule(name, Scope(scope), Kind.EXCEPTION if word == "open" else Kind.BLOCK),)


FORM = Format("spoken", (), by_line(read_line), nearest=True)


def kinds_for(parsed: Parsed, asked: str) -> list[Kind]:
    return [
        kind
        for (kind, scope), names in parsed.names.items()
        for name in each_name(names)
        if Rule(name, scope).covers(asked)
    ]


def rules_for(parsed: Parsed, asked: str) -> list[Conditional]:
    return [
        rule
        for _, rule in parsed.conditional
        if Rule(rule.name, Scope(rule.scope)).covers(asked)
        and not any(Rule(name, Scope.SUBTREE).covers(asked) for name in rule.denyallow)
    ]


def assert_the_nearest_decides(listed: dict[str, tuple[str, str]]) -> None:
    lines = [f"{word} {scope} {name}\n" for name, (word, scope) in listed.items()]
    parsed = read(FORM, "".join(lines).encode())
    for asked in ASKED:
        above = [name for name, (_, scope) in listed.items() if Rule(name, Scope(scope)).covers(asked)]  # fmt: skip
        nearest_name = max(above, key=len, default="")
        word, _ = listed.get(nearest_name, ("open", ""))
        rewrites = [rule.rewrite for rule in rules_for(parsed, asked)]
        assert rewrites == ([answer(nearest_name)] if word == "answered" else []), asked
        if word != "answered":
            kinds = kinds_for(parsed, asked)
            assert (bool(kinds) and min(kinds) in BLOCKING) == (word == "blocked"), asked


SAID = st.tuples(st.sampled_from(WORDS), st.sampled_from([scope.value for scope in Scope]))


@given(listed=st.dictionaries(st.sampled_from(NAMES), SAID, max_size=3))
def test_the_nearest_name_decides(listed: dict[str, tuple[str, str]]) -> None:
    assert_the_nearest_decides(listed)


@given(
    said=st.lists(st.tuples(st.sampled_from(WORDS[1:]), SAID.map(lambda said: said[1])), min_size=5, max_size=5)
)  # fmt: skip
def test_rewrites_and_exceptions_nest_as_deep_as_they_like(said: list[tuple[str, str]]) -> None:
    assert_the_nearest_decides(dict(zip(NAMES, said, strict=True)))


def test_a_block_inside_an_exception_with_conditions_is_as_strong_as_it_must_be() -> None:
    parsed = read(FORM, b"half-open subtree a.b\nblocked subtree c.a.b\nblocked subtree f.b\n")
    assert kinds_for(parsed, "c.a.b") == [Kind.IMPORTANT]
    assert kinds_for(parsed, "f.b") == [Kind.BLOCK]
    assert [rule.kind for rule in rules_for(parsed, "c.a.b")] == [Kind.EXCEPTION]


def test_an_exception_with_conditions_inside_such_a_block_is_stronger_still() -> None:
    parsed = read(FORM, b"open subtree a.b\nblocked subtree c.a.b\nhalf-open subtree d.c.a.b\n")
    assert [rule.kind for rule in rules_for(parsed, "d.c.a.b")] == [Kind.IMPORTANT_EXCEPTION]


def test_names_that_are_left_out_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_NEARER", 3)
    rule = Conditional(Kind.REWRITE, "a.b", "below", rewrite=Rewrite(0))
    names = {(Kind.BLOCK, Scope.SUBTREE): names_of(f"n{number}.a.b" for number in range(9))}
    ((_, left),) = let_nearest_win(names, [Placed(1, rule)])
    assert left.denyallow == {"n0.a.b", "n1.a.b", "n2.a.b"}


def test_names_left_out_are_bounded_over_all_rewrites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_NEARER", 5)
    rules = [Placed(1, Conditional(Kind.REWRITE, "a.b", "below", rewrite=Rewrite(rcode))) for rcode in range(3)]  # fmt: skip
    names = {(Kind.BLOCK, Scope.SUBTREE): names_of(f"n{number}.a.b" for number in range(9))}
    left = let_nearest_win(names, rules)
    assert sum(len(placed.rule.denyallow) for placed in left) == 5


def test_a_pattern_stands_inside_nothing() -> None:
    names = {(Kind.EXCEPTION, Scope.SUBTREE): names_of(["a.b"])}
    rules = [Placed(1, Conditional(Kind.BLOCK, pattern="a")), Placed(2, Conditional(Kind.REWRITE, pattern="b", rewrite=Rewrite(3)))]  # fmt: skip
    assert let_nearest_win(dict(names), rules) == rules
