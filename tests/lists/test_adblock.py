"""What each line of an adblock or Pi-hole list means: tables."""

import pytest

from filterd.lists import formats
from filterd.lists.formats import adblock, pihole
from filterd.lists.formats.adblock import ADDRESS, MASK, REGEX
from filterd.lists.parsed import Parsed, Rule, Scope
from filterd.lists.rule import Kind

BROWSER_ONLY = "it looks at web addresses, which only a browser sees"
HIDES = "it hides a part of a page, which only a browser can"


def rules(parsed: Parsed) -> set[Rule]:
    return {
        Rule(name, scope, kind) for (kind, scope), names in parsed.names.items() for name in names
    }


A = "a.example"
RULES = {
    "name and below": ("||a.example^", {Rule(A, Scope.SUBTREE)}),
    "name and below, with an end": ("||a.example^|", {Rule(A, Scope.SUBTREE)}),
    "name and below, end only": ("||a.example|", {Rule(A, Scope.SUBTREE)}),
    "without an end, as many write it": ("||a.example", {Rule(A, Scope.SUBTREE)}),
    "that name": ("|a.example^", {Rule(A, Scope.EXACT)}),
    "that name, both ends": ("|a.example|", {Rule(A, Scope.EXACT)}),
    "below": ("||*.a.example^", {Rule(A, Scope.BELOW)}),
    "below, as a suffix": ("*.a.example^", {Rule(A, Scope.BELOW)}),
    "below, as a bare suffix": (".a.example|", {Rule(A, Scope.BELOW)}),
    "exception": ("@@||a.example^", {Rule(A, Scope.SUBTREE, Kind.EXCEPTION)}),
    "exception for that name": ("@@|a.example|", {Rule(A, Scope.EXACT, Kind.EXCEPTION)}),
    "important": ("||a.example^$important", {Rule(A, Scope.SUBTREE, Kind.IMPORTANT)}),
    "important exception": ("@@||a.example^$important", {Rule(A, Scope.SUBTREE, Kind.IMPORTANT_EXCEPTION)}),
    "upper case": ("||A.Example^", {Rule(A, Scope.SUBTREE)}),
    "Unicode": ("||bücher.example^", {Rule("xn--bcher-kva.example", Scope.SUBTREE)}),
    "underscore": ("||_x.a_b.example^", {Rule("_x.a_b.example", Scope.SUBTREE)}),
    "blanks around": ("\t||a.example^  ", {Rule(A, Scope.SUBTREE)}),
    "hosts line": ("0.0.0.0 a.example b.example # remark", {Rule(A, Scope.EXACT), Rule("b.example", Scope.EXACT)}),
    "head of a hosts file": ("127.0.0.1 localhost", set()),
    "plain name": ("a.example", {Rule(A, Scope.EXACT)}),
    "plain name with a remark": ("a.example # ours", {Rule(A, Scope.EXACT)}),
    "header": ("[Adblock Plus 2.0]", set()),
    "exclamation remark": ("! ||a.example^", set()),
    "hash remark": ("# ||a.example^", set()),
    "remark without a blank": ("#||a.example^", set()),
    "heading": ("## a.example", set()),
    "ruler": ("##########", set()),
    "a rule is taken out": ("||a.example^\n||a.example^$badfilter", set()),
    "a rule is taken out before it comes": ("||a.example^$badfilter\n||a.example^", set()),
    "taken out, whatever the case": ("||A.example^$badfilter\n||a.example^", set()),
    "an exception is taken out": ("||a.example^\n@@||a.example^\n@@||a.example^$badfilter", {Rule(A, Scope.SUBTREE)}),
    "an important rule is another rule": ("||a.example^$important\n||a.example^$badfilter", {Rule(A, Scope.SUBTREE, Kind.IMPORTANT)}),
    "an important rule is taken out": ("||a.example^$important\n||a.example^$badfilter,important", set()),
    "another scope is another rule": ("||a.example^\n|a.example^$badfilter", {Rule(A, Scope.SUBTREE)}),
    "another name is another rule": ("||a.example^\n||b.a.example^$badfilter", {Rule(A, Scope.SUBTREE)}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), RULES.values(), ids=RULES)
def test_adblock_line_means(text: str, wanted: set[Rule]) -> None:
    parsed = adblock.parse(text.encode())
    assert rules(parsed) == wanted
    assert parsed.complaint_count == 0


def not_yet(name: str) -> str:
    return f"a rule with ${name} is not supported by this version"


def not_ours(name: str) -> str:
    return f"${name} is for browsers, or unknown"


