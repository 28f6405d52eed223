"""Drain the query log off the query's path: records are appended to a queue, a thread writes.

When the disk is full the log stops and says so; filtering goes on.  Records that could not be
kept are counted, never silently gone.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from filterd.errors import StoreError
from filterd.resolve.record import Record
from filterd.service.reserve import LEAST_FREE_BYTES, free_bytes
from filterd.store.logwriter import LogWriter, Seen

_EVERY_S = 0.5
# Where a turn takes long the next one comes soon, so that many records do not become more.
_PAUSE_S = 0.05
_RETRY_S = 10.0
# In one transaction: the more records, the fewer pages a record changes (at 10,000 half the time
# for a record of what 1,000 take).
_BATCH = 10_000
# The log may be late; answers may not.
_NICENESS = 19
# At 20,000 queries a second five seconds of backlog; about 60 MB at the very worst.
_QUEUE_LIMIT = 100_000
# An IPv6 client may change its address at will; what it can make us remember must end somewhere.
_MOST_SEEN = 4096


class Source(Protocol):
    """Keeps records of its own until the log's thread asks for them, and counts what it lost."""

    @property
    def lost(self) -> int: ...

    def batches(self) -> Iterator[list[Record]]: ...


class QueryLog:
    """Takes records from the event loop and writes them in a thread of its own.

    ``lost`` counts records that were not kept; ``problem`` says why the log has stopped, or is
    empty while it runs.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: deque[Record] = deque()
        self._seen: dict[str, float] = {}
        self._macs: Mapping[str, str] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)
        self._source: Source | None = None
        self._lost = 0
        self.problem = ""

    @property
    def lost(self) -> int:
        return self._lost + (self._source.lost if self._source is not None else 0)

    def follow(self, source: Source) -> None:
        """Write what a source keeps as well; to be called before ``start``."""
        self._source = source

    def start(self) -> None:
        self._thread.start()

    def take(self, record: Record) -> None:
        """Queue one record; called for every query, so it does next to nothing."""
        if len(self._queue) < _QUEUE_LIMIT:
            self._queue.append(record)
        else:
            self._lost += 1

    def see(self, address: str, at: float) -> None:
        """Note that a device asked, whatever its log depth keeps of what it asked."""
        if len(self._seen) < _MOST_SEEN:
            self._seen[address] = at

    def know_neighbours(self, macs: Mapping[str, str]) -> None:
        """Remember which MAC address stands behind an address, {address: MAC}."""
        self._macs = macs

    def stop(self) -> None:
        """Write what is queued and end the thread."""
        self._ending.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        _step_back()
        writer = LogWriter(self._path)
        began = time.monotonic()
        while True:
            ending = self._ending.wait(self._pause(time.monotonic() - began))
            began = time.monotonic()
            try:
                self._refuse_last_room()
                self._write_seen(writer)
                while self._queue:
                    self._write_batch(writer)
                self._write_source(writer)
                self.problem = ""
            except Exception as error:  # noqa: BLE001 - whatever stops the log must be seen
                self.problem = str(error) or type(error).__name__
            if ending:
                writer.close()
                return

    def _pause(self, took: float) -> float:
        """Return for how long to wait after a turn that took so many seconds."""
        return _RETRY_S if self.problem else max(_PAUSE_S, _EVERY_S - took)

    def _refuse_last_room(self) -> None:
        """Leave the last of the disk to the policy; what is queued then is lost and counted."""
        if free_bytes(self._path.parent) < LEAST_FREE_BYTES:
            self._lost += len(self._queue)
            self._queue.clear()
            raise StoreError(f"{self._path}: the disk is nearly full")

    def _write_seen(self, writer: LogWriter) -> None:
        seen, self._seen = self._seen, {}
        writer.write((), self._macs, [Seen(at, address, 0) for address, at in seen.items()])

    def _write_batch(self, writer: LogWriter) -> None:
        batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
        self._write(writer, batch)

    def _write_source(self, writer: LogWriter) -> None:
        """Write what the source kept; it makes few records at a time, and many are written."""
        if self._source is None:
            return
        batch: list[Record] = []
        for some in self._source.batches():
            batch += some
            _let_others_go()
            if len(batch) >= _BATCH:
                self._write(writer, batch)
                batch = []
        self._write(writer, batch)

    def _write(self, writer: LogWriter, batch: list[Record]) -> None:
        try:
            writer.write(batch, self._macs)
        except StoreError:
            self._lost += len(batch)
            raise
        _let_others_go()


def _let_others_go() -> None:
    time.sleep(0)
    if sys.platform == "linux":
        os.sched_yield()


def _step_back() -> None:
    """Let every other thread go first, where the system can tell threads apart."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
