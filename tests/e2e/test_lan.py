"""The third step of the README: a house that filters its network, in network namespaces.

One namespace is the box (filterd on port 53 as root that drops its rights, and the far end), two
are children's devices with MAC addresses of their own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from running import FILTERD, wait_until, write_nsd

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

BOX, SANA, ALI = "fdt-box", "fdt-sana", "fdt-ali"
BOX_ADDRESS = "192.168.77.1"
MACS = {SANA: "02:00:00:00:77:0a", ALI: "02:00:00:00:77:0b"}
ADDRESSES = {SANA: "192.168.77.10", ALI: "192.168.77.11"}

CONFIG = f"""\
listen: {{dns: ["{BOX_ADDRESS}:53", "[fd77::1]:53"], page: ["{BOX_ADDRESS}:8080"]}}
state: state
user: nobody
policy:
  zone: Asia/Karachi
  upstreams: ["127.0.0.1:5399"]
  lists:
    random-video-chat:
      {{category: random-video-chat, file: blocklists/random-video-chat.txt, match: subdomains}}
  profiles:
    sana: {{name: Sana, blocked_categories: [random-video-chat]}}
    ali: {{name: Ali}}
    visitors: {{name: Visitors, blocked_names: [games.example]}}
  devices:
    sana-phone: {{name: "Sana's phone", profile: sana, match: ["{MACS[SANA]}"]}}
    ali-tablet: {{name: "Ali's tablet", profile: ali, match: ["{MACS[ALI]}"]}}
  default_profile: visitors
"""


def run(*command: str, **how) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True, **how)


def inside(namespace: str, *command: str) -> subprocess.CompletedProcess[str]:
    return run("ip", "netns", "exec", namespace, *command, timeout=30)


@pytest.fixture(scope="module")
def network(need_tool: Callable[[str], str]) -> Iterator[None]:
    need_tool("ip")
    names = (BOX, SANA, ALI)
    for name in names:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    try:
        run("ip", "-n", BOX, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", BOX, "addr", "add", f"{BOX_ADDRESS}/24", "dev", "br0")
        run("ip", "-n", BOX, "addr", "add", "fd77::1/64", "dev", "br0", "nodad")
        run("ip", "-n", BOX, "link", "set", "br0", "up")
        for name in (SANA, ALI):
            port = f"p-{name}"
            run(
                "ip",
                "-n",
                BOX,
                "link",
                "add",
                port,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                name,
            )
            run("ip", "-n", BOX, "link", "set", port, "master", "br0", "up")
            run("ip", "-n", name, "link", "set", "eth0", "address", MACS[name], "up")
            run("ip", "-n", name, "addr", "add", f"{ADDRESSES[name]}/24", "dev", "eth0")
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the user nobody can reach, as a real state folder is."""
    made = Path(tempfile.mkdtemp(prefix="filterd-lan-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def reachable_for_nobody(command: list[str]) -> list[str]:
    """Wrap a command so that nobody can reach an interpreter that lies in a private home.

    In a mount namespace of its own the private folder is covered by an open one that holds only
    the interpreter; nothing changes outside.
    """
    prefix = Path(sys.base_prefix)
    private = next((p for p in prefix.parents if not p.stat().st_mode & 0o001), None)
    if private is None:
        return command
    script = (
        f"mount --bind {prefix} /mnt && mount -t tmpfs -o mode=755 tmpfs {private} && "
        f'mkdir -p {prefix} && mount --bind /mnt {prefix} && umount /mnt && exec "$@"'
    )
    return ["unshare", "-m", "sh", "-c", script, "sh", *command]


@pytest.fixture(scope="module")
def lan(network: None, folder: Path, need_tool: Callable[[str], str]) -> Iterator[Path]:
    (folder / "config.yaml").write_text(CONFIG)
    far_end_config = write_nsd(folder, "127.0.0.1", 5399)
    far_end = subprocess.Popen(
        ["ip", "netns", "exec", BOX, need_tool("nsd"), "-d", "-c", str(far_end_config)],
        stderr=subprocess.DEVNULL,
    )
    command = [*FILTERD, "run", "--config", str(folder / "config.yaml")]
    with (folder / "printed").open("w") as printed:
        house = subprocess.Popen(
            ["ip", "netns", "exec", BOX, *reachable_for_nobody(command)],
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: "the page is at" in (folder / "printed").read_text(), 20)
        wait_until(lambda: dig(SANA, "wiki.example") == "192.0.2.30", 20)
        yield folder
    finally:
        for process in (house, far_end):
            process.terminate()
            process.wait(15)


def dig(namespace: str, name: str, server: str = BOX_ADDRESS) -> str:
    return inside(
        namespace, "dig", "+short", "+tries=1", "+time=3", f"@{server}", name
    ).stdout.strip()


def test_two_devices_are_told_apart_by_their_mac_addresses(lan: Path) -> None:
    # The kernel learns a MAC address with the first packet, so the first answer may be a visitor's.
    wait_until(lambda: dig(SANA, "ome.tv") == "0.0.0.0", 10)
    wait_until(lambda: dig(ALI, "games.example") == "192.0.2.20", 10)
    assert dig(ALI, "ome.tv") != "0.0.0.0"


def test_a_new_address_does_not_make_a_new_device(lan: Path) -> None:
    run("ip", "-n", SANA, "addr", "del", f"{ADDRESSES[SANA]}/24", "dev", "eth0")
    run("ip", "-n", SANA, "addr", "add", "192.168.77.99/24", "dev", "eth0")
    wait_until(lambda: dig(SANA, "ome.tv") == "0.0.0.0", 20)
    wait_until(lambda: dig(SANA, "games.example") == "192.0.2.20", 20)


def test_no_process_of_the_house_stays_root(lan: Path) -> None:
    houses = [
        process
        for process in psutil.process_iter(["cmdline", "uids"])
        if str(lan / "config.yaml") in " ".join(process.info["cmdline"] or [])
        and (process.info["cmdline"] or [""])[0].endswith(("python", "python3"))
    ]
    assert len(houses) >= 3
    assert all(process.info["uids"].real != 0 for process in houses), houses


def test_a_device_outside_the_house_is_refused(lan: Path) -> None:
    run("ip", "-n", ALI, "addr", "add", "203.0.113.5/24", "dev", "eth0")
    run("ip", "-n", BOX, "route", "add", "203.0.113.0/24", "dev", "br0")
    asked = inside(
        ALI, "dig", "+tries=1", "+time=3", "-b", "203.0.113.5", f"@{BOX_ADDRESS}", "wiki.example"
    ).stdout
    assert "status: REFUSED" in asked


def test_the_page_is_not_reachable_on_another_name(lan: Path) -> None:
    script = (
        "import http.client, sys; "
        "page = http.client.HTTPConnection(sys.argv[1], 8080, timeout=5); "
        "page.request('GET', '/', headers={'Host': sys.argv[2]}); "
        "print(page.getresponse().status)"
    )
    for host, status in (("evil.example", "421"), (BOX_ADDRESS, "303")):
        fetched = inside(SANA, sys.executable, "-c", script, BOX_ADDRESS, host)
        assert fetched.stdout.strip() == status
