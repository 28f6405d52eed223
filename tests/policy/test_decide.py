"""The order of decisions: the lowest rank that has an opinion wins, and nothing opens by accident."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from filterd.policy.override import Override
from filterd.policy.snapshot import Policy
from filterd.policy.verdict import Rank, Reason, Verdict

At = Callable[..., datetime]
House = Callable[..., Policy]
Ask = Callable[..., Verdict]

LISTS = {
    "illegal": ["illegal.example", "both.help.example"],
    "help": ["help.example"],
    "basics": ["time.example", "time.play.example"],
    "porn": ["porn.example", "@@art.porn.example", "porn.play.example"],
    "porn-too": ["hard.art.porn.example$important", "@@ok.hard.art.porn.example$important"],
    "play": ["play.example", "@@porn.example"],
    "chat": ["chat.example"],
    "school": ["school.example", "porn.school.example"],
}
LISTS["porn"] = [*LISTS["porn"], "porn.school.example"]

BEDTIME = {"name": "Bedtime", "start": "21:00", "end": "07:00", "mode": "essentials"}
EXAM = {"name": "Exam", "mode": "only", "categories": ["learning"], "names": ["exam.example"]}
NO_GAMES = {"name": "No games", "mode": "block", "categories": ["games"], "names": ["fun.example"]}
PLAY_TIME = {"name": "Play time", "mode": "open", "categories": ["games"]}
ADULT_SHUT = {"blocked_categories": ["adult"]}
GAMES_SHUT = {"blocked_categories": ["adult", "games"]}
SCHOOL_ONLY = {"default": "block", "allowed_categories": ["learning"]}


def given(number: int = 1, kind: Any = "grant", **what: Any) -> Override:
    return Override(number, kind, "sana", **what)


GRANT_NAME = {"overrides": (given(names=("porn.example",)),)}
GRANT_GAMES = {"overrides": (given(categories=("games",)),)}
PAUSE = {"overrides": (given(kind="pause"),)}
OFF = {"filtering": False}

ROWS = [
    # rank 1: special
    ("canary", {}, "use-application-dns.net", "canary"),
    ("canary: Apple", {}, "mask.icloud.com", "canary"),
    ("canary: Apple's other", {}, "mask-h2.icloud.com", "canary"),
    ("canary: Chrome", {}, "dns-tunnel-check.googlezip.net", "canary"),
    ("canary is that name only", {}, "www.mask.icloud.com", "default-allow"),
    ("canary beats an own allow", {"allowed_names": ["mask.icloud.com"]}, "mask.icloud.com", "canary"),
    ("test name", {}, "blocked.filter.home.arpa", "test-name"),
    ("unfiltered: no canary", OFF, "mask.icloud.com", "unfiltered"),
    ("unfiltered: no test name", OFF, "blocked.filter.home.arpa", "unfiltered"),
    # rank 2: locked
    ("locked", {}, "www.illegal.example", "locked"),
    ("locked beats own allow", {"allowed_names": ["illegal.example"]}, "illegal.example", "locked"),
    ("locked beats a grant", {"overrides": (given(names=("illegal.example",)),)}, "illegal.example", "locked"),
    ("locked beats always-allow", {}, "both.help.example", "locked"),
    ("locked beats an unfiltered profile", OFF, "illegal.example", "locked"),
    # rank 3: always-allow
    ("always-allow beats a pause", PAUSE, "help.example", "always-allow"),
    ("always-allow beats an own block", {"blocked_names": ["help.example"]}, "help.example", "always-allow"),
    ("always-allow beats bedtime", {"windows": [BEDTIME]}, "help.example", "always-allow"),
    ("always-allow beats allow-only", SCHOOL_ONLY, "help.example", "always-allow"),
    ("always-allow in an unfiltered profile", OFF, "help.example", "always-allow"),
    # unfiltered
    ("unfiltered ignores categories", {**OFF, **ADULT_SHUT}, "porn.example", "unfiltered"),
    ("unfiltered ignores own names", {**OFF, "blocked_names": ["x.example"]}, "x.example", "unfiltered"),
    ("unfiltered ignores windows", {**OFF, "windows": [BEDTIME]}, "x.example", "unfiltered"),
    ("unfiltered ignores a pause", {**OFF, **PAUSE}, "x.example", "unfiltered"),
    ("unfiltered ignores allow-only", {**OFF, "default": "block"}, "x.example", "unfiltered"),
    # rank 4: a grant
    ("a name's grant opens a category", {**ADULT_SHUT, **GRANT_NAME}, "www.porn.example", "grant"),
    ("a name's grant opens bedtime", {"windows": [BEDTIME], **GRANT_NAME}, "porn.example", "grant"),
    ("a name's grant beats an own block", {"blocked_names": ["porn.example"], **GRANT_NAME}, "porn.example", "grant"),
    ("a name's grant opens allow-only", {**SCHOOL_ONLY, **GRANT_NAME}, "porn.example", "grant"),
    ("a grant does not reach beyond its name", {**SCHOOL_ONLY, **GRANT_NAME}, "x.example", "default-block"),
    ("a category's grant lifts that block", {**GAMES_SHUT, **GRANT_GAMES}, "play.example", "default-allow"),
    ("a category's grant leaves what is also adult", {**GAMES_SHUT, **GRANT_GAMES}, "porn.play.example", "category adult"),
    ("a category's grant opens bedtime", {"windows": [BEDTIME], **GRANT_GAMES}, "play.example", "default-allow"),
    ("but not what is also adult", {**ADULT_SHUT, "windows": [BEDTIME], **GRANT_GAMES}, "porn.play.example", "category adult"),
    ("nor anything else at bedtime", {"windows": [BEDTIME], **GRANT_GAMES}, "x.example", "window"),
    ("a category's grant opens an exam", {"windows": [EXAM], **GRANT_GAMES}, "play.example", "default-allow"),
    ("a category's grant lifts a window's block", {"windows": [NO_GAMES], **GRANT_GAMES}, "play.example", "default-allow"),
    ("but not of a name", {"windows": [NO_GAMES], **GRANT_GAMES}, "fun.example", "window"),
    ("a category's grant leaves own blocks", {"blocked_names": ["play.example"], **GRANT_GAMES}, "play.example", "own-block"),
    ("a category's grant opens allow-only", {**SCHOOL_ONLY, **GRANT_GAMES}, "play.example", "default-allow games"),
    # rank 5: a pause
    ("a pause closes all", PAUSE, "x.example", "pause"),
    ("a pause closes own allowed names", {"allowed_names": ["x.example"], **PAUSE}, "x.example", "pause"),
    ("a pause leaves essentials", PAUSE, "time.example", "default-allow"),
    ("essentials stay under the blocks below", {**GAMES_SHUT, **PAUSE}, "time.play.example", "category games"),
    # rank 6: own names
    ("own block", {"blocked_names": ["x.example"]}, "www.x.example", "own-block"),
    ("own block: label boundary", {"blocked_names": ["x.example"]}, "notx.example", "default-allow"),
    ("own block of that name only", {"blocked_names": ["=x.example"]}, "www.x.example", "default-allow"),
    ("own allow opens a category", {**ADULT_SHUT, "allowed_names": ["porn.example"]}, "www.porn.example", "own-allow"),
    ("own allow opens bedtime", {"windows": [BEDTIME], "allowed_names": ["x.example"]}, "x.example", "own-allow"),
    ("own allow opens allow-only", {**SCHOOL_ONLY, "allowed_names": ["x.example"]}, "x.example", "own-allow"),
    ("allowed child of a blocked parent", {"blocked_names": ["x.example"], "allowed_names": ["a.x.example"]}, "b.a.x.example", "own-allow"),
    ("blocked child of an allowed parent", {"allowed_names": ["x.example"], "blocked_names": ["a.x.example"]}, "b.a.x.example", "own-block"),
    ("on a tie, allow", {"allowed_names": ["x.example"], "blocked_names": ["x.example"]}, "x.example", "own-allow"),
    # rank 7: windows
    ("bedtime closes", {"windows": [BEDTIME]}, "x.example", "window"),
    ("bedtime leaves essentials", {"windows": [BEDTIME]}, "time.example", "default-allow"),
    ("bedtime does not allow", {**GAMES_SHUT, "windows": [BEDTIME]}, "time.play.example", "category games"),
    ("exam passes a category", {"windows": [EXAM]}, "school.example", "default-allow"),
    ("exam passes a name and below", {"windows": [EXAM]}, "www.exam.example", "default-allow"),
    ("exam closes the rest", {"windows": [EXAM]}, "x.example", "window"),
    ("exam closes essentials it does not list", {"windows": [EXAM]}, "time.example", "window"),
    ("exam does not allow", {**ADULT_SHUT, "windows": [EXAM]}, "porn.school.example", "category adult"),
    ("a window blocks a category", {"windows": [NO_GAMES]}, "play.example", "window games"),
    ("a window blocks a name and below", {"windows": [NO_GAMES]}, "www.fun.example", "window"),
    ("a window leaves the rest", {"windows": [NO_GAMES]}, "x.example", "default-allow"),
    ("any window that blocks wins", {"windows": [EXAM, {**NO_GAMES, "names": ["exam.example"]}]}, "exam.example", "window"),
    ("an open window lifts a category", {**GAMES_SHUT, "windows": [PLAY_TIME]}, "play.example", "default-allow"),
    ("a name that is also adult stays closed", {**GAMES_SHUT, "windows": [PLAY_TIME]}, "porn.play.example", "category adult"),
    ("an open window leaves other windows", {"windows": [PLAY_TIME, NO_GAMES]}, "play.example", "window games"),
    ("an open window leaves bedtime", {"windows": [PLAY_TIME, BEDTIME]}, "play.example", "window"),
    ("an open window leaves own blocks", {"blocked_names": ["play.example"], "windows": [PLAY_TIME]}, "play.example", "own-block"),
    ("an open window leaves allow-only", {**SCHOOL_ONLY, "windows": [PLAY_TIME]}, "play.example", "default-block"),
    # rank 9: categories
    ("a blocked category", ADULT_SHUT, "www.porn.example", "category adult"),
    ("a category that is not blocked", {"blocked_categories": ["social"]}, "porn.example", "default-allow"),
    ("exception over block", ADULT_SHUT, "art.porn.example", "default-allow"),
    ("important block over exception", ADULT_SHUT, "hard.art.porn.example", "category adult"),
    ("important exception over all", ADULT_SHUT, "ok.hard.art.porn.example", "default-allow"),
    ("another category's exception lifts nothing", GAMES_SHUT, "porn.example", "category adult"),
    ("the worst of two is named", GAMES_SHUT, "porn.play.example", "category adult"),
    # rank 10: the default
    ("nothing to say", {}, "x.example", "default-allow"),
    ("allow-only closes", SCHOOL_ONLY, "x.example", "default-block"),
    ("allow-only closes essentials too", SCHOOL_ONLY, "time.example", "default-block"),
    ("allow-only opens its categories", SCHOOL_ONLY, "www.school.example", "default-allow learning"),
    ("blocked beats allowed", {**SCHOOL_ONLY, **ADULT_SHUT}, "porn.school.example", "category adult"),
    ("allowed categories lift nothing", {**ADULT_SHUT, "allowed_categories": ["adult"]}, "porn.example", "category adult"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "name", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_order_of_decisions(
    settings: dict[str, Any], name: str, expected: str, house: House, ask: Ask, at: At
) -> None:
    verdict = ask(house(lists=LISTS, **settings), name, at("2026-11-24 23:00"))
    assert f"{verdict.reason.value} {verdict.category}".rstrip() in {expected, *_fixed(expected)}
    is_allow = verdict.reason in ALLOWS
    assert verdict.is_block is not is_allow


ALLOWS = {
    Reason.ALWAYS_ALLOW,
    Reason.GRANT,
    Reason.OWN_ALLOW,
    Reason.DEFAULT_ALLOW,
    Reason.UNFILTERED,
}


def _fixed(expected: str) -> set[str]:
    """Reasons that have one category of their own need not name it in the table."""
    return {"locked": {"locked csam-illegal"}, "always-allow": {"always-allow always-allow"}}.get(
        expected, set()
    )


WHY = [
    ("canary", {}, "mask.icloud.com", Rank.SPECIAL, "mask.icloud.com", "", ""),
    ("locked", {}, "a.illegal.example", Rank.LOCKED, "illegal.example", "illegal", ""),
    ("always-allow", {}, "a.help.example", Rank.ALWAYS_ALLOW, "help.example", "help", ""),
    ("grant", GRANT_NAME, "a.porn.example", Rank.GRANT, "porn.example", "", "1"),
    ("pause", PAUSE, "x.example", Rank.PAUSE, "", "", "1"),
    ("own", {"blocked_names": ["=x.example"]}, "x.example", Rank.OWN, "x.example", "", ""),
    ("bedtime", {"windows": [BEDTIME]}, "x.example", Rank.WINDOW, "", "", "Bedtime"),
    ("window's name", {"windows": [NO_GAMES]}, "a.fun.example", Rank.WINDOW, "fun.example", "", "No games"),
    ("window's category", {"windows": [NO_GAMES]}, "a.play.example", Rank.WINDOW, "play.example", "play", "No games"),
    ("category", ADULT_SHUT, "a.porn.example", Rank.CATEGORY, "porn.example", "porn", ""),
    ("deciding list", ADULT_SHUT, "a.hard.art.porn.example", Rank.CATEGORY, "hard.art.porn.example", "porn-too", ""),
    ("allowed category", SCHOOL_ONLY, "a.school.example", Rank.DEFAULT, "school.example", "school", ""),
    ("default", {}, "x.example", Rank.DEFAULT, "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "name", "rank", "matched", "source", "detail"),
    [pytest.param(*row[1:], id=row[0]) for row in WHY],
)
def test_a_verdict_carries_where_it_comes_from(
    settings: dict[str, Any],
    name: str,
    rank: Rank,
    matched: str,
    source: str,
    detail: str,
    house: House,
    ask: Ask,
    at: At,
) -> None:
    verdict = ask(house(lists=LISTS, **settings), name, at("2026-11-24 23:00"))
    assert (verdict.rank, verdict.matched, verdict.source, verdict.detail) == (
        rank,
        matched,
        source,
        detail,
    )


def test_only_helplines_are_not_recorded(house: House, ask: Ask, at: At) -> None:
    now = at("2026-11-24 12:00")
    for settings in ({}, OFF, PAUSE):
        policy = house(lists=LISTS, **settings)
        assert not ask(policy, "help.example", now).is_recorded
        assert ask(policy, "illegal.example", now).is_recorded
        assert ask(policy, "x.example", now).is_recorded


def test_no_setting_opens_a_locked_name(house: House, ask: Ask, at: At) -> None:
    settings = {
        "allowed_names": ["illegal.example", "=a.illegal.example"],
        "windows": [{**EXAM, "names": ["illegal.example"]}],
        "overrides": (given(names=("illegal.example",), categories=("csam-illegal",)),),
    }
    for extra in ({}, OFF, {"default": "allow"}, SCHOOL_ONLY):
        policy = house(lists=LISTS, **settings, **extra)
        assert ask(policy, "a.illegal.example", at("2026-11-24 12:00")).reason is Reason.LOCKED
