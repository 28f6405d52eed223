"""Rows about filterd where nothing was compiled: Python alone, beside dnsmasq.

There the compiled parts cannot be imported.  Here they are built, so every process of this house
is told at its start that they are not: by a ``sitecustomize`` of its own, which Python reads first.
"""

from pathlib import Path

from report import Row
from servers import House, Server, filterd
from traffic import Traffic

_WITHOUT = """\
import sys
sys.modules["filterd.lists._native"] = sys.modules["filterd.fast.cache"] = None
"""
_REACH = {"cached": "≥ .4 × dnsmasq", "blocked": "≥ 1.5 × dnsmasq"}


def without_core(folder: Path, names: Path, upstream: int, probe: str) -> Server:
    """A second filterd with the same list, and Python alone."""
    said_first = folder / "without-core"
    said_first.mkdir()
    (said_first / "sitecustomize.py").write_text(_WITHOUT)
    around = {"PYTHONPATH": str(said_first)}
    return filterd(House(folder / "alone", names, upstream, surroundings=around), probe)


def python_alone(second: Server, traffic: Traffic) -> list[Row]:
    """Answers a second beside the same peers, as in the rows for the core."""
    core = second.status()["core"]
    if core != "python":
        raise SystemExit(f"the house that was to run without the core has the {core} one")
    peers = [server for server in traffic.servers if server.name == "dnsmasq"]
    beside = Traffic([second, *peers], traffic.generator, traffic.questions, traffic.rounds)
    rows = []
    for kind, reach in _REACH.items():
        rows += beside.at_most(kind, "Python alone: ", reach)
    return rows
