"""What each line of each format means: tables."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import ListError
from filterd.lists import formats
from filterd.lists.formats import domains, hosts, wildcard
from filterd.lists.formats.lines import MOST_COMPLAINTS, decode, each_line
from filterd.lists.locate import locate
from filterd.lists.parsed import Parsed, Rule, Scope
from filterd.lists.rule import Kind

READERS = {"hosts": hosts.parse, "domains": domains.parse, "wildcard": wildcard.parse}


def exact(parsed: Parsed) -> list[str]:
    return list(parsed.names.get((Kind.BLOCK, Scope.EXACT), ()))


def subtree(parsed: Parsed) -> list[str]:
    return list(parsed.names.get((Kind.BLOCK, Scope.SUBTREE), ()))


HOSTS_LINES = {
    "one name": (b"0.0.0.0 ads.example.org", ["ads.example.org"]),
    "every name of the line": (b"0.0.0.0 a.example b.example\tc.example", ["a.example", "b.example", "c.example"]),
    "loopback": (b"127.0.0.1 a.example", ["a.example"]),
    "IPv6 sink": (b":: a.example", ["a.example"]),
    "IPv6 loopback": (b"::1\ta.example", ["a.example"]),
    "an odd sink": (b"127.0.0.7 a.example", ["a.example"]),
    "a public address still means block": (b"203.0.113.9 a.example", ["a.example"]),
    "zone of a link-local address": (b"fe80::1%lo0 a.example", ["a.example"]),
    "blanks around": (b"  \t 0.0.0.0 \t a.example \t ", ["a.example"]),
    "remark with a blank": (b"0.0.0.0 a.example # an advertiser", ["a.example"]),
    "remark without a blank": (b"0.0.0.0 a.example#an advertiser", ["a.example"]),
    "remark that holds a name": (b"0.0.0.0 a.example # b.example", ["a.example"]),
    "commented-out entry": (b"#0.0.0.0 a.example", []),
    "upper case": (b"0.0.0.0 Ads.EXAMPLE.org", ["ads.example.org"]),
    "trailing dot": (b"0.0.0.0 www.example.org.", ["www.example.org"]),
    "underscore": (b"0.0.0.0 _dmarc.a_b.example", ["_dmarc.a_b.example"]),
    "a label that ends in a hyphen is asked all the same": (b"0.0.0.0 reduce-.start.example", ["reduce-.start.example"]),
    "new TLD": (b"0.0.0.0 a.porn", ["a.porn"]),
    "localhost": (b"127.0.0.1 localhost", []),
    "localhost.localdomain": (b"127.0.0.1 localhost.localdomain", []),
    "broadcasthost": (b"255.255.255.255 broadcasthost", []),
    "IPv6 names of the machine": (b"ff02::1 ip6-allnodes ip6-localhost", []),
    "the sink itself": (b"0.0.0.0 0.0.0.0", []),
    "local names in upper case": (b"127.0.0.1 LOCALHOST", []),
    "a site that starts like a local name": (b"0.0.0.0 localhost.pay.example", ["localhost.pay.example"]),
    "a site below ip6-": (b"0.0.0.0 ip6-x.example", ["ip6-x.example"]),
    "raw Unicode": ("0.0.0.0 bücher.example".encode(), ["xn--bcher-kva.example"]),
    "byte order mark": (b"\xef\xbb\xbf0.0.0.0 a.example", ["a.example"]),
    "CRLF": (b"0.0.0.0 a.example\r\n0.0.0.0 b.example\r\n", ["a.example", "b.example"]),
    "old Macintosh line ends": (b"0.0.0.0 a.example\r0.0.0.0 b.example", ["a.example", "b.example"]),
    "form feed is a blank": (b"0.0.0.0\x0ca.example", ["a.example"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "names"), HOSTS_LINES.values(), ids=HOSTS_LINES)
def test_hosts_line_means(text: bytes, names: list[str]) -> None:
    parsed = hosts.parse(text)
    assert exact(parsed) == names
    assert subtree(parsed) == []
    assert parsed.complaint_count == 0


DOMAIN_LINES = {
    "a name": (b"example.org", ["example.org"], []),
    "upper case and trailing dot": (b"Example.ORG.", ["example.org"], []),
    "leading dot": (b".example.org", ["example.org"], []),
    "hash remark": (b"example.org # ours", ["example.org"], []),
    "remark after a tab": (b"example.org\t# ours", ["example.org"], []),
    "semicolon remark": (b"example.org ; ours", ["example.org"], []),
    "hash line": (b"# example.org", [], []),
    "exclamation line": (b"! example.org", [], []),
    "semicolon line": (b"; example.org", [], []),
    "slashes line": (b"// example.org", [], []),
    "adblock header": (b"[Adblock Plus 2.0]", [], []),
    "blank line": (b" \t ", [], []),
    "starred name among plain ones": (b"*.example.org", [], ["example.org"]),
    "raw Unicode": ("РОССИЯ.рф".encode(), ["xn--h1alffa9f.xn--p1ai"], []),
    "sharp s is IDNA 2008": ("faß.de".encode(), ["xn--fa-hia.de"], []),
    "Unicode below an underscore": ("_x.bücher.example".encode(), ["_x.xn--bcher-kva.example"], []),
    "full-width letters and dot": ("ｅxample。org".encode(), ["example.org"], []),
    "punycode": (b"xn--bcher-kva.example", ["xn--bcher-kva.example"], []),
    "punycode nobody can decode stays": (b"xn--0.example", ["xn--0.example"], []),
    "no newline at the end": (b"a.example\nb.example", ["a.example", "b.example"], []),
    "label of 63": (b"a" * 63 + b".example", ["a" * 63 + ".example"], []),
    "name of 253": (b"a." * 122 + b"a.example", ["a." * 122 + "a.example"], []),
    "digits below a TLD": (b"1.2.3.example", ["1.2.3.example"], []),
}


@pytest.mark.parametrize(("text", "names", "trees"), DOMAIN_LINES.values(), ids=DOMAIN_LINES)
@pytest.mark.parametrize("reader", ["domains", "wildcard"])
def test_domains_and_wildcard_line_means(
    reader: str, text: bytes, names: list[str], trees: list[str]
) -> None:
    parsed = READERS[reader](text)
    assert exact(parsed) == names
    assert subtree(parsed) == trees
    assert parsed.complaint_count == 0


def test_wildcard_star_covers_the_name_itself_too() -> None:
    (name,) = subtree(wildcard.parse(b"*.Example.org # ours\n"))
    rule = Rule(name, Scope.SUBTREE)
    assert rule.covers("example.org")
    assert rule.covers("www.example.org")
    assert not rule.covers("notexample.org")


BAD_WORDS = {
    "IPv4 address": (b"85.17.187.83", "an IP address, not a name"),
    "IPv6 address": (b"2001:db8::1", "an IP address, not a name"),
    "web address": (b"https://example.org", "a web address or a path, not a name"),
    "path": (b"example.org/ads", "a web address or a path, not a name"),
    "port": (b"example.org:80", "characters that no name has"),
    "one label": (b"en", "one label alone: too wide for a rule"),
    "one label with a dot": (b".bid", "one label alone: too wide for a rule"),
    "star in the middle": (b"ads.*.org", "'*' may only stand first, as in '*.example.org'"),
    "star at the end": (b"ads.*", "'*' may only stand first, as in '*.example.org'"),
    "star in a label": (b"*ads.example.org", "'*' may only stand first, as in '*.example.org'"),
    "two stars": (b"*.*.example.org", "'*' may only stand first, as in '*.example.org'"),
    "star alone": (b"*", "'*' may only stand first, as in '*.example.org'"),
    "numeric TLD": (b"example.33", "the last label has no letter"),
    "numbers that are no address": (b"1.2.3.4.5", "the last label has no letter"),
    "two dots": (b"a..example", "an empty label between two dots"),
    "dots alone": (b"...", "an empty label between two dots"),
    "label of 64": (b"a" * 64 + b".example", "a label of more than 63 characters"),
    "name of 254": (b"ab." * 82 + b"a.sample", "longer than a name can be"),
    "endless": (b"a" * 5000, "longer than a name can be"),
    "NUL": (b"exam\0ple.org", "characters that no name has"),
    "adblock rule": (b"||example.org^", "characters that no name has"),
    "quotes": (b'"example.org"', "characters that no name has"),
    "not UTF-8": (b"b\xfccher.example", "letters that no internationalised name can have"),
    "non-breaking hyphen": (
        "cg\N{NON-BREAKING HYPHEN}dialup.example".encode(),
        "letters that no internationalised name can have",
    ),
    "emoji": ("\N{PILE OF POO}.example".encode(), "letters that no internationalised name can have"),
}  # fmt: skip


@pytest.mark.parametrize(("word", "why"), BAD_WORDS.values(), ids=BAD_WORDS)
@pytest.mark.parametrize("reader", READERS)
def test_bad_word_is_a_complaint_with_its_line(reader: str, word: bytes, why: str) -> None:
    before = b"0.0.0.0 " if reader == "hosts" else b""
    parsed = READERS[reader](before + b"a.example\n\n" + before + word + b"\n")
    assert [*exact(parsed), *subtree(parsed)] == ["a.example"]
    ((line, text, said),) = parsed.complaints
    assert (line, said) == (3, why)
    assert text.isprintable()


@pytest.mark.parametrize(
    ("reader", "text", "why"),
    [
        ("hosts", b"example.org", "no IP address before the names"),
        ("hosts", b"0.0.0.0", "an IP address without a name"),
        ("hosts", b"0.0.0 example.org", "no IP address before the names"),
        ("domains", b"0.0.0.0 example.org", "more than one word on the line"),
        ("hosts", b"0.0.0.0 *.bid", "'*' may only stand first, as in '*.example.org'"),
        ("domains", b"*.bid", "one label alone: too wide for a rule"),
        ("domains", b"example.org##.banner", "characters that no name has"),
        ("domains", b"this is prose", "more than one word on the line"),
        ("wildcard", b"*.example.org *.example.net", "more than one word on the line"),
    ],
)
def test_line_of_another_shape_is_a_complaint(reader: str, text: bytes, why: str) -> None:
    parsed = READERS[reader](text)
    assert [complaint.why for complaint in parsed.complaints] == [why]
    assert parsed.rules == 0


def test_one_bad_word_does_not_cost_the_others_of_its_line() -> None:
    parsed = hosts.parse(b"0.0.0.0 a.example 10.0.0.1 en b.example\n")
    assert exact(parsed) == ["a.example", "b.example"]
    assert parsed.complaint_count == 2


def test_complaints_are_bounded_and_still_counted() -> None:
    parsed = domains.parse(b"10.0.0.1\n" * (MOST_COMPLAINTS + 500))
    assert len(parsed.complaints) == MOST_COMPLAINTS
    assert parsed.complaint_count == MOST_COMPLAINTS + 500
    assert parsed.lines == MOST_COMPLAINTS + 500


def test_complaint_text_is_short_and_printable() -> None:
    (complaint,) = domains.parse(b"\x1b[31m" + b"x" * 9999).complaints
    assert len(complaint.text) <= 120
    assert complaint.text.isprintable()


def test_match_subdomains_widens_names_and_leaves_the_rest() -> None:
    parsed = formats.parse("mine", b"a.example\n*.b.example\n", "domains", "subdomains")
    assert exact(parsed) == []
    assert sorted(subtree(parsed)) == ["a.example", "b.example"]


# Fragments that lists are made of, glued at random: finds what the tables above did not think of.
FRAGMENTS = st.sampled_from(
    [
        "0.0.0.0", "127.0.0.1", "::1", "10.0.0.1", "a.example", "Www.Example.Org", "localhost",
        "localhost.localdomain", "localhosts.example", "en", "*.", "*", ".", "..", "-", "_x.y",
        "xn--bcher-kva.de", "bücher.de", "\u2011", "#", "!", ";", "//", "[", "]", " ", "  ", "\t",
        "\n", "\n\n", "\r\n", "\r", "\0", "\x0b", "\x0c", "\x1f", "\x85", "\u2028", "\ufeff",
        "||", "^", "/", ":", "@@", "a" * 63, "a." * 120, "1.2",
    ]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS, max_size=30).map("".join)


@pytest.mark.parametrize("name", READERS)
@given(text=TEXTS)
def test_ordinary_lines_mean_what_read_line_says(name: str, text: str) -> None:
    form = formats.FORMATS[name]
    found = [one for _, line in each_line(decode(text.encode())) for one in form.read_line(line)]
    rules = [one for one in found if isinstance(one, Rule)]
    parsed = READERS[name](text.encode())
    assert parsed.complaint_count == len(found) - len(rules)
    for (kind, scope), names in parsed.names.items():
        wanted = [rule.name for rule in rules if (rule.kind, rule.scope) == (kind, scope)]
        assert sorted(names) == sorted(wanted)
    assert parsed.rules == len(rules)


@given(text=st.one_of(st.binary(max_size=300), TEXTS.map(str.encode)))
def test_no_bytes_raise(text: bytes) -> None:
    for read in READERS.values():
        parsed = read(text)
        assert all(len(name) <= 253 for names in parsed.names.values() for name in names)
    for form in ("auto", *READERS):
        with contextlib.suppress(ListError):
            assert formats.parse("any", text, form, "subdomains").rules
        with contextlib.suppress(ListError):
            locate(text, form, "format", "www.example.org")


HOSTILE = {
    "one endless label": b"a" * 500_000,
    "endless labels": b"a." * 250_000,
    "endless names on one line": b"0.0.0.0 " + b"a.example " * 50_000,
    "hyphens": b"-" * 500_000,
    "stars": b"*." * 250_000,
    "blanks": b"0.0.0.0" + b" " * 500_000 + b"x",
    "empty lines": b"\n" * 500_000,
    "names just too long": (b"a." * 126 + b"a.example\n") * 1_500,
    "addresses": b"0.0.0.0 10.0.0.1\n" * 30_000,
    "Unicode": "ä.".encode() * 500_000,
    "Unicode lines": ("ä" * 60 + ".example\n").encode() * 1_000,
    "hash signs": b"a.example " + b"#" * 500_000,
}


@pytest.mark.timeout(30)  # in proportion to the size they take a second; squared, an hour
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_time_in_proportion_to_its_size(text: bytes) -> None:
    for read in READERS.values():
        assert read(text).lines >= 1
