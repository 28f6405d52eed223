"""The lines of an unbound configuration that speak of names: ``local-zone`` and ``local-data``.

A zone covers its name and everything below it; types that answer in place of the world block,
types that let the world answer are exceptions.  ``local-data`` is the answer for
that name, or with a ``redirect`` zone for all below it too; it only blocks where it is an address
that leads nowhere, or of a type we do not write.  The longest name wins.  What holds for some
clients only (a view, a tag) or some record types only is not applied.  Source: unbound.conf(5).
"""

import re
from collections.abc import Iterable, Iterator

from filterd.lists.condition import Conditional
from filterd.lists.formats.entry import read_name
from filterd.lists.formats.lines import (
    MOST_CONDITIONAL,
    Format,
    Line,
    Shape,
    normal,
    read,
    whole_if,
)
from filterd.lists.formats.rdata import can_pack, is_nowhere, pack
from filterd.lists.formats.record_types import is_record_type
from filterd.lists.parsed import Meaning, Off, Parsed, Rule, Scope, Unused, Wrong
from filterd.lists.rule import Kind

_BLOCKS = frozenset(
    {
        "always_deny",
        "always_nodata",
        "always_null",
        "always_nxdomain",
        "always_refuse",
        "deny",
        "inform_deny",
        "inform_redirect",
        "redirect",
        "refuse",
        "static",
    }
)
_OPENS = frozenset({"always_transparent", "inform", "nodefault", "transparent", "typetransparent"})
_PARTIAL = frozenset({"block_a", "ipset", "noview"})
_CLAUSES = frozenset(
    {
        "auth-zone:",
        "cachedb:",
        "dnscrypt:",
        "dnstap:",
        "dynlib:",
        "forward-zone:",
        "python:",
        "remote-control:",
        "rpz:",
        "server:",
        "stub-zone:",
        "view:",
    }
)
_REDIRECTS = frozenset({"inform_redirect", "redirect"})
LONGEST_RECORD = 5000  # characters of a record that are read: more than any rdata we keep

_record_words = re.compile(r'"(?:[^"\\]|\\.)*"|\S+').findall
_words = re.compile(r"""\s+|\#.*|"([^"]*)"|'([^']*)'|([^\s"'#]+|.)""").finditer


def parse(text: bytes) -> Parsed:
    """Read unbound lines; never raises, and takes time in proportion to its size."""
    return read(UNBOUND, normal(text))


def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
    in_view = False
    redirects: set[str] = set()
    data: list[tuple[Line, Conditional]] = []
    for line in lines:
        words = (found[found.lastindex] for found in _words(line.text) if found.lastindex)
        for key in words:
            if key in _CLAUSES:
                in_view = key == "view:"
                continue
            for meaning in _read_option(key, words, redirects):
                if in_view and isinstance(meaning, (Rule, Conditional, Off)):
                    yield line, Unused("a view is for some clients only: not supported")
                elif not isinstance(meaning, Conditional):
                    yield line, meaning
                elif len(data) < MOST_CONDITIONAL:
                    data.append((line, meaning))
                else:
                    yield line, Unused(f"more than {MOST_CONDITIONAL:,} rules with conditions")
    # Zones may stand below their data.
    for line, rule in data:
        scope = Scope.SUBTREE if rule.name in redirects else Scope.EXACT
        yield line, rule._replace(scope=scope.value)


def _read_option(key: str, words: Iterator[str], redirects: set[str]) -> Iterator[Meaning]:
    """Take the values of ``key`` out of ``words``; add to ``redirects`` a zone that is one."""
    if key == "local-zone:":
        word, kind = next(words, ""), next(words, "")
        zone = _read_zone(word, kind)
        if isinstance(zone, Rule) and kind in _REDIRECTS:
            redirects.add(zone.name)
        yield zone
    elif key == "local-data:":
        yield from _read_data(next(words, ""))
    elif key == "local-zone-tag:":
        name = read_name(next(words, ""))
        next(words, "")
        yield Unused("a zone with a tag is for some clients only: not supported by this version")
        if isinstance(name, str):
            for each in (Kind.BLOCK, Kind.EXCEPTION):
                yield Off(Rule(name, Scope.SUBTREE, each))
    elif key.endswith(":"):
        next(words, "")
        yield Unused("an option that speaks of no name")
    else:
        yield Wrong("no local-zone: or local-data:")
        for _ in words:  # the rest of a line of another kind is not worth more complaints
            pass


def _read_zone(word: str, kind: str) -> Meaning:
    if not kind:
        return Wrong("a zone without a name or a type")
    name = read_name(word)
    if isinstance(name, Wrong):
        return name
    if kind in _BLOCKS:
        return Rule(name, Scope.SUBTREE)
    if kind in _OPENS:
        return Rule(name, Scope.SUBTREE, Kind.EXCEPTION)
    if kind in _PARTIAL:
        return Unused(f"a zone of the type {kind} is not supported by this version")
    return Wrong("a type of zone that unbound does not have")


def _read_data(record: str) -> Iterator[Meaning]:
    word, *rest = _record_words(record[:LONGEST_RECORD]) or ("",)
    # Before the type there may be a TTL and a class.
    at = next((at for at, each in enumerate(rest[:3]) if is_record_type(each.upper())), None)
    if at is None:
        yield Wrong("local data without a name or a record type")
        return
    name = read_name(word)
    rtype = rest[at].upper()
    rewrite = pack(rtype, rest[at + 1 :]) if len(record) <= LONGEST_RECORD else None
    if isinstance(name, Wrong):
        yield name
    elif rewrite is None and can_pack(rtype):
        yield Wrong(f"no data of the type {rtype}, or too much")
    else:
        is_block = rewrite is None or is_nowhere(rewrite)
        yield (
            Rule(name, Scope.EXACT)
            if is_block
            else Conditional(Kind.REWRITE, name, rewrite=rewrite)
        )


# Data that leads nowhere means the same wherever it stands; other data needs the types of zones.
_DATA_WITH_A_MEANING = (
    rb"local-data:\s*[\"'][^\s\"']+[ \t]+(?:[0-9]+[ \t]+)?+(?:IN[ \t]+)?+"
    rb"(?!A[ \t]+(?:0\.0\.0\.0|127\.0\.0\.1)[\"']|AAAA[ \t]+::1?[\"'])"
)

UNBOUND = Format(
    name="unbound",
    shapes=(
        Shape(
            (b'local-zone: "', b' local-zone: "'),
            tuple(f'{dot}" {kind}'.encode() for dot in ("", ".") for kind in sorted(_BLOCKS)),
            Scope.SUBTREE,
        ),
    ),
    scan=scan,
    linked=whole_if(re.compile(b"view:|" + _DATA_WITH_A_MEANING)),
    nearest=True,
)
