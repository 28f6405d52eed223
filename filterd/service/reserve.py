"""Room kept on the disk for the day it is full: SQLite cannot even be read without a little.

A file of real bytes lies in the state folder and is given up when a start finds no room.  The
query log stops before the last room is gone, so what is given up stays for the policy.
"""

import contextlib
import shutil
from pathlib import Path

from filterd.service.files import replace_file

# Two databases' shared memory and a few changes of the policy.
_RESERVE_BYTES = 1 << 20
LEAST_FREE_BYTES = 2 << 20
_PLENTY_BYTES = 4 << 20


def free_bytes(folder: Path) -> int:
    """Return how much can still be written in ``folder``; raises OSError."""
    return shutil.disk_usage(folder).free


def make_room(state: Path) -> bool:
    """Keep a reserve while there is room, give it up when there is none.

    Returns whether it was given up now.
    """
    reserve = state / "reserve"
    with contextlib.suppress(OSError):
        free = free_bytes(state)
        if free < _RESERVE_BYTES and reserve.exists():
            reserve.unlink()
            return True
        if free > _PLENTY_BYTES and not reserve.exists():
            replace_file(reserve, bytes(_RESERVE_BYTES))
    return False
