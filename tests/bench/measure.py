"""``make bench``: what this machine makes of filterd, side by side with dnsmasq where it is there.

Prints one line per figure.  Nothing here is a test: seconds depend on the machine, so only the
ratios between two lines of one run mean anything.  Everything stays on 127.0.0.1.
"""

import argparse
import contextlib
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from running import FILTERD, House, free_port, make_house, running_nsd, wait_until

from filterd.service.control import ask_dns

MILLION = 1_000_000
CACHED_NAMES = 2_000
SECONDS = 3
ROUNDS = 3

POLICY = """\
policy:
  zone: Asia/Karachi
  upstreams: ["{upstream}"]
  lists:
    million: {{category: adult, file: million.txt, match: subdomains}}
    essentials: {{category: essentials, file: blocklists/essentials.txt, match: subdomains}}
    always-allow: {{category: always-allow, file: blocklists/always-allow.txt, match: subdomains}}
  profiles:
    sana:
      name: Sana
      blocked_categories: [adult]
      windows: [{{name: Night, start: "21:00", end: "06:00", mode: block, categories: [games]}}]
  default_profile: sana
"""


def say(what: str, figure: float, unit: str, spread: str = "") -> None:
    print(f"{what:<58} {figure:>10.2f} {unit} {spread}".rstrip(), flush=True)


def write_million(path: Path) -> str:
    """Write a million different names, the same at every run; return the last one."""
    dice = random.Random(20261124)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    with path.open("w") as file:
        for number in range(MILLION):
            label = "".join(dice.choices(letters, k=dice.randint(5, 16)))
            name = f"{label}{number:x}.{dice.choice(('com', 'net', 'org', 'co.uk', 'xxx'))}"
            file.write(f"{name}\n")
    return name


def measure_compile(house: House) -> None:
    house.start()
    printed = next(line for line in house.lines if line.startswith("compiled"))
    house.stop()
    names, seconds = re.findall(r"[\d,.]*\d", printed)[0], re.findall(r"([\d.]+) s", printed)[0]
    say(f"compile {names} names from text, in the worker", float(seconds), "s")
    size = (house.folder / "state" / "lists.index").stat().st_size
    say("the compiled file", size / MILLION, "bytes a name")


def measure_start(house: House, blocked: str) -> None:
    took = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        house.process = subprocess.Popen(
            [*FILTERD, "run", "--config", str(house.config)],
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_until(lambda: house.addresses(blocked, timeout_s=0.02) == ["0.0.0.0"], pause_s=0.005)
        took.append(time.monotonic() - started)
        wait_until(lambda: ask_dns(house.folder / "state" / "control.sock", "status"))
        house.stop()
    say("start to the first correct block, index on disk", *middle(took))


def middle(values: list[float], unit: str = "s") -> tuple[float, str, str]:
    return statistics.median(values), unit, f"({min(values):.2f}-{max(values):.2f})"


def dns_process(house: House) -> psutil.Process:
    family = psutil.Process(house.process.pid).children()
    return next(one for one in family if "filterd.service.dns" in one.cmdline())


def measure_change(house: House, folder: Path) -> None:
    """From ``policy apply`` being done to the changed answer; the page's tap goes the same way."""
    exported = house.command("policy", "export").stdout
    took = []
    for number in range(ROUNDS):
        name = f"n{number}.school.example"
        house.ask(name)
        changed = folder / "changed.yaml"
        changed.write_text(
            exported.replace("name: Sana\n", f"name: Sana\n    blocked_names: [{name}]\n")
        )
        house.command("policy", "apply", str(changed))
        started = time.monotonic()
        wait_until(lambda name=name: house.addresses(name) == ["0.0.0.0"], pause_s=0.002)
        took.append(time.monotonic() - started)
    say("a saved change to the changed answer", *middle(took))


@contextlib.contextmanager
def running_dnsmasq(folder: Path, upstream: str) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [shutil.which("dnsmasq") or "dnsmasq", "-k", "-C", "/dev/null", f"--port={port}",
         "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
         "--user=root", f"--server={upstream.replace(':', '#')}", "--cache-size=10000",
         "--dns-forward-max=1000", f"--pid-file={folder}/dnsmasq.pid"]
    )  # fmt: skip
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


def dnsperf(port: int, queries: Path, seconds: int) -> float:
    """Answers a second, from Debian's dnsperf on the second core."""
    printed = subprocess.run(
        ["taskset", "-c", "1", "dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(queries),
         "-l", str(seconds), "-c", "16", "-T", "1", "-q", "192"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return float(re.search(r"Queries per second:\s+([\d.]+)", printed)[1])


def measure_cached(house: House, folder: Path, upstream: str) -> None:
    if not all(map(shutil.which, ("dnsperf", "dnsmasq", "taskset"))):
        print("dnsperf, dnsmasq or taskset is not installed: no comparison")
        return
    queries = folder / "cached.q"
    names = [f"n{number}.school.example" for number in range(CACHED_NAMES)]
    dice = random.Random(1)
    weights = [1 / (rank + 1) for rank in range(CACHED_NAMES)]
    asked = [*names, *dice.choices(names, weights, k=100_000)]
    queries.write_text("".join(f"{name} A\n" for name in asked))
    with running_dnsmasq(folder, upstream) as port:
        wait_until(lambda: psutil.Process().children())
        for pid in (dns_process(house).pid, psutil.Process().children()[-1].pid):
            os.sched_setaffinity(pid, {0})
        rates = {"filterd": [], "dnsmasq": []}
        for _ in range(ROUNDS + 1):  # the first round fills the caches
            rates["filterd"].append(dnsperf(house.dns_port, queries, SECONDS))
            rates["dnsmasq"].append(dnsperf(port, queries, SECONDS))
    for server, seen in rates.items():
        say(f"cached answers, {server}, one core", *middle(seen[1:], "q/s"))
    ratios = [ours / theirs for ours, theirs in zip(*rates.values(), strict=True)][1:]
    say("cached, filterd / dnsmasq", *middle(ratios, "x"))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    nsd = shutil.which("nsd", path=os.environ["PATH"] + ":/usr/sbin")
    if nsd is None:
        sys.exit("nsd is not installed; 'make test' installs it when run as root")
    with tempfile.TemporaryDirectory() as made, running_nsd(nsd, Path(made), free_port()) as port:
        folder = Path(made)
        upstream = f"127.0.0.1:{port}"
        (folder / "house").mkdir()
        house = make_house(folder / "house", upstream, POLICY)
        blocked = write_million(house.folder / "million.txt")
        measure_compile(house)
        measure_start(house, blocked)
        house.start()
        try:
            say(
                "memory of the DNS process, 1M names",
                dns_process(house).memory_info().rss / 2**20,
                "MiB",
            )
            measure_change(house, folder)
            measure_cached(house, folder, upstream)
            say("memory after that load", dns_process(house).memory_info().rss / 2**20, "MiB")
        finally:
            house.stop()


if __name__ == "__main__":
    main()
