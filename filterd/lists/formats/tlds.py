"""Read rules for a whole top-level domain, in lists that may have them: ``.zip``, ``*.zip``.

Elsewhere one label alone is taken for a slip and refused, so every format leaves such a line to
its ``scan``; this stands before it.  Whether a list may is the policy's to say.  Only the formats
that lists of top-level domains are published in are known here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from filterd.lists.formats.entry import read_name
from filterd.lists.formats.lines import Format, Line
from filterd.lists.parsed import Meaning, Rule, Scope, Wrong

_TLD = r"([^\W_][\w-]*)"
_REMARK = r"[ \t]*(?:[ \t]#.*)?"
_CNAME = r"\.?[ \t]+(?:\d+[ \t]+)?(?:in[ \t]+)?cname[ \t]+\.[ \t]*(?:;.*)?"
_PLAIN = (
    (rf"\*\.{_TLD}\.?{_REMARK}", Scope.SUBTREE),
    (rf"\.?{_TLD}\.?{_REMARK}", Scope.EXACT),
)
_WRITTEN: dict[str, tuple[tuple[str, Scope], ...]] = {
    "adblock": ((rf"\|\|{_TLD}\^", Scope.SUBTREE), (rf"\|\|\*\.{_TLD}\^", Scope.BELOW)),
    "domains": _PLAIN,
    "wildcard": _PLAIN,
    "squidguard": ((rf"\.?{_TLD}{_REMARK}", Scope.SUBTREE),),
    "rpz": ((rf"\*\.{_TLD}{_CNAME}", Scope.BELOW), (rf"{_TLD}{_CNAME}", Scope.EXACT)),
}
_KNOWN = {
    name: tuple((re.compile(text, re.IGNORECASE).fullmatch, scope) for text, scope in written)
    for name, written in _WRITTEN.items()
}


def with_tlds(form: Format) -> Format:
    """Return the format with rules for whole top-level domains, where they are written in it."""

    def scan(lines: Iterable[Line]) -> Iterator[tuple[Line, Meaning]]:
        found: list[tuple[Line, Rule]] = []

        def others() -> Iterator[Line]:
            for line in lines:
                rule = _read(form.name, line.text)
                if rule is None:
                    yield line
                else:
                    found.append((line, rule))

        for each in form.scan(others()):
            yield from found
            found.clear()
            yield each
        yield from found

    return replace(form, scan=scan)


def _read(form: str, line: str) -> Rule | None:
    for match, scope in _KNOWN.get(form, ()):
        read = match(line.strip())
        if read:
            name = read_name(f"a.{read[1]}")
            return None if isinstance(name, Wrong) else Rule(name.removeprefix("a."), scope)
    return None
