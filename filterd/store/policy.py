"""The policy's versions and the overrides beside them: what guardians decided.

A version is never changed or deleted, so undo, history and copying to other nodes are one
mechanism.  Compiling a document, and whether it makes sense, is ``filterd.policy``'s.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from filterd.config.document import Document, parse_document
from filterd.errors import ConfigError, Conflict, NothingToUndo, StoreError
from filterd.policy.override import Override
from filterd.store.database import Database
from filterd.store.instant import from_us, to_us
from filterd.store.live import read_override
from filterd.store.tables import meta, overrides, versions

_NEWEST_TIME = "newest_time"
_OVERRIDE_COLUMNS = (
    overrides.c.id,
    overrides.c.kind,
    overrides.c.profile,
    overrides.c.device,
    overrides.c.categories,
    overrides.c.names,
    overrides.c.starts,
    overrides.c.ends,
    overrides.c.author,
)
_CHANGE_COLUMNS = (
    versions.c.number,
    versions.c.author,
    versions.c.time,
    versions.c.reason,
    versions.c.undoes,
)


@dataclass(frozen=True, slots=True)
class Change:
    """Who made a version, when and why; ``undoes`` is the version an undo took back."""

    number: int
    author: str
    time: datetime
    reason: str
    undoes: int | None


@dataclass(frozen=True, slots=True)
class Version(Change):
    """A version with its document."""

    document: Document


class PolicyStore:
    """Versions and overrides in ``policy.db``, for any number of threads and processes.

    Every method raises StoreError when the database cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path)

    def close(self) -> None:
        self._database.close()

    def current(self) -> Version:
        """Return the newest version; raises StoreError when there is none yet."""
        with self._database.reading() as connection:
            return self._newest(connection)

    def at(self, number: int) -> Version | None:
        """Return one version, or None when there is no such version."""
        with self._database.reading() as connection:
            return self._find(connection, number)

    def versions(self, limit: int = 50) -> tuple[Change, ...]:
        """Return the latest changes, newest first."""
        query = select(*_CHANGE_COLUMNS).order_by(versions.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return tuple(_change(row) for row in connection.execute(query))

    def has(self, document: Document) -> bool:
        """Return whether this document was ever in force.

        The first and the newest version are compared by what they mean, all others as written.
        """
        same = select(versions.c.number).where(versions.c.document == document.model_dump_json())
        with self._database.reading() as connection:
            if connection.execute(same.limit(1)).first() is not None:
                return True
            ends = (self._newest(connection), self._find(connection, 1))
        return any(version is not None and version.document == document for version in ends)

    def save(
        self, document: Document, *, based_on: int, author: str, reason: str, now: datetime
    ) -> Version:
        """Store a new version and return it; it is on the disk when this returns.

        ``based_on`` is the number the change was made from; raises Conflict when it is no longer
        the newest.  A document equal to the newest is no change: that version is returned.
        """
        with self._database.writing() as connection:
            newest = self._expect(connection, based_on)
            if newest.document == document:
                return newest
            return _append(connection, Version(0, author, now, reason, None, document))

    def undo(self, *, author: str, now: datetime, based_on: int | None = None) -> Version:
        """Store the document before the last change as a new version and return it.

        An undo is a change like any other, so undoing it brings the change back.  Raises Conflict
        as ``save`` does when ``based_on`` is given, and NothingToUndo when nothing was changed yet.
        """
        with self._database.writing() as connection:
            newest = self._expect(connection, based_on)
            before = self._find(connection, newest.number - 1)
            if before is None:
                raise NothingToUndo("there is no change to undo")
            reason = f"undoes version {newest.number}"
            return _append(
                connection, Version(0, author, now, reason, newest.number, before.document)
            )

    def seed(self, document: Document, author: str, now: datetime) -> Version | None:
        """Store version 1; None, and nothing done, when there is a version already."""
        with self._database.writing() as connection:
            if connection.execute(select(versions.c.number).limit(1)).first() is not None:
                return None
            return _append(connection, Version(0, author, now, "starter policy", None, document))

    def add_override(self, override: Override, now: datetime) -> Override:
        """Store an override and return it with its own id; the id given does not matter.

        Without a start it begins ``now``.
        """
        starts = override.starts or now
        row = {
            "kind": override.kind,
            "profile": override.profile,
            "device": override.device,
            "categories": json.dumps(override.categories),
            "names": json.dumps(override.names),
            "starts": to_us(starts),
            "ends": None if override.ends is None else to_us(override.ends),
            "author": override.author,
            "created": to_us(now),
        }
        with self._database.writing() as connection:
            stored = connection.execute(insert(overrides).values(row))
            _remember_time(connection, now)
        return replace(override, id=stored.lastrowid, starts=starts)

    def end_override(self, number: int, *, author: str, now: datetime) -> bool:
        """End an override before its time; False when there is none that is not over."""
        is_open = or_(overrides.c.ends.is_(None), overrides.c.ends > to_us(now))
        change = (
            update(overrides)
            .where(overrides.c.id == number, overrides.c.ended.is_(None), is_open)
            .values(ended=to_us(now), ended_by=author)
        )
        with self._database.writing() as connection:
            was_open = connection.execute(change).rowcount == 1
            if was_open:
                _remember_time(connection, now)
        return was_open

    def overrides(self, now: datetime) -> tuple[Override, ...]:
        """Return the overrides that are not over at ``now``, oldest first.

        Those that begin later are among them: a policy must know when it changes next.
        """
        is_open = or_(overrides.c.ends.is_(None), overrides.c.ends > to_us(now))
        query = (
            select(*_OVERRIDE_COLUMNS)
            .where(overrides.c.ended.is_(None), is_open)
            .order_by(overrides.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        try:
            return tuple(read_override(row) for row in rows)
        except ValueError as error:
            raise StoreError(f"{self._path}: an override cannot be read: {error}") from error

    def newest_time(self) -> datetime | None:
        """Return the latest instant any change was made at, None before the first.

        A clock that is behind it is wrong.
        """
        with self._database.reading() as connection:
            found = _newest_us(connection)
        return None if found is None else from_us(found)

    def trust_clock(self, now: datetime) -> None:
        """Forget stored times later than ``now``: they were written while the clock was ahead."""
        with self._database.writing() as connection:
            _set_newest_us(connection, to_us(now))

    def _expect(self, connection: Connection, based_on: int | None) -> Version:
        newest = self._newest(connection)
        if based_on is not None and newest.number != based_on:
            raise Conflict(
                f"version {newest.number} was saved by {newest.author} in the meantime; "
                f"this change was made from version {based_on}"
            )
        return newest

    def _newest(self, connection: Connection) -> Version:
        query = select(versions).order_by(versions.c.number.desc()).limit(1)
        row = connection.execute(query).first()
        if row is None:
            raise StoreError(f"{self._path}: holds no policy yet; 'filterd run' stores the first")
        return self._read(row)

    def _find(self, connection: Connection, number: int) -> Version | None:
        row = connection.execute(select(versions).where(versions.c.number == number)).first()
        return None if row is None else self._read(row)

    def _read(self, row: Any) -> Version:
        try:
            document = parse_document(row.document)
        except ConfigError as error:
            what = "; ".join(str(problem) for problem in error.problems)
            raise StoreError(
                f"{self._path}: version {row.number} cannot be read by this filterd: {what}"
            ) from error
        return Version(row.number, row.author, from_us(row.time), row.reason, row.undoes, document)


def _change(row: Any) -> Change:
    return Change(row.number, row.author, from_us(row.time), row.reason, row.undoes)


def _append(connection: Connection, draft: Version) -> Version:
    """Store ``draft`` under the next number; the caller's transaction holds the write lock."""
    row = {
        "document": draft.document.model_dump_json(),
        "author": draft.author,
        "time": to_us(draft.time),
        "reason": draft.reason,
        "undoes": draft.undoes,
    }
    stored = connection.execute(insert(versions).values(row))
    _remember_time(connection, draft.time)
    return replace(draft, number=stored.lastrowid)


def _remember_time(connection: Connection, now: datetime) -> None:
    newest = _newest_us(connection)
    _set_newest_us(connection, to_us(now) if newest is None else max(newest, to_us(now)))


def _set_newest_us(connection: Connection, newest: int) -> None:
    value = str(newest)
    row = upsert(meta).values(key=_NEWEST_TIME, value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def _newest_us(connection: Connection) -> int | None:
    found = connection.execute(select(meta.c.value).where(meta.c.key == _NEWEST_TIME)).scalar()
    return None if found is None else int(found)
