"""Bring rules of which the nearest wins into kinds, of which the strongest wins.

dnsmasq, unbound and RPZ let the rule with the longest name decide: an exception inside a block
opens, and a block inside that exception closes again.  Tags know no distance; inside one list
an exception beats a block wherever it stands.  So a block inside an exception becomes an
important one, and an exception inside that an important exception.  One more change of mind
below those has no kind left: the name then stays open.
"""

from collections.abc import Iterable

from filterd.lists.parsed import Scope
from filterd.lists.rule import Kind

_Names = dict[tuple[Kind, Scope], list[str]]
_Areas = dict[Scope, frozenset[str]]


def let_nearest_win(names: _Names) -> None:
    """Give BLOCK and EXCEPTION names the kind that says the same; of equals the block is nearer."""
    exceptions = _areas(names, Kind.EXCEPTION)
    if not any(exceptions.values()):
        return
    _raise(names, Kind.BLOCK, Kind.IMPORTANT, exceptions, equals=True)
    inner = _areas(names, Kind.IMPORTANT)
    if any(inner.values()):
        _raise(names, Kind.EXCEPTION, Kind.IMPORTANT_EXCEPTION, inner, equals=False)


def _areas(names: _Names, kind: Kind) -> _Areas:
    return {scope: frozenset(names.get((kind, scope), ())) for scope in Scope}


def _raise(names: _Names, old: Kind, new: Kind, areas: _Areas, *, equals: bool) -> None:
    """Move the names of kind ``old`` that lie inside the areas to kind ``new``."""
    for scope in Scope:
        outside: list[str] = []
        inside: list[str] = []
        for name in names.get((old, scope), ()):
            is_inside = _is_inside(name, scope, areas, equals=equals)
            (inside if is_inside else outside).append(name)
        if inside:
            names[old, scope] = outside
            names.setdefault((new, scope), []).extend(inside)


def _is_inside(name: str, scope: Scope, areas: _Areas, *, equals: bool) -> bool:
    if equals and name in areas[scope]:
        return True
    if scope is not Scope.SUBTREE and name in areas[Scope.SUBTREE]:
        return True
    subtrees, belows = areas[Scope.SUBTREE], areas[Scope.BELOW]
    return any(parent in subtrees or parent in belows for parent in _parents(name))


def _parents(name: str) -> Iterable[str]:
    at = name.find(".") + 1
    while at:
        yield name[at:]
        at = name.find(".", at) + 1
