"""Texts that repeat, kept once: the log's rows hold their numbers.

One SQL statement for any number of texts, because every step of a statement gives Python's lock
away, and beside a busy event loop it takes milliseconds to get it back (2,000 single inserts in a
thread take over ten seconds there; measured).
"""

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from filterd.errors import StoreError

K = TypeVar("K", bound=Hashable)


class Interned(Generic[K]):
    """The numbers of one table's texts; keeps the ``size`` most recently used in memory.

    ``table`` has an ``id`` and ``columns`` that are unique together; a key is the one column's
    text, or a tuple when there are several.  Only right while nobody else deletes rows:
    ``forget`` then.
    """

    def __init__(self, table: str, columns: tuple[str, ...], size: int) -> None:
        picks = [f"json_extract(value, '$[{n}]')" for n in range(len(columns))]
        pairs = " AND ".join(f"t.{c} = {p}" for c, p in zip(columns, picks, strict=True))
        # Table and column names are this package's own words.
        self._insert = (
            f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608
            f"SELECT {', '.join(picks)} FROM json_each(?) WHERE true ON CONFLICT DO NOTHING"
        )
        self._select = (
            f"SELECT json_group_array(json_array(key, t.id)) "  # noqa: S608
            f"FROM json_each(?) CROSS JOIN {table} t ON {pairs}"
        )
        self._size = size
        self._known: OrderedDict[K, int] = OrderedDict()

    def numbers(self, db: sqlite3.Connection, keys: Iterable[K]) -> Mapping[K, int]:
        """Return the number of every key, storing those that are new.

        ``db`` is in a transaction that may write; ``forget`` when it is rolled back.
        """
        known = self._known
        found: dict[K, int] = {}
        missing: list[K] = []
        for key in keys:
            number = known.get(key)
            if number is None:
                missing.append(key)
            else:
                known.move_to_end(key)
                found[key] = number
        if missing:
            found.update(self._store(db, missing))
        return found

    def forget(self) -> None:
        self._known.clear()

    def _store(self, db: sqlite3.Connection, missing: list[K]) -> Mapping[K, int]:
        rows = json.dumps([_storable(key) for key in missing])
        db.execute(self._insert, (rows,))
        numbers = json.loads(db.execute(self._select, (rows,)).fetchone()[0])
        if len(numbers) != len(missing):
            raise StoreError("the log cannot keep these texts")
        found = {missing[position]: number for position, number in numbers}
        self._known.update(found)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return found


def _storable(key: Hashable) -> list[object]:
    """Return a key as a row; SQLite's JSON ends a text at NUL and keeps no lone surrogate."""
    parts = key if isinstance(key, tuple) else (key,)
    return [
        part.replace("\0", "").encode("utf-8", "replace").decode()
        if isinstance(part, str)
        else part
        for part in parts
    ]
