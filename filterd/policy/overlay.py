"""The overlay: the names guardians typed, and what each says, as a small index.

A mark is one typed name's word within a *scope*: a profile's own names, one window, one grant.
Each name carries the set of marks that apply to it, one per scope: the most specific, settled
here once.  Sets are interned, so that with a name's set in the base index (``policy.listed``) the
number found here determines every verdict.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class Mark(NamedTuple):
    """``name`` is the typed one; ``allows`` is what a profile's own name says of it."""

    allows: bool
    name: str


Marks = Mapping[str, Mark]
"""Scope to mark."""


class Typed(NamedTuple):
    """A name as a guardian typed it: it covers what lies below, unless written ``=name``."""

    scope: str
    name: str
    allows: bool


class Overlay:
    """All typed names of a policy; immutable once made."""

    def __init__(self, typed: Iterable[Typed]) -> None:
        exact: dict[str, dict[str, Mark]] = {}
        subtree: dict[str, dict[str, Mark]] = {}
        for entry in typed:
            name = entry.name.removeprefix("=")
            marks = (subtree if name == entry.name else exact).setdefault(name, {})
            mark = Mark(entry.allows, name)
            # On a tie, allow: the same name typed as blocked and as allowed is open.
            if mark.allows or entry.scope not in marks:
                marks[entry.scope] = mark
        self._sets: list[Marks] = [{}]
        self._here: dict[str, int] = {}
        self._below: dict[str, int] = {}
        self._close(exact, subtree)

    def _close(
        self, exact: Mapping[str, dict[str, Mark]], subtree: Mapping[str, dict[str, Mark]]
    ) -> None:
        """Give every typed name the marks of its parents where it has none of its own."""
        numbers: dict[frozenset[tuple[str, Mark]], int] = {frozenset(): 0}
        for name in sorted(exact.keys() | subtree.keys(), key=lambda name: name.count(".")):
            below = {**self._sets[self._inherited(name)], **subtree.get(name, {})}
            # ``=name`` is more specific than ``name``: it covers less.
            here = {**below, **exact.get(name, {})}
            self._below[name] = self._intern(below, numbers)
            self._here[name] = self._intern(here, numbers)

    def _intern(self, marks: Marks, numbers: dict[frozenset[tuple[str, Mark]], int]) -> int:
        number = numbers.setdefault(frozenset(marks.items()), len(self._sets))
        if number == len(self._sets):
            self._sets.append(marks)
        return number

    def _inherited(self, name: str) -> int:
        dot = name.find(".")
        while dot >= 0:
            name = name[dot + 1 :]
            number = self._below.get(name)
            if number is not None:
                return number
            dot = name.find(".")
        return 0

    def find(self, name: str) -> int:
        """Return the number of the name's set of marks, 0 when nobody typed anything over it."""
        number = self._here.get(name)
        if number is not None:
            return number
        return self._inherited(name) if self._below else 0

    def numbers(self) -> Iterator[tuple[str, int, int]]:
        """Yield every typed name with its number and the number of what lies below it."""
        for name, here in self._here.items():
            yield name, here, self._below[name]

    def marks(self, number: int) -> Marks:
        """Return the marks with this number."""
        return self._sets[number]
