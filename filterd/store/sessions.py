"""Signed-in browsers: the browser holds a random token, the store only its SHA-256.

Whoever reads the database cannot sign in with what is in it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from filterd.store.database import Database
from filterd.store.instant import from_us, to_us
from filterd.store.tables import guardians, sessions

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: whose it is, ``name`` being as shown; ``data`` is the page's own."""

    login: str
    name: str
    data: str
    created: datetime
    expires: datetime


class Sessions:
    """The sessions in ``policy.db``; part of ``guardians.Guardians``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, login: str, *, now: datetime, expires: datetime, data: str = "") -> str:
        """Sign a browser in and return the token to give it; forgets what has expired."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        row = {
            "token_hash": _hash(token),
            "guardian": login,
            "data": data,
            "created": to_us(now),
            "expires": to_us(expires),
        }
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires <= to_us(now)))
            connection.execute(insert(sessions).values(row))
        return token

    def get(self, token: str, now: datetime) -> Session | None:
        """Return the session of a token, None when there is none or it has expired."""
        query = (
            select(
                guardians.c.login,
                guardians.c.name,
                sessions.c.data,
                sessions.c.created,
                sessions.c.expires,
            )
            .join(guardians, guardians.c.login == sessions.c.guardian)
            .where(sessions.c.token_hash == _hash(token), sessions.c.expires > to_us(now))
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return Session(row.login, row.name, row.data, from_us(row.created), from_us(row.expires))

    def put(self, token: str, *, data: str, expires: datetime) -> bool:
        """Replace a session's data and end; False when it was dropped meanwhile."""
        change = (
            update(sessions)
            .where(sessions.c.token_hash == _hash(token))
            .values(data=data, expires=to_us(expires))
        )
        with self._database.writing() as connection:
            return connection.execute(change).rowcount == 1

    def drop(self, token: str) -> None:
        """Sign one browser out; an unknown token is nothing to do."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))

    def drop_all(self, login: str) -> int:
        """Sign a guardian out everywhere; returns of how many browsers."""
        with self._database.writing() as connection:
            gone = connection.execute(delete(sessions).where(sessions.c.guardian == login))
            return gone.rowcount


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
