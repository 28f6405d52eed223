"""Several processes at once, and processes that are killed: nothing acknowledged is ever lost."""

import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from filterd.store.current import is_current
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade

WRITING = Path(__file__).with_name("writing.py")
ROUNDS = 15
VERSIONS = 10
ENOUGH = 1_000_000


def start_writer(state: Path, author: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITING), str(state), author, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


@pytest.fixture
def seeded(state, store, document_called, now) -> Path:
    store.seed(document_called("Sana"), "filterd", now)
    store.close()
    return state


def test_four_writers_lose_no_version(seeded):
    writers = [start_writer(seeded, f"writer-{n}", VERSIONS) for n in range(4)]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    acknowledged: dict[int, str] = {}
    for n, writer in enumerate(writers):
        lines = writer.communicate(timeout=60)[0].split()
        assert writer.returncode == 0
        assert lines[-1] == "ended"
        for line in lines[1:-1]:
            assert int(line) not in acknowledged
            acknowledged[int(line)] = f"writer-{n}"
    assert len(acknowledged) == 4 * VERSIONS
    store = PolicyStore(seeded / "policy.db")
    stored = {change.number: change.author for change in store.versions(limit=1000)}
    assert stored == {1: "filterd", **acknowledged}
    for number, author in acknowledged.items():
        assert store.at(number).document.profiles["p"].name.startswith(author)
    store.close()


def test_what_was_acknowledged_survives_kill_9(seeded):
    writer = start_writer(seeded, "ama", ENOUGH)
    acknowledged: list[int] = []
    for n in range(ROUNDS):
        writer.stdin.write("go\n")
        writer.stdin.flush()
        process = int(writer.stdout.readline())
        if n % 3:  # else: killed while it opens the database
            acknowledged.append(int(writer.stdout.readline()))
        select.select([], [], [], random.uniform(0, 0.03))
        os.kill(process, signal.SIGKILL)
        while (line := writer.stdout.readline().strip()) != "ended":
            acknowledged.append(int(line))
        check_whole(seeded / "policy.db")
    writer.communicate(timeout=20)
    assert len(acknowledged) >= ROUNDS // 2
    store = PolicyStore(seeded / "policy.db")
    stored = [change.number for change in store.versions(limit=ENOUGH)]
    assert stored == list(range(len(stored), 0, -1))
    assert set(acknowledged) <= set(stored)
    for number in acknowledged:
        assert store.at(number).author == "ama"
    store.close()


def check_whole(path: Path) -> None:
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


CREATING = """
import sys
from pathlib import Path
from filterd.store.schema import upgrade
print("ready", flush=True)
while True:
    for path in Path(sys.argv[1]).iterdir():
        path.unlink()
    upgrade(Path(sys.argv[1]))
"""


def test_a_first_start_that_is_killed_can_be_started_again(tmp_path):
    state = tmp_path / "state"
    for _ in range(3):
        state.mkdir(exist_ok=True)
        creating = subprocess.Popen(
            [sys.executable, "-c", CREATING, str(state)], stdout=subprocess.PIPE
        )
        creating.stdout.readline()
        select.select([], [], [], random.uniform(0.01, 0.08))
        creating.kill()
        creating.communicate()
        upgrade(state)
        assert not is_current(state)  # no policy yet, and no error
        for name in ("policy.db", "log.db"):
            check_whole(state / name)
