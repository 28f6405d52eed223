"""Rules that need more than a name: what each way of writing one comes out as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists.condition import Conditional, Rewrite, Who
from filterd.lists.formats import adblock, pihole, rpz, unbound
from filterd.lists.parsed import Parsed
from filterd.lists.rule import Kind

A, AAAA, CNAME, PTR, MX, TXT, SRV, SVCB, HTTPS, ANY = 1, 28, 5, 12, 15, 16, 33, 64, 65, 255
BLOCK, EXCEPTION, REWRITE = Kind.BLOCK, Kind.EXCEPTION, Kind.REWRITE
GARDEN = b"\6garden\7example\0"


def on(kind: Kind = BLOCK, scope: str = "subtree", **rest: object) -> Conditional:
    return Conditional(kind, "a.example", scope, **rest)


def found(pattern: str, kind: Kind = BLOCK, **rest: object) -> Conditional:
    return Conditional(kind, pattern=pattern, **rest)


def types(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


def rewritten(rtype: int, rdata: bytes, **rest: object) -> Conditional:
    return on(REWRITE, rewrite=Rewrite(0, rtype, rdata), **rest)


def conditional(parsed: Parsed) -> list[Conditional]:
    assert parsed.complaints == ()
    return [placed.rule for placed in parsed.conditional]


ADBLOCK = {
    "network": ("||a.example^$client=192.168.0.0/24", on(who=Who(clients=("192.168.0.0/24",)))),
    "address, written long": ("||a.example^$client=2001:DB8:0::1", on(who=Who(clients=("2001:db8::1",)))),
    "address with a scope": ("||a.example^$client=fe80::1%eth0", on(who=Who(clients=("fe80::1",)))),
    "MAC address": ("||a.example^$client=AA-BB-CC-00-11-22", on(who=Who(clients=("aa:bb:cc:00:11:22",)))),
    "quoted client that is left out": (r"||a.example^$client=~'Mary\'s\, John\'s laptops'", on(who=Who(but_clients=("mary's, john's laptops",)))),
    "pipes and double quotes": (r'||a.example^$client="x|y"|Kids|~c\|d', on(who=Who(("kids", "x|y"), ("c|d",)))),
    "client with blanks, then important": ("||a.example^$client='a, b',important", on(Kind.IMPORTANT, who=Who(clients=("a, b",)))),
    "tags": ("||a.example^$ctag=device_phone|device_pc|~user_child", on(who=Who(tags=("device_pc", "device_phone"), but_tags=("user_child",)))),
    "record types": ("||a.example^$dnstype=AAAA|type65", on(types=types(AAAA, HTTPS))),
    "record types left out": ("||a.example^$dnstype=~a|~CNAME", on(but_types=types(A, CNAME))),
    "record types of both sorts": ("||a.example^$dnstype=~A|AAAA", on(types=types(AAAA))),
    "that name, for a type": ("|a.example^$dnstype=A", on(scope="exact", types=types(A))),
    "below, for a type": ("||*.a.example^$dnstype=A", on(scope="below", types=types(A))),
    "exception for a type": ("@@||a.example^$dnstype=A,important", on(Kind.IMPORTANT_EXCEPTION, types=types(A))),
    "all but": ("||a.example^$denyallow=b.a.example|C.a.example", on(denyallow=frozenset({"b.a.example", "c.a.example"}))),
    "every name but": ("*$denyallow=com|b.example", found(".*", denyallow=frozenset({"com", "b.example"}))),
    "nothing before the modifiers": ("$dnstype=HTTPS,client=x", found(".*", types=types(HTTPS), who=Who(clients=("x",)))),
    "every name, for one client": ("||*^$client=127.0.0.1", found(".*", who=Who(clients=("127.0.0.1",)))),
    "rewrite to an address": ("||a.example^$dnsrewrite=192.0.2.1", rewritten(A, b"\xc0\0\2\1")),
    "rewrite to an IPv6 address": ("||a.example^$dnsrewrite=2001:db8::1", rewritten(AAAA, b"\x20\1\x0d\xb8" + bytes(11) + b"\1")),
    "rewrite to a name": ("||a.example^$dnsrewrite=garden.example", rewritten(CNAME, GARDEN)),
    "rewrite to a keyword": ("||a.example^$dnsrewrite=REFUSED", on(REWRITE, rewrite=Rewrite(5))),
    "rewrite to nothing": ("||a.example^$dnsrewrite=NXDOMAIN;;", on(REWRITE, rewrite=Rewrite(3))),
    "rewrite to no data": ("||a.example^$dnsrewrite=noerror;;", on(REWRITE, rewrite=Rewrite(0))),
    "full A": ("||a.example^$dnsrewrite=NOERROR;A;192.0.2.1", rewritten(A, b"\xc0\0\2\1")),
    "full CNAME": ("||a.example^$dnsrewrite=NOERROR;CNAME;Garden.Example.", rewritten(CNAME, GARDEN)),
    "full PTR": ("||a.example^$dnsrewrite=NOERROR;PTR;garden.example.", rewritten(PTR, GARDEN)),
    "full MX": ("||a.example^$dnsrewrite=NOERROR;MX;32 garden.example", rewritten(MX, b"\0\x20" + GARDEN)),
    "full TXT": (r"||a.example^$dnsrewrite=NOERROR;TXT;hello\, $world", rewritten(TXT, b"\x0dhello, $world")),
    "full SRV": ("||a.example^$dnsrewrite=NOERROR;SRV;10 60 8080 garden.example", rewritten(SRV, b"\0\x0a\0\x3c\x1f\x90" + GARDEN)),
    "full HTTPS": ("||a.example^$dnsrewrite=NOERROR;HTTPS;32 garden.example alpn=h3", rewritten(HTTPS, b"\0\x20" + GARDEN + b"\0\1\0\3\2h3")),
    "full SVCB": ("||a.example^$dnsrewrite=NOERROR;SVCB;0 garden.example", rewritten(SVCB, b"\0\0" + GARDEN)),
    "rewrite for a type": ("||a.example^$dnstype=AAAA,dnsrewrite=NOERROR", on(REWRITE, types=types(AAAA), rewrite=Rewrite(0))),
    "no rewrites": ("@@||a.example^$dnsrewrite", on(REWRITE)),
    "no rewrites, with the sign": ("@@||a.example^$dnsrewrite=", on(REWRITE)),
    "not this rewrite": ("@@||a.example^$dnsrewrite=192.0.2.1", on(EXCEPTION, rewrite=Rewrite(0, A, b"\xc0\0\2\1"))),
    "mask": ("||ad*.Example^", found(r"(?:^|\.)ad.*\.example$")),
    "part of a name": ("*track*", found("track")),
    "part without stars": ("-ads.", found(r"\-ads\.")),
    "start of a name": ("|ads", found("^ads")),
    "end of a name": ("ads|", found("ads$")),
    "end of a name, as a separator": ("ads.example^", found(r"ads\.example$")),
    "start of a label": ("||ads", found(r"(?:^|\.)ads")),
    "start that goes on": ("||avito.avito.", found(r"(?:^|\.)avito\.avito\.")),
    "anything before": ("||*ads^", found("ads$")),
    "wildcard line": ("*.a.example", found(r"\.a\.example")),
    "one label alone": ("doubleclick", found("doubleclick")),
    "exception without anchor": ("@@a.example", found(r"a\.example", EXCEPTION)),
    "important mask": ("ads*x$important", found("ads.*x", Kind.IMPORTANT)),
    "regex": (r"/^ads?[0-9]*\./", found(r"^ads?[0-9]*\.")),
    "regex with a dollar and a slash behind": ("/ads$/$client=192.168.0.0/24", found("ads$", who=Who(clients=("192.168.0.0/24",)))),
    "regex exception": ("@@/ads.*x/$important", found("ads.*x", Kind.IMPORTANT_EXCEPTION)),
    "regex that rewrites": ("/^ads.*x/$dnsrewrite=REFUSED", found("^ads.*x", REWRITE, rewrite=Rewrite(5))),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ADBLOCK.values(), ids=ADBLOCK)
def test_adblock_rule_means(text: str, wanted: Conditional) -> None:
    assert conditional(adblock.parse(text.encode())) == [wanted]


TAKEN_OUT = {
    "the same": ("||a.example^$dnstype=A", "||a.example^$dnstype=A,badfilter"),
    "modifiers in another order": ("||a.example^$dnstype=A,client=x,important", "||a.example^$important,badfilter,client=x,dnstype=A"),
    "values in another order": ("||a.example^$client=x|y,dnstype=A|AAAA", "||a.example^$dnstype=aaaa|a,client='y'|x,badfilter"),
    "a mask": ("*track*", "track$badfilter"),
    "a regex": ("/^ads?x/", "/^ads?x/$badfilter"),
    "a rewrite": ("||a.example^$dnsrewrite=192.0.2.1", "||a.example^$dnsrewrite=NOERROR;A;192.0.2.1,badfilter"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "off"), TAKEN_OUT.values(), ids=TAKEN_OUT)
def test_badfilter_takes_the_equal_rule_out_wherever_it_stands(text: str, off: str) -> None:
    assert conditional(adblock.parse(f"{text}\n{off}".encode())) == []
    assert conditional(adblock.parse(f"{off}\n{text}".encode())) == []


@pytest.mark.parametrize("off", ["||a.example^$badfilter", "||a.example^$dnstype=AAAA,badfilter", "@@||a.example^$dnstype=A,badfilter"])  # fmt: skip
def test_badfilter_leaves_other_rules(off: str) -> None:
    text = f"||a.example^$dnstype=A\n{off}"
    assert conditional(adblock.parse(text.encode())) == [on(types=types(A))]


NULL_V6 = Rewrite(0, AAAA, bytes(16))
PIHOLE = {
    "regex": (r"(\.|^)a\.example$", [found(r"(\.|^)a\.example$")]),
    "class": ("^ad[[:digit:]]+", [found("^ad[[:digit:]]+")]),
    "brackets at both ends": ("[0-9]ads[0-9]", [found("[0-9]ads[0-9]")]),
    "brace inside brackets": ("^ad[{~]x{2,3}", [found("^ad[{~]x{2,3}")]),
    "remark inside": ("^ad(?#x; y)s", [found("^ads")]),
    "types": ("^ad;querytype=A,aaaa", [found("^ad", types=types(A, AAAA))]),
    "all types but": ("^ad;querytype=!A", [found("^ad", but_types=types(A))]),
    "all types but two": ("^ad;querytype=!A,!TYPE65", [found("^ad", but_types=types(A, HTTPS))]),
    "every name, one type": (".*;querytype=ANY", [found(".*", types=types(ANY))]),
    "turned round": ("^(.+[.])?a[.]example$;invert", [found("^(.+[.])?a[.]example$", inverted=True)]),
    "no data": ("^ad;reply=NODATA", [found("^ad", REWRITE, rewrite=Rewrite(0))]),
    "no such name": ("^ad;reply=nxdomain", [found("^ad", REWRITE, rewrite=Rewrite(3))]),
    "refused": ("^ad;reply=refused", [found("^ad", REWRITE, rewrite=Rewrite(5))]),
    "the block page is the profile's": ("^ad;reply=IP", [found("^ad")]),
    "no answer is the profile's": ("^ad;reply=none", [found("^ad")]),
    "an address": ("^ad;reply=192.0.2.1", [found("^ad", REWRITE, rewrite=Rewrite(0, A, b"\xc0\0\2\1")), found("^ad", REWRITE, rewrite=NULL_V6)]),
    "an address of each family": ("^ad;reply=::1;reply=192.0.2.1", [found("^ad", REWRITE, rewrite=Rewrite(0, A, b"\xc0\0\2\1")), found("^ad", REWRITE, rewrite=Rewrite(0, AAAA, bytes(15) + b"\1"))]),
    "all at once": ("^ad;querytype=A;reply=nodata;invert", [found("^ad", REWRITE, inverted=True, types=types(A), rewrite=Rewrite(0))]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), PIHOLE.values(), ids=PIHOLE)
def test_pihole_regex_means(text: str, wanted: list[Conditional]) -> None:
    assert conditional(pihole.parse(text.encode())) == wanted


def local(rtype: int, rdata: bytes, scope: str = "exact") -> Conditional:
    return rewritten(rtype, rdata, scope=scope)


RPZ = {
    "address": ("a.example A 192.0.2.1", [local(A, b"\xc0\0\2\1")]),
    "below": ("*.a.example 60 IN A 192.0.2.1", [local(A, b"\xc0\0\2\1", "below")]),
    "several records": ("a.example A 192.0.2.1\n A 192.0.2.2\n AAAA ::2", [local(A, b"\xc0\0\2\1"), local(A, b"\xc0\0\2\2"), local(AAAA, bytes(15) + b"\2")]),
    "garden": ("a.example CNAME garden.example.", [local(CNAME, GARDEN)]),
    "garden inside the zone": ("$ORIGIN example.\n@ SOA a b 1 2 3 4 5\na.example CNAME garden", [local(CNAME, GARDEN)]),
    "text": (r'a.example TXT "a ; \"b\"" c\065', [local(TXT, b'\7a ; "b"\2cA')]),
    "mail": ("a.example MX 10 garden.example.", [local(MX, b"\0\x0a" + GARDEN)]),
    "service": ('a.example HTTPS 1 . alpn="h2,h3" port=443', [local(HTTPS, b"\0\1\0\0\1\0\6\2h2\2h3\0\3\0\2\1\xbb")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), RPZ.values(), ids=RPZ)
def test_local_data_of_a_policy_zone_means(text: str, wanted: list[Conditional]) -> None:
    parsed = rpz.parse(text.encode())
    assert conditional(parsed) == wanted
    assert parsed.names == {}


UNBOUND = {
    "data": ('local-data: "a.example. 60 IN A 192.0.2.1"', [local(A, b"\xc0\0\2\1")]),
    "text in quotes": ("""local-data: 'a.example TXT "a b"'""", [local(TXT, b"\3a b")]),
    "redirect": ('local-zone: "a.example" redirect\nlocal-data: "a.example A 192.0.2.1"', [local(A, b"\xc0\0\2\1", "subtree")]),
    "redirect behind its data": ('local-data: "a.example A 192.0.2.1"\nlocal-zone: "a.example" redirect', [local(A, b"\xc0\0\2\1", "subtree")]),
    "redirect to a name": ('local-zone: "a.example" redirect\nlocal-data: "a.example CNAME garden.example."', [local(CNAME, GARDEN, "subtree")]),
    "data in another kind of zone": ('local-zone: "a.example" static\nlocal-data: "a.example A 192.0.2.1"', [local(A, b"\xc0\0\2\1")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), UNBOUND.values(), ids=UNBOUND)
def test_local_data_of_unbound_means(text: str, wanted: list[Conditional]) -> None:
    assert conditional(unbound.parse(text.encode())) == wanted


def test_the_same_text_is_the_same_rule() -> None:
    text = "\n".join(line for line, _ in ADBLOCK.values()).encode()
    assert adblock.parse(text).conditional == adblock.parse(text).conditional
    assert len(adblock.parse(text).conditional) == len(ADBLOCK)


VALUES = st.lists(st.sampled_from(["A", "~", "|", "'", '"', "\\", ";", "NOERROR", "TXT", "HTTPS", "MX", "1", " ", "b.example", "::1", "192.0.2.1", "alpn=", "h2", ",", "=", "mandatory=", "key7=", "."]), max_size=12).map("".join)  # fmt: skip


@given(name=st.sampled_from(["client", "ctag", "dnstype", "dnsrewrite", "denyallow"]), value=VALUES)
def test_no_value_of_a_modifier_raises_and_no_answer_is_too_long(name: str, value: str) -> None:
    parsed = adblock.parse(f"||a.example^${name}={value}".encode())
    assert parsed.rules + parsed.complaint_count <= 1
    for placed in parsed.conditional:
        assert placed.rule.rewrite is None or len(placed.rule.rewrite.rdata) <= 1000
