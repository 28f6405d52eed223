"""Wrong sign-ins for each source address, and how long it must wait after them.

Counted for the address and never for the account: a child must not lock a parent out.
"""

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from filterd.config.address import plain_address
from filterd.store.database import Database
from filterd.store.instant import from_us, to_us
from filterd.store.tables import attempts

_FREE_TRIES = 5
_FIRST_DELAY_S = 30
_LONGEST_DELAY_S = 3600
_FORGOTTEN_AFTER = timedelta(days=1)
# A device can take many addresses; this many are remembered, and the oldest go first.
_ADDRESSES = 5_000


def delay_s(failures: int) -> int:
    """Return the seconds to wait after so many failures in a row.

    None for the first four; 30 after the fifth, doubling up to an hour.
    """
    over = failures - _FREE_TRIES
    if over < 0:
        return 0
    # Bounded before the shift: a million failures must not make a number of a million bits.
    return min(_FIRST_DELAY_S << min(over, 16), _LONGEST_DELAY_S)


class Attempts:
    """The failures in ``policy.db``; part of ``guardians.Guardians``.

    ``address`` is text as the connection gave it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def wait_s(self, address: str, now: datetime) -> int:
        """Return how many seconds this address must still wait before it may try, 0 for none."""
        query = select(attempts).where(attempts.c.address == _canonical(address))
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        # A clock that was set back must not lock anyone out until it is there again.
        if row is None or to_us(now) < row.last:
            return 0
        left = from_us(row.until) - now
        return max(0, -(-left // timedelta(seconds=1)))

    def failed(self, address: str, now: datetime) -> int:
        """Count a failure; returns the seconds to wait before the next try."""
        source = _canonical(address)
        with self._database.writing() as connection:
            forgotten = attempts.c.last <= to_us(now - _FORGOTTEN_AFTER)
            connection.execute(delete(attempts).where(forgotten))
            known = select(attempts.c.failures).where(attempts.c.address == source)
            failures = (connection.execute(known).scalar() or 0) + 1
            wait_s = delay_s(failures)
            values = {
                "failures": failures,
                "last": to_us(now),
                "until": to_us(now + timedelta(seconds=wait_s)),
            }
            row = upsert(attempts).values(address=source, **values)
            connection.execute(row.on_conflict_do_update(index_elements=["address"], set_=values))
            newest = select(attempts.c.address).order_by(attempts.c.last.desc()).limit(_ADDRESSES)
            connection.execute(delete(attempts).where(attempts.c.address.not_in(newest)))
        return wait_s

    def succeeded(self, address: str) -> None:
        """Forget the failures of an address that signed in."""
        with self._database.writing() as connection:
            connection.execute(delete(attempts).where(attempts.c.address == _canonical(address)))


def _canonical(address: str) -> str:
    """Return one spelling for one source; text that is no address stands for itself."""
    found = plain_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        # A device may take any address of its /64, so the whole of it is one source.
        return str(ipaddress.IPv6Network((int(found), 64), strict=False))
    return address if found is None else str(found)
