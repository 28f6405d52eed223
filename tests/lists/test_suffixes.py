"""No line closes a whole public suffix by accident."""

import pytest

from filterd.lists.formats import parse
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
