"""A house to ask: naive lists in memory, a policy over them, and times written as people do."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from filterd.config.document import Device, Document, ListSource, Profile, Window
from filterd.lists.category import CATEGORIES
from filterd.lists.compile import compile_index
from filterd.lists.condition import Conditional, Rewrite
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed, Placed, Scope, names_of
from filterd.lists.rule import Kind, Tag, TagSet
from filterd.policy.explain import explain
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy, compile_policy
from filterd.policy.verdict import Verdict
from filterd.wire.query import Question

SCOPES = {"subtree": "", "exact": "=", "below": "*."}


class NaiveLists:
    """Plain sets of rules, searched from end to end; a stand-in for the compiled index.

    A rule is ``x`` (that and all below), ``=x`` (only that) or ``*.x`` (only below), with ``@@``
    before it for an exception and ``$important`` behind it.
    """

    build = "naive"

    def __init__(
        self,
        sources: Mapping[str, Sequence[str]],
        conditional: Mapping[str, tuple[Conditional, ...]] | None = None,
    ) -> None:
        self.conditional = conditional or {}
        self.rules = [(source, *read_rule(text)) for source in sources for text in sources[source]]
        self._numbers: dict[TagSet, int] = {frozenset(): 0}

    def find(self, name: str) -> int:
        tags = frozenset(
            Tag(source, kind)
            for source, kind, scope, listed in self.rules
            if covers(scope, listed, name)
        ) | {
            Tag(source, Kind.CONDITIONAL)
            for source, rules in self.conditional.items()
            for rule in rules
            if rule.name and covers(SCOPES[rule.scope], rule.name, name)
        }
        return self._numbers.setdefault(tags, len(self._numbers))

    def tags(self, number: int) -> TagSet:
        return list(self._numbers)[number]

    def compiled(self) -> Index:
        """Return the real index of the same rules."""
        scopes = {sign: Scope(word) for word, sign in SCOPES.items()}
        lists: dict[str, dict[tuple[Kind, Scope], list[str]]] = {}
        for source, kind, scope, name in self.rules:
            lists.setdefault(source, {}).setdefault((kind, scopes[scope]), []).append(name)
        key = bytes(16)
        parsed = [
            (
                source,
                Parsed(
                    "any",
                    {which: names_of(names) for which, names in lists.get(source, {}).items()},
                    tuple(Placed(1, rule) for rule in self.conditional.get(source, ())),
                ),
            )
            for source in dict.fromkeys((*lists, *self.conditional))
        ]
        return Index(compile_index(parsed, key), key)


def read_rule(text: str) -> tuple[Kind, str, str]:
    kinds = {
        (True, True): Kind.IMPORTANT_EXCEPTION,
        (False, True): Kind.IMPORTANT,
        (True, False): Kind.EXCEPTION,
        (False, False): Kind.BLOCK,
    }
    kind = kinds[text.startswith("@@"), text.endswith("$important")]
    text = text.removeprefix("@@").removesuffix("$important")
    for scope in ("=", "*."):
        if text.startswith(scope):
            return kind, scope, text.removeprefix(scope)
    return kind, "", text


def covers(scope: str, listed: str, name: str) -> bool:
    is_below = name.endswith("." + listed)
    return {"=": name == listed, "*.": is_below, "": is_below or name == listed}[scope]


class Said(NamedTuple):
    """That a name is in a category: by whom, whether that blocks, and what is answered instead."""

    source: str
    is_lifted: bool
    rewrite: frozenset[Rewrite]


def said_by(
    document: Document, listed: NaiveLists, asks: Any, name: str
) -> Iterator[tuple[str, Kind, Rewrite | None]]:
    """Yield what every rule that holds says: source, kind, and a rewrite's answer."""
    for source, kind, scope, rule_name in listed.rules:
        if covers(scope, rule_name, name):
            yield source, kind, None
    for source, rules in listed.conditional.items():
        holding = [rule for rule in rules if holds(document, rule, asks, name)]
        is_spared = any(rule.kind is Kind.REWRITE and rule.rewrite is None for rule in holding)
        spared = [rule.rewrite for rule in holding if rule.kind is Kind.EXCEPTION]
        for rule in holding:
            if rule.kind is not Kind.REWRITE and rule.rewrite is None:
                yield source, rule.kind, None
            elif rule.kind is Kind.REWRITE and not is_spared and rule.rewrite not in spared:
                yield source, rule.kind, rule.rewrite


