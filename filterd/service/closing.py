"""Which names the rules with conditions of a list may close, as far as the guards care.

A rule counts as if its condition held: a download that closes a helpline for one child, or answers
something else in its place, is looked at by a guardian as well.  One that is for record types
other than addresses closes nothing.  How a rule holds for a query is ``policy.conditions``'.
"""

from collections.abc import Iterable, Iterator

from filterd.lists.condition import EVERYBODY, Conditional
from filterd.lists.parsed import Rule, Scope
from filterd.lists.patterns import Patterns
from filterd.lists.rule import Kind
from filterd.wire.codes import AAAA, A
from filterd.wire.name import parents

_ADDRESSES = frozenset({A, AAAA})


class Closing:
    """The rules with conditions of one list, ready to be asked about names."""

    def __init__(self, rules: Iterable[Conditional]) -> None:
        counted = [rule for rule in rules if _counts(rule)]
        self._named = [rule for rule in counted if rule.name]
        self._searching = [rule for rule in counted if rule.pattern]
        self._patterns = Patterns([rule.pattern for rule in self._searching])

    def strongest(self, name: str, said: Kind | None) -> Kind | None:
        """Return the strongest that is said of a name, ``said`` being what is without them."""
        kinds = [*self._kinds(name), *(() if said is None else (said,))]
        return min(kinds, default=None)

    def _kinds(self, name: str) -> Iterator[Kind]:
        for rule in self._named:
            if Rule(rule.name, Scope(rule.scope)).covers(name) and not _is_denied(rule, name):
                yield rule.kind
        if self._searching:
            found = set(self._patterns.match(name))
            for place, rule in enumerate(self._searching):
                if (place in found) is not rule.inverted and not _is_denied(rule, name):
                    yield rule.kind


def _counts(rule: Conditional) -> bool:
    if rule.types and rule.types.isdisjoint(_ADDRESSES):
        return False
    if rule.kind is Kind.REWRITE:
        return rule.rewrite is not None
    is_for_all = rule.who == EVERYBODY and not rule.types and not rule.but_types
    # An exception that holds for some only does not keep a name open.
    return is_for_all or rule.kind in {Kind.BLOCK, Kind.IMPORTANT}


def _is_denied(rule: Conditional, name: str) -> bool:
    return not rule.denyallow.isdisjoint(parents(name))
