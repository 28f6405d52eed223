"""What Pi-hole reads: hosts lines, plain names, ``||x^``, ``@@||x^`` and its own regexes.

A plain name means that name, ``||x^`` x and everything below; no other adblock rule is known to
Pi-hole.  Regexes, with or without ``;querytype=``, ``;reply=`` and ``;invert``, are recognised
and not applied.  Source: Pi-hole, ``gravity`` and "Regex filtering".
"""

import re
from collections.abc import Iterable

from filterd.lists.formats import domains, hosts
from filterd.lists.formats.adblock import REGEX
from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.lines import (
    Format,
    by_line,
    decode,
    is_comment,
    ordinary_lines,
    read,
)
from filterd.lists.parsed import Meaning, Parsed, Rule, Scope, Unused, Wrong
from filterd.lists.rule import Kind

_anchored = re.compile(r"(@@)?\|\|([^|^*/$\s]+)\^").fullmatch
_has_regex_sign = re.compile(r"[\\()\[\]^$+?*|{}]").search
_option = re.compile(r";(querytype|reply|invert)\b").search


def parse(text: bytes) -> Parsed:
    """Read a Pi-hole list; never raises, and takes time in proportion to its size."""
    return read(PIHOLE, decode(text))


def read_line(line: str) -> Iterable[Meaning]:
    line = line.strip()
    if is_comment(line):
        return ()
    if is_address(line.split(maxsplit=1)[0]):
        return hosts.read_line(line)
    anchored = _anchored(line)
    if anchored:
        name = read_name(anchored[2])
        kind = Kind.EXCEPTION if anchored[1] else Kind.BLOCK
        return (name if isinstance(name, Wrong) else Rule(name, Scope.SUBTREE, kind),)
    why_not = _why_not(line)
    return (why_not,) if why_not else domains.read_line(line)


def _why_not(line: str) -> Wrong | Unused | None:
    """Say why a line that could not be read as ``||x^`` is no plain name either."""
    if line.startswith(("||", "@@")):
        return Wrong("Pi-hole knows no adblock rules but ||name^ and @@||name^")
    option = _option(line)
    if option:
        return Unused(f"a regular expression with ;{option[1]} is not supported by this version")
    return Unused(REGEX) if _has_regex_sign(line.partition("#")[0]) else None


PIHOLE = Format(
    name="pihole",
    ordinary=ordinary_lines((r"\|\|", r"\^")),
    scopes=(Scope.SUBTREE,),
    scan=by_line(read_line),
)
