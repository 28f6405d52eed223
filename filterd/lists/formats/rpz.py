"""Response policy zones: a DNS zone file whose owner names are the names that are blocked.

An owner is that name alone, ``*.owner`` everything below it.  ``CNAME .``, ``CNAME *.`` and
``CNAME rpz-drop.`` block; ``CNAME rpz-passthru.``, and the older CNAME to the owner itself, are
exceptions.  Local data (an address, another CNAME) counts as a block like these: whatever it says,
it is not the real answer.  The longest name wins.  The zone's own name is known from ``$ORIGIN``
or the SOA's owner, if at all, and is no part of the rules' names.
Source: draft-vixie-dnsop-dns-rpz-00; RFC 1035 §5 (zone files).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from filterd.lists.formats.entry import read_name
from filterd.lists.formats.lines import Format, Line, decode, ordinary_lines, read
from filterd.lists.formats.record_types import is_record_type
from filterd.lists.parsed import Meaning, Parsed, Rule, Scope, Unused, Wrong
from filterd.lists.rule import Kind

LONGEST_RECORD = 64  # words kept of a record: what a rule needs is among the first five

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
    return read(RPZ, decode(text))


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
            yield self._read_rule(self.owner, rtype, rest[1:])

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
        scope = Scope.BELOW if owner.startswith("*.") else Scope.EXACT
        if rtype != "CNAME":
            return (
                Wrong("DNAME has no meaning in a policy zone")
                if rtype == "DNAME"
                else Rule(name, scope)
            )
        kind = _kind(owner, rdata[0].lower() if rdata else "")
        return Rule(name, scope, kind) if isinstance(kind, Kind) else kind


def _kind(owner: str, target: str) -> Kind | Wrong | Unused:
    if not target:
        return Wrong("a CNAME without a target")
    action = _ACTIONS.get(target) or _ACTIONS.get(target.removesuffix("."))
    if action:
        return action
    target = target.removesuffix(".")
    if target == owner:
        return Kind.EXCEPTION
    if target.startswith("rpz-"):
        return Unused(f"{target[:20]} is not supported by this version")
    return Kind.BLOCK


# Where names are relative to something, or a record has no owner or spans lines, order matters.
_LINKED = re.compile(r'^(?:\$(?i:ORIGIN)|[^;"\n(]*[("]|[^\S\n]+(?!NS\b)[^\s;])', re.MULTILINE)

_IS_NAME = "".join(rf"(?<!\.{trigger})" for trigger in sorted(_TRIGGERS))
_NXDOMAIN = rf"{_IS_NAME}[ \t]+(?:IN[ \t]+)?CNAME[ \t]+\."

RPZ = Format(
    name="rpz",
    ordinary=ordinary_lines(("", _NXDOMAIN), (r"\*\.", _NXDOMAIN)),
    scopes=(Scope.EXACT, Scope.BELOW),
    scan=scan,
    linked=_LINKED,
    nearest=True,
)
