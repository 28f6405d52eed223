"""The line that covers a name, as "why?" shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import formats
from filterd.lists.locate import Line, locate
from filterd.lists.parsed import Rule

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
ZONE = b"$ORIGIN rpz.test.\n@ SOA a b (\n 1 2 3 4 5 )\n$ORIGIN example.rpz.test.\n*.a CNAME .\nb CNAME .\n A 1.2.3.4\n"
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
    "owner of the line before": (ZONE, "auto", "format", "b.example", Line(6, "b CNAME .")),
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
    assert locate(text, form, match, name) == line


def test_first_of_equal_lines_is_shown() -> None:
    assert locate(b"a.b\nexample.org\nexample.org\n", "domains", "format", "example.org") == Line(
        2, "example.org"
    )


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
        for listed in names
    )
    found = locate(text, "domains", match, name)
    assert (found is not None) == covered
    if found:
        assert lines[found.number - 1] == found.text
