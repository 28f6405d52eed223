"""What stands behind the ``$`` of an adblock rule, as AdGuard's DNS filters understand it.

A modifier that means nothing to a DNS filter voids its rule, exceptions included, because the
rule would otherwise be applied wider than it was written.  Modifiers that make a rule depend on
the query are validated and named here; nothing evaluates them.  Source: AdGuard, "DNS filtering
rules syntax".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.record_types import is_record_type
from filterd.lists.parsed import Unused, Wrong
from filterd.lists.rule import Kind

_PARTS = re.compile(r"""((?:[^,\\'"]|\\.|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|['"\\])*)(?:,|$)""")
_is_plain = re.compile(r"~?[a-z0-9_-]{1,30}").fullmatch
_is_tag = re.compile(r"~?(?:device|os|user)_[a-z]+").fullmatch
_is_suffix = re.compile(r"[a-z0-9_-]{1,63}").fullmatch
_is_rcode = re.compile(r"[A-Z]{4,10}").fullmatch


@dataclass(frozen=True, slots=True)
class Modifiers:
    """The modifiers of one rule; ``conditions`` are (name, value) in the order written."""

    important: bool = False
    badfilter: bool = False
    conditions: tuple[tuple[str, str], ...] = ()

    def kind(self, *, exception: bool) -> Kind:
        if exception:
            return Kind.IMPORTANT_EXCEPTION if self.important else Kind.EXCEPTION
        return Kind.IMPORTANT if self.important else Kind.BLOCK


def read_modifiers(text: str, *, exception: bool) -> Modifiers | Wrong | Unused:
    """Read the text after the ``$``; one modifier that is wrong or not for us is the answer."""
    flags: set[str] = set()
    conditions: list[tuple[str, str]] = []
    for part in _split(text):
        name, equals, value = part.partition("=")
        if name in {"important", "badfilter"}:
            if equals:
                return Wrong(f"${name} takes no value")
            flags.add(name)
        elif name in _CONDITIONS:
            removes = exception and name == "dnsrewrite" and not equals
            if not removes and not _CONDITIONS[name](value):
                return Wrong(f"a value of ${name} that means nothing")
            conditions.append((name, value))
        elif _is_plain(name):
            return Unused(f"${name} is for browsers, or unknown")
        else:
            return Wrong("no modifier after '$'" if not name else "characters no modifier has")
    return Modifiers("important" in flags, "badfilter" in flags, tuple(conditions))


def _split(text: str) -> list[str]:
    r"""Split at the commas that are neither quoted nor escaped, as in ``client='a\, b'``."""
    if "\\" not in text and "'" not in text and '"' not in text:
        return text.split(",")
    return [part[1] for part in _PARTS.finditer(text) if part[1] or part.start() < len(text)]


def _are_clients(value: str) -> bool:
    return all(each.removeprefix("~").strip("'\"") for each in value.split("|"))


def _are_tags(value: str) -> bool:
    return all(map(_is_tag, value.split("|")))


def _are_types(value: str) -> bool:
    return all(is_record_type(each.removeprefix("~").upper()) for each in value.split("|"))


def _are_names(value: str) -> bool:
    return all(_is_suffix(each) or isinstance(read_name(each), str) for each in value.split("|"))


def _is_rewrite(value: str) -> bool:
    """``RCODE;TYPE;VALUE``, or in short an rcode, an address or a name."""
    parts = value.split(";", 2)
    if len(parts) == 1:
        short = bool(_is_rcode(value)) or is_address(value)
        return short or isinstance(read_name(value), str)
    rcode, rtype = parts[0], parts[1]
    return bool(_is_rcode(rcode)) and (not rtype or is_record_type(rtype)) and len(parts) == 3


# A rule with one of these holds for some queries only, or answers in another way than blocking.
_CONDITIONS: dict[str, Callable[[str], bool]] = {
    "client": _are_clients,
    "ctag": _are_tags,
    "denyallow": _are_names,
    "dnsrewrite": _is_rewrite,
    "dnstype": _are_types,
}
