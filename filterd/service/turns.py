"""Whose turn it is: texts, index and manifest are changed by one process at a time.

The worker, and whoever types a command, may both want to.  Nothing slow happens in a turn but
compiling.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from filterd.service.files import keep_owner
from filterd.service.layout import Layout

if sys.platform != "win32":
    import fcntl


@contextmanager
def own_turn(layout: Layout) -> Iterator[None]:
    """Wait for the turn and keep it; it ends with the process, however that ends.

    Not to be nested.  Raises OSError when the state folder cannot be written.
    """
    handle = os.open(layout.state / "lists.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        keep_owner(handle, layout.state)
        if sys.platform != "win32":
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
