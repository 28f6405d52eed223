"""Rows about what else goes on in a house: starts, lists that are taken in, memory."""

import shutil
import time
from collections.abc import Callable

from load import finish
from report import OURS, Row, progress
from servers import Server
from traffic import Traffic

_IDLE_S = 3
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
