"""The other names in an answer are judged too, but never for being in no list."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from filterd.policy.override import Override
from filterd.policy.snapshot import Policy
from filterd.wire.query import Question

At = Callable[..., datetime]
House = Callable[..., Policy]

LISTS = {
    "illegal": ["illegal.example"],
    "help": ["help.example"],
    "basics": ["time.example"],
    "porn": ["porn.example"],
    "play": ["play.example"],
    "school": ["school.example"],
}
BEDTIME = {"name": "Bedtime", "mode": "essentials"}
EXAM = {"name": "Exam", "mode": "only", "categories": ["learning"]}
NO_GAMES = {"name": "No games", "mode": "block", "categories": ["games"], "names": ["fun.example"]}
SHUT = {"blocked_categories": ["adult"]}
GRANT = {"overrides": (Override(1, "grant", "sana", names=("x.example",)),)}
PAUSE = {"overrides": (Override(1, "pause", "sana"),)}
OFF = {"filtering": False}

ROWS = [
    # name asked, names in the answer, what is said of them and for which name
    ("nothing to say", {}, "x.example", ["cdn.example"], ""),
    ("no other name", SHUT, "x.example", [], ""),
    ("a blocked category", SHUT, "x.example", ["a.porn.example"], "category porn.example"),
    ("any link of the chain", SHUT, "x.example", ["cdn.example", "porn.example", "y.example"], "category porn.example"),
    ("an own block", {"blocked_names": ["cdn.example"]}, "x.example", ["a.cdn.example"], "own-block cdn.example"),
    ("a window that blocks a category", {"windows": [NO_GAMES]}, "x.example", ["a.play.example"], "window play.example"),
    ("a window that blocks a name", {"windows": [NO_GAMES]}, "x.example", ["a.fun.example"], "window fun.example"),
    ("locked", {}, "x.example", ["illegal.example"], "locked illegal.example"),
    ("the lowest rank wins", SHUT, "x.example", ["porn.example", "illegal.example"], "locked illegal.example"),
    ("of equals the first", {"blocked_names": ["a.example", "b.example"]}, "x.example", ["b.example", "a.example"], "own-block b.example"),
    # being in no list is no reason
    ("a pause", PAUSE, "time.example", ["cdn.example"], ""),
    ("bedtime", {"windows": [BEDTIME]}, "time.example", ["cdn.example"], ""),
    ("an exam", {"windows": [EXAM]}, "school.example", ["cdn.example"], ""),
    ("allow-only", {"default": "block", "allowed_categories": ["learning"]}, "school.example", ["cdn.example"], ""),
    ("but what is blocked is blocked", {**SHUT, "windows": [EXAM]}, "school.example", ["porn.example"], "category porn.example"),
    # an allowed name within the answer is no more than that
    ("an own allow of a link", {**SHUT, "allowed_names": ["ok.porn.example"]}, "x.example", ["ok.porn.example"], ""),
    ("does not allow the next", {**SHUT, "allowed_names": ["ok.porn.example"]}, "x.example", ["ok.porn.example", "porn.example"], "category porn.example"),
    ("a helpline as a link", {"blocked_names": ["help.example"]}, "x.example", ["help.example"], ""),
    # an allow by name exempts from all but locked
    ("own allow", {**SHUT, "allowed_names": ["x.example"]}, "x.example", ["porn.example"], ""),
    ("own allow over own block", {"allowed_names": ["x.example"], "blocked_names": ["cdn.example"]}, "x.example", ["cdn.example"], ""),
    ("own allow, locked", {"allowed_names": ["x.example"]}, "x.example", ["illegal.example"], "locked illegal.example"),
    ("grant", {**SHUT, **GRANT}, "x.example", ["porn.example"], ""),
    ("grant, locked", GRANT, "x.example", ["cdn.example", "illegal.example"], "locked illegal.example"),
    ("helpline", {"windows": [BEDTIME, NO_GAMES]}, "help.example", ["play.example", "fun.example"], ""),
    ("helpline, locked", {}, "help.example", ["illegal.example"], "locked illegal.example"),
    # unfiltered
    ("unfiltered", {**OFF, **SHUT}, "x.example", ["porn.example"], ""),
    ("unfiltered, locked", OFF, "x.example", ["illegal.example"], "locked illegal.example"),
    # what is blocked already needs no second opinion
    ("blocked question", {**SHUT, "blocked_names": ["x.example"]}, "x.example", ["porn.example"], ""),
    ("canaries are questions, not links", {}, "x.example", ["mask.icloud.com"], ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "asked", "names", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_names_in_an_answer(
    settings: dict[str, Any], asked: str, names: list[str], expected: str, house: House, at: At
) -> None:
    now = at("2026-11-24 12:00")
    table = house(lists=LISTS, **settings).table("sana", now)
    verdict = table.decide(Question(asked, 1, 1))
    for _ in range(2):  # the second time from memory
        found = table.review(verdict, names, 1)
        said = "" if found is None else f"{found.reason.value} {found.matched}"
        assert said == expected
