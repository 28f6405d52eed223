"""What is taught before it is asked: edges of the clock, and a policy that was just changed.

Three are asked, as in ``test_oracle``: the core, the engine that teaches it, and an engine alone.
No clock runs: every instant is given.
"""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oracle import CLIENTS, KEY, NAMES, START, Trio, address, by_python, make_query, random_parts

from filterd.config.document import parse_document
from filterd.fast import taught, teacher
from filterd.lists.compile import compile_index
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.policy.override import Override
from filterd.resolve.asked import Now
from filterd.resolve.engine import Reply

CHILD = "10.0.0.9"
LISTS = {
    "play": ("games", "game.example"),
    "basics": ("essentials", "time.example"),
    "porn": ("adult", "porn.example"),
}
ASKED = ("game.example", "time.example", "porn.example", "plain.example", "own.example")
NIGHT = {"name": "Night", "mode": "essentials", "start": "21:00", "end": "07:00"}


def parts(*profiles: dict[str, Any], zone: str = "UTC", overrides: Iterable[Any] = ()) -> Any:
    """A house of these children; each has a device, at 10.0.x.y, the first CHILD's too."""
    sources = [
        (source, parse(source, text.encode(), "domains")) for source, (_, text) in LISTS.items()
    ]
    settings = {"name": "Child", "blocked_categories": ["adult"], "blocked_names": ["own.example"]}
    document = parse_document(
        {
            "zone": zone,
            "upstreams": ["192.0.2.53"],
            "lists": {
                source: {"category": category, "file": f"{source}.txt"}
                for source, (category, _) in LISTS.items()
            },
            "profiles": {f"p{at}": settings | each for at, each in enumerate(profiles)},
            "devices": {
                f"d{at}": {"name": f"{at}", "profile": f"p{at}", "match": [device(at)]}
                for at in range(len(profiles))
            },
            "default_profile": "p0",
        }
    )  # fmt: skip
    return document, Index(compile_index(sources, KEY), KEY), tuple(overrides)


def device(number: int) -> str:
    return f"10.0.{1 + number // 200}.{1 + number % 200}"


def override(number: int, kind: Any, **what: Any) -> Override:
    return Override(number, kind, "p0", **what)


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def ask(trio: Trio, name: str, now: Now, client: str = CHILD) -> Any:
    """Let the packet take its way, and return what the core said of it: its reply, or why not."""
    packet = make_query(name, "A")
    core = trio.by_core(packet, client, now)
    expected = by_python(trio.oracle, packet, client, now, address)
    if not isinstance(core, Reply):
        assert by_python(trio.engine, packet, client, now, address) == expected
    else:
        assert core == expected, name
    return core


def learn(trio: Trio, now: Now, client: str = CHILD) -> None:
    """Ask for each name until all caches are filled."""
    for name in ASKED * 2:
        ask(trio, name, now, client)


def get_ahead(trio: Trio, now: Now) -> int:
    """Do all that is to be done ahead at this instant; return in how many steps."""
    return sum(1 for _ in trio.teacher.ahead(lambda: now))


def actions(replies: Iterable[Any]) -> list[str]:
    return [reply.record.action if isinstance(reply, Reply) else reply for reply in replies]


EDGES = [
    pytest.param({"windows": [NIGHT]}, "2026-11-24 21:00", "UTC", [], id="a window opens"),
    pytest.param({"windows": [NIGHT]}, "2026-11-25 07:00", "UTC", [], id="one over midnight ends"),
    pytest.param(
        {"windows": [NIGHT | {"start": "02:30", "end": "05:00"}]},
        "2026-03-29 03:00",
        "Europe/Berlin",
        [],
        id="in the hour that the clock skips",
    ),
    pytest.param(
        {"windows": [NIGHT | {"start": "01:00", "end": "02:30"}]},
        "2026-10-25 02:30",
        "Europe/Berlin",
        [],
        id="in the hour that the clock shows twice",
    ),
    pytest.param(
        {
            "windows": [
                NIGHT | {"name": "one", "end": "22:00"},
                NIGHT | {"start": "22:00", "mode": "block", "categories": ["games"]},
            ]
        },
        "2026-11-24 22:00",
        "UTC",
        [],
        id="a window follows another",
    ),
    pytest.param({}, "2026-11-24 21:00", "UTC", ["pause ends"], id="a pause ends"),
    pytest.param({}, "2026-11-24 21:00", "UTC", ["pause starts"], id="a pause begins"),
    pytest.param({}, "2026-11-24 21:00", "UTC", ["grant ends"], id="a grant ends"),
]


