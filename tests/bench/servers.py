"""The servers that are measured: each started on one processor, with the same names closed.

filterd runs as in a house: profiles, windows, devices, its page, and the query log on.  The others
keep no log.  Only what was started here is ever ended.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from machine import HERE, SERVER_CORE, on_core, tool

sys.path.insert(0, str(HERE.parent / "e2e"))

from running import FILTERD, free_port

from filterd.service.control import ask_dns
from filterd.wire.name import to_wire

CLIENTS = 30
ALLOWED = "n0.kept.example"
_NULL = bytes(4)

_HOUSE = """\
listen: {{dns: ["127.0.0.1:{port}"], page: ["127.0.0.1:{page}"]}}
state: state
policy:
  zone: Asia/Karachi
  upstreams: ["127.0.0.1:{upstream}"]
  lists:
    names: {{category: adult, file: {names}, match: subdomains}}
    essentials: {{category: essentials, file: blocklists/essentials.txt, match: subdomains}}
    always-allow: {{category: always-allow, file: blocklists/always-allow.txt, match: subdomains}}
{more}  profiles:
{profiles}  devices:
{devices}  default_profile: child0
"""
_PROFILE = """\
    child{number}:
      name: Child {number}
      blocked_categories: [adult]
      log: {log}
      windows: [{{name: Night, start: "21:00", end: "06:00", mode: block, categories: [games]}}]
"""
_DEVICE = (
    '    device{number}: {{name: Device {number}, profile: child{child}, match: ["{address}"]}}\n'
)
_DNSMASQ = """\
port={port}
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
user=root
server=127.0.0.1#{upstream}
cache-size=20000
dns-forward-max=1000
pid-file={folder}/dnsmasq.pid
conf-file={names}
"""
_UNBOUND = """\
server:
  num-threads: 1
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "iterator"
  minimal-responses: yes
  msg-cache-size: 64m
  rrset-cache-size: 128m
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: "{folder}/unbound.log"
include: "{names}"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream}
"""


def ask(port: int, name: str, timeout_s: float) -> bytes | None:
    """The reply to a question for an address of ``name``; None when there is none in time."""
    question = b"\x2f\x01\x01\x00\x00\x01" + bytes(6) + to_wire(name) + b"\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.settimeout(timeout_s)
        with contextlib.suppress(OSError):
            opened.connect(("127.0.0.1", port))
            opened.send(question)
            return opened.recv(1500)
    return None


@dataclass
class Server:
    """One server.  ``probe`` is a name that it must block before it counts as started.

    ``surroundings`` are added to the environment it is started in.
    """

    name: str
    argv: Sequence[str]
    folder: Path
    port: int
    probe: str = ""
    surroundings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and return the seconds until it blocked, or answered when it blocks nothing.

        In our own session: between two of them, Linux shares the processor and a worker's nice
        value would count for nothing.
        """
        started = time.monotonic()
        with on_core(SERVER_CORE), (self.folder / "said.txt").open("ab") as said:
            self.process = subprocess.Popen(
                self.argv, cwd=self.folder, stdout=said, stderr=said,
                env=_environment(self.surroundings),
            )  # fmt: skip
        self.wait_for(self.probe)
        return time.monotonic() - started

    def wait_for(self, name: str, within_s: float = 120.0) -> None:
        """Wait until it blocks ``name``; without a name, until it answers at all."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            reply = ask(self.port, name or ALLOWED, 0.02)
            if reply is not None and (not name or reply.endswith(_NULL)):
                return
            time.sleep(0.002)
        said = (self.folder / "said.txt").read_text(errors="replace")[-400:]
        raise SystemExit(f"{self.name} did not get ready: {said}")

    def check(self) -> None:
        """It must answer what is allowed, or its figures would mean nothing."""
        reply = ask(self.port, ALLOWED, 2.0)
        if reply is None or not reply.endswith(bytes((192, 0, 2, 1))):
            raise SystemExit(f"{self.name} does not answer {ALLOWED} as the upstream does")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(self.process.pid).children():
                child.kill()
            self.process.kill()
            self.process.wait(5)
        self.process = None

    def answering(self) -> psutil.Process:
        """The process that answers DNS."""
        assert self.process is not None
        family = psutil.Process(self.process.pid)
        children = family.children()
        return next((one for one in children if one.name() == "filterd-dns"), family)

    def memory_mib(self) -> float:
        return self.answering().memory_info().rss / 2**20

    def cpu_s(self) -> float:
        """The CPU seconds that the answering process has used, all threads."""
        used = self.answering().cpu_times()
        return float(used.user + used.system)

    def status(self) -> dict[str, Any]:
        """What filterd's answering process says of itself."""
        told = ask_dns(self.folder / "state" / "control.sock", "status")
        if told is None:
            raise SystemExit(f"{self.name} does not say how it is")
        return told

    def take_in_again(self, new_name: str) -> None:
        """Add a name to the list and make the server take the list in, as its operator would."""
        assert self.process is not None
        with (self.folder / "names").open("a") as names:
            names.write(_LINES[self.name].format(new_name))
        if self.name == "dnsmasq":  # reads such names at its start only
            self.stop()
            self.start()
        else:
            self.process.send_signal(signal.SIGHUP)
        self.wait_for(new_name)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """As in a house, where Python keeps what it has compiled of its modules."""
    ours = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**ours, **more}


