"""The worker: a short-lived, niced process for everything heavy.

``python -m filterd.service.worker JOB CONFIG`` with one of the jobs below.  It prints one
line for each thing a person should know, and ends with 0 when the job is done.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filterd.errors import FilterdError
from filterd.service.current import index_key
from filterd.service.layout import Layout, layout_of
from filterd.service.lists import compile_lists, fetch_lists, write_list_problem
from filterd.service.manifest import load_manifest, recipe_of
from filterd.service.starter import read_config
from filterd.store.logwriter import LogWriter
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade

_LOG_KEPT = timedelta(days=7)


def prepare(layout: Layout, config: Path) -> None:
    """Create or upgrade the databases and store the starter policy as version 1."""
    upgrade(layout.state)
    starter = read_config(config).policy
    PolicyStore(layout.policy_db).seed(starter, author="filterd", now=_now())


def compile_all(layout: Layout, _config: Path) -> None:
    """Compile what lies on this machine into the index."""
    document = PolicyStore(layout.policy_db).current().document
    started = time.monotonic()
    manifest = compile_lists(layout, document, index_key(layout))
    names = sum(state.names for state in manifest.lists)
    took_s = time.monotonic() - started
    _say(f"compiled {names:,} names from {len(manifest.lists)} lists in {took_s:.1f} s")
    for state in manifest.lists:
        if state.what:
            _say(write_list_problem(state))


def update(layout: Layout, config: Path) -> None:
    """Bring the index up to date, download the subscribed lists, forget old log rows."""
    document = PolicyStore(layout.policy_db).current().document
    if load_manifest(layout.manifest).recipe != recipe_of(document):
        compile_all(layout, config)  # before any download: what lies here is filtered at once
    if fetch_lists(layout, document):
        compile_all(layout, config)
    LogWriter(layout.log_db).prune(_now() - _LOG_KEPT)


JOBS: dict[str, Callable[[Layout, Path], None]] = {
    "prepare": prepare,
    "compile": compile_all,
    "update": update,
}


def main() -> int:
    job, config = sys.argv[1], Path(sys.argv[2])
    if job != "prepare" and hasattr(os, "nice"):
        os.nice(19)
    try:
        JOBS[job](layout_of(read_config(config), config), config)
    except FilterdError as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(f"the state folder cannot be used: {error}")
        return 1
    return 0


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the worker is a clock owner


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the supervisor passes these lines on


if __name__ == "__main__":
    sys.exit(main())
