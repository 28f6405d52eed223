"""Give up root after the sockets are open."""

import os
import pwd
import sys
from pathlib import Path

from filterd.errors import FilterdError


class RightsError(FilterdError):
    """The user to become does not exist or cannot be become."""


def give_folder(folder: Path, user: str) -> None:
    """Let ``user`` own the state folder and everything in it."""
    entry = _entry(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def drop_rights(user: str) -> None:
    """Become ``user`` for good; the open sockets stay open."""
    entry = _entry(user)
    try:
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    except OSError as error:
        raise RightsError(f"cannot become the user '{user}': {error.strerror}") from error


def refuse_unreachable(user: str, config: Path) -> None:
    """Raise RightsError unless the children can be started by ``user``, whom we are by now."""
    for path, wanted in ((Path(sys.executable), os.X_OK), (Path(__file__), os.R_OK)):
        _refuse(user, path, wanted)
    _refuse(user, config.resolve(), os.R_OK)


def _refuse(user: str, path: Path, wanted: int) -> None:
    if not os.access(path, wanted):
        raise RightsError(
            f"the user '{user}' cannot reach {path}: set 'user:' to somebody who can, "
            "or move filterd out of a private home"
        )


def _entry(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise RightsError(f"'user: {user}': there is no such user on this machine") from None
