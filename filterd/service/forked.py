"""A child made by ``fork``: it begins with what the supervisor has loaded, so it answers at once.

Loading its modules is nearly all of what a DNS process needs to start, and it is the same code that
the supervisor runs, even after somebody has put another version on the disk.
The supervisor has no threads, so nothing is held by one at that moment.
"""

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

_POLL_S = 0.01
# What top and ps show, fifteen octets on Linux.  Whoever was root can write it by this path only.
_TITLE = "/proc/thread-self/comm"
_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")
_LAST_STANDARD = 2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def open_standard_streams() -> None:
    """Let the first three descriptors lead somewhere: a launcher may have closed them.

    What we open would get their numbers otherwise, and a child lose it.
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        pass
    os.close(opened)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


class Forked:
    """As much of ``subprocess.Popen`` as a supervisor needs; ``stdout`` is the child's."""

    def __init__(self, pid: int, stdout: BinaryIO) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the child runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # who started us ignores the ends of children, so we do, too
                self.returncode = 0
            else:
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; raises subprocess.TimeoutExpired after ``timeout`` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(_POLL_S)
        return status

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:  # a number that is free again may be somebody else's
            os.kill(self.pid, number)


def fork(title: str, main: Callable[[], int], fds: Iterable[int]) -> Forked:
    """Run ``main`` in a child that has these descriptors and its output, and nothing else of ours.

    Its standard output is a pipe, its signals are as at the start of a program.
    """
    read_end, write_end = os.pipe()
    for said in (sys.stdout, sys.stderr):
        with suppress(OSError):
            said.flush()
    # What comes for the child before it has forgotten our handlers must not be lost on them.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    pid = os.fork()
    if pid == 0:
        _live(title, main, (*fds, write_end), mask)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(write_end)
    return Forked(pid, os.fdopen(read_end, "rb"))


def _live(
    title: str, main: Callable[[], int], fds: tuple[int, ...], mask: set[int | signal.Signals]
) -> NoReturn:
    """Be the child.  It must never go back into the supervisor's code, whatever happens."""
    status = 1
    try:
        _begin_anew(fds, mask)
        with suppress(OSError), open(_TITLE, "w") as shown:  # noqa: PTH123 - no file of ours
            shown.write(title)
        status = main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does at the end of a program
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _begin_anew(fds: tuple[int, ...], mask: set[int | signal.Signals]) -> None:
    """Forget signals and descriptors; the last one of ``fds`` becomes the standard output."""
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(fds[-1], 1)
    # The supervisor's own may lead nowhere by now: its terminal can have been closed.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    for opened in _open_descriptors():
        if opened > _LAST_STANDARD and opened not in fds[:-1]:
            with suppress(OSError):  # the one that listed them is gone
                os.close(opened)


def _open_descriptors() -> list[int]:
    """List them: to close all there might be takes minutes where a thousand million are allowed."""
    for folder in _DESCRIPTORS:
        with suppress(OSError):
            return [int(one.name) for one in Path(folder).iterdir()]
    return list(range(os.sysconf("SC_OPEN_MAX")))
