"""``filterd run``: opens the sockets, drops rights, keeps the children alive.

Children: DNS, page, and a short-lived worker.  The supervisor does no work of its own, and loads
no more than the DNS process needs, which is forked from it: so a house answers at once after a
start or a crash.  The page is begun when DNS answers, or they would share a processor till then.
"""

import gc
import ipaddress
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from filterd.config.address import Endpoint
from filterd.config.machine import Config
from filterd.errors import FilterdError
from filterd.service import dns
from filterd.service.child import (
    Child,
    LifeLine,
    Spec,
    Word,
    start_dns,
    start_page,
    start_worker,
    unwatch,
    watch,
)
from filterd.service.current import map_index
from filterd.service.layout import Layout
from filterd.service.manifest import load_manifest
from filterd.service.reserve import make_room
from filterd.service.rhythm import is_work_due
from filterd.service.rights import drop_rights, give_folder, refuse_unreachable
from filterd.service.sockets import Listeners, open_listeners, threads_for_dns
from filterd.store.current import is_current, set_damaged_log_aside
from filterd.store.folder import lock, prepare

_UPDATE_EVERY_S = 24 * 3600.0
_UPDATE_AFTER_START_S = 3.0
# How often the manifest is looked at for a list that is due: by the wall clock, which goes on
# while a laptop sleeps.
_LOOK_EVERY_S = 900.0
_PAGE_AT_LATEST_S = 5.0
_RESTART_PAUSE_S = 0.1
_RESTART_PAUSE_MAX_S = 30.0
_STEADY_AFTER_S = 60.0
# A server that drips its lists byte by byte must not keep the next update away.
_WORKER_LIMIT_S = 3600.0
_END_WITHIN_S = 5.0


class StartError(FilterdError):
    """The house cannot be started; the message says what to do."""


@dataclass(slots=True)
class _Start:
    """When a child is started, None while it runs; the pause grows while it keeps dying."""

    due: float | None
    pause_s: float = _RESTART_PAUSE_S


