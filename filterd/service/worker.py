"""The worker: a short-lived process for everything heavy.

``python -m filterd.service.worker JOB CONFIG`` with one of the jobs below.  It prints one
line for each thing a person should know, and ends with 0 when the job is done.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from filterd.config.document import Document
from filterd.errors import FilterdError
from filterd.service.compiling import compile_lists, has_index
from filterd.service.control import ask_dns
from filterd.service.current import index_key, map_index
from filterd.service.fetching import World, fetch_lists
from filterd.service.layout import Layout, layout_of
from filterd.service.manifest import load_manifest
from filterd.service.ourselves import resolve_by
from filterd.service.starter import read_config
from filterd.store.current import is_current
from filterd.store.logwriter import LogWriter
from filterd.store.policy import PolicyStore

if sys.platform != "win32":
    import resource

_LOG_KEPT = timedelta(days=7)
_LEAST_MEMORY_BYTES = 512 << 20
_OOM_SCORE = Path("/proc/self/oom_score_adj")


def begin(layout: Layout, config: Path) -> None:
    """Make what DNS needs to start, as far as it is missing: databases, a first policy, an index.

    Nobody is answered until it is done.
    """
    if not is_current(layout.state):
        _prepare(layout, config)
    if map_index(layout)[1]:
        _compile(layout, PolicyStore(layout.policy_db).current().document)
        _say_news(layout, {})


def _prepare(layout: Layout, config: Path) -> None:
    """Create or upgrade the databases and store the starter policy as version 1."""
    # A third of the time that the worker needs to start, and it is needed once.
    from filterd.store.schema import upgrade  # noqa: PLC0415

    upgrade(layout.state)
    starter = read_config(config).policy
    PolicyStore(layout.policy_db).seed(starter, author="filterd", now=_now())


def update(layout: Layout, config: Path) -> None:
    """Bring the index up to date, download the lists that are due, forget old log rows."""
    document = PolicyStore(layout.policy_db).current().document
    known = _troubles(layout)
    if not has_index(layout, document):
        _compile(layout, document)  # before any download: what lies here is filtered at once
    world = World(resolve=resolve_by(document, read_config(config).listen.dns))
    if fetch_lists(layout, document, world):
        _compile(layout, document)
    _say_news(layout, known)
    LogWriter(layout.log_db).prune(_now() - _LOG_KEPT)


JOBS: dict[str, Callable[[Layout, Path], None]] = {
    "begin": begin,
    "update": update,
}


def _compile(layout: Layout, document: Document) -> None:
    started = time.monotonic()
    manifest = compile_lists(layout, document, index_key(layout))
    names = sum(state.names for state in manifest.lists)
    took_s = time.monotonic() - started
    ask_dns(layout.control, "reload")  # it would see by itself within a second
    _say(f"compiled {names:,} names from {len(manifest.lists)} lists in {took_s:.1f} s")


def _troubles(layout: Layout) -> dict[str, str]:
    return {state.id: state.what for state in load_manifest(layout.manifest).lists}


def _say_news(layout: Layout, known: dict[str, str]) -> None:
    """Say what is wrong with lists, unless it was said before."""
    for state in load_manifest(layout.manifest).lists:
        if state.what and state.what != known.get(state.id):
            _say(f"list {state.id} ({state.category}): {state.what}")


def bound_memory() -> None:
    """Fail before the machine's memory runs out, and be the first to be ended when it does."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        _OOM_SCORE.write_text("1000")
    most = max(_LEAST_MEMORY_BYTES, psutil.virtual_memory().total * 3 // 4)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def main() -> int:
    job, config = sys.argv[1], Path(sys.argv[2])
    bound_memory()
    try:
        JOBS[job](layout_of(read_config(config), config), config)
    except FilterdError as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(f"the state folder cannot be used: {error}")
        return 1
    except MemoryError:
        _say("the lists need more memory than this machine has; those in force stay in force")
        return 1
    return 0


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the worker is a clock owner


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the supervisor passes these lines on


if __name__ == "__main__":
    sys.exit(main())
