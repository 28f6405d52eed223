"""Read the text of a list line by line: what all line-based formats have in common.

A format gives a pattern for its ordinary line and a function for every other line.  The pattern
takes a million lines in half a second; the function is the whole truth, and a test holds the two
together.  Neither raises on any text.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from filterd.lists.formats.entry import LONGEST, NAME
from filterd.lists.parsed import Complaint, Parsed, Rule, Scope, Wrong
from filterd.lists.rule import Kind

COMMENT = ("#", "!", ";", "//")
MOST_COMPLAINTS = 1000  # kept for the page; a list of a million IP addresses must not fill memory
LONGEST_SHOWN = 120

LineReader = Callable[[str], Iterable[Rule | Wrong]]


@dataclass(frozen=True, slots=True)
class Format:
    """One line-based format.

    ``ordinary`` matches every line with its line end: group 1 is the name of an ordinary line,
    a block rule of ``scope``; group 2 is any other line, which is ``read_line``'s to read.
    """

    name: str
    ordinary: re.Pattern[str]
    scope: Scope
    read_line: LineReader


def ordinary_line(before: str) -> re.Pattern[str]:
    """Build ``Format.ordinary`` for lines of one name with ``before`` (a pattern) before it.

    Names that start like ``localhost.localdomain`` are left to ``read_line``.
    """
    name = rf"(?!localhost)(?=[^\n]{{1,{LONGEST}}}\n){NAME}"
    return re.compile(rf"{before}({name})[ \t]*\n|([^\n]*)\n")


def decode(text: bytes) -> str:
    r"""Return the text with ``\n`` after every line, also the last; a byte order mark is dropped.

    Bytes that are not UTF-8 become U+FFFD, which no name can hold, so that they end in a complaint.
    """
    decoded = text.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    if "\r" in decoded:
        decoded = decoded.replace("\r\n", "\n").replace("\r", "\n")
    return decoded if not decoded or decoded.endswith("\n") else decoded + "\n"


def each_line(text: str) -> Iterator[tuple[int, str]]:
    """Yield number (from 1) and line, without its end, of text from ``decode``."""
    for number, line in enumerate(re.finditer(r"([^\n]*)\n", text), 1):
        yield number, line[1]


def is_comment(line: str) -> bool:
    """Tell whether a line without outer blanks holds no rule: empty, a remark or a header."""
    return not line or line.startswith(COMMENT) or (line[0] == "[" and line[-1] == "]")


def shown(line: str) -> str:
    """Return a line as a terminal, a log and a page can show it."""
    short = line.strip()[:LONGEST_SHOWN]
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def read(form: Format, text: str) -> Parsed:
    """Read the whole text of ``decode``; what cannot be read becomes complaints."""
    ordinary: list[str] = []
    names: dict[tuple[Kind, Scope], list[str]] = {(Kind.BLOCK, form.scope): ordinary}
    complaints: list[Complaint] = []
    complaint_count = number = 0
    for number, line in enumerate(form.ordinary.finditer(text), 1):
        name = line[1]
        if name is not None:
            ordinary.append(name)
            continue
        for found in form.read_line(line[2]):
            if isinstance(found, Rule):
                names.setdefault((found.kind, found.scope), []).append(found.name)
                continue
            complaint_count += 1
            if complaint_count <= MOST_COMPLAINTS:
                complaints.append(Complaint(number, shown(line[2]), found.why))
    return Parsed(form.name, names, tuple(complaints), complaint_count, number)
