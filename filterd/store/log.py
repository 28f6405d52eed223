"""Reading the query log: what the page shows of it.

Says what names a device asked for, never what a person did.  What each field means is in
``resolve.record.Record``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, select

from filterd.resolve.record import Origin
from filterd.store.database import Database
from filterd.store.instant import from_us, to_us
from filterd.store.tables import clients, decisions, names, profiles, queries

_PRAGMAS = ("query_only=ON",)
# A name has at most 255 octets, each written with at most four letters.
_LONGEST_TEXT = 1_020

_matched = names.alias("matched_names")
_ROWS = (
    select(
        queries,
        clients.c.address,
        clients.c.mac,
        names.c.name.label("name_text"),
        _matched.c.name.label("matched_text"),
        profiles.c.profile.label("profile_text"),
        decisions.c.action,
        decisions.c.reason,
        decisions.c.category,
        decisions.c.source,
        decisions.c.detail,
        decisions.c.version,
        decisions.c.build,
    )
    .join(clients, clients.c.id == queries.c.client)
    .join(decisions, decisions.c.id == queries.c.decision)
    .join(profiles, profiles.c.id == queries.c.profile)
    .outerjoin(names, names.c.id == queries.c.name)
    .outerjoin(_matched, _matched.c.id == queries.c.matched)
)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which rows to show; what is empty or None does not narrow.

    ``text`` is any part of a name, in whatever case; ``before_id`` continues an earlier search
    below its last row.
    """

    profile: str = ""
    address: str = ""
    blocked_only: bool = False
    text: str = ""
    before_id: int | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One query of the log; ``mac``, ``name`` and ``matched`` are empty when not known."""

    id: int
    at: datetime
    address: str
    mac: str
    name: str
    qtype: int
    profile: str
    action: str
    reason: str
    category: str
    source: str
    matched: str
    detail: str
    version: int
    build: str
    rcode: int
    origin: Origin
    took_us: int

    @property
    def is_block(self) -> bool:
        return self.action == "block"

    @property
    def is_rewrite(self) -> bool:
        return self.action == "rewrite"


@dataclass(frozen=True, slots=True)
class SeenClient:
    """A device that asked; ``mac`` is empty when it is not known."""

    address: str
    mac: str
    first_seen: datetime
    last_seen: datetime
    queries: int


@dataclass(frozen=True, slots=True)
class AskedName:
    """A name that devices of a profile asked for, and how often."""

    name: str
    profile: str
    queries: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many queries, and how many of them were blocked."""

    queries: int
    blocked: int


# SQLite counts rows in 64 bits; a larger number comes from a made-up address.
_LARGEST_ID = 2**63 - 1


class LogReader:
    """Reads ``log.db`` from any number of threads.

    Every method raises StoreError when the database cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _PRAGMAS)

    def close(self) -> None:
        self._database.close()

    def search(self, wanted: LogFilter, limit: int = 50) -> tuple[LogRow, ...]:
        """Return the newest rows that match, newest first."""
        query = _narrow(_ROWS, wanted).order_by(queries.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            if wanted.address:
                # As numbers: with one, SQLite walks its index backwards and need not sort.
                query = query.where(queries.c.client.in_(_clients_at(connection, wanted.address)))
            return tuple(_row(row) for row in connection.execute(query))

    def row(self, number: int) -> LogRow | None:
        """Return one row, None when it is not there (any more)."""
        if number > _LARGEST_ID:
            return None
        with self._database.reading() as connection:
            found = connection.execute(_ROWS.where(queries.c.id == number)).first()
        return None if found is None else _row(found)

    def clients(self) -> tuple[SeenClient, ...]:
        """Return every device that asked within the log's time, the latest first."""
        query = select(clients).order_by(clients.c.last_seen.desc(), clients.c.id.desc())
        with self._database.reading() as connection:
            return tuple(
                SeenClient(
                    row.address,
                    row.mac,
                    from_us(row.first_seen),
                    from_us(row.last_seen),
                    row.queries,
                )
                for row in connection.execute(query)
            )

    def counts(self, since: datetime) -> Mapping[str, Count]:
        """Return what each profile asked since then; a profile that did not is not in it."""
        query = (
            select(profiles.c.profile, func.count().label("all"), func.sum(queries.c.blocked))
            .join(profiles, profiles.c.id == queries.c.profile)
            .where(queries.c.at >= to_us(since))
            .group_by(profiles.c.profile)
        )
        with self._database.reading() as connection:
            return {row[0]: Count(row[1], row[2]) for row in connection.execute(query)}

    def asked(self, since: datetime, profile: str = "") -> tuple[AskedName, ...]:
        """Return each name asked for since then, by profile, the most asked first.

        ``profile`` narrows to one.  What was logged without its name is not among them.
        """
        number = func.count().label("number")
        query = (
            select(names.c.name, profiles.c.profile, number)
            .select_from(queries)
            .join(names, names.c.id == queries.c.name)
            .join(profiles, profiles.c.id == queries.c.profile)
            .where(queries.c.at >= to_us(since))
            .group_by(queries.c.name, queries.c.profile)
            .order_by(number.desc(), names.c.name, profiles.c.profile)
        )
        if profile:
            query = query.where(profiles.c.profile == profile)
        with self._database.reading() as connection:
            return tuple(AskedName(*row) for row in connection.execute(query))

    def newest_time(self) -> datetime | None:
        """Return when the newest row was asked, None for an empty log."""
        with self._database.reading() as connection:
            found = connection.execute(select(func.max(queries.c.at))).scalar()
        return None if found is None else from_us(found)


def _clients_at(connection: Connection, address: str) -> Sequence[int]:
    return (
        connection.execute(select(clients.c.id).where(clients.c.address == address)).scalars().all()
    )


def _narrow(query: Select[Any], wanted: LogFilter) -> Select[Any]:
    """Narrow by everything but the address."""
    if wanted.profile:
        one = select(profiles.c.id).where(profiles.c.profile == wanted.profile)
        query = query.where(queries.c.profile == one.scalar_subquery())
    if wanted.blocked_only:
        query = query.where(queries.c.blocked == 1)
    if wanted.text:
        text = wanted.text[:_LONGEST_TEXT].lower()
        found = select(names.c.id).where(names.c.name.contains(text, autoescape=True))
        query = query.where(queries.c.name.in_(found))
    if wanted.before_id is not None and wanted.before_id <= _LARGEST_ID:
        query = query.where(queries.c.id < wanted.before_id)
    return query


def _row(row: Any) -> LogRow:
    return LogRow(
        id=row.id,
        at=from_us(row.at),
        address=row.address,
        mac=row.mac,
        name=row.name_text or "",
        qtype=row.qtype,
        profile=row.profile_text,
        action=row.action,
        reason=row.reason,
        category=row.category,
        source=row.source,
        matched=row.matched_text or "",
        detail=row.detail,
        version=row.version,
        build=row.build,
        rcode=row.rcode,
        origin=Origin(row.origin),
        took_us=row.took_us,
    )
