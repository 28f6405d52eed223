"""Masks and regexes of lists, brought into patterns for ``lists.patterns``, or refused by name.

A mask is a part of a name: ``*`` stands for anything, ``||`` for the beginning of a label, ``|``
for the beginning or the end, ``^`` at the end for the end; without them it may stand anywhere.
Source: AdGuard, "DNS filtering rules syntax".
"""

import re

from filterd.lists.parsed import Unused, Wrong
from filterd.lists.patterns import found_in, why_not

BROWSER_ONLY = "it looks at web addresses, which only a browser sees"
TOO_WIDE = "it is found in names that mean nothing: too wide"
TOO_SHORT = "a mask of fewer than 3 characters: too wide"
EVERY_NAME = ".*"

_SHORTEST = 3
_is_mask = re.compile(r"[a-z0-9_.*-]*").fullmatch
_is_web_address = re.compile(r"\^?\(?https?\b|.*:\\?/").match
_regex_sign = re.compile(r"[\\^$*+?()\[\]{}|.]").search

# Nobody's names.  Who finds most of those below one of the largest suffixes means nearly all.
_MEANINGLESS = ("x1", "7zq3xk9v", "wq-vk_7.ghj0.t5b", "k9.fh-2v", "bqzt", "m4x.jw", "hvrkqd7")
_NEARLY_ALL = 5
_SUFFIXES = ("com", "net", "org", "info", "edu", "co.uk", "de", "io")


def read_mask(mask: str, *, narrowed: bool) -> str | Wrong | Unused:
    """Return the pattern of a mask.

    ``narrowed`` says that its rule holds for some queries only, so that it may be wide.
    """
    start, inner, end = _anchors(mask.lower())
    if not _is_mask(inner):
        return Unused(BROWSER_ONLY if mask.isascii() else "a mask with letters beyond ASCII")
    texts = [text for text in inner.split("*") if text]
    if not narrowed and sum(map(len, texts)) < _SHORTEST:
        return Wrong(TOO_SHORT)
    if not texts:
        pattern = EVERY_NAME
    else:
        pattern = ".*".join(map(re.escape, texts))
        pattern = pattern if inner[0] == "*" else start + pattern
        pattern = pattern if inner[-1] == "*" else pattern + end
    return _usable("a mask", pattern, narrowed=narrowed)


def read_regex(regex: str, *, narrowed: bool) -> str | Wrong | Unused:
    """Return the pattern of what stands between the slashes; ``narrowed`` as for ``read_mask``."""
    if _is_web_address(regex) or not _regex_sign(regex):
        # "/banner/" is a path in the lists of browsers, and as a regex it would find far more.
        return Unused(BROWSER_ONLY)
    return _usable("a regular expression", regex, narrowed=narrowed)


def read_posix(regex: str, *, narrowed: bool) -> str | Wrong | Unused:
    """Return the pattern of a regex written for Pi-hole's engine; ``narrowed`` as above."""
    without = _remarks.sub("", regex)
    bare = _brackets.sub("", without)
    if _approximate(bare):
        return Unused("a regular expression with approximate matching, which google-re2 cannot")
    if _word_edge(bare):
        return Unused(r"a regular expression with \< or \>, which google-re2 does not know")
    return _usable("a regular expression", without, narrowed=narrowed)


_remarks = re.compile(r"\(\?#[^)]*\)")
_brackets = re.compile(r"\\[^<>]|\[\^?\]?(?:\[:[a-z]+:\]|[^\]])*\]")
# A brace that is no plain bound: "{~2}", "{+1-1}", "{ 2i + 1d < 5 }".
_approximate = re.compile(r"\{(?![0-9]+(?:,[0-9]*)?\})").search
_word_edge = re.compile(r"\\[<>]").search


def _anchors(mask: str) -> tuple[str, str, str]:
    start = end = ""
    if mask.startswith("||"):
        start, mask = r"(?:^|\.)", mask[2:]
    elif mask.startswith("|"):
        start, mask = "^", mask[1:]
    for sign in ("^|", "^", "|"):
        if mask.endswith(sign):
            return start, mask.removesuffix(sign), "$"
    return start, mask, end


def _usable(what: str, pattern: str, *, narrowed: bool) -> str | Wrong | Unused:
    why = why_not(pattern)
    if why:
        return Unused(f"{what} {why}" if why.startswith("needs") else f"{what} that {why}")
    return pattern if narrowed or not _finds_all(pattern) else Wrong(f"{what}: {TOO_WIDE}")


def _finds_all(pattern: str) -> bool:
    return any(_finds_most_below(pattern, suffix) for suffix in _SUFFIXES)


def _finds_most_below(pattern: str, suffix: str) -> bool:
    missed = 0
    for label in _MEANINGLESS:
        missed += not found_in(pattern, f"{label}.{suffix}")
        if missed > len(_MEANINGLESS) - _NEARLY_ALL:
            return False
    return True
