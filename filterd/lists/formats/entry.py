"""Decide whether one word of a list is a name, and bring it into its canonical form.

A name of a list is what clients really ask for, so this is wider than a host name: underscores and
hyphens may stand anywhere, and no TLD is checked against a list, because such lists age.  Public
suffixes are not looked at here.  Source: RFC 1035 §2.3.4 (sizes), UTS 46 and RFC 5891 (IDNs).
"""

import ipaddress
import re
from collections.abc import Callable

import idna

from filterd.lists.parsed import Wrong
from filterd.lists.shape import LONGEST, NAME

_is_name = re.compile(NAME).fullmatch
_is_label_text = re.compile(r"[a-z0-9_.-]+").fullmatch
_has_letter = re.compile(r"[a-z]").search


def read_name(word: str) -> str | Wrong:
    """Return the name that ``word`` (no blanks inside) writes, or why it is none.

    One dot before or after it is dropped, upper case is lowered, Unicode becomes A-labels.
    """
    if len(word) > LONGEST + 2:
        return Wrong("longer than a name can be")
    if word.isascii():
        # ASCII never meets idna, which refuses underscores and other names asked every day.
        name = word.lower()
    else:
        try:
            name = _to_ascii(word)
        except UnicodeError:
            return Wrong("letters that no internationalised name can have")
    name = name.removesuffix(".").removeprefix(".")
    if len(name) <= LONGEST and _is_name(name):
        return name
    return Wrong(next((why for is_so, why in _WHY_NOT if is_so(name)), "longer than a name can be"))


def is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _to_ascii(word: str) -> str:
    """Write every label of ``word`` in ASCII; UnicodeError where IDNA 2008 has no way to."""
    mapped = idna.uts46_remap(word, std3_rules=False, transitional=False)
    return ".".join(
        label if label.isascii() else idna.alabel(label).decode("ascii")
        for label in mapped.split(".")
    )


# Asked in this order, so that each may take for granted that the ones above said no.
_WHY_NOT: tuple[tuple[Callable[[str], object], str], ...] = (
    (lambda name: "/" in name, "a web address or a path, not a name"),
    (is_address, "an IP address, not a name"),
    (lambda name: "*" in name, "'*' may only stand first, as in '*.example.org'"),
    (lambda name: not _is_label_text(name), "characters that no name has"),
    (lambda name: "." not in name, "one label alone: too wide for a rule"),
    (lambda name: not all(name.split(".")), "an empty label between two dots"),
    (lambda name: max(map(len, name.split("."))) > 63, "a label of more than 63 characters"),
    (lambda name: not _has_letter(name.rpartition(".")[2]), "the last label has no letter"),
)