UNUSED = {
    "client": ("||a.example^$client=192.168.0.0/24", not_yet("client")),
    "client with quotes": (r"||a.example^$client=~'Mary\'s\, John\'s laptops'", not_yet("client")),
    "client, then important": ("||a.example^$client='a, b',important", not_yet("client")),
    "client tags": ("||a.example^$ctag=device_phone|~user_child", not_yet("ctag")),
    "record type": ("||a.example^$dnstype=AAAA", not_yet("dnstype")),
    "record types, excluded": ("||a.example^$dnstype=~a|~CNAME", not_yet("dnstype")),
    "unnamed record type": ("||a.example^$dnstype=TYPE65", not_yet("dnstype")),
    "rewrite to an address": ("||a.example^$dnsrewrite=192.0.2.1", not_yet("dnsrewrite")),
    "rewrite to a name": ("||a.example^$dnsrewrite=b.example", not_yet("dnsrewrite")),
    "rewrite to an rcode": ("||a.example^$dnsrewrite=REFUSED", not_yet("dnsrewrite")),
    "rewrite in full": ("||a.example^$dnsrewrite=NOERROR;MX;32 b.example", not_yet("dnsrewrite")),
    "rewrite to nothing": ("||a.example^$dnsrewrite=NXDOMAIN;;", not_yet("dnsrewrite")),
    "no rewrite": ("@@||a.example^$dnsrewrite", not_yet("dnsrewrite")),
    "all but": ("*$denyallow=com|b.example", not_yet("denyallow")),
    "all but, important": ("||a.example^$important,denyallow=b.a.example", not_yet("denyallow")),
    "exception with a condition": ("@@||a.example^$dnstype=A", not_yet("dnstype")),
    "condition without a pattern": ("$dnstype=AAAA", not_yet("dnstype")),
    "condition taken out": ("||a.example^$dnstype=A,badfilter", not_yet("dnstype")),
    "all": ("||a.example^$all", not_ours("all")),
    "document": ("||a.example^$document", not_ours("document")),
    "third party": ("||a.example^$third-party", not_ours("third-party")),
    "first party": ("||a.example^$~third-party", not_ours("~third-party")),
    "one of two is for browsers": ("||a.example^$important,popup", not_ours("popup")),
    "exception for browsers": ("@@||a.example^$generichide", not_ours("generichide")),
    "browser's value": ("||a.example^$domain=b.example|~c.example", not_ours("domain")),
    "an important that is none": ("||a.example^$~important", not_ours("~important")),
    "regex": ("/^ads?[0-9]*\\./", REGEX),
    "regex exception": ("@@/a.*/$important", REGEX),
    "mask": ("||ads*.example^", MASK),
    "part of a name": ("ads.example^", MASK),
    "start of a name": ("|ads.example", MASK),
    "start that goes on": ("||avito.avito.avito.", MASK),
    "middle of a name": (".avito.www.booking.", MASK),
    "star inside": (".com-id*.info^", MASK),
    "wildcard line": ("*.a.example", MASK),
    "one label alone": ("doubleclick", MASK),
    "exception without anchor": ("@@a.example", MASK),
    "address": ("||192.0.2.1^", ADDRESS),
    "bare address": ("192.0.2.1", ADDRESS),
    "IPv6 address": ("2001:db8::1", ADDRESS),
    "path": ("||a.example/ads", BROWSER_ONLY),
    "path after the end": ("||a.example^ads", BROWSER_ONLY),
    "slash at the end": ("||a.example/", BROWSER_ONLY),
    "port": ("||a.example:8080^", BROWSER_ONLY),
    "scheme": ("|https://a.example^", BROWSER_ONLY),
    "query": ("&ad_id=", BROWSER_ONLY),
    "hides": ("a.example##.ad", HIDES),
    "hides everywhere": ("##.ad", HIDES),
    "hides an id": ("###ad", HIDES),
    "does not hide": ("a.example#@#.ad", HIDES),
    "hides, extended": ("a.example,b.example#?#.ad:has(a)", HIDES),
    "scriptlet": ("a.example##+js(x)", HIDES),
    "style": ("a.example#$#body { color: red }", HIDES),
    "inside if": ("!#if (adguard)\n||a.example^\n!#endif", "a rule inside !#if is for some programs only"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), UNUSED.values(), ids=UNUSED)
def test_rule_that_cannot_be_applied_as_written_is_not_applied(text: str, why: str) -> None:
    parsed = adblock.parse(b"||other.example^\n" + text.encode())
    assert rules(parsed) == {Rule("other.example", Scope.SUBTREE)}
    assert [complaint.why for complaint in parsed.complaints] == [why]
    assert (parsed.unused, parsed.complaint_count) == (1, 1)


