"""Real parts for the end-to-end tests: a far end (nsd), a running house (filterd run), clients."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

REPO = Path(__file__).parents[2]
FILTERD = [sys.executable, "-m", "filterd"]

ZONE = """\
$ORIGIN example.
$TTL 300
@       IN SOA ns hostmaster 1 3600 600 86400 60
@       IN NS ns
ns      IN A 192.0.2.53
school  IN A 192.0.2.10
school  IN AAAA 2001:db8::10
*.school IN A 192.0.2.11
games   IN A 192.0.2.20
play.games IN A 192.0.2.21
wiki    IN A 192.0.2.30
cloaked IN CNAME ome.tv.
alias   IN CNAME games
short   5 IN A 192.0.2.40
""" + "".join(f'big IN TXT "{i:02d}{"x" * 200}"\n' for i in range(20))


def free_port() -> int:
    """A port that is free for UDP and TCP on 127.0.0.1 at this moment."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = int(tcp.getsockname()[1])
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port


def write_nsd(folder: Path, address: str, port: int) -> Path:
    """Write the zone ``example.`` and a configuration for nsd; return the configuration."""
    (folder / "example.zone").write_text(ZONE)
    config = folder / "nsd.conf"
    config.write_text(f"""\
server:
  ip-address: {address}@{port}
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  logfile: "{folder}/nsd.log"
  xfrdir: "{folder}"
remote-control:
  control-enable: no
zone:
  name: example.
  zonefile: example.zone
""")
    return config


@contextlib.contextmanager
def running_nsd(nsd: str, folder: Path, port: int) -> Iterator[int]:
    """A real authoritative server for ``example.`` on 127.0.0.1; yields its port."""
    config = write_nsd(folder, "127.0.0.1", port)
    process = subprocess.Popen([nsd, "-d", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        question = dns.message.make_query("school.example", "A")
        wait_until(
            lambda: bool(dns.query.udp(question, "127.0.0.1", port=port, timeout=0.3).answer)
        )
        yield port
    finally:
        process.terminate()
        process.wait(10)


def wait_until(is_so, timeout_s: float = 10.0, pause_s: float = 0.05) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            if is_so():
                return
        time.sleep(pause_s)
    raise AssertionError("it did not come to pass in time")


@dataclass
class House:
    """One ``filterd run`` with its own state folder and ports."""

    folder: Path
    dns_port: int
    page_port: int
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    _queue: "queue.Queue[str | None]" = field(default_factory=queue.Queue)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.page_port}"

    def start(self) -> None:
        self.lines.clear()
        self.process = subprocess.Popen(
            [*FILTERD, "run", "--config", str(self.config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for("the page is at")
        self.wait_for("DNS answers on")

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        printed = self._queue  # the next start has another one
        with self.process.stdout as lines:
            for line in lines:
                printed.put(line.rstrip("\n"))
        printed.put(None)

    def wait_for(self, text: str, timeout_s: float = 60.0) -> str:
        """Return the first line printed since the start that holds ``text``."""
        for line in self.lines:
            if text in line:
                return line
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = self._queue.get(timeout=left)
                if line is None:
                    break
                self.lines.append(line)
                if text in line:
                    return line
        raise AssertionError(f"'{text}' was not printed; printed was: {self.lines}")

    def setup_code(self) -> str:
        return self.wait_for("set-up code:").split("set-up code:")[1].split()[0]

    def ask(
        self,
        name: str,
        rdtype: str = "A",
        *,
        source: str = "127.0.0.1",
        tcp: bool = False,
        want_dnssec: bool = False,
        edns: bool = True,
        timeout_s: float = 4.0,
    ) -> dns.message.Message:
        """One query from ``source``; raises dns.exception.Timeout when there is no answer."""
        question = dns.message.make_query(
            name, rdtype, use_edns=0 if edns else -1, want_dnssec=want_dnssec
        )
        send = dns.query.tcp if tcp else dns.query.udp
        return send(question, "127.0.0.1", port=self.dns_port, source=source, timeout=timeout_s)

    def addresses(self, name: str, rdtype: str = "A", **how) -> list[str]:
        """The addresses in the answer; rcodes other than NOERROR come back by name."""
        reply = self.ask(name, rdtype, **how)
        if reply.rcode() != dns.rcode.NOERROR:
            return [dns.rcode.to_text(reply.rcode())]
        wanted = dns.rdatatype.from_text(rdtype)
        return [rd.to_text() for rrset in reply.answer if rrset.rdtype == wanted for rd in rrset]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FILTERD, *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def kill(self) -> None:
        """Pull the plug: the supervisor dies at once, its children notice by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)
            raise


POLICY = """\
policy:
  zone: Asia/Karachi
  upstreams: ["{upstream}"]
  lists:
    adult: {{category: adult, file: blocklists/adult.txt, match: subdomains}}
    random-video-chat:
      {{category: random-video-chat, file: blocklists/random-video-chat.txt, match: subdomains}}
    essentials: {{category: essentials, file: blocklists/essentials.txt, match: subdomains}}
    always-allow: {{category: always-allow, file: blocklists/always-allow.txt, match: subdomains}}
  profiles:
    sana: {{name: Sana, blocked_categories: [adult, random-video-chat]}}
    ali: {{name: Ali, blocked_categories: [adult, random-video-chat]}}
    grown-ups: {{name: Grown-ups, filtering: false, log: nothing}}
  devices:
    sana-phone: {{name: "Sana's phone", profile: sana, match: ["127.0.0.11"]}}
    ali-tablet: {{name: "Ali's tablet", profile: ali, match: ["127.0.0.12"]}}
    laptop: {{name: Laptop, profile: grown-ups, match: ["127.0.0.13"]}}
  default_profile: sana
"""


def make_house(folder: Path, upstream: str, policy: str = POLICY) -> House:
    """Write a configuration for a new house; it is not started yet."""
    house = House(folder, free_port(), free_port())
    house.config.write_text(
        f'listen: {{dns: ["127.0.0.1:{house.dns_port}", "[::1]:{house.dns_port}"], '
        f'page: ["127.0.0.1:{house.page_port}"]}}\nstate: state\n'
        + policy.format(upstream=upstream)
    )
    return house
