"""What Pi-hole reads: hosts lines, plain names, ``||x^``, ``@@||x^`` and its own regexes.

A plain name means that name, ``||x^`` x and everything below; no other adblock rule is known to
Pi-hole.  A regex may say for which types it is (``;querytype=``), how its block is answered
(``;reply=``), and that it is for all names in which it is not found (``;invert``).
Source: Pi-hole, ``gravity``, "Regex filtering" and "Pi-hole regex extensions".
"""

import re
from collections.abc import Iterable

from filterd.lists.condition import Conditional, Rewrite
from filterd.lists.formats import domains, hosts
from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.lines import Format, Shape, by_line, is_comment, normal, read
from filterd.lists.formats.masks import read_posix
from filterd.lists.formats.rdata import pack
from filterd.lists.formats.record_types import type_number
from filterd.lists.parsed import Meaning, Parsed, Rule, Scope, Wrong
from filterd.lists.rule import Kind
from filterd.wire.codes import NOERROR, NXDOMAIN, REFUSED

_anchored = re.compile(r"(@@)?\|\|([^|^*/$\s]+)\^").fullmatch
_has_regex_sign = re.compile(r"[\\()\[\]^$+?*|{}]").search
_option = re.compile(r";\s*(?:querytype|reply|invert)\b").search
_is_header = re.compile(r"\[[A-Z][^\]]*\]").fullmatch

# How a list wants its block answered; None leaves that to the profile.  A query that gets no answer
# is only asked again, and the address of Pi-hole itself is that of a block page.
_REPLIES = {
    "ip": None,
    "nodata": Rewrite(NOERROR),
    "none": None,
    "nxdomain": Rewrite(NXDOMAIN),
    "refused": Rewrite(REFUSED),
}
_NULL_V4, _NULL_V6 = "0.0.0.0", "::"  # noqa: S104 an answer, no address to listen on


def parse(text: bytes) -> Parsed:
    """Read a Pi-hole list; never raises, and takes time in proportion to its size."""
    return read(PIHOLE, normal(text))


def read_line(line: str) -> Iterable[Meaning]:
    line = line.strip()
    if _is_header(line) or (is_comment(line) and line[:1] != "["):
        return ()
    if is_address(line.split(maxsplit=1)[0]):
        return hosts.read_line(line)
    anchored = _anchored(line)
    if anchored:
        name = read_name(anchored[2])
        kind = Kind.EXCEPTION if anchored[1] else Kind.BLOCK
        return (name if isinstance(name, Wrong) else Rule(name, Scope.SUBTREE, kind),)
    if line.startswith(("||", "@@")):
        return (Wrong("Pi-hole knows no adblock rules but ||name^ and @@||name^"),)
    if _option(line) or _has_regex_sign(line.partition("#")[0]):
        return _read_regex(line)
    return domains.read_line(line)


def _read_regex(line: str) -> Iterable[Meaning]:
    """Read a regex and its options; with two answers it is two rules."""
    regex, *options = _cut(line)
    read = _read_options(options)
    if isinstance(read, Wrong):
        return (read,)
    rule, replies = read
    narrowed = rule.inverted or bool(rule.types or rule.but_types)
    pattern = read_posix(regex, narrowed=narrowed)
    if not isinstance(pattern, str):
        return (pattern,)
    rule = rule._replace(pattern=pattern)
    return [
        rule if reply is None else rule._replace(kind=Kind.REWRITE, rewrite=reply)
        for reply in replies
    ]


def _cut(line: str) -> list[str]:
    """Cut a line into its regex and its options; a ';' before them belongs to the regex."""
    option = _option(line)
    if not option:
        return [line]
    return [line[: option.start()], *line[option.start() + 1 :].split(";")]


def _read_options(options: list[str]) -> tuple[Conditional, list[Rewrite | None]] | Wrong:
    rule = Conditional(Kind.BLOCK)
    replies: list[str] = []
    for option in options:
        key, _, value = (part.strip() for part in option.partition("="))
        if key == "invert" and not value:
            rule = rule._replace(inverted=True)
        elif key == "querytype":
            types = _read_types(value.removeprefix("!"))
            if types is None or rule.types or rule.but_types:
                return Wrong("a value of ;querytype that means nothing, or a second one")
            is_but = value.startswith("!")
            rule = rule._replace(but_types=types) if is_but else rule._replace(types=types)
        elif key == "reply" and value:
            replies.append(value.lower())
        else:
            return Wrong("an option other than ;querytype=, ;reply= and ;invert")
    read = _read_replies(replies)
    return (
        Wrong("a value of ;reply that means nothing, or too many") if read is None else (rule, read)
    )


def _read_types(value: str) -> frozenset[int] | None:
    types = {type_number(word.strip().removeprefix("!")) for word in value.split(",", 99)}
    known = frozenset(number for number in types if number is not None)
    return known if len(known) == len(types) else None


def _read_replies(replies: list[str]) -> list[Rewrite | None] | None:
    """Return the answers; an address for one family alone means the null address for the other."""
    if not replies:
        return [None]
    if replies[0] in _REPLIES:
        return [_REPLIES[replies[0]]] if len(replies) == 1 else None
    if not all(map(is_address, replies)) or len(replies) > 2:
        return None
    v4 = [each for each in replies if ":" not in each]
    v6 = [each for each in replies if ":" in each]
    if len(v4) > 1 or len(v6) > 1:
        return None
    return [pack("A", v4 or [_NULL_V4]), pack("AAAA", v6 or [_NULL_V6])]


PIHOLE = Format(
    name="pihole",
    shapes=(Shape((b"||",), (b"^",), Scope.SUBTREE),),
    scan=by_line(read_line),
)
