"""Files replaced whole: a reader sees the old one or the new one, whatever happens between."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes | bytearray | memoryview) -> None:
    """Write aside, fsync, rename into place, fsync the folder.  Raises OSError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            keep_owner(file.fileno(), path.parent)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    move_file(aside, path)


def move_file(path: Path, target: Path) -> None:
    """Rename a file that is whole and on the disk; gone from ``path`` either way."""
    try:
        path.replace(target)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def keep_owner(handle: int, folder: Path) -> None:
    """Give an open file to the folder's owner.

    A command that is typed as root must leave nothing behind that the running house, which has
    dropped its rights, cannot read.
    """
    if os.name == "posix" and os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