_LINES = {
    "filterd": "{}\n",
    "dnsmasq": "address=/{}/#\n",
    "unbound": 'local-zone: "{}." always_null\n',
}


def _profiles(count: int, log: str) -> str:
    return "".join(_PROFILE.format(number=number, log=log) for number in range(count))


def devices(count: int, children: int) -> str:
    """So many devices, which belong to the children in turn, in YAML."""
    return "".join(
        _DEVICE.format(number=n, child=n % children, address=address(n)) for n in range(count)
    )


def address(number: int) -> str:
    """The address that the generator's client with this number has."""
    return f"127.0.{1 + (number + 1) // 256}.{(number + 1) % 256}"


@dataclass(frozen=True)
class House:
    """How a filterd is set up: its list, and more lists as lines of YAML with their files.

    ``log`` is the depth of every profile's log; ``surroundings`` are more words of its environment.
    ``profiles`` and ``devices`` are lines of YAML, instead of ten children and their devices.
    """

    folder: Path
    names: Path
    upstream: int
    more: str = ""
    files: Sequence[Path] = field(default=())
    log: str = "full"
    surroundings: Mapping[str, str] = field(default_factory=dict)
    profiles: str = ""
    devices: str = ""

    def write(self, port: int) -> Path:
        """Write the folder with its ``config.yaml``; return that file."""
        self.folder.mkdir()
        shutil.copy(self.names, self.folder / "names")
        for file in self.files:
            shutil.copy(file, self.folder / file.name)
        config = self.folder / "config.yaml"
        config.write_text(
            _HOUSE.format(
                port=port,
                page=free_port(),
                upstream=self.upstream,
                names="names",
                more=self.more,
                profiles=self.profiles or _profiles(10, self.log),
                devices=self.devices or devices(CLIENTS, 10),
            )
        )
        return config


def filterd(house: House, probe: str) -> Server:
    port = free_port()
    argv = [*FILTERD, "run", "--config", str(house.write(port))]
    return Server("filterd", argv, house.folder, port, probe, house.surroundings)


def peer(name: str, folder: Path, names: Path, upstream: int, probe: str) -> Server | None:
    """dnsmasq or unbound with the list in ``names``, in its own format; None where it is not."""
    program = tool(name)
    if program is None:
        return None
    folder.mkdir()
    names.rename(folder / "names")
    port, config = free_port(), folder / f"{name}.conf"
    text = {"dnsmasq": _DNSMASQ, "unbound": _UNBOUND}[name]
    config.write_text(
        text.format(port=port, upstream=upstream, folder=folder, names=folder / "names")
    )
    how = {"dnsmasq": ["-k", "-C"], "unbound": ["-d", "-c"]}[name]
    return Server(name, [program, *how, str(config)], folder, port, probe)
