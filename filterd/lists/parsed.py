"""What came out of one list: the names it speaks of, and the lines that could not be read.

Every format ends here, so that the compiler knows no format.  A name is lower-case, in A-labels,
without a trailing dot.  Where a list came from, and which category it is in, is not known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from filterd.lists.rule import Kind


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

    rule: Rule


class Wrong(NamedTuple):
    """Why a line, or a word of it, is no rule."""

    why: str


class Unused(NamedTuple):
    """Why a rule that is well written is not applied: it is not for us, or not for us yet."""

    why: str


Meaning = Rule | Off | Wrong | Unused
"""What a line of a list, or a word of it, says."""


class Complaint(NamedTuple):
    """A line that was left out; ``line`` counts from 1, ``text`` is short and safe to print."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """One list, read.

    ``names`` holds the names for each kind and scope, in the order of the file and with its
    repetitions.  ``complaints`` is bounded, ``complaint_count`` is not; ``unused`` of them are
    about rules that are well written but not applied.
    """

    format: str
    names: Mapping[tuple[Kind, Scope], Sequence[str]]
    complaints: tuple[Complaint, ...] = ()
    complaint_count: int = 0
    unused: int = 0
    lines: int = 0

    @property
    def rules(self) -> int:
        return sum(map(len, self.names.values()))

    def with_subdomains(self) -> "Parsed":
        """Read every rule for one name as a rule for that name and everything below it."""
        widened: dict[tuple[Kind, Scope], list[str]] = {}
        for (kind, scope), names in self.names.items():
            wide = Scope.SUBTREE if scope is Scope.EXACT else scope
            widened.setdefault((kind, wide), []).extend(names)
        return replace(self, names=widened)
