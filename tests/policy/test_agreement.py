"""Tables, the reference walk and a naive reading of the rules give one answer.

Half of the worlds have the real compiled index under them, the others plain loops.

The naive one shares no code with the policy room beyond its values: plain loops over every rule,
every own name and every step, a clock on the wall for the windows, and the lowest rank of all
opinions.  What it makes of the lists themselves is ``conftest.said_of``.  It is written from the design's order, not from ``policy.decide``.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from filterd.config.document import DAYS, Device, Document, ListSource, Mode, Profile, Window
from filterd.lists.category import FIXED
from filterd.lists.condition import EVERYBODY, Conditional, Rewrite, Who
from filterd.lists.rule import Kind
from filterd.policy.decide import decide, judge_link, review
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy, compile_policy
from filterd.policy.verdict import Action, Reason, Verdict
from filterd.wire.query import Question

SEEDS = 24
POLICIES_A_SEED = 40
TIMES_A_POLICY = 3
QUESTIONS_A_TIME = 5  # together 14,400 cases

CHOOSABLE = ["adult", "games", "social", "learning", "essentials"]
CANARIES = {
    "use-application-dns.net",
    "mask.icloud.com",
    "mask-h2.icloud.com",
    "dns-tunnel-check.googlezip.net",
}
TEST_NAME = "blocked.filter.home.arpa"
# Summer time begins or ends here in one of the zones, so edges in gaps and overlaps are common.
AROUND = [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC)]
MODES: tuple[Mode, ...] = ("essentials", "only", "block", "open")
ZONES = ["Asia/Karachi", "Europe/Berlin", "Australia/Lord_Howe"]
PATTERNS = ["^a\\.", "b\\.c", "(a|b)\\.example$", "c", "^[ab]\\.[bc]\\.", "example"]
# Of a Who: clients, clients left out, tags, tags left out.
WHO = [["192.0.2.1", "one", "192.0.2.0/25", "nobody"]] * 2 + [["user_child", "device_tv"]] * 2
REWRITES = [
    Rewrite(3),
    Rewrite(0),
    Rewrite(0, 1, bytes(4)),
    Rewrite(0, 5, b"\x01a\x01b\x07example\x00"),
]


class Opinion(NamedTuple):
    """What one rank says; the fields are those of a Verdict, as text."""

    rank: int
    reason: str
    is_block: bool
    category: str = ""
    source: str = ""
    matched: str = ""
    detail: str = ""
    rewrite: frozenset[Rewrite] = frozenset()


class Asks(NamedTuple):
    """Who asks, and for what type."""

    profile: str
    device: str
    address: str
    qtype: int


class World(NamedTuple):
    document: Document
    listed: Any  # the naive lists
    said_of: Callable[..., Any]
    overrides: tuple[Override, ...]
    newest: datetime | None
    policy: Policy


def parents(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[cut:]) for cut in range(len(labels))]


def typed(names: tuple[str, ...], name: str) -> tuple[int, str] | None:
    """Return how specific the best of the typed names over ``name`` is, and that name."""
    best = None
    for depth, parent in enumerate(reversed(parents(name))):
        if parent in names:
            best = (2 * depth, parent)
    if "=" + name in names:
        best = (2 * name.count(".") + 1, name)
    return best


def shown_by(zone: str, now: datetime) -> datetime:
    """Return the latest time the wall clock has shown by ``now``, in whole minutes."""
    here = ZoneInfo(zone)
    minute = now.replace(second=0, microsecond=0)
    looks = [minute]
    if (
        minute.astimezone(here).utcoffset()
        != (minute - timedelta(hours=3)).astimezone(here).utcoffset()
    ):
        looks = [minute - timedelta(minutes=ago) for ago in range(180)]
    return max(look.astimezone(here).replace(tzinfo=None) for look in looks)  # fmt: skip


def is_open(window: Window, latest: datetime) -> bool:
    for back in (0, 1):
        day = (latest - timedelta(days=back)).replace(hour=0, minute=0)
        start, end = day, day + timedelta(days=1)
        if window.start is not None and window.end is not None:
            hours, minutes = map(int, window.start.split(":"))
            start = day + timedelta(hours=hours, minutes=minutes)
            hours, minutes = map(int, window.end.split(":"))
            end = day + timedelta(hours=hours, minutes=minutes)
            if end < start:
                end += timedelta(days=1)
        if DAYS[day.weekday()] in window.days and start <= latest < end:
            return True
    return False


def opinions(
    world: World, whose: Asks, name: str, now: datetime, *, is_link: bool
) -> Iterator[Opinion]:
    profile = world.document.profiles[whose[0]]
    lists = world.said_of(world.document, world.listed, whose, name)
    yield from for_everybody(lists)
    if not profile.filtering:
        yield Opinion(10, "unfiltered", False)
        return
    if not is_link and name in {*CANARIES, TEST_NAME}:
        yield Opinion(1, "test-name" if name == TEST_NAME else "canary", True, matched=name)
    is_clock_wrong = world.newest is not None and now < world.newest - timedelta(minutes=1)
    pause, grants = in_force(world, whose, world.newest if is_clock_wrong else now)
    granted = {category for one in grants for category in one.categories}
    yield from by_name(profile, grants, name)
    latest = shown_by(profile.zone or world.document.zone, now)
    windows = () if is_clock_wrong else [one for one in profile.windows if is_open(one, latest)]
    if not is_link and not lists.keys() & ({"essentials"} | granted):
        if pause is not None:
            yield Opinion(5, "pause", True, detail=str(pause))
        if is_clock_wrong and profile.windows:
            yield Opinion(7, "clock", True)
    for one in windows:
        yield from by_window(one, lists, granted, name, is_link=is_link)
    lifted = granted | {each for one in windows if one.mode == "open" for each in one.categories}
    yield from by_category(profile, lists, lifted)
    if not is_link:
        yield from by_default(profile, lists, granted)


def for_everybody(lists: dict[str, Any]) -> Iterator[Opinion]:
    if "csam-illegal" in lists:
        yield Opinion(2, "locked", True, "csam-illegal", lists["csam-illegal"].source)
    if "always-allow" in lists:
        yield Opinion(3, "always-allow", False, "always-allow", lists["always-allow"].source)


def by_category(profile: Profile, lists: dict[str, Any], lifted: set[str]) -> Iterator[Opinion]:
    for category, said in lists.items():
        if category in profile.blocked_categories and category not in lifted and not said.is_lifted:
            opinion = Opinion(9, "category", not said.rewrite, category, said.source)
            yield opinion._replace(rewrite=said.rewrite)


def in_force(world: World, whose: Asks, at: datetime | None) -> tuple[int | None, list[Override]]:
    assert at is not None
    mine = [
        one
        for one in world.overrides
        if one.profile == whose[0] and one.device in {"", whose[1]}
        if (one.starts or at) <= at and (one.ends is None or at < one.ends)
    ]
    pause = max((one.id for one in mine if one.kind == "pause"), default=None)
    return pause, [one for one in mine if one.kind == "grant" and (pause is None or one.id > pause)]


def by_default(profile: Profile, lists: dict[str, Any], granted: set[str]) -> Iterator[Opinion]:
    if profile.default == "block":
        for category, said in lists.items():
            if category in {*profile.allowed_categories, *granted}:
                yield Opinion(10, "default-allow", False, category, said.source)
        yield Opinion(10, "default-block", True)
    yield Opinion(10, "default-allow", False)


def by_name(profile: Profile, grants: list[Override], name: str) -> Iterator[Opinion]:
    for grant in sorted(grants, key=lambda one: one.id, reverse=True):
        best = typed(grant.names, name)
        if best is not None:
            yield Opinion(4, "grant", False, matched=best[1], detail=str(grant.id))
    allowed = typed(profile.allowed_names, name)
    blocked = typed(profile.blocked_names, name)
    if allowed is not None and (blocked is None or allowed[0] >= blocked[0]):
        yield Opinion(6, "own-allow", False, matched=allowed[1])
    elif blocked is not None:
        yield Opinion(6, "own-block", True, matched=blocked[1])


def by_window(
    window: Window, lists: dict[str, Any], granted: set[str], name: str, *, is_link: bool
) -> Iterator[Opinion]:
    closes = Opinion(7, "window", True, detail=window.name)
    best = typed(window.names, name)
    if window.mode == "block":
        if best is not None:
            yield closes._replace(matched=best[1])
        for category, said in lists.items():
            if category in window.categories and category not in granted and not said.is_lifted:
                yield closes._replace(category=category, source=said.source)
    elif window.mode != "open" and not is_link:
        passes = set(window.categories) if window.mode == "only" else {"essentials"}
        is_listed = window.mode == "only" and best is not None
        if not is_listed and not lists.keys() & (passes | granted):
            yield closes


def first_of(found: Iterator[Opinion]) -> Opinion | None:
    return min(found, key=lambda one: one.rank, default=None)


def naive_review(
    world: World, whose: Asks, first: Opinion, names: list[str], now: datetime
) -> Opinion | None:
    if first.is_block:
        return None
    links = [first_of(opinions(world, whose, name, now, is_link=True)) for name in names]
    blocks = [
        one._replace(is_block=True, rewrite=frozenset())
        for one in links
        if one is not None and (one.is_block or one.rewrite)
    ]
    if first.rank in {3, 4, 6}:
        blocks = [one for one in blocks if one.rank == 2]
    return min(blocks, key=lambda one: one.rank, default=None)


def as_opinion(verdict: Verdict | None) -> Opinion | None:
    if verdict is None:
        return None
    # Where a list decided, the table leaves the name open; ``listed.written_for`` is tested alone.
    matched = "" if verdict.source else verdict.matched
    return Opinion(
        verdict.rank.value,
        verdict.reason.value,
        verdict.is_block,
        verdict.category,
        verdict.source,
        matched,
        verdict.detail,
        frozenset(verdict.rewrite),
    )


def some(dice: random.Random, pool: list[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(dice.choices(pool, k=dice.randint(0, most))))


def a_name(dice: random.Random) -> str:
    return ".".join([*(dice.choice("abc") for _ in range(dice.randint(1, 4))), "example"])


def typed_names(dice: random.Random, most: int) -> tuple[str, ...]:
    pool = [dice.choice(["", "", "="]) + a_name(dice) for _ in range(most)]
    pool += dice.sample(sorted(CANARIES), 1) if dice.random() < 0.1 else []
    return some(dice, pool, most) if pool else ()


def a_window(dice: random.Random, number: int) -> Window:
    mode = dice.choice(MODES)
    what: dict[str, Any] = {}
    if mode != "essentials":
        what["categories"] = some(dice, CHOOSABLE, 2) or ("games",)
    if mode in {"only", "block"}:
        what["names"] = typed_names(dice, 2)
    if dice.random() < 0.8:
        start, end = dice.sample(range(0, 24 * 60, 10), 2)
        what |= {
            "start": f"{start // 60:02}:{start % 60:02}",
            "end": f"{end // 60:02}:{end % 60:02}",
        }
    days = tuple(day for day in DAYS if dice.random() < 0.7) or ("sun",)
    return Window(name=f"w{number}", days=days, mode=mode, **what)  # fmt: skip


def a_profile(dice: random.Random) -> Profile:
    return Profile(
        name="p",
        filtering=dice.random() < 0.9,
        zone=dice.choice([None, *ZONES]),
        default=dice.choice(["allow", "allow", "block"]),
        blocked_categories=some(dice, CHOOSABLE, 3),
        allowed_categories=some(dice, CHOOSABLE, 2),
        blocked_names=typed_names(dice, 3),
        allowed_names=typed_names(dice, 2),
        windows=tuple(a_window(dice, number) for number in range(dice.choice([0, 0, 1, 3]))),
    )


def a_time(dice: random.Random) -> datetime:
    return dice.choice(AROUND) + timedelta(minutes=dice.randint(-4 * 1440, 4 * 1440))


def an_override(dice: random.Random, number: int) -> Override:
    starts = dice.choice([None, a_time(dice)])
    ends = dice.choice([None, (starts or a_time(dice)) + timedelta(hours=dice.randint(1, 100))])
    return Override(
        number,
        dice.choice(["grant", "grant", "pause"]),
        dice.choice("pq"),
        categories=some(dice, CHOOSABLE, 2),
        names=typed_names(dice, 2),
        starts=starts,
        ends=ends,
        device=dice.choice(["", "", "one", "two"]),
    )


def some_rules(dice: random.Random) -> list[str]:
    return [
        dice.choice(["", "", "", "", "@@"])
        + dice.choice(["", "", "=", "*."])
        + a_name(dice)
        + dice.choice(["", "", "", "$important"])
        for _ in range(dice.choice([0, 1, 1, 3]))
    ]


def a_condition(dice: random.Random) -> Conditional:
    kind = dice.choice([*Kind][1:5] + [Kind.REWRITE] * 3)
    types = [frozenset[int](), frozenset({1}), frozenset({28, 65})]
    everyone = [EVERYBODY] * 3 + [Who(*(some(dice, pool, 2) for pool in WHO)) for _ in range(2)]
    rule = Conditional(
        kind,
        types=dice.choice(types),
        but_types=dice.choice([types[0], types[0], *types]),
        who=dice.choice(everyone),
        denyallow=frozenset(a_name(dice) for _ in range(dice.choice([0, 0, 1]))),
        rewrite=dice.choice([None, *REWRITES]) if kind is Kind.REWRITE else None,
    )
    if kind is Kind.EXCEPTION and dice.random() < 0.5:
        rule = rule._replace(rewrite=dice.choice(REWRITES))
    if dice.random() < 0.4:
        return rule._replace(pattern=dice.choice(PATTERNS), inverted=dice.random() < 0.1)
    return rule._replace(name=a_name(dice), scope=dice.choice(["exact", "subtree", "below"]))


def with_conditions(
    dice: random.Random, lists: dict[str, ListSource]
) -> tuple[dict[str, ListSource], dict[str, tuple[Conditional, ...]]]:
    """Give some lists rules with conditions, and let some lists' exceptions reach everywhere."""
    conditional = {
        source: tuple(a_condition(dice) for _ in range(dice.choice([0, 0, 1, 3])))
        for source in lists
    }
    reaching = {
        source: ListSource(**dict(entry) | {"exceptions": "everywhere"})
        for source, entry in lists.items()
        if entry.category not in {*FIXED, "essentials"} and dice.random() < 0.5
    }
    return lists | reaching, conditional


