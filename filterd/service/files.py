"""Files replaced whole: a reader sees the old one or the new one, whatever happens between."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes | bytearray | memoryview) -> None:
    """Write aside, fsync, rename into place, fsync the folder.  Raises OSError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
