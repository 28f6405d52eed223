"""What each line of each format means: tables."""

import contextlib
import dataclasses
import sys
from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import ListError
from filterd.lists import formats
from filterd.lists.formats import domains, hosts, lines, wildcard
from filterd.lists.formats.lines import MOST_COMPLAINTS, normal, read
from filterd.lists.parsed import Parsed, Rule, Scope, each_name, names_of
from filterd.lists.rule import Kind

READERS = {"hosts": hosts.parse, "domains": domains.parse, "wildcard": wildcard.parse}


def exact(parsed: Parsed) -> list[str]:
    return list(each_name(parsed.names.get((Kind.BLOCK, Scope.EXACT), names_of([]))))


def subtree(parsed: Parsed) -> list[str]:
    return list(each_name(parsed.names.get((Kind.BLOCK, Scope.SUBTREE), names_of([]))))


def placed(parsed: Parsed) -> list[tuple[Kind, str, str, int]]:
    """Every name with what is said of it and its line."""
    return sorted(
        (kind, scope.value, name, line)
        for (kind, scope), names in parsed.names.items()
        for name, line in zip(each_name(names), memoryview(names.lines).cast("I"), strict=True)
    )


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


# Fragments that lists are made of, glued at random: finds what the tables did not think of.
FRAGMENTS = st.sampled_from(
    [
        "0.0.0.0", "127.0.0.1", "::1", "10.0.0.1", "a.example", "b.a.example", "Www.Example.Org",
        "localhost", "localhost.localdomain", "localhosts.example", "en", "*.", "*", ".", "..", "-",
        "_x.y", "xn--bcher-kva.de", "bücher.de", "\u2011", "#", "!", ";", "//", "[", "]", " ", "  ",
        "\t", "\n", "\n\n", "\r\n", "\r", "\0", "\x0b", "\x0c", "\x1f", "\x85", "\u2028", "\ufeff",
        "||", "^", "/", ":", "@@", "a" * 63, "a." * 120, "1.2", "|", "^|", "##", "#@#", "$", ",", "=",
        "$important", "$badfilter", ",badfilter", "$third-party", "dnstype=A", "'", '"', "\\",
        "\n!#if x\n", "\n!#endif\n", "\n||a.example^\n", "\n@@||a.example^\n", "/re/",
        "\naddress=/", "\nserver=/", "\nlocal=/a.example/\n", "\nserver=/a.example/#\n",
        "\naddress=/b.a.example/0.0.0.0\n", '\nlocal-zone: "', '." always_null\n', '" transparent\n',
        '\nlocal-zone: "a.example." static\n', '\nlocal-data: "', " A 0.0.0.0", "\nview:\n", "\nserver:\n",
        '\nlocal-zone-tag: "a.example" "x"\n', "\na.example CNAME .\n", "\n*.a.example IN CNAME .\n",
        "\nb.a.example CNAME rpz-passthru.\n", " CNAME ", "\n CNAME .\n", "\n  NS localhost.\n",
        "\n$ORIGIN ", "\n$TTL 60\n", "rpz.example.", "\n@ SOA a b 1 (", ")", "(", "\n8.1.2.0.10.rpz-ip CNAME .\n",
        " 60 IN A 10.0.0.1", ";querytype=A", r"(\.|^)",
    ]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS, max_size=30).map("".join)


@pytest.mark.parametrize("name", formats.FORMATS)
@given(text=TEXTS, piece=st.sampled_from([lines.PIECE, 1, 300]))
def test_the_quick_way_and_the_line_by_line_way_read_the_same(
    core: ModuleType, name: str, text: str, piece: int
) -> None:
    form = formats.FORMATS[name]
    slow = dataclasses.replace(form, linked=len)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "PIECE", piece)
        one, other = read(form, normal(text.encode())), read(slow, normal(text.encode()))
    assert placed(one) == placed(other)
    assert dataclasses.replace(one, names={}) == dataclasses.replace(other, names={})


