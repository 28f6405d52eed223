"""Search a name for thousands of patterns at once, in time linear in the name.

Patterns are google-re2's, an extra of filterd.  Python's own ``re`` backtracks, so it never runs
what a list wrote: without the engine there are no patterns, and ``why_not`` says so.
Which rule a pattern belongs to, and whether it is too wide for one, is not known here.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

try:
    import re2
except ImportError:
    re2 = None

HAVE_ENGINE = re2 is not None

LONGEST = 1000  # characters of a pattern
# Octets for one pattern; RE2 allows itself about 2,700 instructions for that.
_ONE = 256 << 10
# Small sets share fewer states, but the states of a large one hold so much that none comes twice.
_SET_PATTERNS = 250
_SET_INSTRUCTIONS = 8_000
# What RE2 needs for a set's instructions and a few states; below, it refuses the set.
_BASE, _PER_INSTRUCTION = 64 << 10, 128
_SET_MEMORY = 4 << 20  # octets; more make no set faster
MEMORY = 96 << 20  # octets, for all sets together

# Found in every name: a set that does not even find this one has run out of memory.
_ALWAYS = b""

_REASONS = (
    ("invalid perl operator: (?=", "looks ahead, which google-re2 cannot"),
    ("invalid perl operator: (?!", "looks ahead, which google-re2 cannot"),
    ("invalid perl operator: (?<", "looks behind, which google-re2 cannot"),
    ("invalid perl operator", "has an option that google-re2 does not know"),
    ("invalid repetition size", "repeats something more than 1,000 times"),
    ("bad repetition operator", "repeats a repetition"),
    ("no argument for repetition", "repeats nothing"),
    ("missing )", "has a parenthesis that is not closed"),
    ("unexpected )", "closes a parenthesis that is not open"),
    ("missing ]", "has a bracket that is not closed"),
    ("invalid character class", "has a range or class of characters that does not exist"),
    ("trailing \\", "ends in a backslash"),
    ("pattern too large", "is too large for google-re2 once its repeats are written out"),
)


def why_not(pattern: str) -> str:
    """Say why ``pattern`` cannot be run, as what it is or does: "needs ...", "has ...".

    '' when it can be.  Takes time in proportion to its length, however it is written.
    """
    if not HAVE_ENGINE:
        return "needs the engine google-re2, which is not installed"
    if len(pattern) > LONGEST:
        return f"has more than {LONGEST:,} characters"
    if not pattern.isascii():
        return "has letters that no name has"
    try:
        _compiled(pattern)
    except re2.error as error:
        return _in_plain_words(error.args[0].decode("ascii", "replace"))
    return ""


def found_in(pattern: str, name: str) -> bool:
    """Tell whether a pattern that ``why_not`` had nothing against is found in ``name``."""
    return _compiled(pattern).search(_octets(name)) is not None


class _Set(NamedTuple):
    """Some patterns compiled together; ``places`` are where each stands among all given."""

    searched: Any
    patterns: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]

    def find(self, octets: bytes) -> Iterator[int]:
        """Yield the places of the patterns that are found."""
        found = self.searched.Match(octets)
        if not found:
            # RE2 says "nothing" when its memory for a set is too small; alone, a pattern always
            # runs, though it takes a thousand times as long.
            found = [
                number
                for number, pattern in enumerate(self.patterns)
                if _compiled(pattern).search(octets)
            ]
        for number in found:
            yield from self.places[number]


class Patterns:
    """Patterns that ``why_not`` had nothing against, ready to be searched for.

    ``left_out`` are the places of those that are not searched for: all of them without the
    engine, and otherwise what lies beyond MEMORY.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        places: dict[str, list[int]] = {}
        for place, pattern in enumerate(patterns):
            places.setdefault(pattern, []).append(place)
        left_out: list[int] = []
        groups: list[tuple[list[str], int]] = []
        memory = 0
        for pattern, here in places.items():
            size = _size(pattern)
            memory += (size or 0) * _PER_INSTRUCTION
            if size is None or memory > MEMORY // 2:
                left_out += here
            else:
                _put(groups, pattern, size)
        share = MEMORY // 2 // max(1, len(groups))
        self._sets: list[_Set] = []
        for group, instructions in groups:
            needed = _BASE + instructions * _PER_INSTRUCTION
            searched = _set(group, max(needed, min(share, _SET_MEMORY)))
            if searched is None:
                left_out += (place for pattern in group for place in places[pattern])
            else:
                where = tuple(tuple(places[pattern]) for pattern in group)
                self._sets.append(_Set(searched, tuple(group), (*where, ())))
        self.left_out = tuple(sorted(left_out))

    def match(self, name: str) -> tuple[int, ...]:
        """Return the places, in order, of the patterns that are found in ``name``."""
        octets = _octets(name)
        return tuple(sorted(place for each in self._sets for place in each.find(octets)))


def _put(groups: list[tuple[list[str], int]], pattern: str, size: int) -> None:
    if groups:
        last, instructions = groups[-1]
        if len(last) < _SET_PATTERNS and instructions + size <= _SET_INSTRUCTIONS:
            last.append(pattern)
            groups[-1] = last, instructions + size
            return
    groups.append(([pattern], size))


def _size(pattern: str) -> int | None:
    """Return a pattern's instructions, None when it cannot be run."""
    return None if why_not(pattern) else int(_compiled(pattern).programsize)


def _set(patterns: Iterable[str], memory: int) -> Any:
    """Return a set to search, with one pattern more that is always found; None when it fails."""
    searched = re2.Set.SearchSet(_options(memory))
    try:
        for pattern in patterns:
            searched.Add(pattern.encode("ascii"))
        searched.Add(_ALWAYS)
        searched.Compile()
    except re2.error:
        return None
    return searched


def _compiled(pattern: str) -> Any:
    return re2.compile(pattern.encode("ascii"), _options(_ONE))


def _options(memory: int) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # names are ASCII; UTF-8 makes larger programs
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    options.max_mem = memory
    return options


def _octets(name: str) -> bytes:
    return name.encode("latin-1", "replace")


def _in_plain_words(error: str) -> str:
    if error.startswith("invalid escape sequence: \\") and error[-1].isdigit():
        return f"refers back to what it has found ({error[-2:]}), which google-re2 cannot"
    for start, words in _REASONS:
        if error.startswith(start):
            return words
    return f"cannot be read by google-re2: {error[:80]}"
