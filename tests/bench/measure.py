"""``make bench``: what filterd does on this machine, side by side with dnsmasq and unbound.

Prints one Markdown table.  Nothing here is a test: absolute figures depend on the machine, so only
ratios within a run mean anything.  Everything stays on 127.0.0.0/8, every run is bounded, and all
names are made up.  ``make bench ROWS="cached lists"`` measures only those.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import alone
import busy
import data
import edges
import keeping
import lists
import patterns
import upkeep
from load import Generator
from machine import HERE, LOAD_CORE, compiled, described, on_core, version_of
from report import Row, table
from servers import House, Server, filterd, free_port, peer
from traffic import Traffic

from filterd import __version__
from filterd.service.core import CORE

ROUNDS = 3
_LONGEST_S = 1_800  # whatever happens, the echoes end by themselves
_SETTLED_S = 5  # filterd looks after its lists 3 s after its start

KINDS = ("cached", "blocked", "mixed", "misses")
ALONE = ("lists", "large", "start", "cold", "edge")
ROWS = (
    *ALONE, *KINDS, "clients", "latency", "memory", "lookup", "patterns", "python", "log", "busy", "reload",
)  # fmt: skip
ASKING = frozenset(ROWS) - frozenset(ALONE)  # those for which every server is up


@dataclass
class Bench:
    """One run: a folder that goes away, the programs, and how often each row is measured."""

    folder: Path
    rounds: int
    generator: Generator
    echo: list[str]
    upstream: int
    probe: str

    @property
    def names(self) -> Path:
        return self.folder / "names"

    def house(self, name: str) -> House:
        return House(self.folder / name, self.names, self.upstream)

    def servers(self) -> list[Server]:
        """filterd first, the peers that are installed, the limit; none is started yet."""
        found: list[Server | None] = [filterd(self.house("house"), self.probe)]
        for name, write in (
            ("dnsmasq", data.write_for_dnsmasq),
            ("unbound", data.write_for_unbound),
        ):
            theirs = self.folder / f"names-{name}"
            write(self.names, theirs)
            found.append(peer(name, self.folder / name, theirs, self.upstream, self.probe))
        limit = self.folder / "limit"
        limit.mkdir()
        port = free_port()
        found.append(Server("limit", [*self.echo, str(port), str(_LONGEST_S)], limit, port))
        return [one for one in found if one is not None]

    def questions(self) -> data.Questions:
        listed = self.names.read_text().splitlines()
        return data.Questions(self.folder, random.Random(data.SEED).sample(listed, 200_000))


@contextlib.contextmanager
def prepared(folder: Path, rounds: int) -> Iterator[Bench]:
    """Compile the programs, make up the names, and keep an upstream running."""
    native = compiled("echo", folder)
    echo = [str(native)] if native else [sys.executable, str(HERE / "echo.py")]
    generator = Generator(compiled("load", folder))
    port = free_port()
    with on_core(LOAD_CORE):
        upstream = subprocess.Popen([*echo, str(port), str(_LONGEST_S)])
    try:
        probe = data.write_names(folder / "names", lists.MILLION)
        yield Bench(folder, rounds, generator, echo, port, probe)
    finally:
        upstream.terminate()
        upstream.wait(10)


def measure(bench: Bench, wanted: set[str]) -> Iterator[Row]:
    """Yield the rows in the order of ``ROWS``; servers are up only for those that ask them."""
    servers = bench.servers()
    try:
        yield from _one_by_one(bench, servers, wanted)
        if wanted & ASKING:
            with running(servers):
                yield from _while_they_run(bench, servers, wanted)
    finally:  # whoever interrupts us leaves nothing behind
        for server in servers:
            server.stop()


def _one_by_one(bench: Bench, servers: list[Server], wanted: set[str]) -> Iterator[Row]:
    if "lists" in wanted:
        dnsmasq = next((one for one in servers if one.name == "dnsmasq"), None)
        yield from lists.compiling(bench.house("lists"), dnsmasq, bench.rounds)
    if "large" in wanted:
        yield from lists.five_million(bench.folder)
    if "start" in wanted:
        servers[0].start()  # the index must be there
        servers[0].stop()
        yield from upkeep.starts(servers, bench.rounds)
    if "cold" in wanted:
        yield from upkeep.cold_starts(servers, bench.rounds)
    if "edge" in wanted and bench.generator.has_times:
        yield from edges.opening(
            bench.folder, bench.upstream, bench.generator, bench.questions(), bench.rounds
        )


@contextlib.contextmanager
def running(servers: list[Server]) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
            server.check()
        time.sleep(_SETTLED_S)
        yield
    finally:
        for server in servers:
            server.stop()


def _while_they_run(bench: Bench, servers: list[Server], wanted: set[str]) -> Iterator[Row]:
    traffic = Traffic(servers, bench.generator, bench.questions(), bench.rounds)
    jobs: dict[str, Callable[[], list[Row]]] = {
        kind: partial(traffic.at_most, kind) for kind in KINDS
    }
    jobs["clients"] = traffic.from_clients
    jobs["latency"] = traffic.steady
    jobs["memory"] = partial(upkeep.memory, servers)
    jobs["lookup"] = partial(_look_ups, bench, servers[0], traffic)
    jobs["patterns"] = partial(_patterns, bench, servers[0], traffic)
    jobs["python"] = partial(_python, bench, traffic)
    if bench.generator.has_times:
        jobs["log"] = partial(_log, bench, servers[0], traffic)
        jobs["busy"] = partial(_busy, bench, servers[0], traffic)
        jobs["reload"] = partial(upkeep.reloads, traffic)
    for name, job in jobs.items():
        if name in wanted:
            yield from job()
        if name == "latency" and traffic.loss.seen:
            yield traffic.loss


def _look_ups(bench: Bench, ours: Server, traffic: Traffic) -> list[Row]:
    return lists.look_ups(ours.folder / "state", traffic.questions.blocked(100_000), bench.rounds)


def _patterns(bench: Bench, ours: Server, traffic: Traffic) -> list[Row]:
    second = patterns.with_patterns(bench.folder, bench.names, bench.upstream, bench.probe)
    with running([second]):
        rows = patterns.seen_names(ours, second, bench.generator, traffic.questions, bench.rounds)
    return rows + patterns.new_name(bench.folder, bench.rounds)


def _python(bench: Bench, traffic: Traffic) -> list[Row]:
    second = alone.without_core(bench.folder, bench.names, bench.upstream, bench.probe)
    with running([second]):
        return alone.python_alone(second, traffic)


def _log(bench: Bench, ours: Server, traffic: Traffic) -> list[Row]:
    second = keeping.without_log(bench.folder, bench.names, bench.upstream, bench.probe)
    with running([second]):
        rows = keeping.answering(ours, second, bench.generator, traffic.questions, bench.rounds)
    return rows + keeping.storing(bench.folder, bench.rounds)


def _busy(bench: Bench, ours: Server, traffic: Traffic) -> list[Row]:
    return busy.beside_work(traffic, ours, bench.house("neighbour").write(free_port()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"default all: {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    if unknown := set(asked.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its time"))
    started, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as made, prepared(Path(made), asked.rounds) as bench:
        rows = list(measure(bench, set(asked.rows or ROWS)))
        took_s = time.monotonic() - started
        limit = "an echo in C" if len(bench.echo) == 1 else "a stand-in in Python, no C compiler"
        print(f"{described()}; load before: {load:.2f}.")
        print(f"filterd {__version__}, core: {CORE}; {version_of('dnsmasq', '-v')};")
        print(f"{version_of('unbound', '-V')}; limit: {limit}; generator: {bench.generator.name}.")
        print(f"{asked.rounds} rounds, median (least–greatest), {took_s:.0f} s in all.\n")
    print(table(rows))


if __name__ == "__main__":
    main()
