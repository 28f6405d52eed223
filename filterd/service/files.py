"""Files replaced whole: a reader sees the old one or the new one, whatever happens between."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


# Linux may leave the processor to who is in a call of it till the next tick, 4 ms later: to write
# 20 MB in one call keeps queries waiting for that long, five times over.
_SLICE_BYTES = 1 << 17


def replace_file(path: Path, *pieces: "Buffer") -> None:
    """Write aside, fsync, rename into place, fsync the folder.  Raises OSError."""
    with writing_aside(path) as file:
        for piece in pieces:
            content = memoryview(piece).cast("B")
            for at in range(0, len(content), _SLICE_BYTES):
                file.write(content[at : at + _SLICE_BYTES])
    move_file(aside_of(path), path)


@contextmanager
def writing_aside(path: Path) -> Iterator[BinaryIO]:
    """Open what is to become ``path``, readable for its owner only; on the disk at the end.

    It is ``aside_of(path)`` then; gone when anything went wrong.  Raises OSError.
    """
    aside = aside_of(path)
    aside.unlink(missing_ok=True)  # it may have another name by now, and must stay as it is there
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            keep_owner(file.fileno(), path.parent)
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def aside_of(path: Path) -> Path:
    """Return where this process writes what is to become ``path``."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def share_file(path: Path, target: Path) -> None:
    """Put the content of a file, which is never written again, at ``target`` as well.

    Where the disk can, it lies there once.  Raises OSError.
    """
    aside = aside_of(target)
    aside.unlink(missing_ok=True)
    try:
        os.link(path, aside)
    except OSError:  # a disk without links, or as many as there can be
        with path.open("rb") as content, writing_aside(target) as file:
            shutil.copyfileobj(content, file, 1 << 20)
    move_file(aside, target)
    # A name for what lies there already stays behind when it is renamed.
    aside.unlink(missing_ok=True)


def move_file(path: Path, target: Path) -> None:
    """Rename a file that is whole and on the disk; gone from ``path`` either way."""
    try:
        path.replace(target)
    except OSError:
        with suppress(OSError):
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
