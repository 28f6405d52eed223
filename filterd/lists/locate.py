"""Find the line of a list that decides about a name, so that "why?" can show it.

Reads the list's text again: only explanations need a line, so neither rules nor index keep one.
"""

from filterd.lists.formats import open_list
from filterd.lists.formats.lines import Line, each_line, shown
from filterd.lists.parsed import Off, Rule, Scope
from filterd.lists.rule import Kind

__all__ = ["Line", "locate"]


def locate(text: bytes, form: str, match: str, name: str) -> Line | None:
    """Return the line whose rule decides about ``name``, None when none covers it.

    ``form`` and ``match`` are as for ``formats.parse``.  It is the line of the strongest kind, or
    in formats where the nearest rule wins the one with the longest name; the first of equals.
    Its text is shortened and safe to print.  Raises ListError when the text is no list.
    """
    read, decoded = open_list("", text, form)
    lines = each_line(decoded)
    if not read.is_linked(decoded):
        # Every rule that covers the name ends like it, unless it is written in Unicode.
        tail = ".".join(name.split(".")[-2:])
        lines = (line for line in lines if tail in line.text.lower() or not line.text.isascii())
    found: dict[Rule, Line] = {}
    gone: set[Rule] = set()
    for line, meaning in read.scan(lines):
        if isinstance(meaning, Off):
            gone.add(meaning.rule)
        elif isinstance(meaning, Rule) and _as_matched(meaning, match).covers(name):
            found.setdefault(meaning, line)
    rules = [rule for rule in found if rule not in gone]
    if not rules:
        return None
    best = min(rules, key=_nearest if read.nearest else _strongest)
    line = found[best]
    return Line(line.number, shown(line.text))


def _as_matched(rule: Rule, match: str) -> Rule:
    is_wider = match == "subdomains" and rule.scope is Scope.EXACT
    return rule._replace(scope=Scope.SUBTREE) if is_wider else rule


def _strongest(rule: Rule) -> tuple[int, int]:
    return rule.kind, -len(rule.name)


def _nearest(rule: Rule) -> tuple[int, bool, bool]:
    return -len(rule.name), rule.scope is Scope.SUBTREE, rule.kind is not Kind.BLOCK