@pytest.mark.parametrize(("profile", "edge", "zone", "what"), EDGES)
def test_at_an_edge_the_core_goes_on_by_itself(
    profile: dict[str, Any], edge: str, zone: str, what: list[str]
) -> None:
    wall, tick = at(edge, zone), 1000.0
    overrides = []
    for number, (kind, _, when) in enumerate((one.partition(" ") for one in what), 1):
        given = {"categories": ("adult",), "names": ("own.example",)} if kind == "grant" else {}
        moment = datetime.fromtimestamp(wall, UTC)
        overrides.append(override(number, kind, **given, **{when: moment}))
    trio = Trio(parts(profile, zone=zone, overrides=overrides))
    before, after = Now(wall - 1, tick - 1), Now(wall, tick)
    learn(trio, before)
    trio.meet_again(before)
    get_ahead(trio, before)
    last = [ask(trio, name, Now(wall - 0.001, tick - 0.001)) for name in ASKED]
    trio.meet_again(after, [CHILD])
    first = [ask(trio, name, after) for name in ASKED]
    again = [ask(trio, name, Now(wall - 0.001, tick)) for name in ASKED]  # the clock is corrected
    # What was closed and is not cached must still be asked for upstream, which the core does.
    assert set(actions([*last, *first, *again])) <= {"allow", "block", "missing"}
    assert actions(last) != actions(first)
    assert actions(again)[1:2] == actions(last)[1:2]


def test_300_profiles_change_in_the_same_instant_without_python() -> None:
    count = 300
    house = [{"windows": [NIGHT], "blocked_names": [f"n{at}.example"]} for at in range(count)]
    trio = Trio(parts(*house))
    wall = at("2026-11-24 21:00")
    before, after = Now(wall - 1, 999.0), Now(wall + 0.001, 1000.001)
    for number in range(count):
        learn(trio, before, device(number))
    get_ahead(trio, before)
    for number in range(count):
        replies = [ask(trio, name, after, device(number)) for name in ASKED]
        assert actions(replies) == ["block", "allow", "block", "block", "block"]


def test_profiles_that_are_alike_at_a_moment_share_its_verdicts() -> None:
    cells = []
    for count in (1, 50):
        trio = Trio(parts(*[{"windows": [NIGHT], "blocked_names": []}] * count))
        wall = at("2026-11-24 21:00")
        for number in range(count):
            learn(trio, Now(wall - 1, 999.0), device(number))
        get_ahead(trio, Now(wall - 1, 999.0))
        replies = [
            ask(trio, "plain.example", Now(wall, 1000.0), device(number)) for number in range(count)
        ]
        assert [reply.record.profile for reply in replies] == [f"p{at}" for at in range(count)]
        cells.append(trio.teacher._tables.cells)
    assert cells[0] == cells[1]


@pytest.mark.parametrize(
    "other", [{"answer": "nxdomain"}, {"log": "categories"}, {"log": "nothing"}, {"max_ttl_s": 5}]
)
def test_who_is_decided_alike_but_answered_otherwise_shares_nothing(other: dict[str, Any]) -> None:
    trio = Trio(parts({"blocked_names": []}, {"blocked_names": []} | other))
    now = Now(START, 1000.0)
    for number in (0, 1, 0, 1):
        learn(trio, now, device(number))
    for number in (0, 1):
        # Each is compared with what Python answers and writes down for this very child.
        assert all(isinstance(ask(trio, name, now, device(number)), Reply) for name in ASKED)


def test_a_day_later_nothing_is_taught_again() -> None:
    trio = Trio(parts({"windows": [NIGHT]}))
    cells = []
    for day in range(4):
        for edge in ("2026-11-24 21:00", "2026-11-25 07:00"):
            now = Now(at(edge) + day * 86_400 - 2, 1000.0)
            trio.meet_again(now)
            learn(trio, now)
            get_ahead(trio, now)
        cells.append(trio.teacher._tables.cells)
    assert cells[1] == cells[2] == cells[3]


def test_who_did_not_ask_lately_is_told_nothing_ahead() -> None:
    trio = Trio(parts({"windows": [NIGHT]}, {"windows": [NIGHT]}))
    wall = at("2026-11-24 21:00")
    for number in range(2):
        learn(trio, Now(wall - 9, 991.0), device(number))
    trio.meet_again(Now(wall - 3, 997.0), [device(1)])
    get_ahead(trio, Now(wall - 3, 997.0))
    after = Now(wall, 1000.0)
    trio.meet_again(after, [device(0), device(1)])
    assert ask(trio, "plain.example", after, device(0)) == "untaught"
    assert isinstance(ask(trio, "plain.example", after, device(1)), Reply)


def test_long_before_an_edge_nothing_is_done() -> None:
    trio = Trio(parts({"windows": [NIGHT]}))
    now = Now(at("2026-11-24 20:59:49"), 1000.0)
    learn(trio, now)
    before = trio.teacher._tables.cells, trio.teacher._tables.states
    get_ahead(trio, now)
    assert before == (trio.teacher._tables.cells, trio.teacher._tables.states)
    get_ahead(trio, Now(now.wall + 1, now.tick + 1))
    assert trio.teacher._tables.states == before[1] + 1


