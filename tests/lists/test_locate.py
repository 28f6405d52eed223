"""The line that covers a name, as "why?" shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import formats
from filterd.lists.condition import Conditional
from filterd.lists.formats.lines import Line, read
from filterd.lists.locate import Located, locate, locate_pattern
from filterd.lists.parsed import Parsed, Placed, Rule, Scope, each_name, names_of
from filterd.lists.rule import Kind

DOMAINS = """# head
example.org # the site
*.example.net
bücher.example
Ads.Example.ORG
""".encode()
HOSTS = b"127.0.0.1 localhost\n0.0.0.0 a.example b.example www.example.org\n"

ADBLOCK = b"""! head
||a.example^
||ads.a.example^
@@|www.a.example|
||a.example^$badfilter
||b.example^
@@||b.example^
||b.example^$important
"""
DNSMASQ = b"address=/a.example/\nserver=/b.a.example/#\naddress=/c.b.a.example/\n"
ZONE = b"$ORIGIN rpz.test.\n@ SOA a b (\n 1 2 3 4 5 )\n$ORIGIN example.rpz.test.\n*.a CNAME .\nb CNAME rpz-passthru.\n CNAME .\n"
UNBOUND = b'server:\n local-zone: "a.example." static\n local-data: "www.a.example A 0.0.0.0"\n'

FOUND = {
    "the name itself": (DOMAINS, "domains", "format", "example.org", Line(2, "example.org # the site")),
    "upper case in the list": (DOMAINS, "domains", "format", "ads.example.org", Line(5, "Ads.Example.ORG")),
    "exact is not below": (DOMAINS, "domains", "format", "www.example.org", None),
    "below, read as subdomains": (DOMAINS, "domains", "subdomains", "www.example.org", Line(2, "example.org # the site")),
    "the closest rule": (DOMAINS, "domains", "subdomains", "x.ads.example.org", Line(5, "Ads.Example.ORG")),
    "star covers the name": (DOMAINS, "wildcard", "format", "example.net", Line(3, "*.example.net")),
    "star covers what is below": (DOMAINS, "auto", "format", "a.b.example.net", Line(3, "*.example.net")),
    "label boundary": (DOMAINS, "domains", "subdomains", "notexample.org", None),
    "written in Unicode": (DOMAINS, "domains", "format", "xn--bcher-kva.example", Line(4, "bücher.example")),
    "second name of a hosts line": (HOSTS, "hosts", "format", "b.example", Line(2, "0.0.0.0 a.example b.example www.example.org")),
    "hosts, detected": (HOSTS, "auto", "format", "www.example.org", Line(2, "0.0.0.0 a.example b.example www.example.org")),
    "local names are no rules": (HOSTS, "hosts", "format", "localhost", None),
    "rule taken out": (ADBLOCK, "adblock", "format", "x.a.example", None),
    "rule beside one taken out": (ADBLOCK, "adblock", "format", "ads.a.example", Line(3, "||ads.a.example^")),
    "exception": (ADBLOCK, "adblock", "format", "www.a.example", Line(4, "@@|www.a.example|")),
    "the strongest kind": (ADBLOCK, "auto", "format", "x.b.example", Line(8, "||b.example^$important")),
    "nearest block": (DNSMASQ, "dnsmasq", "format", "x.c.b.a.example", Line(3, "address=/c.b.a.example/")),
    "nearest exception": (DNSMASQ, "auto", "format", "b.a.example", Line(2, "server=/b.a.example/#")),
    "owner relative to an origin": (ZONE, "rpz", "format", "x.a.example", Line(5, "*.a CNAME .")),
    "owner of the line before": (ZONE, "auto", "format", "b.example", Line(7, "CNAME .")),
    "policy zone, not below": (ZONE, "rpz", "format", "x.b.example", None),
    "unbound's zone": (UNBOUND, "auto", "format", "x.a.example", Line(2, 'local-zone: "a.example." static')),
    "unbound's data": (UNBOUND, "unbound", "format", "www.a.example", Line(3, 'local-data: "www.a.example A 0.0.0.0"')),
    "squidGuard's file": (DOMAINS, "squidguard", "format", "www.example.org", Line(2, "example.org # the site")),
    "Pi-hole's line": (b"||a.example^\n(\\.|^)a\\.example$\n", "pihole", "format", "x.a.example", Line(1, "||a.example^")),
    "TLD": (DOMAINS, "domains", "subdomains", "org", None),
    "root": (DOMAINS, "domains", "subdomains", "", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "form", "match", "name", "line"), FOUND.values(), ids=FOUND)
def test_locate(text: bytes, form: str, match: str, name: str, line: Line | None) -> None:
    found = locate(formats.parse("mine", text, form, match), name)
    assert (found and Line(found.line, formats.text_of(text, found.line, form))) == line


def test_first_of_equal_lines_is_shown() -> None:
    parsed = formats.parse("mine", b"a.b\n*.x.y\nexample.org\nexample.org #\n*.x.y\n", "domains")
    assert locate(parsed, "example.org") == Located(3, "example.org")
    assert locate(parsed, "z.x.y") == Located(2, "x.y")
    before = read(formats.FORMATS["domains"], b"Example.ORG\nexample.org\n")
    assert locate(before, "example.org") == Located(1, "example.org")


def test_a_line_that_is_not_there_is_empty() -> None:
    assert [formats.text_of(b"a\nb", number) for number in (-1, 0, 1, 2, 3)] == [
        "",
        "",
        "a",
        "b",
        "",
    ]


CONDITIONAL = (
    Placed(7, Conditional(Kind.BLOCK, "c.example", "subtree", types=frozenset({28}))),
    Placed(9, Conditional(Kind.REWRITE, "d.example", "exact")),
    Placed(11, Conditional(Kind.BLOCK, pattern="^ad")),
    Placed(12, Conditional(Kind.EXCEPTION, pattern="^ad")),
    Placed(13, Conditional(Kind.BLOCK, "e.example", "below")),
)  # fmt: skip
WITH_CONDITIONS = Parsed(
    "any",
    {
        (Kind.BLOCK, Scope.SUBTREE): names_of(["d.example", "c.example"], [3, 8]),
        (Kind.EXCEPTION, Scope.EXACT): names_of(["c.example"], [5]),
    },
    CONDITIONAL,
)
RULE_FOR = {
    "strongest": ("c.example", None, Located(5, "c.example")),
    "one kind alone": ("c.example", Kind.BLOCK, Located(8, "c.example")),
    "plain before conditional": ("x.c.example", None, Located(8, "c.example")),
    "conditional of its kind": ("d.example", Kind.REWRITE, Located(9, "d.example")),
    "conditional, strongest": ("d.example", None, Located(9, "d.example")),
    "conditional, exact is not below": ("x.d.example", None, Located(3, "d.example")),
    "conditional, below": ("x.e.example", None, Located(13, "e.example")),
    "conditional, below is not the name": ("e.example", None, None),
    "kind that is not there": ("c.example", Kind.IMPORTANT, None),
    "patterns are another question": ("ads.example", None, None),
}


@pytest.mark.parametrize(("name", "kind", "found"), RULE_FOR.values(), ids=RULE_FOR)
def test_rule_that_decides_among_rules_with_conditions(
    name: str, kind: Kind | None, found: Located | None
) -> None:
    assert locate(WITH_CONDITIONS, name, kind) == found


def test_a_pattern_is_located_by_itself() -> None:
    assert locate_pattern(WITH_CONDITIONS, "^ad") == Located(11, "^ad")
    assert locate_pattern(WITH_CONDITIONS, "^a") is None
    assert locate_pattern(WITH_CONDITIONS, "") is None


@given(
    lines=st.lists(
        st.sampled_from(
            ["a.b", "c.a.b", "*.a.b", "*.c.a.b", "d.c.a.b # x", "A.B.", ".c.b", "# a.b", "a", "ä.b"]
        ),
        min_size=1,
    ),
    name=st.sampled_from(["a.b", "c.a.b", "d.c.a.b", "c.b", "b", "xa.b", "xn--4ca.b", "x.xn--4ca.b"]),
    match=st.sampled_from(["format", "subdomains"]),
)  # fmt: skip
def test_a_line_is_found_exactly_when_a_rule_covers_the_name(
    lines: list[str], name: str, match: str
) -> None:
    text = "\n".join(lines).encode()
    parsed = formats.domains.parse(text)
    if match == "subdomains":
        parsed = parsed.with_subdomains()
    covered = any(
        Rule(listed, scope, kind).covers(name)
        for (kind, scope), names in parsed.names.items()
        for listed in each_name(names)
    )
    found = locate(parsed, name)
    assert (found is not None) == covered
    if found:
        assert Rule(found.rule, Scope.SUBTREE).covers(name)
        meant = {
            meaning
            for _, meaning in formats.FORMATS["domains"].scan([Line(1, lines[found.line - 1])])
        }
        assert found.rule in {rule.name for rule in meant if isinstance(rule, Rule)}
