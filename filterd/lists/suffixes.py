"""Keep one line of a list from closing a whole public suffix: ``co.uk``, ``pages.dev``.

Under a suffix strangers have sites of their own, so a rule for all of it is nearly always a slip.
Which names are suffixes comes in from outside.  Source: the Public Suffix List.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from filterd.lists.parsed import Parsed, Scope
from filterd.lists.rule import Kind

_BLOCKING = frozenset({Kind.BLOCK, Kind.IMPORTANT})


def without_suffixes(parsed: Parsed, suffixes: AbstractSet[str]) -> tuple[Parsed, tuple[str, ...]]:
    """Return the list without blocks of everything below a suffix, and the suffixes left out.

    A rule for the suffix's own name alone stays, as do exceptions; names come back sorted.
    """
    dropped: set[str] = set()
    kept = {}
    for (kind, scope), names in parsed.names.items():
        found = set() if scope is Scope.EXACT or kind not in _BLOCKING else suffixes & set(names)
        kept[kind, scope] = [name for name in names if name not in found] if found else names
        dropped |= found
    return (replace(parsed, names=kept) if dropped else parsed), tuple(sorted(dropped))
