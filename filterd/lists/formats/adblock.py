"""The adblock format, as AdGuard's DNS filters read it; of browsers' lists what DNS can do.

``||x^`` covers x and everything below, ``|x^`` and ``|x|`` that name, ``||*.x^`` and ``*.x^``
what is below it; ``@@`` opens, ``$important`` beats ``@@``, ``$badfilter`` takes the same rule
out.  Lines of a hosts list and plain names mean that name, as there.  ``||x`` without an end finds
``x.tld`` as well; it is read as ``||x^``, which is narrower.  Rules that need a pattern or know
the query are recognised and not applied.  Source: AdGuard, "DNS filtering rules syntax".
"""

import re
from collections.abc import Iterable, Iterator

from filterd.lists.formats import domains, hosts
from filterd.lists.formats.entry import is_address, read_name
from filterd.lists.formats.lines import Format, Line, decode, is_comment, ordinary_lines, read
from filterd.lists.formats.modifiers import Modifiers, read_modifiers
from filterd.lists.parsed import Meaning, Off, Parsed, Rule, Scope, Unused, Wrong

# "##.ad", "a.example##.ad", "#@#.ad"; but "## heading" and "####" are remarks.
is_cosmetic = re.compile(r"[^\s#|/$]*#[@?$%]{0,3}#(?:[^\s#]|#[\w\\-])").match
_STARTS = {"||": Scope.SUBTREE, "|": Scope.EXACT, "||*.": Scope.BELOW}
_anchored = re.compile(r"(\|\|\*\.|\|\|?)([^|^*/?&=:%\s]+)(\^\|?|\|)?").fullmatch
_suffix = re.compile(r"\*?\.([^|^*/?&=:%\s.][^|^*/?&=:%\s]*)(?:\^\|?|\|)").fullmatch
_is_plain_word = re.compile(r"[^|^*/?&=$@:%~,]+").fullmatch
_is_url_part = re.compile(r"[/?&=:%]|\^(?!\|?$)").search

ADDRESS = "a rule for an IP address is not supported by this version"
REGEX = "a regular expression is not supported by this version"
MASK = "a mask (a part of a name, or '*' inside) is not supported by this version"


def parse(text: bytes) -> Parsed:
    """Read an adblock list; never raises, and takes time in proportion to its size."""
    return read(ADBLOCK, decode(text))


def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
    depth = 0  # of !#if: what is inside holds for some programs only
    for line in lines:
        text = line.text.strip()
        if text.startswith("!#if"):
            depth += 1
        elif text.startswith("!#endif"):
            depth = max(0, depth - 1)
        for meaning in _read_line(text):
            if depth and isinstance(meaning, (Rule, Off)):
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
            yield Unused(ADDRESS if is_address(line) else MASK)
        else:
            yield meaning


def _read_rule(line: str) -> Meaning:
    is_exception = line.startswith("@@")
    pattern, options = _split(line.removeprefix("@@"))
    modifiers = Modifiers()
    if options is not None:
        found = read_modifiers(options, exception=is_exception)
        if not isinstance(found, Modifiers):
            return found
        modifiers = found
    if modifiers.conditions:
        name, _ = modifiers.conditions[0]
        return Unused(f"a rule with ${name} is not supported by this version")
    target = _read_pattern(pattern)
    if isinstance(target, (Wrong, Unused)):
        return target
    rule = Rule(*target, modifiers.kind(exception=is_exception))
    return Off(rule) if modifiers.badfilter else rule


def _split(body: str) -> tuple[str, str | None]:
    """Split a rule without its ``@@`` into pattern and modifiers; None when there is no ``$``."""
    if body.startswith("/"):
        end = body.rfind("/")
        if end > 0 and body[end + 1 : end + 2] in {"", "$"}:
            return body[: end + 1], body[end + 2 :] if body[end + 1 :] else None
    pattern, dollar, options = body.partition("$")
    return pattern, options if dollar else None


def _read_pattern(pattern: str) -> tuple[str, Scope] | Wrong | Unused:
    anchored = _anchored(pattern)
    if anchored:
        start, word, end = anchored.groups()
        if word[0] == "." or word[-1] == "." or (start == "|" and not end):
            return Unused(MASK)
        return _read_word(word, _STARTS[start])
    suffix = _suffix(pattern)
    return _read_word(suffix[1], Scope.BELOW) if suffix else _why_not(pattern)


def _why_not(pattern: str) -> Wrong | Unused:
    if pattern.startswith("/") and pattern.endswith("/") and len(pattern) > 1:
        return Unused(REGEX)
    if is_address(pattern):
        return Unused(ADDRESS)
    if pattern.split() != [pattern]:
        return Wrong("a blank inside a rule" if pattern else "a rule without a name")
    if _is_url_part(pattern):
        return Unused("it looks at web addresses, which only a browser sees")
    return Unused(MASK)


def _read_word(word: str, scope: Scope) -> tuple[str, Scope] | Wrong | Unused:
    if is_address(word):
        return Unused(ADDRESS)
    name = read_name(word)
    return name if isinstance(name, Wrong) else (name, scope)


ADBLOCK = Format(
    name="adblock",
    ordinary=ordinary_lines((r"\|\|", r"\^")),
    scopes=(Scope.SUBTREE,),
    scan=scan,
    linked=re.compile("!#if"),
)
