"""Response policy zones: a DNS zone file whose owner names are the names that are blocked.

An owner is that name alone, ``*.owner`` everything below it.  ``CNAME .``, ``CNAME *.`` and
``CNAME rpz-drop.`` block; ``CNAME rpz-passthru.``, and the older CNAME to the owner itself, are
exceptions.  ``rpz-drop`` is answered too: a query that gets nothing is only asked again.  Local
data (an address, another CNAME, a text) is the answer; it only blocks where it is an address that
leads nowhere, or of a type we do not write.  The longest name wins.  The zone's own name is known
from ``$ORIGIN`` or the SOA's owner, if at all, and is no part of the rules' names.
Source: draft-vixie-dnsop-dns-rpz-00; RFC 1035 §5 (zone files).
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from filterd.lists.condition import Conditional
from filterd.lists.formats.entry import read_name
from filterd.lists.formats.hosts import LOCAL
from filterd.lists.formats.lines import Format, Line, Shape, each_line, normal, read
from filterd.lists.formats.rdata import can_pack, is_nowhere, pack
from filterd.lists.formats.record_types import is_record_type
from filterd.lists.parsed import Meaning, Parsed, Rule, Scope, Unused, Wrong
from filterd.lists.rule import Kind

LONGEST_RECORD = 64  # words kept of a record; data of more is refused

_words = re.compile(r'\s+|;.*|("(?:[^"\\]|\\.)*"?|[()]|[^\s;()"]+|.)').finditer
_is_ttl = re.compile(r"[0-9]+(?:[smhdw][0-9]+)*[smhdw]?", re.IGNORECASE).fullmatch
_CLASSES = frozenset({"IN", "CH", "HS"})
_OWN = frozenset({"SOA", "NS", "DNSKEY", "DS", "NSEC", "NSEC3", "NSEC3PARAM", "RRSIG", "ZONEMD"})
_TRIGGERS = frozenset({"rpz-client-ip", "rpz-ip", "rpz-nsdname", "rpz-nsip"})
_ACTIONS = {
    ".": Kind.BLOCK,
    "*.": Kind.BLOCK,
    "rpz-drop": Kind.BLOCK,
    "rpz-passthru": Kind.EXCEPTION,
}


def parse(text: bytes) -> Parsed:
    """Read a policy zone; never raises, and takes time in proportion to its size."""
    return read(RPZ, normal(text))


def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
    zone = _Zone()
    line = None
    for line in lines:
        record = zone.add(line.text)
        if record:
            for meaning in zone.read_record(record):
                yield line, meaning
    if line and zone.depth:
        yield line, Wrong("a parenthesis is not closed")


@dataclass(slots=True)
class _Zone:
    """What earlier lines of a zone file mean for the next one.

    ``apex`` is the zone's name as far as known.  ``origin`` is what relative names end in: None
    while that is the apex itself, named or not.  ``words`` are those of a record that is open.
    """

    apex: str | None = None
    origin: str | None = None
    owner: str | None = None
    words: list[str] = field(default_factory=list)
    depth: int = 0

    def add(self, text: str) -> list[str]:
        """Take a line; return a record's words, the owner first ('' for "as before"), when whole.

        Returns nothing for an empty line, a remark, or inside parentheses.
        """
        if not self.depth:
            self.words = [""] if text[:1].isspace() else []
        for found in _words(text):
            word = found[1]
            if word == "(":
                self.depth += 1
            elif word == ")":
                self.depth = max(0, self.depth - 1)
            elif word and len(self.words) < LONGEST_RECORD:
                self.words.append(word)
        return [] if self.depth or self.words in ([], [""]) else self.words

    def read_record(self, words: list[str]) -> Iterator[Meaning]:
        if words[0].startswith("$"):
            yield from self._read_directive(words)
            return
        owner, *rest = words
        while rest and (rest[0].upper() in _CLASSES or _is_ttl(rest[0])):
            del rest[0]
        rtype = rest[0].upper() if rest else ""
        if not is_record_type(rtype):
            yield Wrong("no record of a zone file")
            return
        if owner:
            self.owner = self._owner_name(owner, is_soa=rtype == "SOA")
        if rtype not in _OWN and self.owner != "":
            is_whole = len(words) < LONGEST_RECORD
            yield self._read_rule(self.owner, rtype, rest[1:] if is_whole else [])

    def _read_directive(self, words: list[str]) -> Iterator[Meaning]:
        directive = words[0].upper()
        if directive == "$ORIGIN" and len(words) > 1:
            self._set_origin(words[1].lower())
        elif directive != "$TTL":
            yield Wrong(
                f"{directive} is not followed"
                if directive in {"$INCLUDE", "$GENERATE"}
                else "no directive of a zone file"
            )

    def _set_origin(self, word: str) -> None:
        origin = word.removesuffix(".")
        if word != "." and not word.endswith("."):
            outer = self.apex if self.origin is None else self.origin
            origin = f"{origin}.{outer}" if outer else origin
        if self.apex is None and word != "." and word.endswith("."):
            self.apex = origin
        self.origin = None if origin == self.apex else origin

    def _owner_name(self, word: str, *, is_soa: bool) -> str | None:
        """Return an owner without the zone's name, '' for the zone itself, None if outside it."""
        word = word.lower()
        if self.origin is None and not word.endswith("."):
            return "" if word == "@" else word
        if word.endswith("."):
            full = word[:-1]
        elif word == "@":
            full = self.origin or ""
        else:
            full = f"{word}.{self.origin}" if self.origin else word
        if is_soa and self.apex is None:
            self.apex = full
            self.origin = None if self.origin == full else self.origin
        if self.apex is None:
            return full
        if full == self.apex:
            return ""
        inside = full.removesuffix(f".{self.apex}")
        return inside if inside != full or not self.apex else None

    def _read_rule(self, owner: str | None, rtype: str, rdata: list[str]) -> Meaning:
        target = _read_owner(owner)
        if not isinstance(target, Rule):
            return target
        if rtype != "CNAME":
            return self._read_data(target, rtype, rdata)
        kind = _kind(owner, rdata[0].lower() if rdata else "")
        if isinstance(kind, Kind):
            return target._replace(kind=kind)
        return self._read_data(target, rtype, [kind]) if isinstance(kind, str) else kind

    def _read_data(self, rule: Rule, rtype: str, words: list[str]) -> Meaning:
        """Read what is answered for a name that is blocked."""
        rewrite = pack(rtype, words, self._whole)
        if rtype == "DNAME":
            return Wrong("DNAME has no meaning in a policy zone")
        if rewrite is None and can_pack(rtype):
            return Wrong(f"no data of the type {rtype}, or too much")
        return (
            rule
            if rewrite is None or is_nowhere(rewrite)
            else Conditional(Kind.REWRITE, rule.name, rule.scope.value, rewrite=rewrite)
        )

    def _whole(self, word: str) -> str:
        """Return a name that stands in a record, which may be relative to the origin."""
        origin = self.apex if self.origin is None else self.origin
        if word.endswith(".") or not origin:
            return word
        return origin if word == "@" else f"{word}.{origin}"


