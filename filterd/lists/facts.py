"""Rules with conditions as JSON, in the facts of an index and of a read list, and back again.

A rule is an object with only those of its fields that say something, under the fields' own names,
so that equal rules are equal text.
"""

from collections.abc import Callable, Mapping
from typing import Any

from filterd.lists.condition import EVERYBODY, Conditional, Rewrite, Who
from filterd.lists.rule import Kind

_PLAIN = Conditional(Kind.BLOCK)

_TO: Mapping[str, Callable[[Any], object]] = {
    "kind": int,
    "types": sorted,
    "but_types": sorted,
    "denyallow": sorted,
    "rewrite": lambda rewrite: [rewrite.rcode, rewrite.rtype, rewrite.rdata.hex()],
}


def to_fact(rule: Conditional) -> dict[str, object]:
    """Return what ``json`` can write of a rule."""
    return {
        field: _TO.get(field, _same)(value)
        for field, value, plain in zip(rule._fields, rule, _PLAIN, strict=True)
        if field == "kind" or value != plain
    }


def from_fact(fact: dict[str, Any]) -> Conditional:
    """Return the rule that was written; LookupError, TypeError or ValueError when it was none."""
    who, rewrite = fact.get("who"), fact.get("rewrite")
    return Conditional(
        Kind(fact["kind"]),
        str(fact.get("name", "")),
        str(fact.get("scope", "")),
        str(fact.get("pattern", "")),
        bool(fact.get("inverted", False)),
        frozenset(map(int, fact.get("types", ()))),
        frozenset(map(int, fact.get("but_types", ()))),
        EVERYBODY if who is None else Who(*(tuple(map(str, each)) for each in who)),
        frozenset(map(str, fact.get("denyallow", ()))),
        None if rewrite is None else Rewrite(rewrite[0], rewrite[1], bytes.fromhex(rewrite[2])),
    )


def _same(value: object) -> object:
    return value
