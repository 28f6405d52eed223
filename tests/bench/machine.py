"""This machine: its processors, its compiler, and running something on one processor."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
_SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]


def tool(name: str) -> str | None:
    """The path of a program, wherever Debian puts it."""
    return shutil.which(name, path=_SBIN)


@contextlib.contextmanager
def on_core(number: int) -> Iterator[None]:
    """What is started inside stays on this processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def compiled(name: str, folder: Path) -> Path | None:
    """Compile ``name.c`` of this folder; None where there is no C compiler."""
    compiler = tool("cc")
    if compiler is None:
        return None
    program = folder / name
    command = [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(HERE / f"{name}.c")]
    subprocess.run(command, check=True, timeout=120)
    return program


def described() -> str:
    """The kind of machine and of Python, without its name."""
    model = platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(
            r"^(?:model name|Model)\s*: (.+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE
        )
        model = f"{found[1]} ({model})" if found else model
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    count = len(_CORES)
    cores = f"{count} core" + "s" * (count > 1)
    return f"{model}, {cores}, {system}, Python {platform.python_version()}"


def version_of(program: str, *how: str) -> str:
    """The version a peer gives for itself, like ``dnsmasq 2.90``."""
    path = tool(program)
    if path is None:
        return f"{program} is not installed"
    printed = subprocess.run([path, *how], capture_output=True, text=True, timeout=20, check=False)
    found = re.search(r"[Vv]ersion (\S+)", printed.stdout + printed.stderr)
    return f"{program} {found[1] if found else '?'}"