@dataclass(slots=True)
class Supervisor:
    """The parent of all processes of one house.  ``say`` prints one line for the operator."""

    config: Config
    config_path: Path
    layout: Layout
    say: Callable[[str], None]
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    children: dict[str, Child] = field(default_factory=dict)
    starts: dict[str, _Start] = field(default_factory=dict)
    life: LifeLine = field(default_factory=LifeLine)
    ending: bool = False
    next_update: float = 0.0
    next_look: float = 0.0
    greeted: set[str] = field(default_factory=set)

    def run(self) -> int:
        """Serve until SIGINT or SIGTERM; returns the exit status.

        Raises FilterdError when the house cannot be started.
        """
        prepare(self.layout.state)
        with lock(self.layout.state):
            listen = self.config.listen
            listeners = open_listeners(listen.dns, listen.page, threads_for_dns())
            try:
                self._drop_rights()
                for warning in listeners.warnings:
                    self.say(f"note: {warning}")
                self._make_ready()
                self._serve(listeners)
            finally:
                self._end_children()
                listeners.close()
        return 0

    def _drop_rights(self) -> None:
        """Become ``user:``, or who called sudo, before any child is started."""
        if os.geteuid() != 0:
            return
        user = self.config.user or os.environ.get("SUDO_USER")
        if user in {None, "root"}:
            self.say("note: running as root; set 'user:' in the configuration to drop its rights")
            return
        give_folder(self.layout.state, user)
        drop_rights(user)
        refuse_unreachable(user, self.config_path)

    def _make_ready(self) -> None:
        """Bring the databases and the index to where DNS can start; usually nothing to do."""
        if make_room(self.layout.state):
            self.say("note: the disk is full; the filter starts, the query log waits for room")
        aside = set_damaged_log_aside(self.layout.state)
        if aside is not None:
            self.say(f"note: the query log was damaged; a new one is begun, the old is {aside}")
        problem = map_index(self.layout)[1]
        if problem:
            self.say(f"{problem}: compiling them, once ...")
        if problem or not is_current(self.layout.state):
            self._begin()

    def _begin(self) -> None:
        """Start without lists rather than not at all: own rules and windows still hold."""
        try:
            self._work("begin")
        except StartError as error:
            if not is_current(self.layout.state):
                raise
            self.say(f"note: the lists are not in force: {error}")

    def _work(self, job: str) -> None:
        """Run one worker job to its end, passing on what it says while it works."""
        worker = start_worker(job, str(self.config_path), time.monotonic())
        line = f"the worker could not {job}"
        for printed in worker.process.stdout or ():
            line = printed.decode("utf-8", "replace").rstrip("\n")
            self.say(line)
        status = worker.process.wait()
        worker.close()
        if status != 0:
            raise StartError(line)

    def _serve(self, listeners: Listeners) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        # A signal wakes the selector by a byte on this pipe, so ending is never a matter of luck.
        wake_read, wake_write = os.pipe()
        for end in (wake_read, wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_write)
        self.selector.register(wake_read, selectors.EVENT_READ, None)
        # What is loaded is shared with the child as long as nobody writes to it, the collector too.
        gc.freeze()
        gc.enable()
        self.expect_children(time.monotonic())
        self._start_what_is_due(listeners)
        while not self.ending:
            self._turn(listeners, wake_read)

    def expect_children(self, now: float) -> None:
        """Say when each child is due in a house that begins ``now`` (a tick)."""
        self.next_update = now + _UPDATE_AFTER_START_S
        self.next_look = self.next_update + _LOOK_EVERY_S
        self.starts = {"dns": _Start(now), "page": _Start(now + _PAGE_AT_LATEST_S)}

    def _turn(self, listeners: Listeners, wake_read: int) -> None:
        for key, _ in self.selector.select(timeout=self._wait_s()):
            if key.data is None:
                os.read(wake_read, 512)
            else:
                self._hear(key.data)
        self._start_what_is_due(listeners)
        self._start_worker_when_due(time.monotonic())

    def _start_what_is_due(self, listeners: Listeners) -> None:
        now = time.monotonic()
        for name, start in self.starts.items():
            if start.due is not None and now >= start.due and not self.ending:
                start.due = None
                self._start(name, listeners, now)

    def _wait_s(self) -> float:
        dues = [start.due for start in self.starts.values() if start.due is not None]
        worker = self.children.get("worker")
        if worker is None:
            dues += [self.next_update, self.next_look]
        else:  # the next one waits for its end, which wakes us
            dues.append(worker.started + _WORKER_LIMIT_S)
        return max(0.0, min(dues) - time.monotonic())

    def _start(self, name: str, listeners: Listeners, now: float) -> None:
        spec = self._spec(listeners)
        child = start_dns(dns.main, spec, now) if name == "dns" else start_page(spec, now)
        self.children[name] = child
        watch(self.selector, child)

    def _spec(self, listeners: Listeners) -> Spec:
        listen = self.config.listen
        return Spec(
            state=str(self.layout.state),
            base=str(self.layout.base),
            config=str(self.config_path.resolve()),
            life=self.life.read_end,
            udp=tuple(udp.fileno() for udp in listeners.udp),
            tcp=tuple(tcp.fileno() for tcp in listeners.tcp),
            page=tuple(page.fileno() for page in listeners.page),
            dns_endpoints=tuple(listen.dns),
            page_addresses=tuple(sorted(_reachable(listen.page) or _reachable(listen.dns))),
            ask_from=tuple(str(network) for network in self.config.ask_from),
            page_names=self.config.page_names,
        )

    def _start_worker_when_due(self, now: float) -> None:
        worker = self.children.get("worker")
        if worker is not None or self.ending:
            if worker is not None and now - worker.started >= _WORKER_LIMIT_S:
                worker.process.kill()
            return
        if now >= self.next_look:
            self.next_look = now + _LOOK_EVERY_S
            if is_work_due(load_manifest(self.layout.manifest), time.time()):
                self.next_update = now
        if now >= self.next_update:
            self.next_update = now + _UPDATE_EVERY_S
            worker = start_worker("update", str(self.config_path), now)
            self.children["worker"] = worker
            watch(self.selector, worker)

    def _hear(self, child: Child) -> None:
        lines = child.read_lines()
        if lines is None:
            self._bury(child)
            return
        for line in lines:
            word, _, rest = line.partition(" ")
            self._obey(child, word, rest, line)

    def _obey(self, child: Child, word: str, rest: str, line: str) -> None:
        if child.name == "worker":
            self.say(line)
        elif word == Word.READY:
            self._greet(child.name)
        elif word == Word.SETUP_CODE:
            self.say(f"set-up code: {rest}  (valid 30 minutes; a new one: filterd setup-code)")
        elif word == Word.NOTE:
            self.say(f"note: {rest}")
        elif word == Word.COMPILE:
            self.next_update = time.monotonic()
        else:
            self.say(f"{child.name}: {line}")

    def _greet(self, name: str) -> None:
        if name in self.greeted:
            self.say(f"{name} runs again")
            return
        self.greeted.add(name)
        if name == "dns":
            where = ", ".join(str(endpoint) for endpoint in self.config.listen.dns)
            self.say(f"DNS answers on {where} (UDP and TCP)")
            if self.starts["page"].due is not None:
                self.starts["page"].due = time.monotonic()
        else:
            where = ", ".join(f"http://{endpoint}/" for endpoint in self.config.listen.page)
            self.say(f"the page is at {where}")

    def _bury(self, child: Child) -> None:
        unwatch(self.selector, child)
        status = child.process.wait()
        self.children.pop(child.name, None)
        if self.ending or child.name == "worker":
            return
        now = time.monotonic()
        start = self.starts[child.name]
        if now - child.started > _STEADY_AFTER_S:
            start.pause_s = _RESTART_PAUSE_S
        self.say(f"{child.name} ended by itself (status {status}); it starts again")
        start.due = now + start.pause_s
        start.pause_s = min(start.pause_s * 2, _RESTART_PAUSE_MAX_S)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self.next_update = time.monotonic()
        else:
            self.ending = True

    def _end_children(self) -> None:
        for child in self.children.values():
            child.process.terminate()
        self.life.cut()
        for child in self.children.values():
            child.wait_or_kill(_END_WITHIN_S)
            child.close()


def _reachable(endpoints: tuple[Endpoint, ...]) -> set[str]:
    """Return the addresses a browser can be sent to: the house's rather than this machine's own.

    "Every address" is none.
    """
    given = [ipaddress.ip_address(endpoint.address.partition("%")[0]) for endpoint in endpoints]
    found = [address for address in given if not address.is_unspecified]
    return {str(one) for one in found if not one.is_loopback} or set(map(str, found))


def say(line: str) -> None:
    """Print for the operator; a closed terminal must not end the filter."""
    try:
        print(line, flush=True)  # noqa: T201 - this is the program's voice
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - lives as long as we do
