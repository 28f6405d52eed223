"""A list that may close whole top-level domains is read so; any other is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import ListError
from filterd.lists.formats import FORMATS, parse
from filterd.lists.formats.lines import Line
from filterd.lists.formats.tlds import with_tlds
from filterd.lists.parsed import Parsed, Scope, each_name

MORE = {
    "adblock": b"||casino.example^\n",
    "domains": b"casino.example\n",
    "wildcard": b"*.casino.example\n",
    "squidguard": b"casino.example\n",
    "rpz": b"casino.example CNAME .\n",
}


def found(parsed: Parsed) -> set[tuple[str, Scope]]:
    return {
        (name, scope) for (_, scope), names in parsed.names.items() for name in each_name(names)
    }


@pytest.mark.parametrize(
    ("form", "line", "scope"),
    [
        ("adblock", b"||zip^", Scope.SUBTREE),
        ("adblock", b"||*.ZIP^", Scope.BELOW),
        ("domains", b".zip", Scope.EXACT),
        ("domains", b"zip # archives", Scope.EXACT),
        ("domains", b"*.zip", Scope.SUBTREE),
        ("wildcard", b"*.zip", Scope.SUBTREE),
        ("squidguard", b"zip", Scope.SUBTREE),
        ("rpz", b"*.zip CNAME .", Scope.BELOW),
        ("rpz", b"zip 300 IN CNAME . ; archives", Scope.EXACT),
    ],
)
def test_a_rule_for_a_whole_tld_is_read_only_where_it_may_be(form, line, scope) -> None:
    text = MORE[form] + line + b"\n"
    allowed = parse("mine", text, form, tlds=True)
    refused = parse("mine", text, form)
    assert found(allowed) - found(refused) == {("zip", scope)}
    assert (allowed.complaint_count, refused.complaint_count) == (0, 1)


def test_a_list_of_nothing_but_tlds_is_a_list_only_where_it_may_be() -> None:
    text = b"$TTL 300\n@ SOA a. b. 1 2 3 4 5\n" + b"*.zip CNAME .\n*.mov CNAME .\n" * 20
    assert found(parse("mine", text, tlds=True)) == {("zip", Scope.BELOW), ("mov", Scope.BELOW)}
    with pytest.raises(ListError, match=r"hold a name|holds a name"):
        parse("mine", text)


def test_a_tld_in_letters_of_its_own_is_read() -> None:
    parsed = parse("mine", "a.example\n.рф\n.\u2260\n".encode(), "domains", tlds=True)
    assert found(parsed) == {("a.example", Scope.EXACT), ("xn--p1ai", Scope.EXACT)}


def test_lines_keep_their_numbers() -> None:
    parsed = parse("mine", b"a.example\n\nzip\nb.example\n# c\nmov\n", "domains", tlds=True)
    (names,) = parsed.names.values()
    lines = list(memoryview(names.lines).cast("B").cast("I"))
    assert sorted(zip(lines, each_name(names), strict=True)) == [
        (1, "a.example"), (3, "zip"), (4, "b.example"), (6, "mov"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", [b"*", b"||*^", b"127", b"-zip", b"# zip", b"two words", b"||zip"])
def test_what_is_no_tld_stays_what_it_was(line: bytes) -> None:
    for form, more in MORE.items():
        text = more + line + b"\n"
        assert parse("m", text, form, tlds=True) == parse("m", text, form)


@given(st.lists(st.text("abc.*|^ #-z", max_size=12), max_size=8))
def test_every_line_has_the_meanings_it_has_alone_or_is_a_tld(lines: list[str]) -> None:
    numbered = [Line(number, text) for number, text in enumerate(lines, 1)]
    for name in ("domains", "wildcard", "squidguard"):
        form = FORMATS[name]
        wide = {line.number: meaning for line, meaning in with_tlds(form).scan(numbered)}
        plain = {line.number: meaning for line, meaning in form.scan(numbered)}
        for number in wide.keys() | plain.keys():
            if wide.get(number) != plain.get(number):
                assert "." not in wide[number].name
