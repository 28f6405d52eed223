"""Reading and compiling together: lists in any format are the sets of rules they were written from.

The model is naive: every rule, one after the other.
"""

import lzma
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.lists import formats
from filterd.lists.compile import compile_index
from filterd.lists.formats.lines import normal, read
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed, Rule, Scope, each_name
from filterd.lists.rule import Kind, Tag
from filterd.lists.stored import from_buffer, to_bytes

pytestmark = pytest.mark.usefixtures("core")
KEY = bytes(range(16))

NAMES = ["a.b", "b.b", "a.a.b", "b.a.b", "ab.b", "c.b.a.b", "a_-.ab.b", "xn--bcher-kva.b"]
ASKED = [*NAMES, *(f"x.{name}" for name in NAMES), "b", "bb", "x.y.a.b", "z.b"]

BLOCK, EXACT, SUBTREE, BELOW = Kind.BLOCK, Scope.EXACT, Scope.SUBTREE, Scope.BELOW
# How each format writes a rule.
WRITTEN: dict[str, dict[tuple[Kind, Scope], str]] = {
    "hosts": {(BLOCK, EXACT): "0.0.0.0 {}"},
    "domains": {(BLOCK, EXACT): "{}", (BLOCK, SUBTREE): "*.{}"},
    "wildcard": {(BLOCK, EXACT): "{}", (BLOCK, SUBTREE): "*.{}"},
    "squidguard": {(BLOCK, SUBTREE): "{}"},
    "pihole": {(BLOCK, EXACT): "{}", (BLOCK, SUBTREE): "||{}^", (Kind.EXCEPTION, SUBTREE): "@@||{}^"},
    "adblock": {
        (kind, scope): f"{start}{place}{end}"
        for kind, start, end in ((BLOCK, "", ""), (Kind.EXCEPTION, "@@", ""), (Kind.IMPORTANT, "", "$important"), (Kind.IMPORTANT_EXCEPTION, "@@", "$important"))
        for scope, place in ((EXACT, "|{}^"), (SUBTREE, "||{}^"), (BELOW, "||*.{}^"))
    },
    "dnsmasq": {(BLOCK, SUBTREE): "address=/{}/0.0.0.0"},
    "rpz": {(BLOCK, EXACT): "{} CNAME .", (BLOCK, BELOW): "*.{} CNAME ."},
    "unbound": {(BLOCK, SUBTREE): 'local-zone: "{}" static'},
}  # fmt: skip


@st.composite
def a_list(draw: st.DrawFn) -> tuple[str, list[Rule], bytes]:
    """Return a format, some rules, and a text that says them, written as people do."""
    form = draw(st.sampled_from(list(WRITTEN)))
    rules, lines = [], []
    for name in draw(st.lists(st.sampled_from(NAMES))):
        kind, scope = draw(st.sampled_from(list(WRITTEN[form])))
        rules.append(Rule(name, scope, kind))
        line = WRITTEN[form][kind, scope].format(
            draw(st.sampled_from([name, name, name.replace("b", "B")]))
        )
        lines.append(line + draw(st.sampled_from(["", "", " ", "\t "])))
    remark = draw(st.sampled_from(["", "; x", "\n"] if form in {"rpz", "unbound"} else ["", "# x"]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    if form == "unbound":
        remark = ""
    return form, rules, end.join([remark, *lines]).encode()


@given(lists=st.dictionaries(st.sampled_from(["one", "two", "three"]), a_list()))
def test_lists_of_any_format_are_the_sets_they_were_written_from(
    lists: dict[str, tuple[str, list[Rule], bytes]],
) -> None:
    read_lists = [
        (source, from_buffer(to_bytes(read(formats.FORMATS[form], normal(text)))))
        for source, (form, _, text) in lists.items()
    ]
    index = Index(compile_index(read_lists, KEY), KEY)
    for name in ASKED:
        wanted = {
            Tag(source, rule.kind)
            for source, (_, rules, _) in lists.items()
            for rule in rules
            if rule.covers(name)
        }
        assert index.tags(index.find(name)) == wanted, name
    assert index.names == len({rule.name for _, rules, _ in lists.values() for rule in rules})


# A real list of each format.
REAL = (
    "stevenblack/unified-hosts0.txt.xz",
    "hagezi/nsfw-onlydomains.txt.xz",
    "hagezi-2023-sixformats/wildcard-anti.piracy.txt.xz",
    "oisd/small.adblock.txt.xz",
    "oisd/small.rpz.xz",
    "hagezi-2023-sixformats/dnsmasq-anti.piracy.txt.xz",
    "hagezi-2023-sixformats/unbound-anti.piracy.blacklist.conf.xz",
)


@pytest.mark.parametrize("file", REAL)
def test_any_part_of_a_real_list_is_a_set_too(shared: Path, file: str) -> None:
    rng = random.Random(file)
    lines = lzma.decompress((shared / "lists" / file).read_bytes()).splitlines()
    whole = formats.parse("whole", b"\n".join(lines))
    some = [line for line in lines if rng.random() < 0.2][:4000]
    part = read(formats.FORMATS[whole.format], normal(b"\n".join(some)))
    index = Index(compile_index([("part", part)], KEY), KEY)
    areas = rules_of(part)
    for rule in rng.sample(sorted(rules_of(whole), key=str), 3000):
        for name in (rule.name, f"x-y.{rule.name}"):
            wanted = {
                Tag("part", kind)
                for each, scope, kind in parents(name)
                if Rule(each, scope, kind) in areas and Rule(each, scope).covers(name)
            }
            assert index.tags(index.find(name)) == wanted, name


def rules_of(parsed: Parsed) -> set[Rule]:
    return {
        Rule(name, scope, kind)
        for (kind, scope), names in parsed.names.items()
        for name in each_name(names)
    }


def parents(name: str) -> list[tuple[str, Scope, Kind]]:
    labels = name.split(".")
    return [
        (".".join(labels[at:]), scope, kind)
        for at in range(len(labels))
        for scope in Scope
        for kind in Kind
    ]


@pytest.mark.parametrize("form", WRITTEN)
def test_order_and_repetition_do_not_matter(form: str) -> None:
    lines = [line.format(name) for name in NAMES for line in WRITTEN[form].values()]
    built = [
        compile_index([("one", read(formats.FORMATS[form], "\n".join([*some, ""]).encode()))], KEY)
        for some in (lines, lines[::-1], lines + lines[3:])
    ]
    assert built[0] == built[1] == built[2]
