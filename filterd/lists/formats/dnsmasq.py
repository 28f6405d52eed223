"""The lines of a dnsmasq configuration that speak of names.

``address=/x/...``, ``local=/x/`` and ``server=/x/`` cover x and everything below it, whatever
address they give: it is not the real one.  ``server=/x/#`` hands x to the usual servers: an
exception.  The longest name wins.  An empty name and ``#``, which stand for all names, are
refused.  Source: dnsmasq(8).
"""

import re
from collections.abc import Iterator

from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.lines import Format, Shape, by_line, is_comment, normal, read
from filterd.lists.parsed import Meaning, Parsed, Rule, Scope, Unused, Wrong
from filterd.lists.rule import Kind

_option = re.compile(r"(address|local|server)\s*=\s*(\S.*)").fullmatch
_remark = re.compile(r"\s#").search
_is_key = re.compile(r"[a-z0-9-]+(?:\s*=.*)?").fullmatch


def parse(text: bytes) -> Parsed:
    """Read dnsmasq lines; never raises, and takes time in proportion to its size."""
    return read(DNSMASQ, normal(text))


def read_line(line: str) -> Iterator[Meaning]:
    line = line.strip()
    if is_comment(line):
        return
    remark = _remark(line)
    line = line[: remark.start()].rstrip() if remark else line
    option = _option(line)
    if not option:
        yield (
            Unused("an option that speaks of no name")
            if "=" in line and _is_key(line)
            else Wrong("no address=/name/, local=/name/ or server=/name/")
        )
        return
    first, *words = option[2].split("/")
    if first or not words:
        yield Unused("a server for all names, not for one") if not words else Wrong("no '/name/'")
        return
    *words, value = words
    kind = _kind(option[1], value.strip())
    if not words:
        yield Wrong("no '/' after the name")
    elif not isinstance(kind, Kind):
        yield kind
    else:
        for word in words:
            yield _read_word(word.strip(), kind)


def _kind(key: str, value: str) -> Kind | Wrong | Unused:
    if not value or (key == "address" and value == "#"):
        return Kind.BLOCK
    if key == "address":
        return Kind.BLOCK if is_address(value) else Wrong("no IP address after the name")
    if value == "#":
        return Kind.EXCEPTION
    return Unused("sending a name to another server is not supported by this version")


def _read_word(word: str, kind: Kind) -> Rule | Wrong | Unused:
    if word in {"", "#", "*", "."}:
        return Wrong("a rule for all names, or for all without a dot: too wide")
    scope = Scope.SUBTREE
    if word.startswith("*"):
        if not word.startswith("*."):
            return Unused("a mask (a part of a name) is not supported by this version")
        word, scope = word[2:], Scope.BELOW
    name = read_name(word)
    return name if isinstance(name, Wrong) else Rule(name, scope, kind)


DNSMASQ = Format(
    name="dnsmasq",
    shapes=(
        Shape((b"address=/",), (b"/0.0.0.0", b"/#", b"/::", b"/"), Scope.SUBTREE),
        Shape((b"local=/", b"server=/"), (b"/",), Scope.SUBTREE),
    ),
    scan=by_line(read_line),
    nearest=True,
)