WRONG = {
    "one label": ("||example^", "one label alone: too wide for a rule"),
    "top level": ("@@||com^", "one label alone: too wide for a rule"),
    "blank inside": ("|| a.example^", "a blank inside a rule"),
    "remark behind a rule": ("||a.example^ ! ours", "a blank inside a rule"),
    "no name": ("||^", MASK),
    "nothing": ("@@", "a rule without a name"),
    "modifier alone": ("$important", "a rule without a name"),
    "no modifier": ("||a.example^$", "no modifier after '$'"),
    "no modifier after a comma": ("||a.example^$important,", "no modifier after '$'"),
    "value of important": ("||a.example^$important=1", "$important takes no value"),
    "record type that is none": ("||a.example^$dnstype=XYZ", "a value of $dnstype that means nothing"),
    "no record type": ("||a.example^$dnstype", "a value of $dnstype that means nothing"),
    "no client": ("||a.example^$client=", "a value of $client that means nothing"),
    "client of quotes": ("||a.example^$client=''", "a value of $client that means nothing"),
    "tag that is none": ("||a.example^$ctag=phone", "a value of $ctag that means nothing"),
    "rewrite to nonsense": ("||a.example^$dnsrewrite=a b", "a value of $dnsrewrite that means nothing"),
    "rewrite in two parts": ("||a.example^$dnsrewrite=NOERROR;A", "a value of $dnsrewrite that means nothing"),
    "no rewrite but no exception": ("||a.example^$dnsrewrite", "a value of $dnsrewrite that means nothing"),
    "all but a mask": ("||a.example^$denyallow=*.b", "a value of $denyallow that means nothing"),
    "strange modifier": ("||a.example^$<b>", "characters no modifier has"),
    "prose": ("we are sorry", "more than one word on the line"),
    "bad name in a hosts line": ("0.0.0.0 a..example", "an empty label between two dots"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), WRONG.values(), ids=WRONG)
def test_line_that_is_no_rule_is_a_complaint(text: str, why: str) -> None:
    parsed = adblock.parse(text.encode())
    assert parsed.rules == 0
    assert [complaint.why for complaint in parsed.complaints] == [why]


def test_rules_after_if_count_again() -> None:
    text = b"!#if x\n!#if y\n||a.example^\n!#endif\n||b.example^\n!#endif\n!#endif\n||c.example^\n"
    assert rules(adblock.parse(text)) == {Rule("c.example", Scope.SUBTREE)}


def test_list_for_browsers_is_not_refused_for_what_browsers_alone_can_do() -> None:
    parsed = formats.parse("theirs", b"||a.example^\n" + b"##.ad\n||b.example/ads\n" * 500)
    assert (parsed.rules, parsed.unused, parsed.complaint_count) == (1, 1000, 1000)


PIHOLE_RULES = {
    "name and below": ("||a.example^", {Rule(A, Scope.SUBTREE)}),
    "exception": ("@@||a.example^", {Rule(A, Scope.SUBTREE, Kind.EXCEPTION)}),
    "plain name": ("a.example", {Rule(A, Scope.EXACT)}),
    "hosts line": ("0.0.0.0 a.example", {Rule(A, Scope.EXACT)}),
    "remark": ("# (\\.|^)a\\.example$", set()),
}


@pytest.mark.parametrize(("text", "wanted"), PIHOLE_RULES.values(), ids=PIHOLE_RULES)
def test_pihole_line_means(text: str, wanted: set[Rule]) -> None:
    parsed = pihole.parse(text.encode())
    assert rules(parsed) == wanted
    assert parsed.complaint_count == 0


PIHOLE_LEFT_OUT = {
    "regex": (r"(\.|^)a\.example$", REGEX, 1),
    "short regex": ("^ad", REGEX, 1),
    "regex for one type": (r"(\.|^)a\.example$;querytype=AAAA", "a regular expression with ;querytype is not supported by this version", 1),
    "regex with an answer": (r"^a\.;reply=NXDOMAIN", "a regular expression with ;reply is not supported by this version", 1),
    "regex, turned round": (r"^a\.;invert", "a regular expression with ;invert is not supported by this version", 1),
    "wildcard": ("*.a.example", REGEX, 1),
    "modifier": ("||a.example^$important", "Pi-hole knows no adblock rules but ||name^ and @@||name^", 0),
    "no end": ("||a.example", "Pi-hole knows no adblock rules but ||name^ and @@||name^", 0),
    "one label": ("||example^", "one label alone: too wide for a rule", 0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why", "unused"), PIHOLE_LEFT_OUT.values(), ids=PIHOLE_LEFT_OUT)
def test_pihole_line_that_is_left_out(text: str, why: str, unused: int) -> None:
    parsed = pihole.parse(text.encode())
    assert parsed.rules == 0
    assert [complaint.why for complaint in parsed.complaints] == [why]
    assert parsed.unused == unused
