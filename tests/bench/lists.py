"""Rows about lists: text to index, the size of it, and one look-up."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from data import write_names
from machine import HERE, LOAD_CORE, SERVER_CORE, on_core
from report import OURS, Row, progress
from servers import House, Server, free_port

MILLION = 1_000_000
_LISTS = 5
_LIST = "    {name}: {{category: adult, file: {name}, match: subdomains}}\n"


def inside(*words: object) -> dict[str, float]:
    """Run a job of ``inside.py`` in a process of its own."""
    with on_core(SERVER_CORE):
        done = subprocess.run(
            [sys.executable, str(HERE / "inside.py"), *map(str, words)],
            stdout=subprocess.PIPE, text=True, check=True, timeout=240,
        )  # fmt: skip
    return dict(json.loads(done.stdout))


def compiling(house: House, dnsmasq: Server | None, rounds: int) -> list[Row]:
    """A million lines from text to the mapped index, beside dnsmasq's start with the same names."""
    row = Row("a million lines, text → mapped index (dnsmasq: its start)", "s", "≤ .6 × dnsmasq")
    size = Row("index file, a million names", "octets a name")
    config = house.write(free_port())
    for _ in range(rounds):
        shutil.rmtree(house.folder / "state", ignore_errors=True)
        made = inside("compile", config)
        progress(row, OURS, made["seconds"])
        size.seen[OURS] = [made["octets"]]
        if dnsmasq is not None:
            progress(row, "dnsmasq", dnsmasq.start())
            dnsmasq.stop()
    return [row, size]


def five_million(folder: Path) -> list[Row]:
    """Five lists of a million names together, for the sake of the memory."""
    texts = [folder / f"names{number}" for number in range(_LISTS)]
    for number, text in enumerate(texts):
        write_names(text, MILLION, number * MILLION)
    more = "".join(_LIST.format(name=text.name) for text in texts[1:])
    house = House(folder / "large", texts[0], LOAD_CORE, more, texts[1:])
    made = inside("compile", house.write(free_port()))
    rows = [
        Row("five lists of a million, text → mapped index", "s"),
        Row(f"index file, {made['names'] / 1e6:.2f} million names", "octets a name", "≤ 13"),
        Row("most memory while they compile", "MiB", "≤ 400"),
    ]
    for row, what in zip(rows, ("seconds", "octets", "peak_mib"), strict=True):
        progress(row, OURS, made[what])
    shutil.rmtree(house.folder)
    for text in texts:
        text.unlink()
    return rows


def look_ups(state: Path, names: Path, rounds: int) -> list[Row]:
    """One look-up from Python among a million names: half are listed, half lie below one."""
    rows = {
        "native": Row("one look-up from Python, native core", "ns", "≤ 700"),
        "python": Row("one look-up, Python alone", "ns", "≤ 6,000"),
    }
    for _ in range(rounds):
        for core, row in rows.items():
            found = inside("lookup", state / "lists.index", state / "index.key", names, core)
            if found:
                progress(row, OURS, found["ns"])
    return list(rows.values())
