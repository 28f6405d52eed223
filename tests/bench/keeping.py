"""Rows about the query log: what keeping it costs, what is lost, and finding a name in it."""

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from data import Questions
from lists import inside
from load import Generator, Load
from report import OURS, Row, progress
from servers import House, Server, filterd

STEADY = 20_000
_SECONDS = 4
_LONG_S = 10
_LATE_S = 15.0  # the log may be that late
_MARGIN = 1.05  # so that no name of a run comes twice
_MOST = 700_000


def without_log(folder: Path, names: Path, upstream: int, probe: str) -> Server:
    """A second filterd with the same list that keeps nothing of what is asked."""
    return filterd(House(folder / "unlogged", names, upstream, log="nothing"), probe)


def answering(
    logged: Server, unlogged: Server, generator: Generator, questions: Questions, rounds: int
) -> list[Row]:
    """CPU seconds a question with the log and without, in turn, and what the log lost."""
    for server in (logged, unlogged):
        for _ in range(2):
            generator.once(server.port, questions.warm())
    steady = Row(f"CPU seconds a query at {STEADY:,} q/s, with the log ÷ without", "×", "≤ 1.05")
    most = Row("the same at full speed, when the log is a sample", "×", "≤ 1.05")
    for row, rate, count in ((steady, STEADY, _asked(_SECONDS)), (most, 0, _MOST)):
        for _ in range(rounds):
            asked = questions.mixed(count)

            def ask(server: Server, asked: Path = asked, rate: int = rate) -> Load:
                if rate:
                    return generator.steady(server.port, asked, _SECONDS, rate)
                return generator.most(server.port, asked, _SECONDS)

            kept, bare = _cpu_us(logged, ask), _cpu_us(unlogged, ask)
            progress(row, OURS, kept / bare, {"µs": kept, "µs without": bare})
    return [steady, most, _lost(logged, generator, questions)]


def _asked(seconds: float) -> int:
    return round(STEADY * seconds * _MARGIN)


def _cpu_us(server: Server, ask: Callable[[Server], Load]) -> float:
    """What the DNS process computes for a question that it answers, in its log's thread as well."""
    _settled(server)
    before = server.cpu_s()
    got = ask(server)
    _settled(server)
    return (server.cpu_s() - before) * 1e6 / (got.sent - got.lost)


def _lost(server: Server, generator: Generator, questions: Questions) -> Row:
    row = Row(f"lines of {STEADY * _LONG_S:,} queries at {STEADY:,} q/s not kept", "lines", "0")
    before, counted = _settled(server), server.status()["log_lost"]
    got = generator.steady(server.port, questions.mixed(_asked(_LONG_S)), _LONG_S, STEADY)
    missing = got.sent - got.lost - (_settled(server) - before)
    said = server.status()["log_lost"] - counted
    progress(row, OURS, missing, {"it counted": said, "unanswered": got.lost})
    return row


def _settled(server: Server) -> int:
    """Wait until the log grows no more; return how many rows it has."""
    deadline, seen = time.monotonic() + _LATE_S, -1
    log = f"file:{server.folder / 'state' / 'log.db'}?mode=ro"
    with contextlib.closing(sqlite3.connect(log, uri=True)) as reader:
        while time.monotonic() < deadline:
            now = int(reader.execute("SELECT count(*) FROM queries").fetchone()[0])
            if now == seen:
                break
            seen = now
            time.sleep(1.2)  # longer than the pause between two turns of the log's thread
    return seen


def storing(folder: Path, rounds: int) -> list[Row]:
    """A school's day written by the log's own writer, and searched as the page does."""
    store = Row("log store, in the batches of the DNS process", "rows/s", "≥ 100,000")
    find = Row("by name in a day of 300 seats (900,000 rows), the slowest kind", "ms", "≤ 100")
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as state:
            found = inside("log", state)
        progress(store, OURS, found.pop("rows_s"))
        progress(find, OURS, max(found.values()), found)
    return [store, find]
