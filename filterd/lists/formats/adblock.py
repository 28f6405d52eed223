"""The adblock format, as AdGuard's DNS filters read it; of browsers' lists what DNS can do.

``||x^`` covers x and everything below, ``|x^`` and ``|x|`` that name, ``||*.x^`` and ``*.x^``
what is below it; ``@@`` opens, ``$important`` beats ``@@``, ``$badfilter`` takes the same rule
out.  Lines of a hosts list and plain names mean that name, as there.  ``||x`` without an end finds
``x.tld`` as well; it is read as ``||x^``, which is narrower.  Other parts of names are masks.
Source: AdGuard, "DNS filtering rules syntax".
"""

import re
from collections.abc import Iterable, Iterator

from filterd.lists.condition import Conditional
from filterd.lists.formats import domains, hosts
from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.lines import (
    Format,
    Line,
    Shape,
    is_comment,
    normal,
    read,
    whole_if,
)
from filterd.lists.formats.masks import read_mask, read_regex
from filterd.lists.formats.modifiers import Modifiers, read_modifiers
from filterd.lists.parsed import Meaning, Off, Parsed, Rule, Scope, Unused, Wrong
from filterd.lists.rule import Kind

# "##.ad", "a.example##.ad", "#@#.ad"; but "## heading" and "####" are remarks.
is_cosmetic = re.compile(r"[^\s#|/$]*#[@?$%]{0,3}#(?:[^\s#]|#[\w\\-])").match
_STARTS = {"||": Scope.SUBTREE, "|": Scope.EXACT, "||*.": Scope.BELOW}
_anchored = re.compile(r"(\|\|\*\.|\|\|?)([^|^*/?&=:%\s]+)(\^\|?|\|)?").fullmatch
_suffix = re.compile(r"\*?\.([^|^*/?&=:%\s.][^|^*/?&=:%\s]*)(?:\^\|?|\|)").fullmatch
_is_plain_word = re.compile(r"[^|^*/?&=$@:%~,]+").fullmatch
_regex_end = re.compile(r"/\$(?=~?[a-z])").search

ADDRESS = "a rule for an IP address is not supported by this version"


def parse(text: bytes) -> Parsed:
    """Read an adblock list; never raises, and takes time in proportion to its size."""
    return read(ADBLOCK, normal(text))


def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
    depth = 0  # of !#if: what is inside holds for some programs only
    for line in lines:
        text = line.text.strip()
        if text.startswith("!#if"):
            depth += 1
        elif text.startswith("!#endif"):
            depth = max(0, depth - 1)
        for meaning in _read_line(text):
            if depth and isinstance(meaning, (Rule, Conditional, Off)):
                yield line, Unused("a rule inside !#if is for some programs only")
            else:
                yield line, meaning


def _read_line(line: str) -> Iterable[Meaning]:
    if is_cosmetic(line):
        return (Unused("it hides a part of a page, which only a browser can"),)
    if is_comment(line):
        return ()
    word, *more = line.split(maxsplit=1)
    if more and is_address(word):
        return hosts.read_line(line)
    if _is_plain_word(word) and word.strip(".") == word:
        return _read_plain(line, alone=not more)
    return (_read_rule(line),)


def _read_plain(line: str, *, alone: bool) -> Iterator[Meaning]:
    for meaning in domains.read_line(line):
        if alone and isinstance(meaning, Wrong):
            mask = Unused(ADDRESS) if is_address(line) else read_mask(line, narrowed=False)
            yield Conditional(Kind.BLOCK, pattern=mask) if isinstance(mask, str) else mask
        else:
            yield meaning


def _read_rule(line: str) -> Meaning:
    is_exception = line.startswith("@@")
    pattern, options = _split(line.removeprefix("@@"))
    modifiers: Modifiers | Wrong | Unused = Modifiers()
    if options is not None:
        modifiers = read_modifiers(options, exception=is_exception)
    if not isinstance(modifiers, Modifiers):
        return modifiers
    # An exception for all names would open a whole category, whatever its other lists say.
    target = _read_pattern(pattern, narrowed=modifiers.narrows and not is_exception)
    if isinstance(target, (Wrong, Unused)):
        return target
    rule = _rule(target, modifiers, modifiers.kind(exception=is_exception))
    return Off(rule) if modifiers.badfilter else rule


def _split(body: str) -> tuple[str, str | None]:
    """Split a rule without its ``@@`` into pattern and modifiers; None when there is no ``$``."""
    if body.startswith("/"):
        if body.endswith("/") and len(body) > 1:
            return body, None
        end = _regex_end(body, 1)
        if end:
            return body[: end.start() + 1], body[end.start() + 2 :]
    pattern, dollar, options = body.partition("$")
    return pattern, options if dollar else None


def _rule(target: tuple[str, Scope] | str, modifiers: Modifiers, kind: Kind) -> Rule | Conditional:
    if isinstance(target, str):
        rule = Conditional(kind, pattern=target)
    elif modifiers.narrows or modifiers.rewrites:
        rule = Conditional(kind, target[0], target[1].value)
    else:
        return Rule(*target, kind)
    return rule._replace(
        types=modifiers.types,
        but_types=modifiers.but_types,
        who=modifiers.who,
        denyallow=modifiers.denyallow,
        rewrite=modifiers.rewrite,
    )


def _read_pattern(pattern: str, *, narrowed: bool) -> tuple[str, Scope] | str | Wrong | Unused:
    """Return the name and scope a rule is for, or the pattern it searches."""
    anchored = _anchored(pattern)
    if anchored:
        start, word, end = anchored.groups()
        is_start_of_name = not end and (start == "|" or "." not in word)
        if word[0] != "." and word[-1] != "." and not is_start_of_name:
            return _read_word(word, _STARTS[start])
    suffix = _suffix(pattern)
    if suffix:
        return _read_word(suffix[1], Scope.BELOW)
    if pattern.startswith("/") and pattern.endswith("/") and len(pattern) > 1:
        return read_regex(pattern[1:-1], narrowed=narrowed)
    if is_address(pattern):
        return Unused(ADDRESS)
    if pattern.split() != [pattern] and not (narrowed and not pattern):
        return Wrong("a blank inside a rule" if pattern else "a rule without a name")
    return read_mask(pattern, narrowed=narrowed)


def _read_word(word: str, scope: Scope) -> tuple[str, Scope] | Wrong | Unused:
    if is_address(word):
        return Unused(ADDRESS)
    name = read_name(word)
    return name if isinstance(name, Wrong) else (name, scope)


ADBLOCK = Format(
    name="adblock",
    shapes=(Shape((b"||",), (b"^",), Scope.SUBTREE),),
    scan=scan,
    linked=whole_if(re.compile(b"!#if")),
)
