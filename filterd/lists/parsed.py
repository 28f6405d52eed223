"""What came out of one list: the names it speaks of, and the lines that could not be read.

Every format ends here, so that the compiler knows no format.  A name is lower-case, in A-labels,
without a trailing dot.  Where a list came from, and which category it is in, is not known here.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import compress, repeat
from operator import not_
from typing import NamedTuple

from filterd.lists.condition import Conditional
from filterd.lists.rule import Kind

PIECE = 1 << 20  # bytes of names that are Python objects at one time
_LINE_SIZE = 4


class Scope(Enum):
    """Which names a rule written for one name covers."""

    EXACT = "exact"  # that name
    SUBTREE = "subtree"  # that name and everything below it
    BELOW = "below"  # everything below it, but not that name


class Rule(NamedTuple):
    """One rule as a line of a list has it."""

    name: str
    scope: Scope
    kind: Kind = Kind.BLOCK

    def covers(self, name: str) -> bool:
        if name == self.name:
            return self.scope is not Scope.BELOW
        return self.scope is not Scope.EXACT and name.endswith("." + self.name)


class Off(NamedTuple):
    """Takes a rule out of its own list, wherever it stands in it and however it is written."""

    rule: Rule | Conditional


class Wrong(NamedTuple):
    """Why a line, or a word of it, is no rule."""

    why: str


class Unused(NamedTuple):
    """Why a rule that is well written is not applied: it is not for us, or not for us yet."""

    why: str


Meaning = Rule | Conditional | Off | Wrong | Unused
"""What a line of a list, or a word of it, says."""


class Complaint(NamedTuple):
    """A line that was left out; ``line`` counts from 1, ``text`` is short and safe to print."""

    line: int
    text: str
    why: str


class Placed(NamedTuple):
    """A rule with conditions and the line it stands on, counted from 1."""

    line: int
    rule: Conditional


@dataclass(frozen=True, slots=True)
class Names:
    r"""Names of one kind and scope, with their repetitions, and no Python object for each.

    ``text`` has ``\n`` after every name; ``lines`` has the line of each in 4 bytes, in the byte
    order of the machine.  Both are read-only and may lie in a mapped file.
    """

    text: bytes | memoryview
    lines: bytes | memoryview

    @property
    def count(self) -> int:
        return len(self.lines) // _LINE_SIZE

    def pieces(self) -> Iterator[tuple[list[bytes], memoryview]]:
        """Yield the names in lists of bounded size, each with the line numbers of its names."""
        numbers = memoryview(self.lines).cast("B").cast("I")
        at = 0
        for piece in pieces(self.text):
            names = piece.splitlines()
            yield names, numbers[at : at + len(names)]
            at += len(names)

    def split(
        self, choose: Callable[[list[bytes]], list[bool] | None]
    ) -> "tuple[Names, Names] | None":
        """Return the names that are not chosen and those that are; None when none is chosen.

        ``choose`` says for each name of a piece whether it is chosen, or None when none is.
        """
        kept, chosen = Gathered(), Gathered()
        for names, numbers in self.pieces():
            choice = choose(names)
            rest = repeat(True, len(names)) if choice is None else map(not_, choice)
            kept.extend(names, numbers, rest)
            chosen.extend(names, numbers, choice or ())
        return (kept.names(), chosen.names()) if chosen.lines else None

    def without(self, names: "frozenset[bytes] | set[bytes]") -> "Names":
        """Return these names without some."""
        parts = self.split(
            lambda piece: None if names.isdisjoint(piece) else [name in names for name in piece]
        )
        return parts[0] if parts else self


class Gathered:
    """Names as they are gathered; ``lines`` are the numbers of their lines."""

    __slots__ = ("lines", "text")

    def __init__(self) -> None:
        self.text = bytearray()
        self.lines = array("I")

    def append(self, name: str, line: int) -> None:
        self.text += name.encode("ascii")
        self.text += b"\n"
        self.lines.append(line)

    def extend(self, names: list[bytes], lines: Iterable[int], chosen: Iterable[object]) -> None:
        """Add those of the names that are chosen."""
        choice = list(chosen)
        some = list(compress(names, choice))
        if some:
            self.text += b"\n".join(some)
            self.text += b"\n"
            self.lines.extend(compress(lines, choice))

    def add(self, names: Names) -> None:
        self.text += names.text
        self.lines.frombytes(names.lines)

    def names(self) -> Names:
        """Return what was gathered, which must not grow any more."""
        return Names(
            memoryview(self.text).toreadonly(), memoryview(self.lines).cast("B").toreadonly()
        )


def pieces(text: bytes | memoryview, size: int = PIECE) -> Iterator[bytes]:
    r"""Yield text that has ``\n`` after every line in whole lines, about ``size`` bytes a time."""
    view = memoryview(text)
    at = 0
    while at < len(view):
        piece = bytes(view[at : at + size])
        end = piece.rfind(b"\n") + 1 or len(piece)
        yield piece[:end]
        at += end


def names_of(names: Iterable[str], lines: Iterable[int] | None = None) -> Names:
    """Return names given one by one; without ``lines`` each stands on a line of its own."""
    gathered = Gathered()
    listed = list(names)
    for name, line in zip(listed, lines or range(1, len(listed) + 1), strict=True):
        gathered.append(name, line)
    return gathered.names()


def each_name(names: Names) -> Iterator[str]:
    for piece in pieces(names.text):
        yield from piece[:-1].decode("ascii").split("\n")


def joined(parts: Iterable[Names]) -> Names:
    """Return the names of several as one."""
    first, *more = parts
    if not more:
        return first
    gathered = Gathered()
    for names in (first, *more):
        gathered.add(names)
    return gathered.names()


@dataclass(frozen=True, slots=True)
class Parsed:
    """One list, read.

    ``names`` holds the names for each kind and scope, none of them empty; ``conditional`` the rules
    that need more than a name, in the order of the file.  ``complaints`` is bounded,
    ``complaint_count`` is not; ``unused`` of them are about rules that are well written but not
    applied.
    """

    format: str
    names: Mapping[tuple[Kind, Scope], Names]
    conditional: tuple[Placed, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    complaint_count: int = 0
    unused: int = 0
    lines: int = 0

    @property
    def rules(self) -> int:
        return sum(names.count for names in self.names.values()) + len(self.conditional)

    def with_subdomains(self) -> "Parsed":
        """Read every rule for one name as a rule for that name and everything below it."""
        widened: dict[tuple[Kind, Scope], list[Names]] = {}
        for (kind, scope), names in self.names.items():
            wide = Scope.SUBTREE if scope is Scope.EXACT else scope
            widened.setdefault((kind, wide), []).append(names)
        return replace(
            self,
            names={key: joined(parts) for key, parts in widened.items()},
            conditional=tuple(map(_with_subdomains, self.conditional)),
        )


def _with_subdomains(placed: Placed) -> Placed:
    if placed.rule.scope != Scope.EXACT.value:
        return placed
    return placed._replace(rule=placed.rule._replace(scope=Scope.SUBTREE.value))
