"""A house to ask: naive lists in memory, a policy over them, and times written as people do."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from filterd.config.document import Device, Document, ListSource, Profile, Window
from filterd.lists.compile import compile_index
from filterd.lists.index import Index
from filterd.lists.parsed import Parsed, Scope
from filterd.lists.rule import Kind, Tag, TagSet
from filterd.policy.explain import explain
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy, compile_policy
from filterd.policy.verdict import Verdict
from filterd.wire.query import Question


class NaiveLists:
    """Plain sets of rules, searched from end to end; a stand-in for the compiled index.

    A rule is ``x`` (that and all below), ``=x`` (only that) or ``*.x`` (only below), with ``@@``
    before it for an exception and ``$important`` behind it.
    """

    build = "naive"

    def __init__(self, sources: Mapping[str, Sequence[str]]) -> None:
        self.rules = [(source, *read_rule(text)) for source in sources for text in sources[source]]
        self._numbers: dict[TagSet, int] = {frozenset(): 0}

    def find(self, name: str) -> int:
        tags = frozenset(
            Tag(source, kind)
            for source, kind, scope, listed in self.rules
            if covers(scope, listed, name)
        )
        return self._numbers.setdefault(tags, len(self._numbers))

    def tags(self, number: int) -> TagSet:
        return list(self._numbers)[number]

    def compiled(self) -> Index:
        """Return the real index of the same rules."""
        scopes = {"": Scope.SUBTREE, "=": Scope.EXACT, "*.": Scope.BELOW}
        lists: dict[str, dict[tuple[Kind, Scope], list[str]]] = {}
        for source, kind, scope, name in self.rules:
            lists.setdefault(source, {}).setdefault((kind, scopes[scope]), []).append(name)
        key = bytes(16)
        parsed = [(source, Parsed("any", names)) for source, names in lists.items()]
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


@pytest.fixture
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
