"""A writer in a process of its own, for the tests that need several, or need to kill one.

``writing.py STATE AUTHOR COUNT``: reads a line from standard input for every child to fork; each
child prints its process id and then the number of every version it was told is stored, until it
has saved COUNT times or is killed.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from filterd.config.document import Document, Profile
from filterd.errors import Conflict
from filterd.store.policy import PolicyStore

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def save_often(state: Path, author: str, count: int) -> None:
    say(str(os.getpid()))
    store = PolicyStore(state / "policy.db")
    saved = 0
    while saved < count:
        profile = Profile(name=f"{author} {os.getpid()} {saved}")
        document = Document(zone="UTC", profiles={"p": profile}, default_profile="p")
        based_on = store.versions(limit=1)[0].number
        try:
            version = store.save(document, based_on=based_on, author=author, reason="", now=NOW)
        except Conflict:
            continue
        say(str(version.number))
        saved += 1


def main() -> None:
    state, author, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                save_often(state, author, count)
                status = 0
            finally:
                os._exit(status)
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main()
