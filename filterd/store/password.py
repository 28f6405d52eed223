"""Hashing and checking guardians' passwords with argon2id.

One hash takes 64 MiB and a good part of a second on a Raspberry Pi, on purpose; so one is made at
a time in a process, or a handful of sign-ins would eat the memory DNS lives in.
"""

import threading
import unicodedata
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_ONE_AT_A_TIME = threading.BoundedSemaphore(1)


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a check; ``rehashed`` is what to store instead, made with today's costs."""

    is_right: bool
    rehashed: str | None = None


def hash_password(password: str) -> str:
    """Return the hash to store.  Keyboards that spell a letter differently come out equal."""
    with _ONE_AT_A_TIME:
        return _HASHER.hash(_spelled(password))


def check_password(stored: str | None, password: str) -> Check:
    """Compare a password with a stored hash; None, for nobody, is wrong and takes as long."""
    with _ONE_AT_A_TIME:
        try:
            _HASHER.verify(_nobody() if stored is None else stored, _spelled(password))
        except (VerificationError, InvalidHashError):
            return Check(is_right=False)
        if stored is None:
            return Check(is_right=False)
        if _HASHER.check_needs_rehash(stored):
            return Check(is_right=True, rehashed=_HASHER.hash(_spelled(password)))
        return Check(is_right=True)


@cache
def _nobody() -> str:
    """Return what a stranger's password is compared with.

    Whoever guesses names must not learn by the time taken whether a guardian exists.
    """
    return _HASHER.hash("")


def _spelled(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