def test_the_present_is_not_disturbed_by_what_is_to_come() -> None:
    trio = Trio(parts({"windows": [NIGHT]}))
    wall = at("2026-11-24 21:00")
    now = datetime.fromtimestamp(wall - 5, UTC)
    policy = trio.engine.policy
    learn(trio, Now(wall - 5, 995.0))
    present = policy.table("p0", now)
    assert present.until is not None
    get_ahead(trio, Now(wall - 5, 995.0))
    assert trio.teacher._tables.states == 2
    coming = policy.coming_table("p0", present.until)
    assert coming is not present
    assert policy.table("p0", now) is present
    assert policy.coming_table("p0", present.until) is coming
    assert policy.table("p0", present.until) is coming
    later = policy.table("p0", now + timedelta(days=1))
    assert later.moment.content == present.moment.content


@pytest.mark.parametrize("seed", range(16))
def test_core_and_python_say_the_same_around_edges(seed: int) -> None:
    rng = random.Random(seed)
    trio = Trio(random_parts(rng))
    now, went_on = Now(START, 1000.0), 0
    for _ in range(12):
        client = rng.choice(CLIENTS[:-1])
        subject = trio.engine.policy.subject(client, None)
        until = trio.engine.policy.table(subject, datetime.fromtimestamp(now.wall, UTC)).until
        edge = now.wall + 60 if until is None else until.timestamp()
        before = Now(edge - rng.uniform(0.5, 9.9), now.tick + 3600)
        trio.meet_again(before)
        asked = [(name, each) for name in rng.sample(NAMES, 6) for each in CLIENTS[:-1]]
        for name, each in asked * 2:
            ask(trio, name, before, each)
        get_ahead(trio, before)
        for away in (-0.001, 0.0, 0.001, rng.uniform(-2000, 2000)):
            now = Now(edge + away, before.tick + 1)
            was = [ask(trio, name, Now(edge - 0.001, now.tick), each) for name, each in asked]
            for (name, each), core in zip(asked, was, strict=True):
                found = ask(trio, name, now, each)
                if isinstance(core, Reply) and abs(away) < 1:
                    assert isinstance(found, Reply) or found == "missing", (name, each, away)
                    went_on += 1
        if rng.random() < 0.2:
            trio.replace(random_parts(rng))
    assert went_on > 100


def test_what_was_asked_is_known_again_under_a_changed_policy() -> None:
    trio = Trio(parts({}))
    now = Now(START, 1000.0)
    learn(trio, now)
    trio.replace(parts({"blocked_categories": ["games"], "blocked_names": ["plain.example"]}))
    assert trio.by_core(make_query("porn.example", "A"), CHILD, now) == "untaught"
    trio.meet_again(now, [CHILD])
    get_ahead(trio, now)
    replies = [ask(trio, name, now) for name in ("game.example", "time.example", "plain.example")]
    assert actions(replies) == ["block", "allow", "block"]
    assert actions([ask(trio, "porn.example", now)]) == ["missing"]  # and not "untaught"


def test_nobody_is_taught_by_another_world() -> None:
    trio = Trio(parts({"windows": [NIGHT]}))
    now = Now(at("2026-11-24 20:59:55"), 1000.0)
    learn(trio, now)
    steps = trio.teacher.ahead(lambda: now)
    next(steps)
    trio.replace(parts({"windows": [NIGHT], "blocked_names": list(ASKED)}))
    assert len(list(steps)) <= 1
    assert trio.teacher._tables.cells == trio.teacher._tables.states == 0


def test_little_is_remembered_of_very_many_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taught, "_MOST_LESSONS", 3)
    trio = Trio(parts({"windows": [NIGHT]}))
    now = Now(at("2026-11-24 20:59:55"), 1000.0)
    learn(trio, now)
    get_ahead(trio, now)
    assert {len(content.lessons) for _, content in trio.teacher._world.contents()} == {3}


def test_nothing_is_taught_ahead_where_room_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    trio = Trio(parts({"windows": [NIGHT]}))
    now = Now(at("2026-11-24 20:59:55"), 1000.0)
    learn(trio, now)
    monkeypatch.setattr(teacher, "_MOST_AHEAD", trio.teacher._tables.cells)
    cells = trio.teacher._tables.cells
    get_ahead(trio, now)
    assert trio.teacher._tables.cells == cells


@pytest.mark.parametrize("table", ["states", "subjects"])
def test_a_table_that_is_full_ahead_begins_a_world_without_a_past(table: str) -> None:
    trio = Trio(parts({"windows": [NIGHT]}))
    now = Now(at("2026-11-24 20:59:55"), 1000.0)
    learn(trio, now)
    tables, begun = trio.teacher._tables, []
    trio.teacher.on_new_world = lambda: begun.append(True)
    while len(begun) == 0 and table == "states" and tables.states < 32_767:
        tables.new_state(1, 1, 0.0, 0.0, 1)
    number = 0
    while not begun and table == "subjects":
        number += 1
        trio.teacher.meet(CHILD, f"{number}", now.tick + 2)
    get_ahead(trio, now)
    assert begun == [True]
    assert trio.teacher._tables is not tables
    assert trio.teacher._past == {}
    learn(trio, now)
    assert isinstance(ask(trio, "plain.example", now), Reply)
