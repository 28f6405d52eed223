"""The DNS process: answers queries, follows policy changes, feeds the log.

Everything here runs in one event loop but for the log's writing thread, the native core's workers
and the reading of a new policy or index.  The store is polled each second; the control socket
makes a change felt at once.
"""

import asyncio
import gc
import ipaddress
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from filterd.config.address import plain_address
from filterd.devices.neighbours import read_neighbours
from filterd.errors import FilterdError
from filterd.lists.index import EMPTY
from filterd.net.server import DnsServer, Sockets
from filterd.policy.snapshot import Policy
from filterd.resolve.access import may_ask
from filterd.resolve.record import Record
from filterd.resolve.upstreams import Upstream, Upstreams
from filterd.service.child import Spec, Word
from filterd.service.control import serve_control
from filterd.service.core import CORE, make_engine, make_front
from filterd.service.current import CurrentPolicy, index_key
from filterd.service.layout import Layout
from filterd.service.manifest import load_manifest, recipe_of
from filterd.service.ourselves import upstreams_of
from filterd.service.querylog import QueryLog

_POLL_S = 1.0
_NEIGHBOURS_S = 15.0
_NEIGHBOURS_SOON_S = 0.2
# How often a MAC address is looked for between two regular looks at the table.
_TRIES = 3
_ASK_AGAIN_S = 60.0
_SWITCH_S = 0.0005
# Spoofed addresses must not make us remember without end.
_MOST_NOTED = 4096


