"""The kernel's neighbour table: which MAC address stands behind an IP address.

Read with ``ip -j neigh`` (iproute2), which knows IPv4 and IPv6; without that tool from
``/proc/net/arp``, which knows IPv4 only.  Elsewhere than on Linux the table is empty, and devices
are told apart by their addresses alone.
"""

import asyncio
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

_PROC_ARP = Path("/proc/net/arp")
_TIMEOUT_S = 3.0
_INCOMPLETE = "00:00:00:00:00:00"


async def read_neighbours() -> dict[str, str]:
    """Return {IP address: MAC address}, both in lower case; empty when nothing is known."""
    tool = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool is not None:
        text = await _output_of(tool, "-j", "neigh", "show")
        if text:
            return parse_ip_neigh(text)
    try:
        # A file of the kernel's: there is no disk to wait for.
        return parse_proc_arp(_PROC_ARP.read_text("ascii", "replace"))  # noqa: ASYNC240
    except OSError:
        return {}


def parse_ip_neigh(text: str) -> dict[str, str]:
    """Read ``ip -j neigh show``; entries without a MAC address are left out.

    Returns {} for text that is not what iproute2 prints.
    """
    try:
        entries = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(entries, list):
        return {}
    found = {}
    for entry in entries:
        if not isinstance(entry, Mapping):
            continue
        address, mac = entry.get("dst"), entry.get("lladdr")
        if isinstance(address, str) and isinstance(mac, str) and mac != _INCOMPLETE:
            found[address.lower()] = mac.lower()
    return found


def parse_proc_arp(text: str) -> dict[str, str]:
    """Read ``/proc/net/arp``: a heading, then address, type, flags, MAC, mask, device."""
    found = {}
    for line in text.splitlines()[1:]:
        parts = line.split()
        if len(parts) >= 4 and parts[3] != _INCOMPLETE:
            found[parts[0]] = parts[3].lower()
    return found


async def _output_of(*command: str) -> str:
    """Run a command that prints; '' when it fails or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), _TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return printed.decode("utf-8", "replace") if process.returncode == 0 else ""
