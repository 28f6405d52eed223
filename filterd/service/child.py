"""Child processes: how they are started, what they say, and when they end.

A child talks to the supervisor by lines on its standard output, the first word of which is a
``Word``.  It holds the read end of a pipe whose write end only the supervisor has: when the
supervisor dies in whatever way, the pipe closes and the child ends, so nothing is left behind.
"""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self

from filterd.service.forked import Forked, fork


class Word:
    """First words of the lines a child prints for the supervisor."""

    READY = "ready"
    SETUP_CODE = "setup-code"
    NOTE = "note"
    COMPILE = "compile"  # the index is not made from the lists of the policy in force


@dataclass(frozen=True, slots=True)
class Spec:
    """What a child is started with: file descriptors, folders, and what it needs of the settings.

    The configuration is read once, by the supervisor: a child that is started again must not
    stumble over a file that somebody is just editing.
    """

    state: str
    base: str
    config: str
    life: int
    udp: tuple[int, ...]
    tcp: tuple[int, ...]
    page: tuple[int, ...]
    dns_endpoints: tuple[tuple[str, int], ...]
    page_addresses: tuple[str, ...]
    ask_from: tuple[str, ...]
    page_names: tuple[str, ...]

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in json.loads(text).items()
        }
        return cls(**given)


@dataclass(slots=True)
class Child:
    """A running child: ``dns``, ``page`` or ``worker``."""

    name: str
    process: subprocess.Popen[bytes] | Forked
    started: float
    spoken: bytes = b""

    def read_lines(self) -> list[str] | None:
        """Return the whole lines printed since the last call; None at the end of its output."""
        if self.process.stdout is None:
            return None
        try:
            printed = os.read(self.process.stdout.fileno(), 1 << 16)
        except BlockingIOError:
            return []
        if not printed:
            return None
        *lines, self.spoken = (self.spoken + printed).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]

    def wait_or_kill(self, within_s: float) -> None:
        """Wait for the end it was asked for, then make it end."""
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()


class LifeLine:
    """The pipe that ends the children when the supervisor is gone."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()

    def cut(self) -> None:
        os.close(self._write_end)
        os.close(self.read_end)


# The page is the floor above: it is started by its name, never imported.
_PAGE = "admin_ui.serve"
# Nice values: how far a child stands back for the one that answers, from its first step on: to load
# its modules takes half a second, and beside an equal an answer may wait for 3 ms.
_PAGE_NICE = 10
_WORKER_NICE = 19
_BEGIN = "begin"  # while this job runs, nobody is answered yet


def start_dns(main: Callable[[Spec], int], spec: Spec, now: float) -> Child:
    """Start the DNS process, which inherits the sockets for DNS."""
    fds = (spec.life, *spec.udp, *spec.tcp)
    return Child("dns", fork("filterd-dns", partial(main, spec), fds), now)


def start_page(spec: Spec, now: float) -> Child:
    """Start the page, which inherits its sockets."""
    command = [sys.executable, "-m", _PAGE, spec.to_text()]
    return Child("page", _started(command, (spec.life, *spec.page), _PAGE_NICE), now)


def start_worker(job: str, config: str, now: float) -> Child:
    """Start the worker on one of its jobs."""
    command = [sys.executable, "-m", "filterd.service.worker", job, config]
    return Child("worker", _started(command, (), 0 if job == _BEGIN else _WORKER_NICE), now)


def _started(command: list[str], fds: tuple[int, ...], nice: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pass_fds=fds
    )
    if nice and sys.platform != "win32":
        with suppress(OSError):  # it has more than that already, from whoever started us
            os.setpriority(os.PRIO_PROCESS, process.pid, nice)
    return process


def watch(selector: selectors.BaseSelector, child: Child) -> None:
    """Wake the supervisor when the child prints or ends."""
    if child.process.stdout is not None:
        os.set_blocking(child.process.stdout.fileno(), False)
        selector.register(child.process.stdout, selectors.EVENT_READ, child)


def unwatch(selector: selectors.BaseSelector, child: Child) -> None:
    if child.process.stdout is not None:
        selector.unregister(child.process.stdout)
    child.close()
