"""Where the texts of the lists lie on this machine, and how one is read.

The text of a list that is a part of an archive, like ``squidguard:adult``, is that part.  What
is written in a text is not known here.
"""

import hashlib
import importlib.resources
import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import psutil

from filterd.config.document import ListSource
from filterd.errors import ListError
from filterd.lists.formats.squidguard import domains_of
from filterd.net.fetch import ARCHIVE, GZIP_MAGIC, TEXT, Limits, pour_file, read_file
from filterd.service.files import keep_owner
from filterd.service.layout import Layout

_BUNDLED = "blocklists"


def make_folder(folder: Path) -> None:
    """Make a folder of the state folder, for its owner only.

    In one that is there already, what processes that are gone had begun is removed.  Raises
    OSError.
    """
    if folder.is_dir():
        _remove_leftovers(folder)
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        keep_owner(handle, folder.parent)
    finally:
        os.close(handle)


def _remove_leftovers(folder: Path) -> None:
    for path in folder.glob(".*.*"):
        pid = path.name.rpartition(".")[2]
        if pid.isascii() and pid.isdigit() and not psutil.pid_exists(int(pid)):
            path.unlink(missing_ok=True)


def limits_of(listed: ListSource) -> Limits:
    """Return how much of a list is taken: an archive has many lists in it."""
    return ARCHIVE if part_of(listed) else TEXT


def part_of(listed: ListSource) -> str:
    """Return which part of an archive a list is, empty when it is a text of its own."""
    return listed.format.partition(":")[2]


def form_of(listed: ListSource) -> str:
    """Return the format that the text of a list is to be read in."""
    return listed.format.partition(":")[0]


def read_list(layout: Layout, source: str, listed: ListSource) -> bytes:
    """Return the text of a list as it lies on this machine.  Raises ListError when it doesn't.

    A list with a file is that file, else the curated list of that name, else what
    ``lists unpack`` brought.
    """
    found = find(layout, source, listed)
    return found if isinstance(found, bytes) else read_text(layout, source, listed, found)


def digest_of(layout: Layout, source: str, listed: ListSource) -> str:
    """Return the SHA-256 in hex of what ``read_list`` returns.  Raises ListError."""
    found = find(layout, source, listed)
    digest = hashlib.sha256()
    if isinstance(found, Path) and not part_of(listed):
        pour_file(source, found, digest.update)
    else:
        digest.update(read_list(layout, source, listed))
    return digest.hexdigest()


def read_text(layout: Layout, source: str, listed: ListSource, path: Path) -> bytes:
    """Return the text of a list from the file or download at ``path``.  Raises ListError."""
    part = part_of(listed)
    if not part:
        return read_file(source, path)
    with _mapped(layout, source, path) as archive:
        return domains_of(source, archive, part)


def find(layout: Layout, source: str, listed: ListSource) -> Path | bytes:
    """Return the file a list is read from, or what is in it when it is a curated one.

    An archive is not yet opened, and nothing is inflated.  Raises ListError when there is none.
    """
    brought = layout.copy_of(source)
    if listed.url is not None:
        if not brought.exists():
            raise ListError(source, "not downloaded yet")
        return brought
    path = layout.base / str(listed.file)
    if path.exists():
        return path
    bundled = read_bundled(str(listed.file))
    if bundled is not None:
        return bundled
    if not brought.exists():
        raise ListError(source, f"there is no file {path}")
    return brought


@contextmanager
def _mapped(layout: Layout, source: str, path: Path) -> Iterator[mmap.mmap]:
    """Map an archive, inflated on the disk: it may be too large for the memory."""
    try:
        with path.open("rb") as file, tempfile.TemporaryFile(dir=layout.state) as inflated:
            plain = file.fileno()
            if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
                pour_file(source, path, inflated.write, ARCHIVE)
                inflated.flush()
                plain = inflated.fileno()
            if not os.fstat(plain).st_size:
                raise ListError(source, "the file is empty")
            with mmap.mmap(plain, 0, access=mmap.ACCESS_READ) as archive:
                yield archive
    except FileNotFoundError:
        raise ListError(source, f"there is no file {path}") from None
    except OSError as error:
        raise ListError(source, f"{path} cannot be read: {error.strerror}") from error


def read_bundled(file: str) -> bytes | None:
    """The curated lists are found wherever filterd is installed, as ``blocklists/NAME``."""
    parts = PurePosixPath(file).parts
    if len(parts) != 2 or parts[0] != _BUNDLED:
        return None
    resource = importlib.resources.files(_BUNDLED) / parts[1]
    return resource.read_bytes() if resource.is_file() else None
