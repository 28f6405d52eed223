"""Read the text of a list line by line: what all line-based formats have in common.

A format gives the shapes of its ordinary lines, which the core reads at C speed, and a function
for all others.  The function is the whole truth, and a test holds the two together.  Neither
raises on any text.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from filterd.lists import core
from filterd.lists.condition import Conditional
from filterd.lists.facts import to_fact
from filterd.lists.formats.nearest import let_nearest_win
from filterd.lists.parsed import (
    Complaint,
    Gathered,
    Meaning,
    Names,
    Off,
    Parsed,
    Placed,
    Rule,
    Scope,
    Unused,
    Wrong,
)
from filterd.lists.patterns import TOO_MANY, Patterns
from filterd.lists.rule import Kind
from filterd.lists.shape import Shape

__all__ = [
    "Format",
    "Line",
    "Scan",
    "Shape",
    "by_line",
    "each_line",
    "is_comment",
    "line_at",
    "normal",
    "read",
    "shown",
]

COMMENT = ("#", "!", ";", "//")
PIECE = 1 << 18  # bytes of text that are lines at one time; a line may be one byte
MOST_COMPLAINTS = 1000  # kept for the page; a list of a million IP addresses must not fill memory
MOST_CONDITIONAL = 20_000  # each is an object in the DNS process
MOST_CONDITIONAL_TEXT = 1 << 22  # characters of all of them, as they are carried in the index
LONGEST_SHOWN = 120

_TOO_MANY = Unused(f"more than {MOST_CONDITIONAL:,} rules with conditions")
_TOO_LONG = Unused(f"rules with conditions of more than {MOST_CONDITIONAL_TEXT >> 20} MiB in all")


class Line(NamedTuple):
    """A line of a list; ``number`` counts from 1."""

    number: int
    text: str


Scan = Callable[[Iterable[Line]], Iterator[tuple[Line, Meaning]]]


@dataclass(frozen=True, slots=True)
class Format:
    """One line-based format.

    ``shapes`` are those of its ordinary lines.  ``scan`` reads other lines, and could read all.
    ``linked`` tells how many bytes at the start of a text, in whole lines, ``scan`` must read
    because lines there depend on earlier ones; behind them ordinary lines stand for themselves.
    ``nearest`` says that of a list's rules the one with the longest name wins, exceptions or not;
    elsewhere exceptions win.
    """

    name: str
    shapes: tuple[Shape, ...]
    scan: Scan
    linked: Callable[[bytes], int] = lambda _: 0
    nearest: bool = False


def whole_if(sign: re.Pattern[bytes]) -> Callable[[bytes], int]:
    """Build ``Format.linked``: the whole text where ``sign`` is found in it, else nothing."""
    return lambda text: len(text) if sign.search(text) else 0


def by_line(read_line: Callable[[str], Iterable[Meaning]]) -> Scan:
    """Build ``Format.scan`` for a format whose lines stand each for itself."""

    def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
        for line in lines:
            for meaning in read_line(line.text):
                yield line, meaning

    return scan


def normal(text: bytes) -> bytes:
    r"""Return the text with ``\n`` after every line, the last too; a byte order mark is dropped."""
    text = text.removeprefix(codecs.BOM_UTF8)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text if not text or text.endswith(b"\n") else text + b"\n"


def each_line(text: bytes) -> Iterator[Line]:
    """Yield the lines, without their ends, of text from ``normal``."""
    for first, piece in _pieces(text):
        for number, line in enumerate(piece.tobytes()[:-1].split(b"\n"), first):
            yield _line(number, line)


def line_at(text: bytes, number: int) -> str:
    """Return a line of text from ``normal`` as ``shown``, "" when there is none."""
    for first, piece in _pieces(text):
        lines = piece.tobytes()
        if first <= number < first + lines.count(b"\n"):
            return shown(_line(number, lines.split(b"\n")[number - first]).text)
    return ""


def is_comment(line: str) -> bool:
    """Tell whether a line without outer blanks holds no rule: empty, a remark or a header."""
    return not line or line.startswith(COMMENT) or (line[0] == "[" and line[-1] == "]")


def shown(line: str) -> str:
    """Return a line as a terminal, a log and a page can show it."""
    short = line.strip()[:LONGEST_SHOWN]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def read(form: Format, text: bytes) -> Parsed:
    """Read the whole text of ``normal``; what cannot be read or applied becomes complaints."""
    reading = _Reading()
    for line, meaning in form.scan(_lines(form, text, reading)):
        reading.add(line, meaning)
    names = reading.names_left()
    conditional = reading.conditional_left()
    if form.nearest:
        conditional = let_nearest_win(names, conditional)
    return Parsed(
        form.name,
        {key: names[key] for key in sorted(names, key=_place) if names[key].count},
        tuple(conditional),
        tuple(reading.complaints),
        reading.complaint_count,
        reading.unused,
        text.count(b"\n"),
    )


def _place(key: tuple[Kind, Scope]) -> tuple[int, int]:
    return key[0], list(Scope).index(key[1])


def _pieces(text: bytes, at: int = 0) -> Iterator[tuple[int, memoryview]]:
    """Yield the text from ``at`` in whole lines, each piece with the number of its first line.

    Bounded pieces keep a text of nothing but odd lines from becoming a hundred million objects.
    """
    view = memoryview(text)
    first = 1 + text.count(b"\n", 0, at)
    while at < len(text):
        end = text.rfind(b"\n", at, at + PIECE) + 1 or text.find(b"\n", at + PIECE) + 1
        yield first, view[at:end]
        first += text.count(b"\n", at, end)
        at = end


def _lines(form: Format, text: bytes, reading: "_Reading") -> Iterator[Line]:
    """Put the names of ordinary lines away and yield the other lines, and all that are linked."""
    head = form.linked(text)
    yield from each_line(text[:head])
    for first, piece in _pieces(text, head):
        found, others = core.scan(piece, form.shapes, first)
        for shape, names in zip(form.shapes, found, strict=True):
            reading.gathered(Kind.BLOCK, shape.scope).add(names)
        for number, line in others:
            yield _line(number, line)


def _line(number: int, line: bytes) -> Line:
    """Bytes that are not UTF-8 become U+FFFD, which no name can hold: they end in a complaint."""
    return Line(number, line.decode("utf-8", "replace"))


@dataclass(slots=True)
class _Reading:
    """What has been found in a text so far."""

    names: dict[tuple[Kind, Scope], Gathered] = field(default_factory=dict)
    conditional: list[Placed] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    complaint_count: int = 0
    unused: int = 0
    gone: set[Rule | Conditional] = field(default_factory=set)
    room: int = MOST_CONDITIONAL_TEXT

    def gathered(self, kind: Kind, scope: Scope) -> Gathered:
        key = kind, scope
        if key not in self.names:
            self.names[key] = Gathered()
        return self.names[key]

    def add(self, line: Line, meaning: Meaning) -> None:
        if isinstance(meaning, Rule):
            self.gathered(meaning.kind, meaning.scope).append(meaning.name, line.number)
        elif isinstance(meaning, Off):
            self.gone.add(meaning.rule)
        elif not isinstance(meaning, Conditional):
            self.complain(line, meaning)
        elif len(self.conditional) >= MOST_CONDITIONAL:
            self.complain(line, _TOO_MANY)
        else:
            self._add_conditional(line, meaning)

    def _add_conditional(self, line: Line, rule: Conditional) -> None:
        length = len(str(to_fact(rule)))
        if length > self.room:
            self.complain(line, _TOO_LONG)
        else:
            self.room -= length
            self.conditional.append(Placed(line.number, rule))

    def complain(self, line: Line, meaning: Wrong | Unused) -> None:
        self.complaint_count += 1
        self.unused += isinstance(meaning, Unused)
        if self.complaint_count <= MOST_COMPLAINTS:
            self.complaints.append(Complaint(line.number, shown(line.text), meaning.why))

    def names_left(self) -> dict[tuple[Kind, Scope], Names]:
        """Return the names without the rules that were taken out."""
        left = {key: gathered.names() for key, gathered in self.names.items()}
        out: dict[tuple[Kind, Scope], set[bytes]] = {}
        for rule in self.gone:
            if isinstance(rule, Rule):
                out.setdefault((rule.kind, rule.scope), set()).add(rule.name.encode("ascii"))
        for key in left.keys() & out.keys():
            left[key] = left[key].without(out[key])
        return left

    def conditional_left(self) -> list[Placed]:
        """Return the rules with conditions that were not taken out and that can be applied."""
        left = [placed for placed in self.conditional if placed.rule not in self.gone]
        by_pattern = [placed for placed in left if placed.rule.pattern]
        beyond = Patterns([placed.rule.pattern for placed in by_pattern]).left_out
        for line, rule in map(by_pattern.__getitem__, beyond):
            self.complain(Line(line, f"/{rule.pattern}/"), Unused(TOO_MANY))
        out = {by_pattern[at].rule.pattern for at in beyond}
        return [placed for placed in left if placed.rule.pattern not in out]