def holds(document: Document, rule: Conditional, asks: Any, name: str) -> bool:
    if rule.pattern:
        fits = (re.search(rule.pattern, name) is None) == rule.inverted
    else:
        fits = covers(SCOPES[rule.scope], rule.name, name)
    is_out = asks.qtype in rule.but_types or any(
        name == out or name.endswith("." + out) for out in rule.denyallow
    )
    if rule.rewrite is not None and rule.rewrite.rtype == 5:
        labels = [bytes([len(label)]) + label.encode() for label in name.split(".")]
        is_out = is_out or rule.rewrite.rdata == b"".join(labels) + bytes(1)
    device = document.devices[asks.device].name.lower() if asks.device else ""
    known = {asks.address, asks.device, device} | {
        network for network in ("192.0.2.0/25",) if ip_address(asks.address) in ip_network(network)
    }
    tags = {"user_child"} if document.profiles[asks.profile].filtering else set()
    is_theirs = not known & {*rule.who.but_clients} and not tags & {*rule.who.but_tags}
    is_theirs = is_theirs and (not rule.who.clients or bool(known & {*rule.who.clients}))
    is_theirs = is_theirs and (not rule.who.tags or bool(tags & {*rule.who.tags}))
    return fits and not is_out and is_theirs and (not rule.types or asks.qtype in rule.types)


_BLOCKING = {Kind.REWRITE, Kind.IMPORTANT, Kind.BLOCK}


def naive_said_of(document: Document, listed: NaiveLists, asks: Any, name: str) -> dict[str, Said]:
    """Return the categories a name is in for somebody who asks, the worst first."""
    said = list(said_by(document, listed, asks, name))
    lists = document.lists
    lifting = [
        kind
        for source, kind, _ in said
        if lists[source].exceptions == "everywhere"
        and kind in {Kind.EXCEPTION, Kind.IMPORTANT_EXCEPTION}
    ]
    found = {}
    for category in CATEGORIES:
        here = sorted(
            (kind, source) for source, kind, _ in said if lists[source].category == category
        )
        if category == "csam-illegal":  # no list opens what another one locks
            own = {source: kind for kind, source in reversed(here)}
            here = [(kind, source) for kind, source in here if own[source] == kind]
            here = [each for each in here if each[0] in _BLOCKING]
        if here and here[0][0] in _BLOCKING:
            kind, source = here[0]
            is_lifted = category != "csam-illegal" and any(each < kind for each in lifting)
            rewrite = {
                each for by, _, each in said if by == source and each and kind is Kind.REWRITE
            }
            found[category] = Said(source, is_lifted, frozenset(rewrite))
    return found


@pytest.fixture
def said_of() -> Callable[..., dict[str, Said]]:
    """Read all rules of all lists, those with conditions too, from end to end."""
    return naive_said_of


CATEGORY_LISTS = {
    "illegal": "csam-illegal",
    "help": "always-allow",
    "basics": "essentials",
    "porn": "adult",
    "porn-too": "adult",
    "play": "games",
    "chat": "social",
    "school": "learning",
}
"""One list or more per category, for every test."""


@pytest.fixture(scope="session")
def naive_lists() -> type[NaiveLists]:
    return NaiveLists


@pytest.fixture
def list_sources() -> dict[str, ListSource]:
    return {
        source: ListSource(category=category, file=f"{source}.txt")
        for source, category in CATEGORY_LISTS.items()
    }


@pytest.fixture
def at() -> Callable[..., datetime]:
    """``at("2026-11-24 21:30", "Asia/Karachi")`` -> aware UTC; the zone is Karachi's if omitted."""

    def read(text: str, zone: str = "Asia/Karachi") -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

    return read


@pytest.fixture
def house(list_sources: dict[str, ListSource]) -> Callable[..., Policy]:
    """Build a policy in which Sana is a child, "tablet" and "phone" are hers, "room" a network.

    Keywords of the profile are Sana's; ``lists`` maps sources of CATEGORY_LISTS to rules.
    """

    def build(
        *,
        lists: Mapping[str, Sequence[str]] | None = None,
        windows: Sequence[Mapping[str, Any]] = (),
        overrides: tuple[Override, ...] = (),
        newest: datetime | None = None,
        **profile: Any,
    ) -> Policy:
        document = Document(
            zone="Asia/Karachi",
            lists=list_sources,
            profiles={
                "sana": Profile(
                    name="Sana",
                    windows=tuple(Window(**{"name": "w", **window}) for window in windows),
                    **profile,
                ),
                "guest": Profile(name="Guests"),
            },
            devices={
                "tablet": Device(name="Sana's tablet", profile="sana", match=("192.168.1.7",)),
                "phone": Device(name="Sana's phone", profile="sana", match=("192.168.1.8",)),
                "room": Device(name="Room 4", profile="sana", match=("192.168.4.0/24",)),
            },
            default_profile="guest",
        )
        return compile_policy(document, 1, NaiveLists(lists or {}), overrides, newest)

    return build


@pytest.fixture
def ask() -> Callable[..., Verdict]:
    """Ask as Sana's tablet; both the table and the reference walk answer, and must agree."""

    def decide(policy: Policy, name: str, now: datetime, address: str = "192.168.1.7") -> Verdict:
        return explain(policy, policy.client(address, None), Question(name, 1, 1), now).verdict

    return decide
