"""Rows about a window that opens for 300 profiles at once: when it holds, and what it costs.

No two of the profiles are alike, and each has a device that asks.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data import Questions, write_names
from load import Generator
from report import OURS, Row, progress
from servers import House, Server, devices, filterd

PROFILES = 300
_CATEGORIES = (
    "games", "social", "streaming", "dating", "gambling", "drugs", "hate", "piracy", "livestream",
)  # fmt: skip
_LISTED = 2_000
_PROFILE = """\
    child{number}:
      name: Child {number}
      zone: UTC
      blocked_categories: [adult{blocked}]
      blocked_names: ["own{number}.example"]
      windows: [{{name: Lesson, start: "{start}", end: "{end}", mode: essentials}}]
"""
_LIST = "    {name}: {{category: {category}, file: {name}, match: subdomains}}\n"
# Before the edge: to start and to be asked by all, a stretch of quiet, and what is done ahead.
_READY_S, _QUIET_S, _AHEAD_S, _ROUND_S = 32, 17, 12, 3


def opening(
    folder: Path, upstream: int, generator: Generator, questions: Questions, rounds: int
) -> list[Row]:
    """2,000 questions a second from all of them, of names asked before, across the edge."""
    force = Row(f"a window opens for {PROFILES} profiles: last answer of before", "s", "≤ 1")
    middle = Row("median time around it ÷ before", "×", "≤ 1.2")
    late = Row("99.9th percentile around it ÷ before", "×", "≤ 1.2")
    slowest = Row("slowest answer around it ÷ before", "×", "≤ 1.2")
    lost = Row("lost around it", "answers", "0")
    kept = questions.kept[: len(_CATEGORIES)]
    for number in range(rounds):
        edge = _next_minute(time.time() + _READY_S)
        server, listed = _school(folder / f"edge{number}", upstream, edge)
        try:
            server.start()
            generator.once(server.port, questions.warm())
            asked = questions.any_of(kept + listed)
            generator.most(server.port, asked, 3, PROFILES)
            _wait_until(edge - _QUIET_S)
            quiet = generator.steady_from(server.port, asked, _ROUND_S, PROFILES)
            _wait_until(edge - _AHEAD_S)
            ahead = generator.steady_from(server.port, asked, _AHEAD_S - 1.5, PROFILES)
            _wait_until(edge - 1)
            got = generator.steady_from(server.port, asked, _ROUND_S, PROFILES)
        finally:
            server.stop()
        progress(force, OURS, max(0.0, got.last_open - edge))
        more = {"µs": got.p50_us, "before": quiet.p50_us, "ahead": ahead.p50_us}
        progress(middle, OURS, got.p50_us / quiet.p50_us, more)
        more = {"µs": got.p999_us, "before": quiet.p999_us, "ahead": ahead.p999_us}
        progress(late, OURS, got.p999_us / quiet.p999_us, more)
        more = {"µs": got.slowest_us, "before": quiet.slowest_us, "ahead": ahead.slowest_us}
        progress(slowest, OURS, got.slowest_us / quiet.slowest_us, more)
        progress(lost, OURS, quiet.lost + ahead.lost + got.lost + got.failed)
    return [force, middle, late, slowest, lost]


def _school(folder: Path, upstream: int, edge: float) -> tuple[Server, list[str]]:
    """Return the server, and a name of each kind that it blocks for some."""
    files = [folder.with_name(f"{folder.name}-{category}") for category in _CATEGORIES]
    listed = [write_names(file, _LISTED, number * _LISTED) for number, file in enumerate(files, 1)]
    names = folder.with_name(f"{folder.name}-names")
    probe = write_names(names, _LISTED)
    opens = datetime.fromtimestamp(edge, UTC)
    more = "".join(
        _LIST.format(name=file.name, category=category)
        for file, category in zip(files, _CATEGORIES, strict=True)
    )
    profiles = "".join(
        _PROFILE.format(
            number=number,
            blocked="".join(
                f", {category}" for bit, category in enumerate(_CATEGORIES) if number >> bit & 1
            ),
            start=f"{opens:%H:%M}",
            end=f"{opens + timedelta(hours=1):%H:%M}",
        )
        for number in range(PROFILES)
    )
    those = devices(PROFILES, PROFILES)
    house = House(folder, names, upstream, more, files, profiles=profiles, devices=those)
    return filterd(house, probe), [probe, *listed]


def _next_minute(at: float) -> float:
    return (at // 60 + 1) * 60


def _wait_until(wall: float) -> None:
    time.sleep(max(0.0, wall - time.time()))
