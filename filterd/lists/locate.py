"""Find the line of a list that covers a name, so that "why?" can show it.

Reads the list's text again: only explanations need a line, so neither rules nor index keep one.
"""

from typing import NamedTuple

from filterd.lists.formats import FORMATS, detect
from filterd.lists.formats.lines import decode, each_line, shown
from filterd.lists.parsed import Rule, Scope


class Line(NamedTuple):
    """A line of a list; ``number`` counts from 1, ``text`` is short and safe to print."""

    number: int
    text: str


def locate(text: bytes, form: str, match: str, name: str) -> Line | None:
    """Return the line whose rule covers ``name`` most closely, None when none does.

    ``form`` and ``match`` are as for ``formats.parse``.  The rule with the longest name wins, the
    first of equals.  Raises ListError when ``form`` is ``auto`` and the text is no list.
    """
    read_line = FORMATS[detect("", text) if form == "auto" else form].read_line
    # Every rule that covers the name ends like it, unless it is written in Unicode.
    tail = ".".join(name.split(".")[-2:])
    best: tuple[int, Line] | None = None
    for number, line in each_line(decode(text)):
        if tail not in line.lower() and line.isascii():
            continue
        for rule in read_line(line):
            if not isinstance(rule, Rule) or (best and len(rule.name) <= best[0]):
                continue
            if match == "subdomains" and rule.scope is Scope.EXACT:
                rule = rule._replace(scope=Scope.SUBTREE)  # noqa: PLW2901 the same rule, read wider
            if rule.covers(name):
                best = len(rule.name), Line(number, shown(line))
    return best[1] if best else None
