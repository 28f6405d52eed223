"""What each line written for a DNS server means: dnsmasq, unbound and policy zones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import formats
from filterd.lists.compile import compile_index
from filterd.lists.formats import dnsmasq, rpz, unbound
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed, Rule, Scope, each_name
from filterd.lists.rule import Kind

A, B = "a.example", "b.example"
TOO_WIDE = "one label alone: too wide for a rule"


def rules(parsed: Parsed) -> set[Rule]:
    return {
        Rule(name, scope, kind)
        for (kind, scope), names in parsed.names.items()
        for name in each_name(names)
    }


def block(*names: str) -> set[Rule]:
    return {Rule(name, Scope.SUBTREE) for name in names}


def opened(name: str) -> set[Rule]:
    return {Rule(name, Scope.SUBTREE, Kind.EXCEPTION)}


DNSMASQ = {
    "null address": ("address=/a.example/0.0.0.0", block(A)),
    "null address, IPv6": ("address=/a.example/::", block(A)),
    "null address, new": ("address=/a.example/#", block(A)),
    "no address": ("address=/a.example/", block(A)),
    "some other address": ("address=/a.example/192.0.2.1", block(A)),
    "local": ("local=/a.example/", block(A)),
    "server": ("server=/a.example/", block(A)),
    "several names": ("address=/a.example/b.example/0.0.0.0", block(A, B)),
    "several local names": ("local=/a.example/b.example/", block(A, B)),
    "usual servers": ("server=/a.example/#", opened(A)),
    "usual servers, local": ("local=/a.example/#", opened(A)),
    "leading dot": ("address=/.a.example/0.0.0.0", block(A)),
    "star and dot": ("address=/*.a.example/0.0.0.0", {Rule(A, Scope.BELOW)}),
    "upper case": ("server=/A.Example/", block(A)),
    "blanks": ("  address = /a.example/ 0.0.0.0  ", block(A)),
    "remark": ("address=/a.example/0.0.0.0 # ours", block(A)),
    "remark line": ("# address=/a.example/", set()),
}


@pytest.mark.parametrize(("text", "wanted"), DNSMASQ.values(), ids=DNSMASQ)
def test_dnsmasq_line_means(text: str, wanted: set[Rule]) -> None:
    parsed = dnsmasq.parse(text.encode())
    assert rules(parsed) == wanted
    assert parsed.complaint_count == 0


ALL_NAMES = "a rule for all names, or for all without a dot: too wide"
OTHER_SERVER = "sending a name to another server is not supported by this version"
DNSMASQ_LEFT_OUT = {
    "empty name": ("address=//0.0.0.0", ALL_NAMES, set()),
    "empty name among others": ("address=/a.example//0.0.0.0", ALL_NAMES, block(A)),
    "empty local name": ("local=//", ALL_NAMES, set()),
    "all names": ("address=/#/0.0.0.0", ALL_NAMES, set()),
    "all names, starred": ("address=/*/0.0.0.0", ALL_NAMES, set()),
    "one label": ("address=/lan/192.0.2.1", TOO_WIDE, set()),
    "another server": ("server=/a.example/192.0.2.53#5353", OTHER_SERVER, set()),
    "server for all": ("server=192.0.2.53", "a server for all names, not for one", set()),
    "part of a name": ("address=/*ads.example/0.0.0.0", "a mask (a part of a name) is not supported by this version", set()),
    "not closed": ("address=/a.example", "no '/' after the name", set()),
    "no address": ("address=/a.example/b", "no IP address after the name", set()),
    "another option": ("cache-size=1000", "an option that speaks of no name", set()),
    "no option": ("a.example", "no address=/name/, local=/name/ or server=/name/", set()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why", "wanted"), DNSMASQ_LEFT_OUT.values(), ids=DNSMASQ_LEFT_OUT)
def test_dnsmasq_line_that_is_left_out(text: str, why: str, wanted: set[Rule]) -> None:
    parsed = dnsmasq.parse(text.encode())
    assert rules(parsed) == wanted
    assert [complaint.why for complaint in parsed.complaints] == [why]


UNBOUND = {
    "null": ('local-zone: "a.example." always_null', block(A)),
    "nxdomain": ('local-zone: "a.example" always_nxdomain', block(A)),
    "static": ('\tlocal-zone: "a.example" static', block(A)),
    "refuse": ("local-zone: a.example refuse", block(A)),
    "single quotes": ("local-zone: 'a.example' deny", block(A)),
    "redirect with its data": (
        'local-zone: "a.example" redirect\nlocal-data: "a.example A 0.0.0.0"',
        block(A) | {Rule(A, Scope.EXACT)},
    ),
    "data alone": ('local-data: "a.example. 60 IN AAAA ::"', {Rule(A, Scope.EXACT)}),
    "several on one line": (
        'server: local-zone: "a.example" static local-zone: "b.example" static',
        block(A, B),
    ),
    "transparent": ('local-zone: "a.example" transparent', opened(A)),
    "logged only": ('local-zone: "a.example" inform', opened(A)),
    "clause": ("server:", set()),
    "remark": ('# local-zone: "a.example" static', set()),
    "remark behind": ('local-zone: "a.example" static # ours', block(A)),
    "after a view": ('view:\nserver:\nlocal-zone: "a.example" static', block(A)),
}


@pytest.mark.parametrize(("text", "wanted"), UNBOUND.values(), ids=UNBOUND)
def test_unbound_line_means(text: str, wanted: set[Rule]) -> None:
    parsed = unbound.parse(text.encode())
    assert rules(parsed) == wanted
    assert parsed.complaint_count == 0


TAGGED = "a zone with a tag is for some clients only: not supported by this version"
UNBOUND_LEFT_OUT = {
    "view": ('view:\n name: "kids"\n local-zone: "a.example" static', "a view is for some clients only: not supported", 2),
    "tag behind the zone": ('local-zone: "a.example" static\nlocal-zone-tag: "a.example" "kids"', TAGGED, 1),
    "tag before the zone": ('local-zone-tag: "a.example" "kids"\nlocal-zone: "a.example" transparent', TAGGED, 1),
    "some types only": ('local-zone: "a.example" block_a', "a zone of the type block_a is not supported by this version", 1),
    "another option": ("cache-max-ttl: 60", "an option that speaks of no name", 1),
    "no such type": ('local-zone: "a.example" blocked', "a type of zone that unbound does not have", 0),
    "no type": ('local-zone: "a.example"', "a zone without a name or a type", 0),
    "root": ('local-zone: "." refuse', "characters that no name has", 0),
    "top level": ('local-zone: "bid" refuse', TOO_WIDE, 0),
    "data of no type": ('local-data: "a.example 0.0.0.0"', "local data without a name or a record type", 0),
    "no address": ('local-data: "a.example A b.example"', "no data of the type A, or too much", 0),
    "too long a text": (f"""local-data: 'a.example TXT "{'x' * 1001}"'""", "no data of the type TXT, or too much", 0),
    "redirect in a view": ('view:\n local-data: "a.example A 192.0.2.1"', "a view is for some clients only: not supported", 1),
    "no data": ("local-data:", "local data without a name or a record type", 0),
    "no option": ("a.example b.example", "no local-zone: or local-data:", 0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why", "unused"), UNBOUND_LEFT_OUT.values(), ids=UNBOUND_LEFT_OUT)
def test_unbound_line_that_is_left_out(text: str, why: str, unused: int) -> None:
    parsed = unbound.parse(text.encode())
    assert rules(parsed) == set()
    assert parsed.complaints[-1].why == why
    assert parsed.unused == unused


HERE, BELOW = {Rule(A, Scope.EXACT)}, {Rule(A, Scope.BELOW)}
PASSED = {Rule(A, Scope.EXACT, Kind.EXCEPTION)}
HEAD = "$TTL 300\n@ SOA localhost. root. 1 2 3 4 5\n  NS localhost.\n"
RPZ = {
    "no such name": ("a.example CNAME .", HERE),
    "no such name below": ("*.a.example CNAME .", BELOW),
    "both": ("a.example CNAME .\n*.a.example CNAME .", HERE | BELOW),
    "no data": ("a.example CNAME *.", HERE),
    "drop": ("a.example CNAME rpz-drop.", HERE),
    "passthru": ("a.example CNAME rpz-passthru.", PASSED),
    "passthru, old": ("a.example CNAME a.example.", PASSED),
    "passthru below, old": ("*.a.example CNAME *.a.example.", {Rule(A, Scope.BELOW, Kind.EXCEPTION)}),
    "null address": ("a.example A 0.0.0.0", HERE),
    "loopback address": ("a.example A 127.0.0.7\n AAAA ::1", HERE),
    "loopback name": ("a.example CNAME localhost.", HERE),
    "garden with the asked name in front": ("a.example CNAME *.garden.example.", HERE),
    "local data of a type we do not write": ('a.example CAA 0 issue "x"', HERE),
    "class": ("a.example IN CNAME .", HERE),
    "TTL": ("a.example 3600 CNAME .", HERE),
    "TTL with units, class": ("a.example 1h30m IN CNAME .", HERE),
    "class, TTL": ("a.example IN 300 CNAME .", HERE),
    "lower case": ("a.example in cname .", HERE),
    "upper case": ("A.Example CNAME .", HERE),
    "Unicode": ("bücher.example CNAME .", {Rule("xn--bcher-kva.example", Scope.EXACT)}),
    "remark": ("; a.example CNAME .", set()),
    "remark behind": ("a.example CNAME . ; ours", HERE),
    "head": (f"{HEAD}a.example CNAME .", HERE),
    "head over lines": ("@ IN SOA ns. root. (\n 1 ; serial (of many)\n 2 3\n 4 5 )\n NS ns.\na.example CNAME .", HERE),
    "record over lines": ("a.example (\n CNAME\n . )", HERE),
    "blank owner": ("a.example A 0.0.0.0\n AAAA ::\nb.a.example CNAME rpz-passthru.", HERE | {Rule("b.a.example", Scope.EXACT, Kind.EXCEPTION)}),
    "dotted owner, zone unknown": ("a.example. CNAME .", HERE),
    "dotted owner, zone known": ("$ORIGIN rpz.test.\na.example.rpz.test. CNAME .", HERE),
    "dotted owner, zone known by its SOA": ("rpz.test. SOA a. b. 1 2 3 4 5\na.example.rpz.test. CNAME .\n", HERE),
    "relative owner, zone known": ("$ORIGIN rpz.test.\n@ SOA a. b. 1 2 3 4 5\na.example CNAME .", HERE),
    "as BIND writes zones": ("$ORIGIN .\nrpz.test IN SOA a. b. (1 2 3 4 5)\n NS ns.\n$ORIGIN example.rpz.test.\na CNAME .\n$ORIGIN rpz.test.\n*.a.example CNAME .", HERE | BELOW),
    "relative origin": ("$ORIGIN rpz.test.\n$ORIGIN example\na CNAME .", HERE),
    "origin, zone unknown": ("$ORIGIN example\na CNAME .", HERE),
    "origin as owner": ("$ORIGIN rpz.test.\n$ORIGIN a.example\n@ CNAME .\n* CNAME .", HERE | BELOW),
    "the zone itself": ("$ORIGIN rpz.test.\n@ A 192.0.2.1\n TXT x\nrpz.test. CNAME .", set()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), RPZ.values(), ids=RPZ)
def test_policy_zone_line_means(text: str, wanted: set[Rule]) -> None:
    parsed = rpz.parse(text.encode())
    assert rules(parsed) == wanted
    assert parsed.complaint_count == 0


RPZ_LEFT_OUT = {
    **{
        owner: (f"{owner} CNAME .", f"a rule with {owner.rpartition('.')[2]} is not supported by this version")
        for owner in ("32.1.2.0.192.rpz-ip", "24.0.2.0.192.rpz-client-ip", "32.1.2.0.192.rpz-nsip", "*.ns.a.example.rpz-nsdname")
    },
    "over TCP only": ("a.example CNAME rpz-tcp-only.", "rpz-tcp-only is not supported by this version"),
    "all names": ("* CNAME .", "a rule for all names: too wide"),
    "top level": ("*.bid CNAME .", TOO_WIDE),
    "outside the zone": ("$ORIGIN rpz.test.\na.example. CNAME .", "no owner, or one outside the zone"),
    "no owner": (" CNAME .", "no owner, or one outside the zone"),
    "no address": ("a.example A garden.example.", "no data of the type A, or too much"),
    "too long a text": ("a.example TXT " + "x " * 64, "no data of the type TXT, or too much"),
    "no target": ("a.example CNAME", "a CNAME without a target"),
    "DNAME": ("a.example DNAME b.example.", "DNAME has no meaning in a policy zone"),
    "no type": ("a.example 60 IN", "no record of a zone file"),
    "prose": ("we are sorry", "no record of a zone file"),
    "plain name": ("a.example", "no record of a zone file"),
    "include": ("$INCLUDE other.zone", "$INCLUDE is not followed"),
    "not closed": ("@ SOA a b ( 1 2 3\na.example CNAME .", "a parenthesis is not closed"),
    "escaped": (r"a\.b.example CNAME .", "characters that no name has"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), RPZ_LEFT_OUT.values(), ids=RPZ_LEFT_OUT)
def test_policy_zone_line_that_is_left_out(text: str, why: str) -> None:
    parsed = rpz.parse(text.encode())
    assert rules(parsed) == set()
    assert [complaint.why for complaint in parsed.complaints] == [why]


# The nearest rule wins.  The names are few, so that they nest.
NAMES = ["a.b", "c.a.b", "d.c.a.b", "e.d.c.a.b", "f.b"]
ASKED = [*NAMES, "x.a.b", "x.c.a.b", "x.d.c.a.b", "x.e.d.c.a.b", "x.f.b", "z.b"]
WRITTEN = {
    "dnsmasq": {Kind.BLOCK: "address=/{}/", Kind.EXCEPTION: "server=/{}/#"},
    "unbound": {Kind.BLOCK: 'local-zone: "{}" static', Kind.EXCEPTION: 'local-zone: "{}" transparent'},
    "rpz": {Kind.BLOCK: "*.{0} CNAME .\n{0} CNAME .", Kind.EXCEPTION: "*.{0} CNAME rpz-passthru.\n{0} CNAME rpz-passthru."},
}  # fmt: skip


def is_blocked(index: Index, name: str) -> bool:
    kinds = [tag.kind for tag in index.tags(index.find(name))]
    return bool(kinds) and min(kinds) in {Kind.BLOCK, Kind.IMPORTANT}


def compiled(form: str, listed: dict[str, Kind]) -> Index:
    text = "\n".join(WRITTEN[form][kind].format(name) for name, kind in listed.items())
    parsed = formats.read(formats.FORMATS[form], text.encode() + b"\n")
    return Index(compile_index([("one", parsed)], bytes(16)), bytes(16))


def assert_the_longest_decides(form: str, listed: dict[str, Kind]) -> None:
    index = compiled(form, listed)
    for name in ASKED:
        above = [each for each in listed if name == each or name.endswith(f".{each}")]
        nearest = listed[max(above, key=len)] if above else None
        assert is_blocked(index, name) == (nearest is Kind.BLOCK), name


@pytest.mark.parametrize("form", WRITTEN)
@given(
    listed=st.dictionaries(
        st.sampled_from(NAMES), st.sampled_from([Kind.BLOCK, Kind.EXCEPTION]), max_size=3
    )
)
def test_the_longest_name_decides(form: str, listed: dict[str, Kind]) -> None:
    assert_the_longest_decides(form, listed)


@pytest.mark.parametrize("form", WRITTEN)
def test_the_longest_name_decides_four_deep(form: str) -> None:
    kinds = (Kind.BLOCK, Kind.EXCEPTION, Kind.BLOCK, Kind.EXCEPTION)
    assert_the_longest_decides(form, dict(zip(NAMES, kinds, strict=False)))


@pytest.mark.parametrize("form", WRITTEN)
def test_a_change_of_mind_too_deep_for_the_kinds_stays_open(form: str) -> None:
    kinds = (Kind.EXCEPTION, Kind.BLOCK, Kind.EXCEPTION, Kind.BLOCK)
    index = compiled(form, dict(zip(NAMES, kinds, strict=False)))
    assert is_blocked(index, "c.a.b")
    assert not is_blocked(index, "d.c.a.b")
    assert not is_blocked(index, "e.d.c.a.b")


def test_a_block_beats_an_exception_for_the_same_name() -> None:
    parsed = dnsmasq.parse(b"server=/a.example/#\naddress=/a.example/\n")
    index = Index(compile_index([("one", parsed)], bytes(16)), bytes(16))
    assert is_blocked(index, "a.example")
    assert is_blocked(index, "www.a.example")


def test_unbound_data_inside_an_open_zone_is_blocked() -> None:
    text = b'local-zone: "a.example" transparent\nlocal-data: "ads.a.example A 0.0.0.0"\n'
    index = Index(compile_index([("one", unbound.parse(text))], bytes(16)), bytes(16))
    assert is_blocked(index, "ads.a.example")
    assert not is_blocked(index, "a.example")
