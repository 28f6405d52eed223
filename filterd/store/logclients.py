"""The devices that asked: who is at which address, since when, and how often.

A device is an address together with its MAC address.  While the MAC is unknown (empty), the
address stands for whoever used it last; the first MAC that becomes known completes that row, and
another one later means another device took the address over.  What was asked is not kept here.
"""

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from filterd.errors import StoreError

_SIZE = 4_096

_WANTED = """
    WITH wanted AS MATERIALIZED (
        SELECT json_extract(value, '$[0]') AS address, json_extract(value, '$[1]') AS mac,
            json_extract(value, '$[2]') AS at
        FROM json_each(?)
    )
"""
# Each below is one statement for any number of clients; see ``interned`` for why.
_COMPLETE = f"""
    {_WANTED}
    UPDATE clients SET mac = wanted.mac FROM wanted
    WHERE clients.address = wanted.address AND clients.mac = '' AND wanted.mac <> ''
        AND NOT EXISTS (
            SELECT 1 FROM clients c WHERE c.address = wanted.address AND c.mac = wanted.mac
        )
"""  # noqa: S608 - built from this module's own words
_INSERT = f"""
    {_WANTED}
    INSERT INTO clients (address, mac, first_seen, last_seen, queries)
    SELECT address, mac, at, at, 0 FROM wanted
    WHERE NOT EXISTS (
        SELECT 1 FROM clients c
        WHERE c.address = wanted.address AND (c.mac = wanted.mac OR wanted.mac = '')
    )
"""  # noqa: S608
_SELECT = f"""
    {_WANTED}
    SELECT json_group_array(json_array(address, mac, (
        SELECT id FROM clients c
        WHERE c.address = wanted.address AND (c.mac = wanted.mac OR wanted.mac = '')
        ORDER BY last_seen DESC, id DESC LIMIT 1
    ))) FROM wanted
"""  # noqa: S608
_COUNT = """
    UPDATE clients SET
        first_seen = min(first_seen, json_extract(value, '$[1]')),
        last_seen = max(last_seen, json_extract(value, '$[1]')),
        queries = queries + json_extract(value, '$[2]')
    FROM json_each(?) WHERE clients.id = json_extract(value, '$[0]')
"""


class Asked(NamedTuple):
    """How often a client asked in a batch, and when last (microseconds)."""

    last_us: int
    queries: int


class LogClients:
    """The ``clients`` table for one writer; remembers the numbers of recent clients."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], int] = OrderedDict()

    def count(
        self, db: sqlite3.Connection, asked: Mapping[str, Asked], macs: Mapping[str, str]
    ) -> Mapping[str, int]:
        """Count what each address asked and return its client's number.

        ``macs`` holds the MAC addresses that are known, by address.  ``db`` is in a transaction
        that may write; ``forget`` when it is rolled back.
        """
        keys = {address: (address, macs.get(address, "")) for address in asked}
        missing = [
            (*key, asked[address].last_us)
            for address, key in keys.items()
            if key not in self._known
        ]
        if missing:
            self._store(db, missing)
        numbers = {address: self._known[key] for address, key in keys.items()}
        rows = [(numbers[address], *counted) for address, counted in asked.items()]
        db.execute(_COUNT, (json.dumps(rows),))
        for key in keys.values():
            self._known.move_to_end(key)
        while len(self._known) > _SIZE:
            self._known.popitem(last=False)
        return numbers

    def forget(self) -> None:
        self._known.clear()

    def _store(self, db: sqlite3.Connection, missing: list[tuple[str, str, int]]) -> None:
        wanted = json.dumps(missing)
        db.execute(_COMPLETE, (wanted,))
        db.execute(_INSERT, (wanted,))
        stored = json.loads(db.execute(_SELECT, (wanted,)).fetchone()[0])
        if len(stored) != len(missing):
            raise StoreError("the log cannot keep these clients")
        for address, mac, number in stored:
            self._known[address, mac] = number
            # When the MAC is unknown for a while, this is who used the address last.
            self._known[address, ""] = number
