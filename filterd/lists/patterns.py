"""Search a name for thousands of patterns at once, in time linear in the name.

Patterns are google-re2's, an extra of filterd.  Python's own ``re`` backtracks, so it never runs
what a list wrote: without the engine there are no patterns, and ``why_not`` says so.
Which rule a pattern belongs to, and whether it is too wide for one, is not known here.

Nearly every pattern needs some text to be in the name.  RE2's filter looks for all these texts in
one go and tries only the patterns whose texts are there, so that thousands cost little more than
one.  A pattern that needs no text is *vague*: such are searched together in sets, which costs ten
times as much, so there may be fewer of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from filterd.lists.needed import needed_texts

try:
    import re2
except ImportError:
    re2 = None

HAVE_ENGINE = re2 is not None

LONGEST = 1000  # characters of a pattern
# Different ones that are searched for.  So many cost a new name some 5 microseconds, and the vague
# ones among them another 20.
MOST = 2_000
MOST_VAGUE = 500
# Of RE2's programs, about one a sign.  Whoever knows the patterns can ask for long names that keep
# all of them busy.
MOST_INSTRUCTIONS = 50_000
MOST_VAGUE_INSTRUCTIONS = 20_000
TOO_MANY = (
    f"more than {MOST:,} patterns, {MOST_VAGUE} that need no text of their own in a name, "
    "or patterns that are too long in all"
)

# Octets for one pattern, which RE2 fills as names come; the large size for what does not fit.
_COMMON, _LARGE = 32 << 10, 256 << 10
# Of a filter: making one holds up every other thread, for some 20 ms.
_FILTER_PATTERNS, _FILTER_INSTRUCTIONS = 1_000, 25_000
# Small sets share fewer states, but the states of a large one hold so much that none comes twice.
_SET_PATTERNS = 250
_SET_INSTRUCTIONS = 8_000
_SET_MEMORY = 4 << 20  # octets; more make no set faster

# Characters of patterns, for their texts: some 0.3 s.  2,000 of published lists have half of them.
_MOST_READ = 100_000

# Found in every name: a set that does not even find this one has run out of memory.
_ALWAYS = b""
# Has the texts that are in names of all sorts, a blank between them: no pattern's own.
_COMMONPLACE = " ".join("abcdefghijklmnopqrstuvwxyz0123456789-_").encode() + b" .com .net .org www."

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


class _Part(NamedTuple):
    """Some patterns compiled together; ``places`` are where each stands among all given."""

    engine: Any
    patterns: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]

    def find(self, octets: bytes) -> Iterator[int]:
        """Yield the places of the patterns that are found."""
        for number in self.engine.Match(octets) or ():
            yield from self.places[number]


class _Set(_Part):
    """As ``_Part``, in a set of RE2 with one pattern more that is always found."""

    def find(self, octets: bytes) -> Iterator[int]:
        """Yield the places of the patterns that are found."""
        found = self.engine.Match(octets)
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
    engine, and otherwise what lies beyond one of the bounds above.  Of equal patterns each has its
    place and all count as one.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        places: dict[str, list[int]] = {}
        for place, pattern in enumerate(patterns):
            places.setdefault(pattern, []).append(place)
        self._parts: list[_Part] = []
        vague: list[tuple[str, int]] = []
        for engine, group in _filters(places) if HAVE_ENGINE else ():
            found = _vague(engine, len(group))
            vague += (group[number] for number in found)
            clear = [pattern for at, (pattern, _) in enumerate(group) if at not in found]
            if clear:
                again = _filter(clear) if found else engine
                self._parts.append(_Part(again, tuple(clear), _those(places, clear)))
        for texts in _sets(vague):
            engine = _set(texts)
            if engine is not None:
                self._parts.append(_Set(engine, texts, (*_those(places, texts), ())))
        self._searched = {pattern for part in self._parts for pattern in part.patterns}
        self.left_out = tuple(
            place for place, pattern in enumerate(patterns) if pattern not in self._searched
        )

    def match(self, name: str) -> tuple[int, ...]:
        """Return the places, in order, of the patterns that are found in ``name``.

        The name is lower-case, a pattern's letters may be of any case.
        """
        octets = _octets(name)
        return tuple(sorted(place for part in self._parts for place in part.find(octets)))

    def needed_texts(self) -> frozenset[str] | None:
        """Return texts of which every name has one in which any pattern is found.

        They are those of ``lists.needed``; None when a pattern may be found without one, or when
        there is too much to read.
        """
        found = set[str]()
        if sum(map(len, self._searched)) > _MOST_READ:
            return None
        for pattern in self._searched:
            needed = needed_texts(pattern)
            if needed is None:
                return None
            found |= needed
        return frozenset(found)


def _those(places: dict[str, list[int]], patterns: Iterable[str]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(places[pattern]) for pattern in patterns)


def _filters(patterns: Iterable[str]) -> Iterator[tuple[Any, list[tuple[str, int]]]]:
    """Yield filters, not compiled yet, with their patterns and the instructions of each."""
    engine, group, held = re2.Filter(), list[tuple[str, int]](), 0
    count = total = 0
    for pattern in patterns:
        if count >= MOST or total >= MOST_INSTRUCTIONS:
            break
        if not _put(engine, pattern):
            continue
        size = int(engine.re(len(group)).programsize)
        group.append((pattern, size))
        count, total, held = count + 1, total + size, held + size
        if len(group) >= _FILTER_PATTERNS or held >= _FILTER_INSTRUCTIONS:
            yield engine, group
            engine, group, held = re2.Filter(), [], 0
    if group:
        yield engine, group


# Like "\xe9".  A filter takes the texts it looks for as UTF-8, and fails with one that is none.
_may_name_any_octet = re.compile(r"\\[0-9xpP]").search


def _put(engine: Any, pattern: str) -> bool:
    """Add a pattern to a filter; False when it cannot be run."""
    if len(pattern) > LONGEST or not pattern.isascii():
        return False
    any_octet = _may_name_any_octet(pattern) is not None
    for memory in (_COMMON, _LARGE):
        try:
            engine.Add(pattern.encode("ascii"), _options(memory, any_octet=any_octet))
        except re2.error:
            continue
        return True
    return False


def _vague(engine: Any, count: int) -> frozenset[int]:
    """Compile a filter and return which of its patterns are vague: all when it is too large."""
    try:
        engine.Compile()
    except re2.error:
        return frozenset(range(count))
    return frozenset(engine.Match(_COMMONPLACE, potential=True) or ())


def _filter(patterns: Iterable[str]) -> Any:
    """Return a filter of patterns that were in one before."""
    engine = re2.Filter()
    for pattern in patterns:
        _put(engine, pattern)
    engine.Compile()
    return engine


def _sets(vague: Iterable[tuple[str, int]]) -> Iterator[tuple[str, ...]]:
    """Yield patterns in groups for a set each, as many as there may be."""
    group: list[str] = []
    held = count = total = 0
    for pattern, size in vague:
        if count >= MOST_VAGUE or total + size > MOST_VAGUE_INSTRUCTIONS:
            continue
        count, total = count + 1, total + size
        if group and (len(group) >= _SET_PATTERNS or held + size > _SET_INSTRUCTIONS):
            yield tuple(group)
            group, held = [], 0
        group.append(pattern)
        held += size
    if group:
        yield tuple(group)


def _set(patterns: Iterable[str]) -> Any:
    """Return a set to search, with one pattern more that is always found; None when it fails."""
    searched = re2.Set.SearchSet(_options(_SET_MEMORY))
    try:
        for pattern in patterns:
            searched.Add(pattern.encode("ascii"))
        searched.Add(_ALWAYS)
        searched.Compile()
    except re2.error:
        return None
    return searched


def _compiled(pattern: str) -> Any:
    return re2.compile(pattern.encode("ascii"), _options(_LARGE))


@cache
def _options(memory: int, *, any_octet: bool = False) -> Any:
    options = re2.Options()
    # Names are ASCII, where the two mean the same; LATIN1 makes programs a quarter as large.
    encodings = re2.Options.Encoding
    options.encoding = encodings.UTF8 if any_octet else encodings.LATIN1
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    options.max_mem = memory
    return options


def _octets(name: str) -> bytes:
    return name.encode("ascii", "replace")


def _in_plain_words(error: str) -> str:
    if error.startswith("invalid escape sequence: \\") and error[-1].isdigit():
        return f"refers back to what it has found ({error[-2:]}), which google-re2 cannot"
    for start, words in _REASONS:
        if error.startswith(start):
            return words
    return f"cannot be read by google-re2: {error[:80]}"
