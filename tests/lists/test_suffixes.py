"""No line closes a whole public suffix by accident."""

import pytest

from filterd.lists.condition import Conditional, Rewrite
from filterd.lists.formats import parse
from filterd.lists.parsed import Parsed, Placed, Scope, names_of
from filterd.lists.rule import Kind
from filterd.lists.suffixes import without_suffixes

SUFFIXES = frozenset({"co.uk", "pages.dev", "com"})


@pytest.mark.parametrize(
    ("text", "form", "left", "dropped"),
    [
        pytest.param("||pages.dev^\n||a.pages.dev^\n", "adblock", 1, ("pages.dev",), id="subtree"),
        pytest.param("*.co.uk\n*.x.co.uk\n", "wildcard", 1, ("co.uk",), id="wildcard"),
        pytest.param("pages.dev\nb.example\n", "domains", 2, (), id="the name alone"),
        pytest.param("@@||pages.dev^\n||b.example^\n", "adblock", 2, (), id="an exception"),
        pytest.param("||a.example^\n", "adblock", 1, (), id="nothing to leave out"),
        pytest.param("||notpages.dev^\n||b.example^\n", "adblock", 2, (), id="a look-alike"),
    ],
)
def test_a_rule_for_a_whole_suffix_is_left_out(
    text: str, form: str, left: int, dropped: tuple[str, ...]
) -> None:
    parsed, found = without_suffixes(parse("list", text.encode(), form), SUFFIXES)
    assert found == dropped
    assert parsed.rules == left


CLOSES = Conditional(Kind.BLOCK, "pages.dev", "subtree", types=frozenset({28}))
LEFT_OUT = {
    "a condition, subtree": (CLOSES, True),
    "a condition, below": (CLOSES._replace(scope="below", kind=Kind.IMPORTANT), True),
    "a condition, the name alone": (CLOSES._replace(scope="exact"), False),
    "a condition, an exception": (CLOSES._replace(kind=Kind.EXCEPTION), False),
    "a condition, another name": (CLOSES._replace(name="a.pages.dev"), False),
    "a rewrite": (CLOSES._replace(kind=Kind.REWRITE, rewrite=Rewrite(3)), True),
    "no rewrite": (CLOSES._replace(kind=Kind.REWRITE), False),
    "an exception from one rewrite": (
        CLOSES._replace(kind=Kind.EXCEPTION, rewrite=Rewrite(3)),
        False,
    ),
    "a pattern": (CLOSES._replace(name="", scope="", pattern="pages"), False),
}


@pytest.mark.parametrize(("rule", "is_left_out"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_rule_with_conditions_for_a_whole_suffix_is_left_out_too(
    rule: Conditional, *, is_left_out: bool
) -> None:
    parsed = Parsed("any", {}, (Placed(3, rule), Placed(4, CLOSES._replace(name="b.example"))))
    left, found = without_suffixes(parsed, SUFFIXES)
    assert [placed.line for placed in left.conditional] == ([4] if is_left_out else [3, 4])
    assert found == (("pages.dev",) if is_left_out else ())


def test_names_left_keep_their_lines_and_a_suffix_is_named_once() -> None:
    names = names_of(["pages.dev", "a.example", "pages.dev", "co.uk"], [2, 3, 5, 7])
    left, found = without_suffixes(Parsed("any", {(Kind.BLOCK, Scope.BELOW): names}), SUFFIXES)
    assert left.names == {(Kind.BLOCK, Scope.BELOW): names_of(["a.example"], [3])}
    assert found == ("co.uk", "pages.dev")
    assert without_suffixes(Parsed("any", {(Kind.BLOCK, Scope.BELOW): names_of(["co.uk"])}), SUFFIXES)[0].names == {}  # fmt: skip
