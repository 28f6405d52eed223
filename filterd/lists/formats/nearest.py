"""Bring rules of which the nearest wins into kinds, of which the strongest wins.

dnsmasq, unbound and RPZ let the rule with the longest name decide: an exception inside a block
opens, and a block inside that exception closes again.  Tags know no distance; inside one list
an exception beats a block wherever it stands.  So a block inside an exception becomes an
important one, and an exception inside that an important exception.  One more change of mind
below those has no kind left: the name then stays open.  A rewrite beats all of these, so the names
of nearer rules are left out of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import repeat

from filterd.lists.condition import Conditional
from filterd.lists.parsed import Names, Placed, Scope, joined
from filterd.lists.rule import Kind

# Names left out of rewrites; each is text in the DNS process.  What finds no room is rewritten.
MOST_NEARER = 20_000

_Names = dict[tuple[Kind, Scope], Names]
_Areas = dict[Scope, frozenset[bytes]]


def let_nearest_win(names: _Names, conditional: Iterable[Placed]) -> list[Placed]:
    """Give BLOCK and EXCEPTION rules the kind that says the same; of equals the block is nearer.

    ``names`` is changed, the rules with conditions are returned.
    """
    rules = _rewrite_near(names, list(conditional))
    exceptions = _areas(names, rules, Kind.EXCEPTION)
    if not any(exceptions.values()):
        return rules
    rules = _raise(names, rules, (Kind.BLOCK, Kind.IMPORTANT), exceptions, equals=True)
    inner = _areas(names, rules, Kind.IMPORTANT)
    if any(inner.values()):
        kinds = Kind.EXCEPTION, Kind.IMPORTANT_EXCEPTION
        rules = _raise(names, rules, kinds, inner, equals=False)
    return rules


def _rewrite_near(names: _Names, rules: list[Placed]) -> list[Placed]:
    """Leave nearer rules' names out of rewrites.

    That takes all below such a name out too.  What the nearer rules do not cover of it is given
    back by copies of the rewrites, which begin there and are treated like them.
    """
    below: dict[bytes, list[int]] = {}
    for place, (_, rule) in enumerate(rules):
        if rule.rewrite and rule.name and rule.scope != Scope.EXACT.value:
            below.setdefault(rule.name.encode("ascii"), []).append(place)
    if not below:
        return rules
    found = list(rules)
    left_out: dict[int, set[str]] = {}
    room = MOST_NEARER
    nearer = _scopes_inside(names, rules, below.keys())
    for name in sorted(nearer, key=lambda name: (name.count(b"."), name)):
        above = next(below[parent] for parent in _parents(name) if parent in below)
        below.setdefault(name, [])
        for place in above[:room]:
            left_out.setdefault(place, set()).add(name.decode("ascii"))
            for scope in _not_covered(nearer[name]):
                if scope is Scope.BELOW:
                    below[name].append(len(found))
                found.append(_copy(found[place], name, scope))
        room -= len(above[:room])
    return [
        Placed(line, rule._replace(denyallow=rule.denyallow.union(left_out.get(place, ()))))
        for place, (line, rule) in enumerate(found)
    ]


def _scopes_inside(
    names: _Names, conditional: Iterable[Placed], outer: Collection[bytes]
) -> dict[bytes, set[Scope]]:
    """Return the names that lie below an outer one, as many as there is room for."""
    found: dict[bytes, set[Scope]] = {}
    for name, scope in _each_name(names, conditional):
        if name in found:
            found[name].add(scope)
        elif len(found) < MOST_NEARER and any(parent in outer for parent in _parents(name)):
            found[name] = {scope}
    return found


def _each_name(names: _Names, conditional: Iterable[Placed]) -> Iterator[tuple[bytes, Scope]]:
    for _, rule in conditional:
        if rule.name:
            yield rule.name.encode("ascii"), Scope(rule.scope)
    for (_, scope), listed in names.items():
        for piece, _ in listed.pieces():
            yield from zip(piece, repeat(scope))


def _not_covered(scopes: set[Scope]) -> set[Scope]:
    return set() if Scope.SUBTREE in scopes else {Scope.EXACT, Scope.BELOW} - scopes


def _copy(placed: Placed, name: bytes, scope: Scope) -> Placed:
    rule = placed.rule._replace(name=name.decode("ascii"), scope=scope.value)
    return placed._replace(rule=rule)


def _areas(names: _Names, conditional: Iterable[Placed], kind: Kind) -> _Areas:
    found: dict[Scope, set[bytes]] = {scope: set() for scope in Scope}
    for (each, scope), listed in names.items():
        for piece, _ in listed.pieces() if each is kind else ():
            found[scope].update(piece)
    for _, rule in conditional:
        if rule.kind is kind and rule.name:
            found[Scope(rule.scope)].add(rule.name.encode("ascii"))
    return {scope: frozenset(listed) for scope, listed in found.items()}


def _raise(
    names: _Names,
    conditional: list[Placed],
    kinds: tuple[Kind, Kind],
    areas: _Areas,
    *,
    equals: bool,
) -> list[Placed]:
    """Move the rules of the first kind that lie inside the areas to the second."""
    old, new = kinds
    for kind, scope in [key for key in names if key[0] is old]:
        is_inside = partial(_is_inside, scope=scope, areas=areas, equals=equals)
        parts = names[kind, scope].split(partial(_all, is_inside))
        if parts:
            names[old, scope], inside = parts
            before = [names[new, scope]] if (new, scope) in names else []
            names[new, scope] = joined([*before, inside])
    return [
        placed._replace(rule=placed.rule._replace(kind=new))
        if placed.rule.kind is old and _is_rule_inside(placed.rule, areas, equals=equals)
        else placed
        for placed in conditional
    ]


def _all(test: Callable[[bytes], bool], piece: list[bytes]) -> list[bool]:
    return list(map(test, piece))


def _is_rule_inside(rule: Conditional, areas: _Areas, *, equals: bool) -> bool:
    return rule.name != "" and _is_inside(
        rule.name.encode("ascii"), Scope(rule.scope), areas, equals=equals
    )


def _is_inside(name: bytes, scope: Scope, areas: _Areas, *, equals: bool) -> bool:
    if equals and name in areas[scope]:
        return True
    if scope is not Scope.SUBTREE and name in areas[Scope.SUBTREE]:
        return True
    subtrees, belows = areas[Scope.SUBTREE], areas[Scope.BELOW]
    return any(parent in subtrees or parent in belows for parent in _parents(name))


def _parents(name: bytes) -> Iterator[bytes]:
    at = name.find(b".") + 1
    while at:
        yield name[at:]
        at = name.find(b".", at) + 1
