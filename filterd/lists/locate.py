"""Find the line of a list that decides about a name, so that "why?" can show it.

Only explanations need a line, so it is searched for in the list as it was read; the index has
none.  What stands on the line is in the list's text, and showing it is ``formats.text_of``'s.
"""

from collections.abc import Iterator
from typing import NamedTuple

from filterd.lists.parsed import Names, Parsed, Rule, Scope, pieces
from filterd.lists.rule import Kind
from filterd.wire.name import parents


class Located(NamedTuple):
    """A line, counted from 1 (0: no line of the text), and the name or pattern of its rule."""

    line: int
    rule: str


class _Found(NamedTuple):
    """A rule that speaks of the name; of several the smallest decides."""

    kind: Kind
    labels_above: int
    is_conditional: bool
    line: int
    rule: str


def locate(parsed: Parsed, name: str, kind: Kind | None = None) -> Located | None:
    """Return the line whose rule decides about ``name``, None when none covers it.

    It is the line of the strongest kind, of these the one with the longest name, of equals the
    first.  With ``kind`` only rules of that kind count.  Rules with conditions count as if they
    held, when they are for the name or a parent; patterns do not.
    """
    found = [each for each in _each(parsed, name) if kind is None or each.kind is kind]
    if not found:
        return None
    best = min(found)
    return Located(best.line, best.rule)


def locate_pattern(parsed: Parsed, pattern: str) -> Located | None:
    """Return the first line with a rule of this pattern, None when there is none."""
    lines = [placed.line for placed in parsed.conditional if placed.rule.pattern == pattern]
    return Located(min(lines), pattern) if pattern and lines else None


def _each(parsed: Parsed, name: str) -> Iterator[_Found]:
    above = {parent: labels for labels, parent in enumerate(parents(name))}
    for (kind, scope), names in parsed.names.items():
        wanted = [each for each in above if Rule(each, scope).covers(name)]
        for each, line in _lines(names, wanted).items():
            yield _Found(kind, above[each], False, line, each)
    for line, rule in parsed.conditional:
        if rule.name in above and Rule(rule.name, Scope(rule.scope)).covers(name):
            yield _Found(rule.kind, above[rule.name], True, line, rule.name)


def _lines(names: Names, wanted: list[str]) -> dict[str, int]:
    """Return the first line of each of the names wanted that is there."""
    view = memoryview(names.text)
    numbers = memoryview(names.lines).cast("B").cast("I")
    found: dict[str, int] = {}
    count = counted = 0
    for at, name in _places(view, {name: f"\n{name}\n".encode() for name in wanted}):
        # Counting costs more than searching, so it goes only as far as something was found.
        count += sum(piece.count(b"\n") for piece in pieces(view[counted:at]))
        counted = at
        found[name] = min(numbers[count], found.get(name, numbers[count]))
    return found


def _places(view: memoryview, needles: dict[str, bytes]) -> Iterator[tuple[int, str]]:
    """Yield where a needle's name begins, and which name, in rising order."""
    start = 0
    for piece in pieces(view):
        text = b"\n" + piece
        yield from sorted(
            (start + at, name) for name, needle in needles.items() for at in _finds(text, needle)
        )
        start += len(piece)


def _finds(text: bytes, needle: bytes) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + len(needle) - 1)
