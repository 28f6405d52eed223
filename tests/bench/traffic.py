"""Rows about answers: how many a second, and how long each takes at a steady rate."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data import Questions
from load import Generator, Load
from report import Row, progress
from servers import CLIENTS, Server

SECONDS = 2
_REST_S = 3
# More than any server here answers in that time, or new names would be old ones at the end.
_MOST, _MOST_MISSES = 700_000, 300_000
_STEADY = 7_000

_REACH = {
    "cached": "≥ .90 × limit, ≥ 2 × dnsmasq, ≥ 2 × unbound",
    "blocked": "≥ .85 × limit, ≥ 8 × dnsmasq, ≥ 2.5 × unbound",
    "mixed": "≥ .75 × limit, ≥ 10 × dnsmasq, ≥ 2.5 × unbound",
    "misses": "≥ 2 × dnsmasq, ≥ 1 × unbound",
}
_WORDS = {
    "cached": "allowed names in the cache",
    "blocked": "blocked names",
    "mixed": "mixed: 70 % cached, 25 % blocked, 5 % new",
    "misses": "misses: every name new",
}


@dataclass
class Traffic:
    """The servers that are up, who asks them, and what; ``loss`` is all that went wrong."""

    servers: list[Server]
    generator: Generator
    questions: Questions
    rounds: int
    loss: Row = field(default_factory=lambda: Row("lost or failed in those rows", "answers", "0"))

    def warm(self) -> None:
        """Fill every cache again with the names that are kept."""
        names = self.questions.warm()
        for server in self.servers:
            for _ in range(2):  # what was dropped at first comes again
                self.generator.once(server.port, names)

    def rest(self) -> None:
        """The same, and let them end what the rows before left them to do."""
        self.warm()
        time.sleep(_REST_S)

    def at_most(self, kind: str, who: str = "", reach: str = "") -> list[Row]:
        """Answers a second for one kind of names; of another filterd than the first, say whose."""
        row = Row(f"{who}{_WORDS[kind]}", "answers/s", reach or _REACH[kind])
        self._each_round(row, kind, 0)
        return [row]

    def from_clients(self) -> list[Row]:
        """Answers a second for 30 devices of ten children."""
        row = Row(f"the mix, from {CLIENTS} devices of 10 profiles", "answers/s")
        self._each_round(row, "mixed", CLIENTS)
        return [row]

    def _each_round(self, row: Row, kind: str, clients: int) -> None:
        self.warm()
        for path in self._files(kind, _MOST_MISSES if kind == "misses" else _MOST):
            for server in self.servers:
                got = self.generator.most(server.port, path, SECONDS, clients)
                self.note(server, got)
                progress(row, server.name, got.qps, {"lost": got.lost, "failed": got.failed})

    def steady(self) -> list[Row]:
        """How long an answer takes at 2,000 questions a second."""
        middle = Row("median time at 2,000 q/s, mixed", "µs", "≤ 1.0 × unbound")
        late = Row("99th percentile of that", "µs", "≤ 1.0 × unbound")
        if not self.generator.has_times:
            return []
        self.rest()
        for path in self._files("mixed", _STEADY):
            for server in self.servers:
                got = self.generator.steady(server.port, path, 3)
                self.note(server, got)
                progress(middle, server.name, got.p50_us, {"lost": got.lost})
                progress(late, server.name, got.p99_us)
        return [middle, late]

    def note(self, server: Server, got: Load) -> None:
        before = self.loss.seen.setdefault(server.name, [0.0])
        before[0] += got.lost + got.failed

    def _files(self, kind: str, count: int) -> Iterator[Path]:
        write = getattr(self.questions, kind)
        path = write(count)
        for number in range(self.rounds):
            if number and kind in {"mixed", "misses"}:
                path = write(count)
            yield path
