"""Asks one server for what is in a file, by ``load.c``; without a C compiler, by dnsperf.

dnsperf knows how many answers came in a second; times at a fixed rate are ``load.c``'s alone.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from machine import LOAD_CORE, on_core, tool

RATE = 2_000
_SOCKETS, _WINDOW = 4, 48  # what a receive buffer of the usual size takes


class Load(NamedTuple):
    """What came of one run; times in microseconds, from when a question was due, a second if lost.

    ``last_open`` is when the last answer came that was no block, in seconds since the epoch.
    """

    qps: float
    sent: int
    lost: int
    failed: int
    p50_us: float
    p99_us: float
    p999_us: float
    slowest_us: float
    last_open: float = 0.0


class Generator:
    """Runs for a bounded time on a processor of its own, where there are two."""

    def __init__(self, program: Path | None) -> None:
        self.program = program
        if program is None and tool("dnsperf") is None:
            raise SystemExit("neither a C compiler nor dnsperf is installed: nothing can be asked")

    @property
    def name(self) -> str:
        return "its own, in C" if self.program else "dnsperf, for want of a C compiler"

    @property
    def has_times(self) -> bool:
        return self.program is not None

    def most(self, port: int, questions: Path, seconds: float, clients: int = 0) -> Load:
        """As many as the server answers, with the same number under way for any ``clients``."""
        if self.program is None:
            return _dnsperf(port, questions, seconds)
        sockets = clients or _SOCKETS
        window = max(1, _SOCKETS * _WINDOW // sockets)
        return _read(self.start(port, questions, seconds, (0, sockets, window, int(clients > 0))))

    def once(self, port: int, questions: Path) -> None:
        """Every question once: to fill a cache, and no log more than that."""
        if self.program is None:
            _dnsperf(port, questions, 1)
        else:
            _read(self.start(port, questions, 10, (-1, 1, 32, 0)))

    def steady(self, port: int, questions: Path, seconds: float, rate: int = RATE) -> Load:
        """So many questions a second, whatever comes back."""
        return _read(self.start(port, questions, seconds, (rate, 8, 0, 0)))

    def steadily(self, port: int, questions: Path, seconds: float) -> "subprocess.Popen[str]":
        """2,000 of them, while something else goes on; ``finish`` returns what came of it."""
        return self.start(port, questions, seconds, (RATE, 8, 0, 0))

    def steady_from(self, port: int, questions: Path, seconds: float, clients: int) -> Load:
        """2,000 questions a second, from so many clients in turn."""
        return _read(self.start(port, questions, seconds, (RATE, clients, 0, 1)))

    def start(
        self, port: int, questions: Path, seconds: float, how: tuple[int, ...]
    ) -> "subprocess.Popen[str]":
        rate, *rest = map(str, how)
        words = [str(self.program), str(port), str(questions), str(seconds), rate, *rest]
        with on_core(LOAD_CORE):
            return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def finish(running: "subprocess.Popen[str]") -> Load:
    return _read(running)


def _read(running: "subprocess.Popen[str]") -> Load:
    try:
        printed = running.communicate(timeout=90)[0]
    finally:
        running.kill()
    if running.returncode != 0:
        raise SystemExit(f"the load generator ended with {running.returncode}")
    return Load(**json.loads(printed))


def _dnsperf(port: int, questions: Path, seconds: float) -> Load:
    words = ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(questions)]
    bounds = ["-l", str(max(1, round(seconds))), "-c", "16", "-T", "1", "-q", "192"]
    with on_core(LOAD_CORE):
        printed = subprocess.run(
            [*words, *bounds], capture_output=True, text=True, check=True, timeout=90
        ).stdout
    qps = float(re.search(r"Queries per second:\s+([\d.]+)", printed)[1])
    sent, lost = (
        int(re.search(rf"Queries {what}:\s+(\d+)", printed)[1]) for what in ("sent", "lost")
    )
    return Load(qps, sent, lost, 0, 0, 0, 0, 0)
