"""Leave names open although a list has them: they become exceptions of that very list.

So they are weighed like exceptions that its publisher wrote, and inside its category lift what
other lists say as well.  A list may speak so strongly of a name that a plain exception is too
weak; it is then made as strong.  What else the list says stays as it is.
"""

from collections.abc import Collection
from dataclasses import replace

from filterd.lists.condition import Conditional
from filterd.lists.parsed import Names, Parsed, Placed, Scope, joined, names_of, pieces
from filterd.lists.rule import Kind
from filterd.wire.name import parents

NO_LINE = 0
"""The line of a rule that stands in no line of the list."""


def with_open_names(parsed: Parsed, names: Collection[str]) -> Parsed:
    """Return the list with exceptions for ``names``.

    A name covers itself and all below it; written ``=name`` it is that name alone.
    """
    if not names:
        return parsed
    scopes = {
        name.removeprefix("="): Scope.EXACT if name.startswith("=") else Scope.SUBTREE
        for name in names
    }
    important = _met(parsed, Kind.IMPORTANT, scopes)
    opened: dict[tuple[Kind, Scope], list[str]] = {}
    for name, scope in scopes.items():
        kind = Kind.IMPORTANT_EXCEPTION if name in important else Kind.EXCEPTION
        opened.setdefault((kind, scope), []).append(name)
    together: dict[tuple[Kind, Scope], Names] = dict(parsed.names)
    for key, added in opened.items():
        more = names_of(added, [NO_LINE] * len(added))
        together[key] = joined([together[key], more]) if key in together else more
    answered = _met(parsed, Kind.REWRITE, scopes)
    unanswered = (
        Placed(NO_LINE, Conditional(Kind.REWRITE, name, scope.value))
        for name, scope in scopes.items()
        if name in answered
    )
    return replace(parsed, names=together, conditional=(*parsed.conditional, *unanswered))


def _met(parsed: Parsed, kind: Kind, wanted: Collection[str]) -> set[str]:
    """Return which of the names rules of this kind may speak of: their own, above or below."""
    met: set[str] = set()
    for (each, _), names in parsed.names.items():
        if each is kind:
            for piece in pieces(names.text):
                met |= {name for name in wanted if _is_in(name, piece)}
    for _, rule in parsed.conditional:
        if rule.kind is kind:
            met |= {name for name in wanted if rule.pattern or _is_near(name, rule.name)}
    return met


def _is_in(name: str, text: bytes) -> bool:
    lines = b"\n" + text
    below = f".{name}\n".encode()
    return below in lines or any(f"\n{each}\n".encode() in lines for each in parents(name))


def _is_near(name: str, other: str) -> bool:
    return other.endswith(f".{name}") or other in parents(name)
