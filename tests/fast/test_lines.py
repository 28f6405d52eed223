"""Lines of the core for the log: all of what can be written, a counted sample of a flood."""

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

ADDRESS = bytes(10) + b"\xff\xff\x7f\0\0\1"
# A ring has room for more of lines as short as these.
MANY = 20_000
# Later than what is taught whenever the test's turn comes.
BEGAN = int(time.time()) + 3_600


def with_lines(fast: Any, check: Callable[..., None]) -> None:
    """Run ``check`` with the lines of a house, a function that asks, and one that moves a clock.

    Every line's time is a second after the one before, the first's is ``BEGAN``.
    """
    from filterd.fast.lines import Lines  # noqa: PLC0415 (skipped where it is not built)

    async def main() -> None:
        async with fast.running(fast.policy()) as running:
            for name in ("porn.example", "www.porn.example", "news.example"):
                await fast.ask(running.port, fast.query(name))
            running.all_records()
            worker, seconds, now = running.front._workers[0], count(BEGAN), [0.0]
            lines = Lines([worker], running.front.lines._told, lambda: now[0])

            def ask(name: str, times: int) -> None:
                packet, tick = fast.query(name), time.monotonic()
                for _ in range(times):
                    reply = worker.answer_at(packet, ADDRESS, float(next(seconds)), tick)
                    assert isinstance(reply, bytes)

            def later(seconds: float) -> None:
                now[0] += seconds

            check(lines, ask, later)

    asyncio.run(main())


def kept(lines: Any) -> list[int]:
    """Return which lines are kept, by the order they came in."""
    return [record.at - BEGAN for batch in lines.batches() for record in batch]


@pytest.mark.parametrize(
    ("waiting", "after"),
    [(14_999, 0.0), (14_999, 0.5), (MANY, 0.7), (MANY, 10.0)],
    ids=["a burst", "as many as are written", "after a slow turn", "after a full disk"],
)
def test_nothing_is_lost_while_no_more_come_than_can_be_written(
    fast: Any, waiting: int, after: float
) -> None:
    def check(lines: Any, ask: Any, later: Any) -> None:
        for turn in range(2):
            ask("porn.example", waiting)
            later(after)
            assert kept(lines) == list(range(turn * waiting, (turn + 1) * waiting))
        assert lines.lost == 0

    with_lines(fast, check)


@pytest.mark.parametrize(
    ("came", "after"),
    [(15_001, 0.5), (60_000, 1.0)],
    ids=["more wait", "more found no room, though few enough wait"],
)
def test_of_a_flood_a_sample_is_kept_and_the_rest_counted(
    fast: Any, came: int, after: float
) -> None:
    def check(lines: Any, ask: Any, later: Any) -> None:
        for turn in range(1, 3):
            first = (turn - 1) * came
            ask("porn.example", came)
            later(after)
            assert kept(lines) == list(range(first, first + 300))
            assert lines.lost == turn * (came - 300)
        ask("porn.example", 7)
        assert len(kept(lines)) == 7  # a flood that is over takes nothing from what follows

    with_lines(fast, check)


def test_each_line_says_what_its_rule_was_written_for(fast: Any) -> None:
    def check(lines: Any, ask: Any, later: Any) -> None:
        for name in ("porn.example", "news.example", "www.porn.example", "porn.example"):
            ask(name, 1)
        assert [(r.name, r.source, r.matched) for batch in lines.batches() for r in batch] == [
            ("porn.example", "porn", "porn.example"),
            ("news.example", "", ""),
            ("www.porn.example", "porn", "porn.example"),
            ("porn.example", "porn", "porn.example"),
        ]

    with_lines(fast, check)
