"""The lines of an unbound configuration that speak of names: ``local-zone`` and ``local-data``.

A zone covers its name and everything below it; types that answer in place of the world block,
types that let the world answer are exceptions.  ``local-data`` blocks that name: what it gives is
not the real answer.  The longest name wins.  What holds for some clients only (a view, a tag) or
some record types only is not applied.  Source: unbound.conf(5).
"""

import re
from collections.abc import Iterable, Iterator

from filterd.lists.formats.entry import read_name
from filterd.lists.formats.lines import Format, Line, decode, ordinary_lines, read
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
_words = re.compile(r"""\s+|\#.*|"([^"]*)"|'([^']*)'|([^\s"'#]+|.)""").finditer


def parse(text: bytes) -> Parsed:
    """Read unbound lines; never raises, and takes time in proportion to its size."""
    return read(UNBOUND, decode(text))


def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
    in_view = False
    for line in lines:
        words = (found[found.lastindex] for found in _words(line.text) if found.lastindex)
        for key in words:
            if key in _CLAUSES:
                in_view = key == "view:"
                continue
            for meaning in _read_option(key, words):
                if in_view and isinstance(meaning, (Rule, Off)):
                    yield line, Unused("a view is for some clients only: not supported")
                else:
                    yield line, meaning


def _read_option(key: str, words: Iterator[str]) -> Iterator[Meaning]:
    """Take the values of ``key`` out of ``words``."""
    if key == "local-zone:":
        yield _read_zone(next(words, ""), next(words, ""))
    elif key == "local-data:":
        yield _read_data(next(words, ""))
    elif key == "local-zone-tag:":
        name = read_name(next(words, ""))
        next(words, "")
        yield Unused("a zone with a tag is for some clients only: not supported by this version")
        if isinstance(name, str):
            for kind in (Kind.BLOCK, Kind.EXCEPTION):
                yield Off(Rule(name, Scope.SUBTREE, kind))
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


def _read_data(record: str) -> Meaning:
    word, *rest = record.split(maxsplit=4) or ("",)
    # Before the type there may be a TTL and a class.
    if not any(is_record_type(each.upper()) for each in rest[:3]):
        return Wrong("local data without a name or a record type")
    name = read_name(word)
    return name if isinstance(name, Wrong) else Rule(name, Scope.EXACT)


UNBOUND = Format(
    name="unbound",
    ordinary=ordinary_lines(
        (r'[ \t]*local-zone:[ \t]+"', rf'\.?"[ \t]+(?:{"|".join(sorted(_BLOCKS))})')
    ),
    scopes=(Scope.SUBTREE,),
    scan=scan,
    linked=re.compile("view:"),
    nearest=True,
)