class DnsProcess:
    """Ties the server to store, lists, neighbours and log.  All methods run in the event loop.

    Raises FilterdError when no policy can be read at the start.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._layout = Layout(Path(spec.state), Path(spec.base))
        self._networks = tuple(ipaddress.ip_network(network) for network in spec.ask_from)
        self._current = CurrentPolicy(self._layout)
        self._policy = self._current.refresh()
        self._log = QueryLog(self._layout.log_db)
        self._macs: dict[str, str] = {}
        self._noted: dict[str, str | None] = {}
        self._strangers: dict[str, int] = {}
        self._has_stranger = asyncio.Event()
        self._recipe = recipe_of(self._policy.document)
        self._compiled_for = ""
        self._ask_again_at = 0.0
        self._problem = ""
        self._refreshing = asyncio.Lock()
        self._ended = asyncio.Event()
        udp = _inherited(spec.udp)
        engine = make_engine(
            self._policy, self._networks, spec.page_addresses, index_key(self._layout)
        )
        upstreams = Upstreams(self._upstreams())
        self._front = make_front(engine, upstreams, udp, self._mac_of, self._known_mac)
        self._server = DnsServer(
            engine,
            upstreams,
            Sockets(udp if self._front is None else (), _inherited(spec.tcp)),
            on_record=self._record,
            mac_of=self._mac_of,
        )

    async def run(self) -> None:
        """Serve until SIGTERM, or until the supervisor is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        loop.add_reader(self._spec.life, self._ended.set)
        if self._front is not None:
            self._log.follow(self._front.lines)
        self._log.start()
        await self._server.start()
        if self._front is not None:
            self._front.start(self._server)
        control = await serve_control(self._layout.control, self._handle)
        # What is here now stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        _tell(Word.READY)
        tasks = [
            asyncio.create_task(self._follow_store()),
            asyncio.create_task(self._follow_neighbours()),
        ]
        await self._ended.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        control.close()
        if self._front is not None:
            self._front.stop()
        await self._server.stop()
        self._log.stop()

    async def _follow_store(self) -> None:
        while True:
            await self._refresh()
            self._noted.clear()
            await asyncio.sleep(_POLL_S)

    async def _refresh(self) -> None:
        """Put the newest policy in force; when it cannot be read, the last one stays."""
        async with self._refreshing:
            try:
                # A big index takes its time to open; whoever asks meanwhile is answered.
                policy = await asyncio.to_thread(self._current.refresh)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with the new one
                self._problem = f"the last policy stays in force: {error}"
                return
            self._problem = ""
            if policy is not self._policy:
                self._put_in_force(policy)
            self._ask_for_compile()

    def _put_in_force(self, policy: Policy) -> None:
        self._policy = policy
        recipe = recipe_of(policy.document)
        if recipe != self._recipe:
            self._ask_again_at = 0.0  # somebody has just chosen this
        self._recipe, self._compiled_for = recipe, ""
        self._server.replace_policy(policy)
        self._server.upstreams.replace(self._upstreams())
        if self._front is not None:
            self._front.replace_policy(policy)

    def _ask_for_compile(self) -> None:
        """Tell the supervisor that the index is not made from these lists, until it is."""
        if not self._compiled_for:
            manifest = load_manifest(self._layout.manifest)
            # Both are replaced one after the other: a manifest of another index says nothing yet.
            self._compiled_for = manifest.recipe if manifest.build == self._policy.build else ""
        if self._recipe == self._compiled_for and not self._current.index_problem:
            return
        if time.monotonic() >= self._ask_again_at:
            self._ask_again_at = time.monotonic() + _ASK_AGAIN_S
            _tell(Word.COMPILE)

    async def _follow_neighbours(self) -> None:
        """Learn MAC addresses every few seconds, and soon after an unknown address asked."""
        while True:
            self._macs = await read_neighbours()
            self._noted.clear()
            self._log.know_neighbours(self._macs)
            try:
                await asyncio.wait_for(self._has_stranger.wait(), _NEIGHBOURS_S)
                # The kernel learns an address while it sends the first reply.
                await asyncio.sleep(_NEIGHBOURS_SOON_S)
            except TimeoutError:
                self._strangers.clear()
            self._has_stranger.clear()

    def _mac_of(self, address: str) -> str | None:
        """Return the MAC address behind ``address``, and note once a second that it asked.

        Called for every packet that no memo answers.
        """
        if address in self._noted:
            return self._noted[address]
        if len(self._noted) < _MOST_NOTED:
            self._noted[address] = mac = self._note(address)
            return mac
        return self._note(address)

    def _known_mac(self, address: str) -> str | None:
        """Return the MAC address behind a plain address that has not just asked."""
        return self._macs.get(address)

    def _note(self, address: str) -> str | None:
        plain = plain_address(address)
        if plain is None or not may_ask(plain, self._networks):
            return None
        text = str(plain)
        self._log.see(text, time.time())
        mac = self._macs.get(text)
        if mac is None and not plain.is_loopback:
            self._meet(text)
        return mac

    def _meet(self, stranger: str) -> None:
        """Look for a stranger's MAC address soon, but not for ever: behind a router is none."""
        tries = self._strangers.get(stranger, 0)
        if tries < _TRIES and len(self._strangers) < _MOST_NOTED:
            self._strangers[stranger] = tries + 1
            self._has_stranger.set()

    def _record(self, record: Record) -> None:
        """Keep a record, unless no list says which names must not be written down."""
        if self._policy.build != EMPTY.build:
            self._log.take(record)

    def _upstreams(self) -> tuple[Upstream, ...]:
        return upstreams_of(self._policy.document, self._spec.dns_endpoints)

    async def _handle(self, do: str) -> dict[str, Any]:
        if do == "reload":
            await self._refresh()
        elif do != "status":
            return {"error": "say status or reload"}
        has_lists = self._policy.build != EMPTY.build
        return {
            "version": self._policy.version,
            "build": self._policy.build,
            "problem": self._problem or (has_lists and self._current.index_problem) or "",
            "index_problem": "" if has_lists else self._current.index_problem,
            "log_problem": self._log.problem,
            "log_lost": self._log.lost,
            "core": CORE,
            "passed": 0 if self._front is None else self._front.counts()["passed"],
            "forwarded": self._server.forwarded,
            "failed": self._server.failed,
            "faults": self._server.faults,
        }


def _inherited(descriptors: tuple[int, ...]) -> list[socket.socket]:
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def _tell(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - the supervisor listens


async def _serve(spec: Spec) -> None:
    await DnsProcess(spec).run()


def main(spec: Spec) -> int:
    """Be the DNS process until it is ended; returns its exit status."""
    # The log's thread must hand the interpreter back quickly: the usual 5 ms would be felt.
    sys.setswitchinterval(_SWITCH_S)
    try:
        asyncio.run(_serve(spec))
    except FilterdError as error:
        _tell(str(error))
        return 1
    return 0
