"""Which texts a pattern needs: in every name that it is found in, at least one of them stands.

So a name that has none of them is known not to fit, without a search (``lists.texts``).  Only
what this file reads in full is claimed: ``needed_texts`` gives None for a pattern with anything
else in it, and for one that needs no text.  In a text ``^`` is the beginning of the name and ``$``
its end.  All this is said of names in ``SIGNS`` that are not empty.

RE2's filter works with such texts as well, but shows them to nobody and knows no ends of names.
"""

import re
import string
from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from typing import NamedTuple

SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789_.-"
"""What an everyday name is written in."""

LONGEST = 16  # signs of a text; what is cut off is only not looked at

# Different texts that a part of a pattern may stand for, their signs, and texts to choose among.
_MOST = 40
_LONGEST_PART = 64
_MOST_NEEDED = 512
# A class of more signs could be anything; of a repeat so many are written out.
_MOST_SIGNS = 12
_MOST_COPIES = 16
# What half of all names have, so that any other text says more.
_COMMON = "^www. .com$ .net$ .org$"
_RARE = 8  # signs; a longer text is hardly in fewer names

Texts = frozenset[str]


class _Part(NamedTuple):
    """What is known of whatever a part of a pattern matches.

    It begins with one of ``starts`` and ends with one of ``ends``; with ``is_whole`` these are
    equal, and it is one of them.  One of ``needed`` is in the name, unless that is None.
    """

    starts: Texts
    ends: Texts
    is_whole: bool = False
    needed: Texts | None = None


_NO_TEXT = frozenset(("",))
_EMPTY = _Part(_NO_TEXT, _NO_TEXT, is_whole=True)
_ANYTHING = _Part(_NO_TEXT, _NO_TEXT)


class _Unknown(Exception):
    """A pattern has something that is not read here."""


def needed_texts(pattern: str) -> Texts | None:
    """Return texts of which a name has at least one when the pattern is found in it.

    None when no such are known.  They are of ``SIGNS``, perhaps with ``^`` first or ``$`` last.
    The pattern is one that ``lists.patterns.why_not`` has nothing against, searched as there:
    whatever the case.
    """
    try:
        best = _best_of(_Reader(pattern).part)
    except _Unknown:
        return None
    return None if best is None else _shortest({text[:LONGEST] for text in best})


def _shortest(texts: set[str]) -> Texts:
    """Return the texts that have no other among them."""
    return frozenset(
        text for text in texts if not any(one in text for one in texts if one is not text)
    )