def a_world(
    dice: random.Random, lists: dict[str, ListSource], naive: Callable[..., Any], said: Any
) -> World:
    conditional: dict[str, tuple[Conditional, ...]] = {}
    if dice.random() < 0.7:
        lists, conditional = with_conditions(dice, lists)
    listed = naive({source: some_rules(dice) for source in lists}, conditional)
    document = Document(
        zone=dice.choice(ZONES),
        lists=lists,
        profiles={"p": a_profile(dice), "q": a_profile(dice)},
        devices={
            "one": Device(name="One", profile="p", match=("192.0.2.1",)),
            "two": Device(name="Two", profile="q", match=("192.0.2.0/24",)),
        },
        default_profile=dice.choice("pq"),
    )
    numbers = dice.sample(range(9), dice.choice([0, 1, 2, 4]))
    overrides = tuple(an_override(dice, number) for number in numbers)
    newest = a_time(dice) if dice.random() < 0.3 else None
    # What the index promises of these lists is tested in its own room; here it must fit.
    index = listed.compiled() if dice.random() < 0.5 else listed
    policy = compile_policy(document, 1, index, overrides, newest)
    return World(document, listed, said, overrides, newest, policy)


def judge_by_rules(asked: Callable[[str], Any], link: str) -> Verdict | None:
    return judge_link(asked(link))


