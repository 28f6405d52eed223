"""Where the texts of the lists lie on this machine, and how one is read."""

import importlib.resources
import os
from pathlib import PurePosixPath

from filterd.config.document import ListSource
from filterd.errors import ListError
from filterd.net.fetch import read_file
from filterd.service.files import keep_owner
from filterd.service.layout import Layout

_BUNDLED = "blocklists"


def make_downloads(layout: Layout) -> None:
    """Make the folder for what came from elsewhere, if it is missing.  Raises OSError."""
    if layout.downloads.is_dir():
        return
    layout.downloads.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(layout.downloads, os.O_RDONLY)
    try:
        keep_owner(handle, layout.state)
    finally:
        os.close(handle)


def read_list(layout: Layout, source: str, listed: ListSource) -> bytes:
    """Return the text of a list as it lies on this machine.  Raises ListError when it doesn't.

    A list with a file is that file, else the curated list of that name, else what
    ``lists unpack`` brought.
    """
    brought = layout.copy_of(source)
    if listed.url is not None:
        if not brought.exists():
            raise ListError(source, "not downloaded yet")
        return read_file(source, brought)
    path = layout.base / str(listed.file)
    if path.exists():
        return read_file(source, path)
    bundled = read_bundled(str(listed.file))
    if bundled is not None:
        return bundled
    return read_file(source, brought if brought.exists() else path)


def read_bundled(file: str) -> bytes | None:
    """The curated lists are found wherever filterd is installed, as ``blocklists/NAME``."""
    parts = PurePosixPath(file).parts
    if len(parts) != 2 or parts[0] != _BUNDLED:
        return None
    resource = importlib.resources.files(_BUNDLED) / parts[1]
    return resource.read_bytes() if resource.is_file() else None
