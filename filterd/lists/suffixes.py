"""Keep one line of a list from closing a whole public suffix: ``co.uk``, ``pages.dev``.

Under a suffix strangers have sites of their own, so a rule for all of it is nearly always a slip.
Which names are suffixes comes in from outside.  Source: the Public Suffix List.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from filterd.lists.condition import Conditional
from filterd.lists.parsed import Parsed, Scope
from filterd.lists.rule import Kind

_BLOCKING = frozenset({Kind.BLOCK, Kind.IMPORTANT})


def without_suffixes(parsed: Parsed, suffixes: AbstractSet[str]) -> tuple[Parsed, tuple[str, ...]]:
    """Return the list without what closes everything below a suffix, and the suffixes left out.

    What closes is a block or a rewrite.  A rule for the suffix's own name alone stays, as do
    exceptions; names come back sorted.
    """
    wanted = frozenset(suffix.encode("ascii") for suffix in suffixes if suffix.isascii())
    dropped: set[bytes] = set()
    kept = dict(parsed.names)
    for (kind, scope), names in parsed.names.items():
        if kind in _BLOCKING and scope is not Scope.EXACT:
            found = set[bytes]()
            for piece, _ in names.pieces():
                found |= wanted.intersection(piece)
            kept[kind, scope] = names.without(found) if found else names
            dropped |= found
    closing = {placed for placed in parsed.conditional if _closes(placed.rule, suffixes)}
    if not dropped and not closing:
        return parsed, ()
    left = replace(
        parsed,
        names={key: names for key, names in kept.items() if names.count},
        conditional=tuple(placed for placed in parsed.conditional if placed not in closing),
    )
    names_left_out = {name.decode("ascii") for name in dropped}
    return left, tuple(sorted(names_left_out | {placed.rule.name for placed in closing}))


def _closes(rule: Conditional, suffixes: AbstractSet[str]) -> bool:
    is_closing = rule.kind in _BLOCKING or (rule.kind is Kind.REWRITE and rule.rewrite is not None)
    return is_closing and rule.scope != Scope.EXACT.value and rule.name in suffixes