# Of plain signs a run is one token, but for a last one that is repeated.  A brace that begins no
# repeat, and whatever else RE2 reads in a way of its own, is no token.
_token = re.compile(
    r"""
      (?P<text>   (?: [A-Za-z0-9_-] (?![*+?{]) )+ | [A-Za-z0-9_-] )
    | (?P<open>   \( (?!\?) | \(\?[imsU]*: | \(\?P?<\w+> )
    | (?P<flags>  \(\?[imsU]+\) )
    | (?P<close>  \) )
    | (?P<bar>    \| )
    | (?P<repeat> (?: [*+?] | \{ (?:0|[1-9][0-9]*) (?: , (?:0|[1-9][0-9]*)? )? \} ) \?? )
    | (?P<begin>  \^ | \\A )
    | (?P<end>    \$ | \\z )
    | (?P<edge>   \\[bB] )
    | (?P<any>    \. )
    | (?P<class>  \[ (?: \^ | (?!\^) ) (?!\])
                  (?: \[:[a-z]+:\] | \\[dDwWsS] | \\[^A-Za-z0-9] | [^\]\\\[] )+ \] )
    | (?P<perl>   \\[dDwWsS] )
    | (?P<sign>   \\[^A-Za-z0-9] | [^\\\[\](){}*+?|^$.] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
).match
_member = re.compile(
    r"\[:(?P<posix>[a-z]+):\]|(?P<perl>\\[dDwWsS])"
    r"|(?P<first>\\.|[^\\])(?:-(?P<last>\\.|[^\\]))?",
    re.DOTALL,
).match

_POSIX = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "digit": string.digits,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "punct": string.punctuation,
    "space": string.whitespace,
    "word": string.ascii_letters + string.digits + "_",
    "xdigit": string.hexdigits,
}
_TIMES = {"?": (0, 1), "*": (0, None), "+": (1, None)}
_PERL = {"d": _POSIX["digit"], "w": _POSIX["word"], "s": _POSIX["space"]}


class _Reader:
    """Reads a pattern from left to right; ``part`` is what is known of the whole."""

    def __init__(self, pattern: str) -> None:
        # Of each open group what stands left of it: alternatives, and the beginning of one.
        self._groups: list[tuple[list[_Part], _Part]] = []
        self._begin()
        at = 0
        while at < len(pattern):
            found = _token(pattern, at)
            if found is None or found.lastgroup is None:
                raise _Unknown
            self._take(found.lastgroup, found[0])
            at = found.end()
        if self._groups:
            raise _Unknown
        self.part = self._ended()

    def _begin(self) -> None:
        self._alternatives: list[_Part] = []
        self._left = _EMPTY
        # What a repeat would repeat; None where there is no such thing.
        self._last: _Part | None = None

    def _all(self) -> _Part:
        return self._left if self._last is None else _joined(self._left, self._last)

    def _ended(self) -> _Part:
        return _either([*self._alternatives, self._all()])

    def _take(self, kind: str, token: str) -> None:
        if kind == "open":
            self._groups.append((self._alternatives, self._all()))
            self._begin()
        elif kind == "close":
            inner = self._ended()
            if not self._groups:
                raise _Unknown
            self._alternatives, self._left = self._groups.pop()
            self._last = inner
        elif kind == "bar":
            self._alternatives.append(self._all())
            self._left, self._last = _EMPTY, None
        elif kind == "repeat":
            if self._last is None:
                raise _Unknown
            self._left, self._last = _joined(self._left, _repeated(self._last, token)), None
        else:
            self._left = self._all()
            self._last = None if kind == "flags" else _read(kind, token)


@lru_cache(maxsize=1_024)
def _read(kind: str, token: str) -> _Part:
    """Return what is known of a token that stands for signs or for a place."""
    match kind:
        case "text":
            return _one_of(frozenset((token.lower(),)))
        case "begin" | "end":
            return _one_of(frozenset("^" if kind == "begin" else "$"))
        case "edge":
            return _EMPTY
        case "any":
            return _ANYTHING
        case "class":
            signs = _signs_of_class(token[1:-1])
        case "perl":
            signs = _signs_of_perl(token)
        case _:
            signs = _folded(token[-1])
    return _one_of(signs) if len(signs) <= _MOST_SIGNS else _ANYTHING


def _folded(signs: str, *, negated: bool = False) -> frozenset[str]:
    """Return those of ``SIGNS`` that are among these, or are not, whatever the case."""
    lower = signs.lower()
    return frozenset(sign for sign in SIGNS if (sign in lower) is not negated)


def _signs_of_perl(token: str) -> frozenset[str]:
    return _folded(_PERL[token[1].lower()], negated=token[1].isupper())


def _signs_of_class(inner: str) -> frozenset[str]:
    """Read what stands between brackets."""
    negated = inner.startswith("^")
    if "-[" in inner:
        raise _Unknown  # a range up to a bracket, or what only looks like one
    signs = frozenset[str]()
    at = int(negated)
    while at < len(inner):
        found = _member(inner, at)
        if found is None or found["posix"] not in {None, *_POSIX}:
            raise _Unknown
        posix, perl, first, last = found.groups()
        if posix is not None:
            signs |= _folded(_POSIX[posix])
        elif perl is not None:
            signs |= _signs_of_perl(perl)
        else:
            ends = ord(first[-1]), ord((last or first)[-1])
            signs |= _folded("".join(map(chr, range(ends[0], ends[1] + 1))))
        at = found.end()
    return frozenset(SIGNS) - signs if negated else signs


def _one_of(texts: Texts) -> _Part:
    return _Part(texts, texts, is_whole=True)


def _product(left: Texts, right: Texts) -> Texts | None:
    """Return each of the left followed by each of the right; None when that is too much."""
    if len(left) * len(right) > _MOST:
        return None
    # One place may be asked for twice.
    both = {
        one[:-1] + other if one[-1:] == other[:1] and one[-1:] in ("^", "$") else one + other
        for one in left
        for other in right
    }
    return frozenset(both) if max(map(len, both), default=0) <= _LONGEST_PART else None


def _joined(left: _Part, right: _Part) -> _Part:
    """Return what is known of one part followed by another."""
    middle = _product(left.ends, right.starts)
    if middle is None:
        apart = _best(left.needed, right.needed, left.ends, right.starts)
        return _Part(left.starts, right.ends, needed=apart)
    if left.is_whole and right.is_whole:
        return _one_of(middle)
    return _Part(
        middle if left.is_whole else left.starts,
        middle if right.is_whole else right.ends,
        needed=_best(left.needed, right.needed, middle, left.ends, right.starts),
    )


def _either(parts: Sequence[_Part]) -> _Part:
    """Return what is known where one of the parts stands."""
    if len(parts) == 1:
        return parts[0]
    starts = _union(part.starts for part in parts)
    ends = _union(part.ends for part in parts)
    if all(part.is_whole for part in parts) and len(starts) <= _MOST:
        return _one_of(starts)
    needs = [needed for part in parts if (needed := _best_of(part)) is not None]
    needed = _union(needs)
    is_needed = len(needs) == len(parts) and len(needed) <= _MOST_NEEDED
    return _Part(
        starts if len(starts) <= _MOST else _NO_TEXT,
        ends if len(ends) <= _MOST else _NO_TEXT,
        needed=needed if is_needed else None,
    )


def _union(sets: Iterable[Texts]) -> Texts:
    return frozenset[str]().union(*sets)


def _repeated(part: _Part, repeat: str) -> _Part:
    """Return what is known where a part is repeated."""
    least, most = _times(repeat.removesuffix("?") or "?")
    if most == 0:
        return _EMPTY
    if least == 0:
        return _either((part, _EMPTY)) if most == 1 else _ANYTHING
    copies = reduce(_joined, [part] * min(least, _MOST_COPIES))
    if least == most and least <= _MOST_COPIES:
        return copies
    # There may be more of them in the middle.
    return _Part(copies.starts, copies.ends, needed=copies.needed)


def _times(repeat: str) -> tuple[int, int | None]:
    """Return how often at least and at most; None without an end."""
    if repeat in _TIMES:
        return _TIMES[repeat]
    least, comma, most = repeat[1:-1].partition(",")
    return int(least), (int(most) if most else None) if comma else int(least)


def _best_of(part: _Part) -> Texts | None:
    return _best(part.needed, part.starts, part.ends)


def _best(*choices: Texts | None) -> Texts | None:
    """Return those of the texts that are in the fewest names; None when all say nothing."""
    worth, best = max(
        ((_worth(choice), choice) for choice in choices if choice is not None),
        key=lambda each: each[0],
        default=((0, 0, 0), None),
    )
    return best if worth[0] else None


@lru_cache(maxsize=1_024)
def _worth(texts: Texts) -> tuple[int, int, int]:
    """Return how much it says that one of the texts is in a name; (0, ...) is nothing."""
    return (
        min(map(_rareness, texts), default=_RARE),
        -len(texts),
        min(map(len, texts), default=_RARE),
    )


def _rareness(text: str) -> int:
    if text in _COMMON:
        return 1 if text.strip("^$") else 0
    return min(len(text), _RARE) if text != "^$" else 0
