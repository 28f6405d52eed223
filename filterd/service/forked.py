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
from typing import BinaryIO, NoReturn

_POLL_S = 0.01
# What top and ps show; Linux takes fifteen octets of it.
_TITLE = "/proc/self/comm"


class Forked:
    """As much of ``subprocess.Popen`` as a supervisor needs; ``stdout`` is the child's."""

    def __init__(self, pid: int, stdout: BinaryIO) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the child runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
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
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _live(title, main, tuple(fds), write_end)
    os.close(write_end)
    return Forked(pid, os.fdopen(read_end, "rb"))


def _live(title: str, main: Callable[[], int], fds: tuple[int, ...], output: int) -> NoReturn:
    """Be the child.  It must never go back into the supervisor's code, whatever happens."""
    status = 1
    try:
        _begin_anew(fds, output)
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


def _begin_anew(fds: tuple[int, ...], output: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    # The supervisor's own may lead nowhere by now: its terminal can have been closed.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    low = 3
    for kept in (*sorted(fds), os.sysconf("SC_OPEN_MAX")):
        os.closerange(low, kept)
        low = kept + 1