def _read_owner(owner: str | None) -> Rule | Wrong | Unused:
    if owner is None:
        return Wrong("no owner, or one outside the zone")
    last = owner.rpartition(".")[2]
    if last in _TRIGGERS:
        return Unused(f"a rule with {last} is not supported by this version")
    if owner == "*":
        return Wrong("a rule for all names: too wide")
    name = read_name(owner.removeprefix("*."))
    if isinstance(name, Wrong):
        return name
    return Rule(name, Scope.BELOW if owner.startswith("*.") else Scope.EXACT)


def _kind(owner: str | None, target: str) -> Kind | str | Wrong | Unused:
    """Return what a CNAME does, or its target when that is a place to go to."""
    if not target:
        return Wrong("a CNAME without a target")
    action = _ACTIONS.get(target) or _ACTIONS.get(target.removesuffix("."))
    if action:
        return action
    name = target.removesuffix(".")
    if name == owner:
        return Kind.EXCEPTION
    if name.startswith("rpz-"):
        return Unused(f"{name[:20]} is not supported by this version")
    # "*.garden.example" puts the name that was asked in front; no rewrite can.
    return Kind.BLOCK if name.startswith("*.") or name in LOCAL else target


# Where names are relative to something, or a record has no owner or spans lines, order matters.
# A byte that is no printable ASCII may belong to one of Unicode's blanks.
_LINKED = re.compile(rb'^(?:\$(?i:ORIGIN)|[^;"\n(]*[("]|[^!-~\n]+(?!NS\b)[^\s;])', re.MULTILINE)
_LONGEST_HEAD = 1 << 16


def _linked(text: bytes) -> int:
    """Return the length of the zone's head, its ``$ORIGIN`` and SOA, or of the whole text.

    Behind the head all names are relative to the zone, or nothing can be said without reading it.
    """
    last = 0
    for found in _LINKED.finditer(text):
        if found.start() > _LONGEST_HEAD:
            return len(text)
        last = found.end()
    if not last:
        return 0
    zone = _Zone()
    at = 0
    for line in each_line(text[: 2 * _LONGEST_HEAD]):
        record = zone.add(line.text)
        if record:
            deque(zone.read_record(record), maxlen=0)
        at = text.index(b"\n", at) + 1
        if at > last and not zone.depth:
            return at if zone.origin is None else len(text)
    return len(text)


_NO_NAMES = tuple(f".{trigger}".encode() for trigger in sorted(_TRIGGERS))
_NXDOMAIN = (b" CNAME .", b" IN CNAME .")

RPZ = Format(
    name="rpz",
    shapes=(
        Shape((b"",), _NXDOMAIN, Scope.EXACT, _NO_NAMES),
        Shape((b"*.",), _NXDOMAIN, Scope.BELOW, _NO_NAMES),
    ),
    scan=scan,
    linked=_linked,
    nearest=True,
)
