"""Who may sign in to the page, with their sessions, failed attempts and the set-up code."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from filterd.store.attempts import Attempts
from filterd.store.database import Database
from filterd.store.instant import from_us, to_us
from filterd.store.sessions import Sessions
from filterd.store.setup_code import SetupCode, has_guardian, redeem
from filterd.store.tables import guardians, sessions, setup_code


@dataclass(frozen=True, slots=True)
class Guardian:
    """Someone who may sign in.

    ``login`` is ``name`` with case and spelling evened out: a phone's keyboard begins with a
    capital, and that must not keep anyone out.
    """

    login: str
    name: str
    password_hash: str
    created: datetime


class Guardians:
    """Everything about signing in that is in ``policy.db``, for any number of threads.

    Every method, and every method of the parts, raises StoreError when the database cannot be
    used.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self.sessions = Sessions(self._database)
        self.attempts = Attempts(self._database)
        self.setup_code = SetupCode(self._database)

    def close(self) -> None:
        self._database.close()

    def any(self) -> bool:
        """Return whether there is a guardian; as long as not, the set-up code opens the page."""
        with self._database.reading() as connection:
            return has_guardian(connection)

    def all(self) -> tuple[Guardian, ...]:
        """Return all guardians, the first one first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(guardians).order_by(guardians.c.created)).all()
        return tuple(_guardian(row) for row in rows)

    def by_name(self, name: str) -> Guardian | None:
        """Return the guardian of that name, however it is spelled, or None."""
        query = select(guardians).where(guardians.c.login == login_of(name))
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _guardian(row)

    def create(self, name: str, password_hash: str, now: datetime) -> Guardian | None:
        """Add a guardian and return them; None when the name is taken."""
        with self._database.writing() as connection:
            return _create(connection, name, password_hash, now)

    def create_first(
        self, code: str, name: str, password_hash: str, now: datetime
    ) -> Guardian | None:
        """Add the first guardian for the set-up code, which is void from then on.

        None when the code is not accepted, which counts as a try.  Check ``setup_code.accepts``
        before hashing a password: a hash is expensive.
        """
        with self._database.writing() as connection:
            if not redeem(connection, code, now):
                return None
            connection.execute(delete(setup_code))
            return _create(connection, name, password_hash, now)

    def change_password(self, name: str, password_hash: str) -> bool:
        """Replace a password and sign the guardian out everywhere; False for an unknown name."""
        with self._database.writing() as connection:
            login = login_of(name)
            connection.execute(delete(sessions).where(sessions.c.guardian == login))
            return _replace_hash(connection, login, password_hash)

    def rehash(self, name: str, password_hash: str) -> bool:
        """Store a fresh hash of the same password; sessions stay.  False for an unknown name."""
        with self._database.writing() as connection:
            return _replace_hash(connection, login_of(name), password_hash)


def login_of(name: str) -> str:
    """Return what two spellings of one name have in common."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _create(
    connection: Connection, name: str, password_hash: str, now: datetime
) -> Guardian | None:
    login = login_of(name)
    taken = select(guardians.c.login).where(guardians.c.login == login)
    if connection.execute(taken).first() is not None:
        return None
    made = Guardian(login, name.strip(), password_hash, now)
    row = {
        "login": made.login,
        "name": made.name,
        "password_hash": made.password_hash,
        "created": to_us(now),
    }
    connection.execute(insert(guardians).values(row))
    return made


def _replace_hash(connection: Connection, login: str, password_hash: str) -> bool:
    change = update(guardians).where(guardians.c.login == login)
    return connection.execute(change.values(password_hash=password_hash)).rowcount == 1


def _guardian(row: Any) -> Guardian:
    return Guardian(row.login, row.name, row.password_hash, from_us(row.created))
