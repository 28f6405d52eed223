"""Writing the query log: plain ``sqlite3``, in batches, off the query's path.

Names, clients, profiles and verdicts are kept once; a row holds their numbers.  Deleted content
is overwritten (``secure_delete``).  Whether a record may be kept at all was decided before.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from filterd.resolve.record import Record
from filterd.store.instant import from_us, to_us
from filterd.store.interned import Interned
from filterd.store.logclients import Asked, LogClients
from filterd.store.logprune import prune_log
from filterd.store.sqlite import connect, describe

_BUSY_S = 5.0
_PRAGMAS = (
    "synchronous=NORMAL",
    "secure_delete=ON",
    # In pages of 4 KiB, four times as many as usual: what is written again and again is then copied
    # into the database less often, which is a tenth of the time for many rows.
    "wal_autocheckpoint=4000",
    # A burst makes the journal long; give the room back afterwards.
    "journal_size_limit=16777216",
)
_NAMES = 8_192  # about 2 MB in the DNS process
_DECISIONS = 1_024
_PROFILES = 512
# A statement inserts so many rows at once, largest first: few steps for a batch of any size (see
# ``interned`` for why that matters), and few statements to compile.
_SIZES = (500, 50, 5, 1)
_COLUMNS = (
    "at", "client", "name", "matched", "decision", "profile", "blocked", "qtype", "rcode",
    "origin", "took_us",
)  # fmt: skip
_ROW = f"({', '.join('?' * len(_COLUMNS))})"
_INSERTS = {
    # This module's own words and question marks.
    size: f"INSERT INTO queries ({', '.join(_COLUMNS)}) VALUES {', '.join([_ROW] * size)}"  # noqa: S608
    for size in _SIZES
}
_DECISION_COLUMNS = ("action", "reason", "category", "source", "detail", "version", "build")
_AT, _ADDRESS = attrgetter("at"), attrgetter("address")
_NAME, _MATCHED = attrgetter("name"), attrgetter("matched")
_PROFILE, _DECISION = attrgetter("profile"), attrgetter(*_DECISION_COLUMNS)
_NO_MACS: Mapping[str, str] = MappingProxyType({})


class Seen(NamedTuple):
    """That a device asked, where its profile's log depth keeps nothing of what it asked.

    ``at`` is seconds since the epoch.
    """

    at: float
    address: str
    queries: int = 1


class LogWriter:
    """Writes to ``log.db``; opens it at the first use, and anew after a failure.

    Every method raises StoreError when the database cannot be used (a full disk above all);
    nothing of that batch was kept then, and the next call tries afresh.  One thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._data_version = -1
        self._names = Interned[str]("names", ("name",), _NAMES)
        self._profiles = Interned[str]("profiles", ("profile",), _PROFILES)
        self._decisions = Interned[tuple[str | int, ...]](
            "decisions",
            _DECISION_COLUMNS,
            _DECISIONS,
        )
        self._clients = LogClients()

    def write(
        self,
        records: Sequence[Record],
        macs: Mapping[str, str] = _NO_MACS,
        seen: Iterable[Seen] = (),
    ) -> None:
        """Write a batch in one transaction; every record also counts for its device.

        ``macs`` holds the MAC addresses that are known now, by address.
        """
        asked = _count(records, seen)
        if not asked:
            return
        with self._transaction() as db:
            clients = self._clients.count(db, asked, macs)
            if records:
                _insert(db, self._rows(db, records, clients))

    def prune(self, before: datetime) -> int:
        """Delete all rows older than ``before`` and what only they used; returns how many rows.

        Done in many short transactions: another process goes on writing meanwhile.
        """
        self._forget()
        try:
            return prune_log(self._open(), to_us(before))
        except sqlite3.Error as error:
            self.close()
            raise describe(self._path, error) from error

    def newest_time(self) -> datetime | None:
        """Return when the newest row was asked, None for an empty log."""
        try:
            found = self._open().execute("SELECT max(at) FROM queries").fetchone()[0]
        except sqlite3.Error as error:
            self.close()
            raise describe(self._path, error) from error
        return None if found is None else from_us(found)

    def close(self) -> None:
        """Close the database, rolling back what was not committed."""
        self._forget()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(
        self, db: sqlite3.Connection, records: Sequence[Record], clients: Mapping[str, int]
    ) -> list[tuple[int | None, ...]]:
        texts = set(map(_NAME, records)) | set(map(_MATCHED, records))
        # In the order of their index, so that neighbours change the same page.
        names = self._names.numbers(db, sorted(texts - {""}))
        profiles = self._profiles.numbers(db, set(map(_PROFILE, records)))
        # Not ``map`` in ``list``: that would not let other threads go on for milliseconds.
        keys = [_DECISION(r) for r in records]
        decisions = self._decisions.numbers(db, set(keys))
        return [
            (
                round(r.at * 1e6),
                clients[r.address],
                names.get(r.name),
                names.get(r.matched),
                decisions[key],
                profiles[r.profile],
                r.action == "block",
                r.qtype,
                r.rcode,
                r.origin,
                r.took_us,
            )
            for r, key in zip(records, keys, strict=True)
        ]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        is_done = False
        try:
            db = self._open()
            db.execute("BEGIN IMMEDIATE")
            self._notice_others(db)
            yield db
            db.execute("COMMIT")
            is_done = True
        except sqlite3.Error as error:
            raise describe(self._path, error) from error
        finally:
            if not is_done:
                self.close()

    def _notice_others(self, db: sqlite3.Connection) -> None:
        """Forget all numbers when another process wrote: it may have pruned them away."""
        found = db.execute("PRAGMA data_version").fetchone()[0]
        if found != self._data_version:
            self._forget()
            self._data_version = found

    def _forget(self) -> None:
        for part in (self._names, self._profiles, self._decisions, self._clients):
            part.forget()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path, busy_s=_BUSY_S, pragmas=_PRAGMAS)
        return self._connection


def _count(records: Sequence[Record], seen: Iterable[Seen]) -> dict[str, Asked]:
    """Count the queries of each address; ``records`` are in the order they were asked."""
    queries = Counter(map(_ADDRESS, records))
    last = dict(zip(map(_ADDRESS, records), map(_AT, records), strict=True))
    for once in seen:
        queries[once.address] += once.queries
        last[once.address] = max(once.at, last.get(once.address, once.at))
    return {a: Asked(round(last[a] * 1e6), queries[a]) for a in queries}


def _insert(db: sqlite3.Connection, rows: Sequence[tuple[int | None, ...]]) -> None:
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            part = rows[start : start + size]
            db.execute(_INSERTS[size], list(chain.from_iterable(part)))
            start += size
