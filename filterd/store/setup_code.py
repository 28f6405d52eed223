"""The one-time code that proves that whoever sets filterd up can read its console.

Stored hashed, good for 30 minutes and five tries, void once there is a guardian.
"""

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, insert, select, update

from filterd.store.database import Database
from filterd.store.instant import to_us
from filterd.store.tables import guardians, setup_code

_VALID = timedelta(minutes=30)
_TRIES = 5
# Without what looks alike (0 o, 1 i l, 5 s, u v) and without vowels, so that no words come out.
# 26 letters, 14 places: 65 bits, so a plain SHA-256 of it is safe for half an hour.
_ALPHABET = "2346789bcdfghjkmnpqrtvwxyz"
_GROUPS = (4, 4, 4, 2)


class SetupCode:
    """The set-up code in ``policy.db``; part of ``guardians.Guardians``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, now: datetime) -> str | None:
        """Make a new code, void the old one, and return it as shown: ``k7qf-9m2x-hd4w-t6``.

        None when there is a guardian: nothing is to be set up then.
        """
        code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(n)) for n in _GROUPS)
        row = {"id": 1, "code_hash": _hash(code), "expires": to_us(now + _VALID), "tries": 0}
        with self._database.writing() as connection:
            if has_guardian(connection):
                return None
            connection.execute(delete(setup_code))
            connection.execute(insert(setup_code).values(row))
        return code

    def accepts(self, code: str, now: datetime) -> bool:
        """Return whether this is the code; a wrong one counts as a try, a right one does not."""
        with self._database.writing() as connection:
            return redeem(connection, code, now)


def redeem(connection: Connection, code: str, now: datetime) -> bool:
    """Do what ``SetupCode.accepts`` says inside a transaction that may write."""
    row = connection.execute(select(setup_code)).first()
    if row is None or has_guardian(connection):
        return False
    if row.tries >= _TRIES or to_us(now) >= row.expires:
        return False
    if hmac.compare_digest(row.code_hash, _hash(code)):
        return True
    connection.execute(update(setup_code).values(tries=row.tries + 1))
    return False


def has_guardian(connection: Connection) -> bool:
    return bool(connection.execute(select(exists(select(guardians.c.login)))).scalar())


def _hash(code: str) -> str:
    """Hash what was meant: case, spaces, dashes and the keyboard's digits do not matter."""
    plain = "".join(_plain(letter) for letter in code if letter.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(letter: str) -> str:
    digit = unicodedata.decimal(letter, None)
    return letter.lower() if digit is None else str(digit)