def check(world: World, dice: random.Random, now: datetime, questions: int) -> None:
    address, device = dice.choice([("192.0.2.1", "one"), ("192.0.2.2", "two"), ("192.0.3.1", "")])
    profile = {"one": "p", "two": "q"}.get(device, world.document.default_profile)
    subject = world.policy.subject(address, None)
    table = world.policy.table(subject, now)
    moment = world.policy.moment(subject, now)
    later = now + (table.until - now) * dice.random() if table.until else now + timedelta(days=9)
    for _ in range(questions):
        name = dice.choice([a_name(dice)] * 9 + [dice.choice([*sorted(CANARIES), TEST_NAME])])
        links = [a_name(dice) for _ in range(dice.randint(0, 3))]
        qtype = dice.choice([1, 1, 28, 65])
        whose = Asks(profile, device, address, qtype)
        verdict = table.decide(Question(name, qtype, 1))
        asked = partial(world.policy.knowledge.asked, qtype=qtype, moment=moment)
        assert verdict == decide(asked(name))
        expected = first_of(opinions(world, whose, name, now, is_link=False))
        assert expected is not None
        assert as_opinion(verdict) == expected, (name, now)
        assert verdict.until == table.until
        found = table.review(verdict, links, qtype)
        by_rules = review(verdict, links, partial(judge_by_rules, asked))
        assert as_opinion(found) == as_opinion(by_rules)
        reviewed = naive_review(world, whose, expected, links, now)
        assert as_opinion(found) == reviewed, (name, links, now)
        still = first_of(opinions(world, whose, name, later, is_link=False))
        assert still == expected, (name, now, later, table.until)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_tables_walk_and_naive_reading_agree(
    seed: int,
    list_sources: dict[str, ListSource],
    naive_lists: Callable[..., Any],
    said_of: Callable[..., Any],
) -> None:
    dice = random.Random(seed)
    for _ in range(POLICIES_A_SEED):
        world = a_world(dice, list_sources, naive_lists, said_of)
        for _ in range(TIMES_A_POLICY):
            check(world, dice, a_time(dice), QUESTIONS_A_TIME)


def test_every_kind_of_verdict_is_met(
    list_sources: dict[str, ListSource], naive_lists: Callable[..., Any], said_of: Any
) -> None:
    """The random worlds above are worth something only if they reach every reason."""
    dice = random.Random(0)
    met = set()
    for _ in range(POLICIES_A_SEED * 3):
        policy, now = a_world(dice, list_sources, naive_lists, said_of).policy, a_time(dice)
        for name in [*CANARIES, TEST_NAME, *(a_name(dice) for _ in range(30))]:
            for subject in "pq":
                verdict = policy.table(subject, now).decide(Question(name, 1, 1))
                met |= {verdict.reason, verdict.action}
    assert met == {*Reason, *Action}
    assert not FIXED & set(CHOOSABLE)
