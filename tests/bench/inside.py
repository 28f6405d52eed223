"""What is measured inside a fresh Python process; prints one line of JSON.

``inside.py compile CONFIG``: a house's lists from text to the mapped index, and the most memory
``inside.py lookup INDEX KEY NAMES CORE``: one look-up, by the native core or by Python's
``inside.py patterns FILE``: what a name costs that no pattern has met
``inside.py log FOLDER``: a day of a school's log, written into an empty folder and searched by name
``inside.py age LOG ROWS``: put rows of eight days ago into a house's log
"""

# ruff: noqa: PLC0415 - a job imports what it measures and no more, for the memory

import json
import mmap
import re
import statistics
import sys
import time
from pathlib import Path

_TIMES = 5
_DAY_S = 24 * 3600


def compiling(config: str) -> dict[str, float]:
    from filterd.service.compiling import compile_lists
    from filterd.service.current import index_key, map_index
    from filterd.service.layout import layout_of
    from filterd.service.starter import read_config
    from filterd.store.folder import prepare

    path = Path(config)
    settings = read_config(path)
    layout = layout_of(settings, path)
    prepare(layout.state)
    key = index_key(layout)
    started = time.perf_counter()
    manifest = compile_lists(layout, settings.policy, key)
    index, problem = map_index(layout)
    took = time.perf_counter() - started
    problems = [
        problem,
        *(f"{state.id}: {state.problem}" for state in manifest.lists if not state.ok),
    ]
    if any(problems):
        raise SystemExit("; ".join(filter(None, problems)))
    size = layout.index.stat().st_size
    return {
        "seconds": took,
        "names": index.names,
        "octets": size / index.names,
        "peak_mib": _peak_mib(),
    }


def looking_up(index_file: str, key_file: str, names_file: str, core: str) -> dict[str, float]:
    if core == "python":  # as where nothing was compiled
        sys.modules["filterd.lists._native"] = None  # type: ignore[assignment]
    from filterd.lists.core import CORE
    from filterd.lists.index import Index

    if core != CORE:
        return {}
    with open(index_file, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    find = Index(mapped, Path(key_file).read_bytes()).find
    names = [line.split()[0] for line in Path(names_file).read_text().splitlines()]
    return {"ns": _each_ns(find, names)}


def matching(patterns_file: str) -> dict[str, float]:
    from filterd.lists.patterns import HAVE_ENGINE, Patterns

    if not HAVE_ENGINE:
        return {}
    match = Patterns(Path(patterns_file).read_text().split()).match
    names = [f"host{number:x}.never-seen{number % 97}.example" for number in range(20_000)]
    return {"us": _each_ns(match, names) / 1e3}


def logging(folder: str) -> dict[str, float]:
    """Rows a second, and for each thing sought the milliseconds."""
    from school import EACH, SEATS, School

    from filterd.store.log import LogFilter, LogReader
    from filterd.store.schema import upgrade

    state, rows = Path(folder), SEATS * EACH
    upgrade(state)
    school = School(state, rows, time.time() - _DAY_S)
    found = {"rows_s": rows / _write(state / "log.db", school.batches())}
    reader = LogReader(state / "log.db")
    for what, text in school.sought().items():
        took = []
        for _ in range(_TIMES):
            started = time.perf_counter()
            reader.search(LogFilter(text=text))
            took.append((time.perf_counter() - started) * 1e3)
        found[what] = statistics.median(took)
    reader.close()
    return found


def aging(log: str, rows: str) -> dict[str, float]:
    from school import School

    file = Path(log)
    school = School(file.parent, int(rows), time.time() - 8 * _DAY_S)
    return {"seconds": _write(file, school.batches())}


def _write(log: Path, batches) -> float:
    """The seconds that the log's own writer took for it, on the disk it lies on."""
    from filterd.store.logwriter import LogWriter

    writer, took = LogWriter(log), 0.0
    for batch in batches:
        started = time.perf_counter()
        writer.write(batch)
        took += time.perf_counter() - started
    writer.close()
    return took


def _each_ns(call, names: list[str]) -> float:
    took = []
    for _ in range(_TIMES):
        started = time.perf_counter_ns()
        for name in names:
            call(name)
        took.append((time.perf_counter_ns() - started) / len(names))
    return statistics.median(took)


def _peak_mib() -> float:
    """Of this process alone: what getrusage says counts its parent in."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


if __name__ == "__main__":
    jobs = {
        "compile": compiling,
        "lookup": looking_up,
        "patterns": matching,
        "log": logging,
        "age": aging,
    }
    print(json.dumps(jobs[sys.argv[1]](*sys.argv[2:])))
