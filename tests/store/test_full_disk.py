"""A full disk: the log stops and says so, and goes on when there is room again."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from filterd.errors import StoreError
from filterd.store.folder import lock, prepare
from filterd.store.live import LivePolicy
from filterd.store.log import LogFilter, LogReader
from filterd.store.logwriter import LogWriter
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade


def can_mount() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two MiB, where the machine lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = can_mount() and (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "filterd-test", str(folder)],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("only root may mount a small disk; the file size limit below is tested instead")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return ballast


def write_until_full(writer: LogWriter, asked) -> int:
    for n in range(10_000):
        names = [asked._replace(name=f"n{n}-{m}.example") for m in range(100)]
        try:
            writer.write(names)
        except StoreError:
            return n
    raise AssertionError("the disk never became full")


def save_until_full(store: PolicyStore, document_called, now) -> int:
    """Save versions after the first; return the number of the last that was acknowledged."""
    for number in range(1, 10_000):
        document = document_called(f"Sana {number} {'x' * 40}")
        try:
            store.save(document, based_on=number, author="ama", reason="", now=now)
        except StoreError:
            return number
    raise AssertionError("the disk never became full")


def test_a_full_disk_stops_the_log_until_there_is_room(small_disk, asked, document_called, now):
    upgrade(small_disk)
    store = PolicyStore(small_disk / "policy.db")
    store.seed(document_called("Sana"), "filterd", now)
    live = LivePolicy(small_disk / "policy.db")
    assert live.current().number == 1
    writer, reader = LogWriter(small_disk / "log.db"), LogReader(small_disk / "log.db")
    writer.write([asked])
    ballast = fill(small_disk)
    kept = 1 + 100 * write_until_full(writer, asked)
    with pytest.raises(StoreError, match="disk"):
        writer.write([asked._replace(name=f"m{m}.example") for m in range(9_000)])
    assert len(reader.search(LogFilter(), limit=10**6)) == kept
    # What filtering needs is not touched by it.
    assert not live.changed()
    assert live.current().number == 1
    ballast.unlink()
    writer.write([asked])
    assert len(reader.search(LogFilter(), limit=10**6)) == kept + 1
    for each in (writer, reader, live, store):
        each.close()


def test_a_full_disk_loses_no_policy(small_disk, document_called, now):
    upgrade(small_disk)
    store = PolicyStore(small_disk / "policy.db")
    store.seed(document_called("Sana"), "filterd", now)
    ballast = fill(small_disk)
    saved = save_until_full(store, document_called, now)
    assert store.current().number == saved
    ballast.unlink()
    store.save(document_called("Zara"), based_on=saved, author="ama", reason="", now=now)
    assert store.current().number == saved + 1
    store.close()


def test_a_full_disk_is_no_obstacle_to_taking_the_folder(small_disk):
    prepare(small_disk)
    lock(small_disk).release()
    fill(small_disk)
    prepare(small_disk)
    with lock(small_disk), pytest.raises(StoreError, match="another filterd"):
        lock(small_disk)


def test_a_batch_that_failed_can_be_written_again_whole(state, asked):
    writer, reader = LogWriter(state / "log.db"), LogReader(state / "log.db")
    writer.write([asked])
    db = writer._open()
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
    batch = [asked._replace(name=f"n{n}.example", address=f"192.0.2.{n}") for n in range(200)]
    with pytest.raises(StoreError, match="disk is full"):
        writer.write(batch)
    assert len(reader.search(LogFilter())) == 1
    writer.write(batch)
    rows = reader.search(LogFilter(), limit=200)
    assert [(row.name, row.address) for row in rows] == [
        (record.name, record.address) for record in reversed(batch)
    ]
    writer.close()
    reader.close()


LIMITED = """
import resource, signal, sys
from pathlib import Path
from filterd.errors import StoreError
from filterd.resolve.record import Record
from filterd.store.log import LogFilter, LogReader
from filterd.store.logwriter import LogWriter

path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
writer, reader = LogWriter(path), LogReader(path)
asked = Record(1.0, "192.0.2.1", "", 1, "p", "allow", "r", "", "", "", "", 1, "b", 0, 1, 5)
kept = 0
try:
    for n in range(10_000):
        writer.write([asked._replace(name=f"n{n}-{m}.example") for m in range(100)])
        kept += 100
except StoreError as error:
    assert "disk" in str(error), error
else:
    raise SystemExit("no limit was reached")
assert len(reader.search(LogFilter(), limit=10**6)) == kept
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
writer.write([asked])
assert len(reader.search(LogFilter(), limit=10**6)) == kept + 1
print("recovered")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file size limits")
def test_a_file_that_cannot_grow_stops_the_log_until_it_can(state):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(state / "log.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("recovered", 0), done.stderr
