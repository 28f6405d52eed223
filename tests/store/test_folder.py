"""The state folder, its lock and its secrets."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from filterd.errors import StoreError
from filterd.store.folder import lock, prepare, secret
from filterd.store.schema import upgrade


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_folder_is_closed_to_others(tmp_path):
    folder = tmp_path / "deep" / "state"
    prepare(folder)
    assert mode_of(folder) == 0o700


def test_what_lies_open_is_closed(tmp_path):
    folder = tmp_path / "state"
    prepare(folder)
    lock(folder).release()
    upgrade(folder)
    (folder / "downloads").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    elsewhere.chmod(0o644)
    (folder / "link").symlink_to(elsewhere)
    folder.chmod(0o755)
    for name in ("policy.db", "lock"):
        (folder / name).chmod(0o644)
    prepare(folder)
    assert mode_of(folder) == 0o700
    assert mode_of(folder / "policy.db") == mode_of(folder / "lock") == 0o600
    assert mode_of(elsewhere) == 0o644


@pytest.mark.parametrize("present", [[], ["lost+found"], [".keep"], ["policy.db"]])
def test_an_empty_disk_or_a_restored_backup_will_do(tmp_path, present):
    for name in present:
        (tmp_path / name).touch()
    prepare(tmp_path)
    assert mode_of(tmp_path) == 0o700


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(tmp_path):
    letters = tmp_path / "letters.txt"
    letters.touch()
    letters.chmod(0o644)
    tmp_path.chmod(0o755)
    with pytest.raises(StoreError, match="folder of its own"):
        prepare(tmp_path)
    assert (mode_of(tmp_path), mode_of(letters)) == (0o755, 0o644)


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "state"):
        with pytest.raises(StoreError, match="file"):
            prepare(folder)


HOLDER = """
import sys
from pathlib import Path
from filterd.store.folder import lock
held = lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_filterd_is_told_who_holds_the_folder(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(StoreError, match=rf"another filterd .*process {holder.pid}\b"):
        lock(tmp_path)
    holder.kill()
    holder.communicate()
    with lock(tmp_path):
        assert (tmp_path / "lock").read_text().strip() == str(os.getpid())
        assert mode_of(tmp_path / "lock") == 0o600


def test_a_released_folder_can_be_taken_again(tmp_path):
    held = lock(tmp_path)
    held.release()
    held.release()
    with lock(tmp_path):
        pass
    lock(tmp_path).release()


def test_a_missing_folder_cannot_be_taken(tmp_path):
    with pytest.raises(StoreError, match="nowhere"):
        lock(tmp_path / "nowhere")


def test_a_secret_is_made_once_and_differs_from_others(tmp_path):
    first = secret(tmp_path, "index.key", 16)
    assert len(first) == 16
    assert secret(tmp_path, "index.key", 16) == first
    assert secret(tmp_path, "page.key", 32)[:16] != first
    assert mode_of(tmp_path / "index.key") == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.key", "page.key"]


def test_whoever_comes_first_makes_the_secret_for_all(tmp_path, monkeypatch):
    real = secrets.token_bytes
    found = []

    def come_first(size: int) -> bytes:
        if size == 32 and not found:
            found.append(b"")
            found[0] = secret(tmp_path, "page.key", size)
        return real(size)

    monkeypatch.setattr(secrets, "token_bytes", come_first)
    assert [secret(tmp_path, "page.key", 32)] == found
    assert [path.name for path in tmp_path.iterdir()] == ["page.key"]


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 40], ids=["empty", "torn", "too long"])
def test_a_damaged_secret_is_not_used(tmp_path, content):
    (tmp_path / "page.key").write_bytes(content)
    with pytest.raises(StoreError, match=re.escape(f"{len(content)} bytes instead of 32")):
        secret(tmp_path, "page.key", 32)
    assert (tmp_path / "page.key").read_bytes() == content


def test_a_secret_without_a_folder_is_a_store_error(tmp_path):
    with pytest.raises(StoreError):
        secret(tmp_path / "nowhere", "page.key", 32)