@given(text=st.one_of(st.binary(max_size=300), TEXTS.map(str.encode)))
def test_no_bytes_raise(text: bytes) -> None:
    for form in formats.FORMATS.values():
        parsed = read(form, normal(text))
        assert all(0 < len(name) <= 253 for *_, name, _ in placed(parsed))
        assert parsed.unused <= parsed.complaint_count
    for name in ("auto", "squidguard:adult", *formats.FORMATS):
        with contextlib.suppress(ListError):
            assert formats.parse("any", text, name, "subdomains").rules


HOSTILE = {
    "one endless label": b"a" * 500_000,
    "endless labels": b"a." * 250_000,
    "endless names on one line": b"0.0.0.0 " + b"a.example " * 50_000,
    "hyphens": b"-" * 500_000,
    "stars": b"*." * 250_000,
    "blanks": b"0.0.0.0" + b" " * 500_000 + b"x",
    "empty lines": b"\n" * 100_000,
    "names just too long": (b"a." * 126 + b"a.example\n") * 1_500,
    "addresses": b"0.0.0.0 10.0.0.1\n" * 20_000,
    "Unicode": "ä.".encode() * 500_000,
    "Unicode lines": ("ä" * 60 + ".example\n").encode() * 1_000,
    "hash signs": b"a.example " + b"#" * 500_000,
    "quotes": b'"' * 300_001,
    "escaped quotes": b'"' + b'\\"' * 200_000,
    "escaped quotes in a modifier": b"||a.example^$client='" + b"\\'" * 200_000,
    "commas": b"||a.example^$" + b"important," * 50_000,
    "dollars": b"$" * 300_000,
    "slashes": b"address=" + b"/a" * 200_000,
    "parentheses": b"(" * 300_000,
    "a record without an end": b"@ SOA (\n" + b"1 2 3\n" * 20_000,
    "digits of a TTL": b"a.example " + b"1" * 300_000 + b"x A 1.2.3.4",
    "blanks before CNAME": b"a.example" + b" " * 300_000 + b"CNAME",
    "options": b"local-zone: " * 50_000,
    "cosmetic": b"a" * 300_000 + b"#" + b"@" * 300_000,
    "clauses of dnstype": b"||a.example^$dnstype=" + b"A|" * 100_000,
}


@pytest.mark.timeout(60)  # in proportion to the size they take a second; squared, an hour
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_time_in_proportion_to_its_size(text: bytes) -> None:
    for form in formats.FORMATS.values():
        assert read(form, normal(text)).lines >= 1
    with contextlib.suppress(ListError):
        formats.parse("theirs", text)


MIXED = b"""! a bit of everything
a.example # b
0.0.0.0 c.example d.example
*.e.example
||f.example^
||g.example^$important,client='x'
@@||g.f.example^
||f.example^$badfilter
address=/h.example/i.example/0.0.0.0
server=/j.h.example/#
local-zone: "k.example." static
local-zone: "l.k.example." transparent
local-data: "m.l.k.example. A 0.0.0.0"
n.example CNAME .
*.n.example CNAME rpz-passthru.
  A 192.0.2.1
$ORIGIN o.example.
p CNAME ( . )
this is prose
"""


def calls(read_all: Callable[[], object]) -> int:
    """Count what Python calls, its own functions and built-in ones."""
    count = 0

    def seen(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        read_all()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", formats.FORMATS)
def test_twice_the_text_is_twice_the_work(name: str) -> None:
    form = formats.FORMATS[name]
    # Distinct names in each copy, so that nothing is saved by having been seen before.
    copies = ["".join(MIXED.decode().replace("example", f"x{n}") for n in range(size)) for size in (50, 100, 200)]  # fmt: skip
    one, two, four = (calls(lambda text=text: read(form, text.encode())) for text in copies)
    assert one > 100
    assert two <= 2 * one
    assert four <= 4 * one
