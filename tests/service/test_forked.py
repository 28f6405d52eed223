"""A forked child has what it was given, and nothing else of the supervisor."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from filterd.service.forked import Forked, fork

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no fork there")


def said_and_status(child: Forked) -> tuple[bytes, int]:
    with child.stdout as said:
        return said.read(), child.wait(20)


def test_what_it_prints_is_heard_and_what_it_returns_is_its_status() -> None:
    def talk() -> int:
        sys.stdout.write("ready\n")
        return 7

    assert said_and_status(fork("child", talk, ())) == (b"ready\n", 7)


def test_it_holds_the_descriptors_it_was_given_and_no_other() -> None:
    mine, other = socket.socketpair()
    kept, _ = os.pipe()
    foreign = os.dup(2), os.dup(0)

    def look() -> int:
        for number in range(3, 200):
            try:
                os.fstat(number)
            except OSError:
                continue
            sys.stdout.write(f"{number}\n")
        os.write(mine.fileno(), b"seen")
        return 0

    child = fork("child", look, (kept, mine.fileno()))
    said, status = said_and_status(child)
    assert (status, other.recv(4)) == (0, b"seen")
    assert sorted(map(int, said.split())) == sorted((kept, mine.fileno()))
    for each in (*foreign, kept):
        os.close(each)
    mine.close()
    other.close()


def test_an_exception_ends_the_child_and_never_comes_back_into_the_parents_code(capfd) -> None:
    def burst() -> int:
        raise RuntimeError("broken")

    assert said_and_status(fork("child", burst, ())) == (b"", 1)
    assert "RuntimeError: broken" in capfd.readouterr().err


@pytest.mark.parametrize(("given", "status"), [(3, 3), (None, 1), ("words", 1)])
def test_an_exit_ends_it_with_that_status(given: object, status: int) -> None:
    assert said_and_status(fork("child", lambda: sys.exit(given), ()))[1] == status


def test_the_parents_signal_handlers_are_not_the_childs() -> None:
    def wait() -> int:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        signal.pause()
        return 0

    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        child = fork("child", wait, ())
        assert child.stdout.readline() == b"ready\n"
        child.terminate()
        assert child.wait(20) == -signal.SIGTERM
        child.stdout.close()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_signal_that_comes_at_once_is_not_lost_on_the_parents_handler() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        for _ in range(20):
            child = fork("child", lambda: signal.pause() or 0, ())
            child.terminate()
            assert child.wait(20) == -signal.SIGTERM
            child.stdout.close()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_children_that_reap_themselves_count_as_ended() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        child = fork("child", lambda: 3, ())
        assert child.stdout.read() == b""
        assert child.wait(20) == 0
        child.kill()
        child.stdout.close()
    finally:
        signal.signal(signal.SIGCHLD, before)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_launcher_may_have_closed_the_standard_descriptors(closed: str, tmp_path: Path) -> None:
    code = (
        "from filterd.service.forked import fork, open_standard_streams\n"
        "import os, sys\n"
        "open_standard_streams()\n"
        "ours, _ = os.pipe()\n"
        "child = fork('child', lambda: sys.stdout.write(f'{os.fstat(ours).st_size}') and 0, (ours,))\n"
        f"open({str(tmp_path / 'said')!r}, 'wb').write(child.stdout.read() + b' %d' % child.wait(20))\n"
    )
    command = f'"{sys.executable}" -c "$CODE" {closed}'
    subprocess.run(command, shell=True, check=True, env={**os.environ, "CODE": code}, timeout=60)  # noqa: S602
    assert (tmp_path / "said").read_bytes() == b"0 0"


def test_a_child_that_does_not_end_is_waited_for_only_so_long_and_can_be_killed() -> None:
    child = fork("child", lambda: signal.pause() or 0, ())
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.05)
    child.kill()
    assert child.wait(20) == -signal.SIGKILL
    child.kill()  # of one that is gone it is nothing
    child.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows such names")
def test_it_is_called_by_its_name() -> None:
    def tell() -> int:
        sys.stdout.write(Path("/proc/self/comm").read_text())
        return 0

    assert said_and_status(fork("filterd-dns", tell, ())) == (b"filterd-dns\n", 0)
