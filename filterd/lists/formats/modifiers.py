r"""What stands behind the ``$`` of an adblock rule, as AdGuard's DNS filters understand it.

A modifier that means nothing to a DNS filter voids its rule, exceptions included, because the
rule would otherwise be applied wider than it was written.  Values are brought into one form, so
that equal rules are equal however they are written.  Source: AdGuard, "DNS filtering rules syntax".
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from filterd.lists.condition import EVERYBODY, Rewrite, Who
from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.rdata import can_pack, pack
from filterd.lists.formats.record_types import type_number
from filterd.lists.parsed import Unused, Wrong
from filterd.lists.rule import Kind
from filterd.wire.codes import NOERROR

MOST_VALUES = 1000  # of one modifier; each is compared with every query

_PARTS = re.compile(r"""((?:[^,\\'"]|\\.|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|['"\\])*)(?:,|$)""")
_CLIENTS = re.compile(
    r"""(~?)(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|((?:[^|\\]|\\.)+))(?:\||$)"""
)
_escaped = re.compile(r"\\(.)")
_is_plain = re.compile(r"~?[a-z0-9_-]{1,30}").fullmatch
_is_tag = re.compile(r"~?(?:device|os|user)_[a-z]+").fullmatch
_is_suffix = re.compile(r"[a-z0-9_-]{1,63}").fullmatch
_is_mac = re.compile(r"[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}").fullmatch
_is_keyword = re.compile(r"[A-Z]+").fullmatch

# The RCODEs that fit a header.
_RCODES = {
    name: number
    for number, name in enumerate(
        (
            *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"),
            *("YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"),
        )
    )
}


@dataclass(frozen=True, slots=True)
class Modifiers:
    """The modifiers of one rule; its fields beyond the first three are those of Conditional.

    ``rewrites`` says that there is a ``$dnsrewrite``, be it one without a value.
    """

    important: bool = False
    badfilter: bool = False
    rewrites: bool = False
    types: frozenset[int] = frozenset()
    but_types: frozenset[int] = frozenset()
    who: Who = field(default=EVERYBODY)
    denyallow: frozenset[str] = frozenset()
    rewrite: Rewrite | None = None

    @property
    def narrows(self) -> bool:
        """Whether the rule holds for some queries only."""
        return bool(self.types or self.but_types or self.denyallow or self.who != EVERYBODY)

    def kind(self, *, exception: bool) -> Kind:
        if self.rewrites:
            lifts_one = exception and self.rewrite is not None
            return Kind.EXCEPTION if lifts_one else Kind.REWRITE
        if exception:
            return Kind.IMPORTANT_EXCEPTION if self.important else Kind.EXCEPTION
        return Kind.IMPORTANT if self.important else Kind.BLOCK


def read_modifiers(text: str, *, exception: bool) -> Modifiers | Wrong | Unused:
    """Read the text after the ``$``; one modifier that is wrong or not for us is the answer."""
    found = Modifiers()
    for part in _split(text):
        name, equals, value = part.partition("=")
        if name in {"important", "badfilter"}:
            if equals:
                return Wrong(f"${name} takes no value")
            is_important = name == "important"
            found = (
                replace(found, important=True) if is_important else replace(found, badfilter=True)
            )
        elif name in _READERS:
            if exception and name == "dnsrewrite" and not value:
                found = replace(found, rewrites=True)
                continue
            read = _READERS[name](found, value) if value.count("|") < MOST_VALUES else None
            if read is None:
                return Wrong(f"a value of ${name} that means nothing")
            if isinstance(read, Unused):
                return read
            found = read
        elif _is_plain(name):
            return Unused(f"${name} is for browsers, or unknown")
        else:
            return Wrong("no modifier after '$'" if not name else "characters no modifier has")
    return found


def _split(text: str) -> list[str]:
    r"""Split at the commas that are neither quoted nor escaped, as in ``client='a\, b'``."""
    if "\\" not in text and "'" not in text and '"' not in text:
        return text.split(",")
    return [part[1] for part in _PARTS.finditer(text) if part[1] or part.start() < len(text)]


def _read_clients(found: Modifiers, value: str) -> Modifiers | None:
    clients: dict[str, set[str]] = {"": set(), "~": set()}
    for sign, client in _each_client(value):
        if not client:
            return None
        clients[sign].add(client)
    if not clients[""] | clients["~"]:
        return None
    who = found.who._replace(
        clients=tuple(sorted(clients[""])), but_clients=tuple(sorted(clients["~"]))
    )
    return replace(found, who=who)


def _each_client(value: str) -> Iterator[tuple[str, str]]:
    """Yield ('~' or '', client) for each; the client is '' where it cannot be read."""
    at = 0
    while at < len(value):
        each = _CLIENTS.match(value, at)
        if not each:
            yield "", ""
            return
        written = next(text for text in each.groups()[1:] if text is not None)
        yield each[1], _client(_escaped.sub(r"\1", written).strip().lower())
        at = each.end()
    if not value or value[-1] == "|":
        yield "", ""


def _client(word: str) -> str:
    """Bring a client into the form that devices are known by; a name stays as it is."""
    if _is_mac(word):
        return word.replace("-", ":")
    try:
        # The scope of fe80::1%eth0 is one machine's word for it.
        network = ipaddress.ip_network(word.partition("%")[0], strict=False)
    except ValueError:
        return word
    return str(network if "/" in word else network.network_address)


def _read_tags(found: Modifiers, value: str) -> Modifiers | None:
    words = value.split("|")
    if not all(map(_is_tag, words)):
        return None
    tags = tuple(sorted({word for word in words if word[0] != "~"}))
    but_tags = tuple(sorted({word[1:] for word in words if word[0] == "~"}))
    return replace(found, who=found.who._replace(tags=tags, but_tags=but_tags))


def _read_types(found: Modifiers, value: str) -> Modifiers | None:
    types: set[int] = set()
    but_types: set[int] = set()
    for word in value.split("|"):
        number = type_number(word.removeprefix("~"))
        if number is None:
            return None
        (but_types if word[0] == "~" else types).add(number)
    if types:  # then what is left out only takes something away from them
        types, but_types = types - but_types, set()
        if not types:
            return None
    return replace(found, types=frozenset(types), but_types=frozenset(but_types))


def _read_denyallow(found: Modifiers, value: str) -> Modifiers | None:
    names: set[str] = set()
    for word in value.split("|"):
        name = word.lower() if _is_suffix(word.lower()) else read_name(word)
        if isinstance(name, Wrong):
            return None
        names.add(name)
    return replace(found, denyallow=frozenset(names))


def _read_rewrite(found: Modifiers, value: str) -> Modifiers | Unused | None:
    """``RCODE;TYPE;VALUE``, or in short an rcode, an address or a name."""
    parts = _escaped.sub(r"\1", value).split(";", 2)
    if len(parts) == 1:
        rewrite = _read_short(parts[0])
    elif len(parts) == 2 or parts[0].upper() not in _RCODES:
        rewrite = None
    else:
        rcode, rtype, data = _RCODES[parts[0].upper()], parts[1].upper(), parts[2]
        if rcode != NOERROR or not (rtype or data):
            rewrite = Rewrite(rcode)
        elif type_number(rtype) is not None and not can_pack(rtype):
            return Unused(f"a rewrite to a record of the type {rtype} is not supported")
        else:
            rewrite = pack(rtype, [data] if rtype == "TXT" else data.split())
    return None if rewrite is None else replace(found, rewrites=True, rewrite=rewrite)


def _read_short(value: str) -> Rewrite | None:
    if _is_keyword(value):
        return Rewrite(_RCODES[value]) if value in _RCODES else None
    if is_address(value):
        return pack("AAAA" if ":" in value else "A", [value])
    name = read_name(value)
    return None if isinstance(name, Wrong) else pack("CNAME", [name])


# A rule with one of these holds for some queries only, or answers in another way than blocking.
_READERS: dict[str, Callable[[Modifiers, str], Modifiers | Unused | None]] = {
    "client": _read_clients,
    "ctag": _read_tags,
    "denyallow": _read_denyallow,
    "dnsrewrite": _read_rewrite,
    "dnstype": _read_types,
}
