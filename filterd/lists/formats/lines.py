"""Read the text of a list line by line: what all line-based formats have in common.

A format gives a pattern for its ordinary lines and a function for all others.  The pattern takes
a million lines in half a second; the function is the whole truth, and a test holds the two
together.  Neither raises on any text.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from filterd.lists.formats.entry import LONGEST, NAME
from filterd.lists.formats.nearest import let_nearest_win
from filterd.lists.parsed import Complaint, Meaning, Off, Parsed, Rule, Scope, Unused
from filterd.lists.rule import Kind

COMMENT = ("#", "!", ";", "//")
MOST_COMPLAINTS = 1000  # kept for the page; a list of a million IP addresses must not fill memory
LONGEST_SHOWN = 120

_EVERY_LINE = re.compile(r"([^\n]*)\n")


class Line(NamedTuple):
    """A line of a list; ``number`` counts from 1."""

    number: int
    text: str


Scan = Callable[[Iterable[Line]], Iterator[tuple[Line, Meaning]]]


@dataclass(frozen=True, slots=True)
class Format:
    """One line-based format.

    ``ordinary`` matches every line with its line end: in each of its groups but the last the name
    of an ordinary line, a block rule of the scope that stands in ``scopes`` at the same place; in
    its last group any other line.  ``scan`` reads other lines, and could read all.  Where
    ``linked`` is found in a text, lines depend on earlier ones, and ``scan`` does read all.
    ``nearest`` says that of a list's rules the one with the longest name wins, exceptions or not;
    elsewhere exceptions win.
    """

    name: str
    ordinary: re.Pattern[str]
    scopes: tuple[Scope, ...]
    scan: Scan
    linked: re.Pattern[str] | None = None
    nearest: bool = False

    def is_linked(self, text: str) -> bool:
        return self.linked is not None and self.linked.search(text) is not None


def ordinary_lines(*shapes: tuple[str, str]) -> re.Pattern[str]:
    """Build ``Format.ordinary`` for lines of one name.

    A shape is what stands before and after the name, as patterns without groups.  Names that
    start like ``localhost.localdomain`` are left to ``scan``.
    """
    name = rf"((?!localhost)(?=[^\n]{{1,{LONGEST}}}\n){NAME})"
    each = "|".join(rf"{before}{name}{after}[ \t]*\n" for before, after in shapes)
    return re.compile(rf"{each}|([^\n]*)\n")


def by_line(read_line: Callable[[str], Iterable[Meaning]]) -> Scan:
    """Build ``Format.scan`` for a format whose lines stand each for itself."""

    def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
        for line in lines:
            for meaning in read_line(line.text):
                yield line, meaning

    return scan


def decode(text: bytes) -> str:
    r"""Return the text with ``\n`` after every line, also the last; a byte order mark is dropped.

    Bytes that are not UTF-8 become U+FFFD, which no name can hold, so that they end in a complaint.
    """
    decoded = text.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    if "\r" in decoded:
        decoded = decoded.replace("\r\n", "\n").replace("\r", "\n")
    return decoded if not decoded or decoded.endswith("\n") else decoded + "\n"


def each_line(text: str) -> Iterator[Line]:
    """Yield the lines, without their ends, of text from ``decode``."""
    for number, line in enumerate(_EVERY_LINE.finditer(text), 1):
        yield Line(number, line[1])


def is_comment(line: str) -> bool:
    """Tell whether a line without outer blanks holds no rule: empty, a remark or a header."""
    return not line or line.startswith(COMMENT) or (line[0] == "[" and line[-1] == "]")


def shown(line: str) -> str:
    """Return a line as a terminal, a log and a page can show it."""
    short = line.strip()[:LONGEST_SHOWN]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def read(form: Format, text: str) -> Parsed:
    """Read the whole text of ``decode``; what cannot be read or applied becomes complaints."""
    names: dict[tuple[Kind, Scope], list[str]] = {(Kind.BLOCK, scope): [] for scope in form.scopes}
    complaints: list[Complaint] = []
    complaint_count = unused = 0
    gone: list[Rule] = []
    for line, meaning in form.scan(_others(form, text, names)):
        if isinstance(meaning, Rule):
            names.setdefault((meaning.kind, meaning.scope), []).append(meaning.name)
        elif isinstance(meaning, Off):
            gone.append(meaning.rule)
        else:
            complaint_count += 1
            unused += isinstance(meaning, Unused)
            if complaint_count <= MOST_COMPLAINTS:
                complaints.append(Complaint(line.number, shown(line.text), meaning.why))
    _take_out(names, gone)
    if form.nearest:
        let_nearest_win(names)
    lines = text.count("\n")
    return Parsed(form.name, names, tuple(complaints), complaint_count, unused, lines)


def _others(form: Format, text: str, names: dict[tuple[Kind, Scope], list[str]]) -> Iterator[Line]:
    """Put the names of ordinary lines away and yield the other lines."""
    pattern = _EVERY_LINE if form.is_linked(text) else form.ordinary
    other = pattern.groups
    add = [names[Kind.BLOCK, scope].append for scope in form.scopes]
    for number, line in enumerate(pattern.finditer(text), 1):
        group = line.lastindex or other
        if group == other:
            yield Line(number, line[other])
        else:
            add[group - 1](line[group])


def _take_out(names: dict[tuple[Kind, Scope], list[str]], gone: list[Rule]) -> None:
    for kind, scope in {(rule.kind, rule.scope) for rule in gone} & names.keys():
        out = {rule.name for rule in gone if (rule.kind, rule.scope) == (kind, scope)}
        names[kind, scope] = [name for name in names[kind, scope] if name not in out]
