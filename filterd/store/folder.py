"""The state folder: nobody else reads it, one filterd holds it, its secrets are made once."""

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from filterd.errors import StoreError
from filterd.store.sqlite import speaking_of

if sys.platform != "win32":
    import fcntl

_LOCK = "lock"
# What tells a state folder from any other; a restored backup has no lock yet.
_OURS = frozenset({_LOCK, "policy.db"})
# A fresh disk mounted as the state folder is not empty, but holds nobody's files.
_NOBODYS = frozenset({"lost+found"})


def prepare(folder: Path) -> None:
    """Make the state folder if it is missing, and close it (0700, files in it 0600).

    Raises StoreError when it cannot be made, belongs to somebody else, or is a folder with other
    things in it: those must not lose their permissions because of a slip in ``config.yaml``.
    """
    with speaking_of(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = [entry for entry in os.scandir(folder) if entry.name not in _NOBODYS]
        known = {entry.name for entry in entries if not entry.name.startswith(".")}
        if known and not known & _OURS:
            raise StoreError(f"{folder}: holds other things; give filterd a folder of its own")
        folder.chmod(0o700)
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                _close_to_others(Path(entry.path))


def _close_to_others(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        path.chmod(mode & 0o700)


class FolderLock:
    """Held while one filterd uses the folder; ends with the process, however that ends."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def release(self) -> None:
        """Let the next one have the folder; the file stays."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.release()


def lock(folder: Path) -> FolderLock:
    """Take the folder; raises StoreError naming the process that holds it.

    Where the system has no ``flock`` (Windows) nothing is locked.
    """
    with speaking_of(folder):
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if sys.platform != "win32":
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise StoreError(
                f"{folder}: another filterd uses this folder (process {holder})"
            ) from None
        except OSError:
            os.close(handle)
            raise
        # The number is only for the message above: a full disk must not stop the start.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        return FolderLock(handle)


def secret(folder: Path, name: str, size: int) -> bytes:
    """Return the ``size`` random bytes kept in the file ``name``, made at the first call (0600).

    All processes get the same bytes, whoever comes first.  Raises StoreError when the file has
    another size, for then it was damaged, and something else was made with it.
    """
    path = folder / name
    with speaking_of(path):
        if not path.exists():
            _make_secret(path, size)
        found = path.read_bytes()
    if len(found) != size:
        raise StoreError(
            f"{path}: has {len(found)} bytes instead of {size}, so it was damaged; "
            "delete it and a new one is made"
        )
    return found


def _make_secret(path: Path, size: int) -> None:
    """Write aside, then link into place: there is never half a secret, nor a second one."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(size))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in ``folder`` survive a power cut."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
