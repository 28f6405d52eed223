"""Rows about what else goes on in a house: starts, lists that are taken in, memory."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from load import finish
from machine import SERVER_CORE, on_core
from report import OURS, Row, progress
from servers import Server
from traffic import Traffic

_IDLE_S = 3
_STEADY_ROUNDS = 5
_RELOAD_S = {"filterd": 4, "dnsmasq": 4, "unbound": 7}


def starts(servers: list[Server], rounds: int) -> list[Row]:
    """From nothing running to the first blocked name, with all that a server keeps on disk."""
    warm = Row("start to the first block, compiled list on disk", "s", "≤ .25 × dnsmasq")
    _each_start(warm, servers, rounds, lambda _server: None)
    return [warm]


def cold_starts(servers: list[Server], rounds: int) -> list[Row]:
    """The same with nothing but the text of the list, as dnsmasq starts every time."""
    cold = Row("very first start, from the text of the list", "s", "≤ .6 × dnsmasq")
    those = [server for server in servers if server.name in {OURS, "dnsmasq"}]
    _each_start(cold, those, rounds, _forget)
    return [cold]


def _each_start(
    row: Row, servers: list[Server], rounds: int, before: Callable[[Server], None]
) -> None:
    for _ in range(rounds):
        for server in servers:
            if server.probe:
                server.stop()
                before(server)
                progress(row, server.name, server.start())
                server.stop()


def _forget(server: Server) -> None:
    if server.name == OURS:
        shutil.rmtree(server.folder / "state", ignore_errors=True)


def memory(servers: list[Server]) -> list[Row]:
    row = Row("memory of the DNS process after all that", "MiB", "≤ 1.2 × dnsmasq")
    for server in servers:
        if server.probe:  # the limit holds no names
            progress(row, server.name, server.memory_mib())
    return [row]


def beside_a_compile(traffic: Traffic, config: Path) -> list[Row]:
    """Answers while a worker at nice 19 compiles a million names on the server's processor.

    It compiles for another house, again and again, so that nothing else changes.
    """
    ours = _ours(traffic)
    late = Row("99th percentile beside a compiling worker ÷ without", "×", "≤ 1.5")
    slowest = Row("slowest answer beside it", "ms", "≤ 20")
    lost = Row("lost beside it", "answers", "0")
    traffic.rest()
    for _ in range(_STEADY_ROUNDS):
        idle = traffic.generator.steady(ours.port, traffic.questions.mixed(7_000), _IDLE_S)
        running = traffic.generator.steadily(ours.port, traffic.questions.mixed(9_000), 4)
        _compile_while(running, config)
        busy = finish(running)
        progress(late, OURS, busy.p99_us / idle.p99_us, {"idle µs": idle.p99_us})
        progress(slowest, OURS, busy.slowest_us / 1e3, {"idle ms": idle.slowest_us / 1e3})
        progress(lost, OURS, busy.lost + busy.failed)
    return [late, slowest, lost]


def _compile_while(running: "subprocess.Popen[str]", config: Path) -> None:
    worker = [sys.executable, "-m", "filterd.service.worker"]
    while running.poll() is None:
        shutil.rmtree(config.parent / "state" / "lists", ignore_errors=True)  # to read it anew
        with on_core(SERVER_CORE):
            job = subprocess.Popen([*worker, "compile", str(config)], stdout=subprocess.DEVNULL)
        while job.poll() is None and running.poll() is None:
            time.sleep(0.01)
        if job.poll() is None:
            job.terminate()
        job.wait(20)


def prepare_house(config: Path) -> None:
    """Make the databases of a house that is never started."""
    worker = [sys.executable, "-m", "filterd.service.worker"]
    (config.parent / "state").mkdir(mode=0o700)
    subprocess.run([*worker, "prepare", str(config)], check=True, timeout=60)


def reloads(traffic: Traffic) -> list[Row]:
    """What a list that is taken in again costs those who ask meanwhile.

    dnsmasq reads such a list at its start only, so it is started again.
    """
    lost = Row("lost while the list is taken in again, at 2,000 q/s", "answers", "0")
    slowest = Row("slowest answer then, 1,000 when one was lost", "ms")
    late = Row("99.9th percentile then ÷ without", "×", "≤ 1.5")
    traffic.rest()
    for number in range(traffic.rounds):
        for server in traffic.servers:
            if not server.probe:
                continue
            idle = traffic.generator.steady(server.port, traffic.questions.mixed(7_000), _IDLE_S)
            seconds = _RELOAD_S[server.name]
            asked = traffic.questions.mixed(2_000 * seconds + 1_000)
            running = traffic.generator.steadily(server.port, asked, seconds)
            time.sleep(1)
            server.take_in_again(f"taken-in-{number}.{server.name}.example")
            got = finish(running)
            progress(lost, server.name, got.lost + got.failed)
            progress(slowest, server.name, got.slowest_us / 1e3)
            progress(
                late,
                server.name,
                got.p999_us / idle.p999_us,
                {"idle µs": idle.p999_us, "idle lost": idle.lost},
            )
    return [lost, slowest, late]


def _ours(traffic: Traffic) -> Server:
    return next(server for server in traffic.servers if server.name == OURS)
