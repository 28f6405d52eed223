"""Rows about answers while the rest of the house works on the server's processor.

A worker, which stands back, compiles a million names, again and again: those of another house, so
that nothing else changes.  Then the same with all three at once: the house's own page draws for a
guardian, and its own worker, as the supervisor starts it, takes old rows out of the log.
"""

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
from guardian import Drawing, Guardian
from lists import inside
from load import Load, finish
from machine import SERVER_CORE, on_core
from report import OURS, Row, progress
from servers import Server
from traffic import Traffic

from filterd.service.child import start_worker

_IDLE_S, _BUSY_S = 3, 4
_ROUNDS = 5
_OLD_ROWS = 300_000
_PRUNED_WITHIN_S = 60.0
_WORKER = [sys.executable, "-m", "filterd.service.worker"]


class Beside:
    """The three rows for one kind of company."""

    def __init__(self, company: str) -> None:
        self.late = Row(f"99th percentile beside {company} ÷ without", "×", "≤ 1.5")
        self.slowest = Row("slowest answer beside that", "ms", "≤ 20")
        self.lost = Row("lost beside that", "answers", "0")

    @property
    def rows(self) -> list[Row]:
        return [self.late, self.slowest, self.lost]

    def note(
        self, busy: Load, idle: Load, more: dict[str, float] | None = None, server: str = OURS
    ) -> None:
        said = {"idle µs": idle.p99_us, **(more or {})}
        progress(self.late, server, busy.p99_us / idle.p99_us, said)
        progress(self.slowest, server, busy.slowest_us / 1e3, {"idle ms": idle.slowest_us / 1e3})
        progress(self.lost, server, busy.lost + busy.failed)


def beside_work(traffic: Traffic, ours: Server, neighbour: Path) -> list[Row]:
    """``neighbour`` is the configuration of the house that is compiled.

    The limit is asked beside a compile as well: what the kernel makes of any server then.
    """
    limit = next(server for server in traffic.servers if not server.probe)
    _prepare(neighbour)
    guardian = Guardian(ours.folder / "said.txt")
    one = Beside("a compiling worker")
    three = Beside("a compile, the page drawing and the log being pruned")
    traffic.rest()
    for _ in range(_ROUNDS):
        for server in (limit, ours):
            idle = traffic.generator.steady(server.port, traffic.questions.mixed(7_000), _IDLE_S)
            busy = _compile_while(_asking(traffic, server), neighbour)
            one.note(busy, idle, server=server.name)
        _age(ours)
        traffic.rest()
        before = _begin_to_prune(ours)
        with Drawing(guardian) as pages:
            busy = _compile_while(_asking(traffic, ours), neighbour)
        three.note(busy, idle, {**pages.said(), "rows pruned": before - _old_rows(ours)})
        _wait_for_worker(ours)
    return [*one.rows, *three.rows]


def _prepare(config: Path) -> None:
    """Make the databases of a house that is never started, and compile its list once."""
    (config.parent / "state").mkdir(mode=0o700)
    subprocess.run([*_WORKER, "begin", str(config)], check=True, timeout=120)


def _asking(traffic: Traffic, ours: Server) -> "subprocess.Popen[str]":
    return traffic.generator.steadily(ours.port, traffic.questions.mixed(9_000), _BUSY_S)


def _compile_while(running: "subprocess.Popen[str]", config: Path) -> Load:
    while running.poll() is None:
        state = config.parent / "state"  # without these the list is read and compiled anew
        shutil.rmtree(state / "lists", ignore_errors=True)
        (state / "lists.index").unlink(missing_ok=True)
        with on_core(SERVER_CORE):
            worker = start_worker("update", str(config), time.monotonic())
        while worker.process.poll() is None and running.poll() is None:
            time.sleep(0.01)
        worker.process.terminate()
        worker.wait_or_kill(20)
        worker.close()
    return finish(running)


def _age(ours: Server) -> None:
    """Put rows of last week into the house's log: the worker is to forget them."""
    inside("age", ours.folder / "state" / "log.db", _OLD_ROWS)


def _begin_to_prune(ours: Server) -> int:
    """Have the house look after all it has, as an operator would; return how many rows are left
    once the first are gone.
    """
    assert ours.process is not None
    ours.process.send_signal(signal.SIGHUP)
    deadline, all_of_them = time.monotonic() + _PRUNED_WITHIN_S, _old_rows(ours)
    while (left := _old_rows(ours)) == all_of_them and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _old_rows(ours: Server) -> int:
    log = f"file:{ours.folder / 'state' / 'log.db'}?mode=ro"
    before_us = (time.time() - 7 * 24 * 3600) * 1e6
    with contextlib.closing(sqlite3.connect(log, uri=True)) as reader:
        counted = reader.execute("SELECT count(*) FROM queries WHERE at < ?", (before_us,))
        return int(counted.fetchone()[0])


def _wait_for_worker(ours: Server) -> None:
    deadline = time.monotonic() + _PRUNED_WITHIN_S
    assert ours.process is not None
    while time.monotonic() < deadline:
        children = psutil.Process(ours.process.pid).children()
        if not any("filterd.service.worker" in one.cmdline() for one in children):
            return
        time.sleep(0.05)
