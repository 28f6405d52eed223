"""What each line of an adblock or Pi-hole list means: tables."""

import pytest

from filterd.lists import formats
from filterd.lists.formats import adblock, pihole
from filterd.lists.formats.adblock import ADDRESS
from filterd.lists.formats.masks import TOO_SHORT, TOO_WIDE
from filterd.lists.parsed import Parsed, Rule, Scope, each_name
from filterd.lists.rule import Kind

BROWSER_ONLY = "it looks at web addresses, which only a browser sees"
HIDES = "it hides a part of a page, which only a browser can"


def rules(parsed: Parsed) -> set[Rule]:
    return {
        Rule(name, scope, kind)
        for (kind, scope), names in parsed.names.items()
        for name in each_name(names)
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


def not_ours(name: str) -> str:
    return f"${name} is for browsers, or unknown"


UNUSED = {
    "rewrite to a type we do not write": ("||a.example^$dnsrewrite=NOERROR;NS;ns.example", "a rewrite to a record of the type NS is not supported"),
    "mask in another script": ("bücher*", "a mask with letters beyond ASCII"),
    "regex that looks ahead": ("/ads(?=x)/", "a regular expression that looks ahead, which google-re2 cannot"),
    "regex that refers back": (r"/(ads)\1/$important", r"a regular expression that refers back to what it has found (\1), which google-re2 cannot"),
    "path of a browser's list": ("/banner/", BROWSER_ONLY),
    "regex for web addresses": (r"/^https?:\/\/ads/", BROWSER_ONLY),
    "separator inside": ("ads^track", BROWSER_ONLY),
    "all": ("||a.example^$all", not_ours("all")),
    "document": ("||a.example^$document", not_ours("document")),
    "third party": ("||a.example^$third-party", not_ours("third-party")),
    "first party": ("||a.example^$~third-party", not_ours("~third-party")),
    "one of two is for browsers": ("||a.example^$important,popup", not_ours("popup")),
    "exception for browsers": ("@@||a.example^$generichide", not_ours("generichide")),
    "browser's value": ("||a.example^$domain=b.example|~c.example", not_ours("domain")),
    "an important that is none": ("||a.example^$~important", not_ours("~important")),
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
    "no name": ("||^", TOO_SHORT),
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
    "record types that leave none": ("||a.example^$dnstype=A|~A", "a value of $dnstype that means nothing"),
    "record type beyond all": ("||a.example^$dnstype=TYPE65536", "a value of $dnstype that means nothing"),
    "client that ends in a pipe": ("||a.example^$client=x|", "a value of $client that means nothing"),
    "rewrite to no address": ("||a.example^$dnsrewrite=NOERROR;A;b.example", "a value of $dnsrewrite that means nothing"),
    "rewrite to no rcode": ("||a.example^$dnsrewrite=NOSUCH", "a value of $dnsrewrite that means nothing"),
    "rewrite to too long a text": ("||a.example^$dnsrewrite=NOERROR;TXT;" + "x" * 1001, "a value of $dnsrewrite that means nothing"),
    "too many values": ("||a.example^$client=" + "|".join(map(str, range(1001))), "a value of $client that means nothing"),
    "mask for all names": ("||*^", TOO_SHORT),
    "exception for all names": ("@@*", TOO_SHORT),
    "mask of two letters": ("ad*", TOO_SHORT),
    "mask for a top level": ("*.com", f"a mask: {TOO_WIDE}"),
    "regex for all names": ("/.*/", f"a regular expression: {TOO_WIDE}"),
    "regex for all with a letter first": ("/^[a-z]/", f"a regular expression: {TOO_WIDE}"),
    "exception for all of a type": ("@@*$dnstype=A", TOO_SHORT),
    "exception for all but one": ("@@/.*/$denyallow=a.example", f"a regular expression: {TOO_WIDE}"),
    "exception for all clients": ("@@||*^$client=0.0.0.0/0", TOO_SHORT),
    "exception for all children": ("@@*.com$ctag=user_child", f"a mask: {TOO_WIDE}"),
    "regex for all with a digit": ("/[0-9]/$important", f"a regular expression: {TOO_WIDE}"),
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


NO_RULES = "Pi-hole knows no adblock rules but ||name^ and @@||name^"
NO_OPTION = "an option other than ;querytype=, ;reply= and ;invert"
NO_TYPE = "a value of ;querytype that means nothing, or a second one"
NO_REPLY = "a value of ;reply that means nothing, or too many"
APPROXIMATE = "a regular expression with approximate matching, which google-re2 cannot"
PIHOLE_LEFT_OUT = {
    "wildcard": ("*.a.example", "a regular expression that repeats nothing", 1),
    "refers back": (r"(ad)\1", r"a regular expression that refers back to what it has found (\1), which google-re2 cannot", 1),
    "looks behind": ("(?<!x)ad", "a regular expression that looks behind, which google-re2 cannot", 1),
    "repeats too often": ("a{1001}", "a regular expression that repeats something more than 1,000 times", 1),
    "not closed": ("^(ad", "a regular expression that has a parenthesis that is not closed", 1),
    "class that does not exist": ("^[[:letter:]]", "a regular expression that has a range or class of characters that does not exist", 1),
    "approximate": ("^doubleclick\\.(nt){+1}$", APPROXIMATE, 1),
    "approximate, in all": ("(foobar){~2}", APPROXIMATE, 1),
    "approximate, by cost": ("(foobar){ 2i + 1d + 2s < 5 }", APPROXIMATE, 1),
    "word edge": (r"\<ads\>", r"a regular expression with \< or \>, which google-re2 does not know", 1),
    "all names": (".*", "a regular expression: it is found in names that mean nothing: too wide", 0),
    "unknown option": ("^ad;querytype=A;colour=red", NO_OPTION, 0),
    "no such type": ("^ad;querytype=XYZ", NO_TYPE, 0),
    "no type": ("^ad;querytype=", NO_TYPE, 0),
    "types twice": ("^ad;querytype=A;querytype=AAAA", NO_TYPE, 0),
    "no such answer": ("^ad;reply=maybe", NO_REPLY, 0),
    "two answers": ("^ad;reply=nxdomain;reply=nodata", NO_REPLY, 0),
    "two addresses of a family": ("^ad;reply=192.0.2.1;reply=192.0.2.2", NO_REPLY, 0),
    "invert with a value": ("^ad;invert=yes", NO_OPTION, 0),
    "modifier": ("||a.example^$important", NO_RULES, 0),
    "no end": ("||a.example", NO_RULES, 0),
    "one label": ("||example^", "one label alone: too wide for a rule", 0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why", "unused"), PIHOLE_LEFT_OUT.values(), ids=PIHOLE_LEFT_OUT)
def test_pihole_line_that_is_left_out(text: str, why: str, unused: int) -> None:
    parsed = pihole.parse(text.encode())
    assert parsed.rules == 0
    assert [complaint.why for complaint in parsed.complaints] == [why]
    assert parsed.unused == unused
