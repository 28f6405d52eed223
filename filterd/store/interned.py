"""Texts that repeat, kept once: the log's rows hold their numbers.

One SQL statement for any number of texts, because every step of a statement gives Python's lock
away, and beside a busy event loop it takes milliseconds to get it back (2,000 single inserts in a
thread take over ten seconds there; measured).
"""

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
# New texts are stored so many at once: making JSON of more would keep other threads waiting.
_AT_ONCE = 2_000


class Interned(Generic[K]):
    """The numbers of one table's texts; keeps the ``size`` most recently used in memory.

    ``table`` has an ``id`` and ``columns`` that are unique together; a key is the one column's
    text, or a tuple when there are several.  Only right while nobody else deletes rows:
    ``forget`` then.
    """

    def __init__(self, table: str, columns: tuple[str, ...], size: int) -> None:
        picks = ["value"]
        if len(columns) > 1:
            picks = [f"json_extract(value, '$[{n}]')" for n in range(len(columns))]
        pairs = " AND ".join(f"t.{c} = {p}" for c, p in zip(columns, picks, strict=True))
        # Table and column names are this package's own words.
        self._next = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608
        self._insert = (
            f"INSERT INTO {table} (id, {', '.join(columns)}) "  # noqa: S608
            f"SELECT ? + key, {', '.join(picks)} FROM json_each(?)"
        )
        self._select = (
            f"SELECT json_group_array(json_array(key, t.id)) "  # noqa: S608
            f"FROM json_each(?) CROSS JOIN {table} t ON {pairs}"
        )
        self._is_text = len(columns) == 1
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
        for start in range(0, len(missing), _AT_ONCE):
            found.update(self._store(db, missing[start : start + _AT_ONCE]))
        return found

    def forget(self) -> None:
        self._known.clear()

    def _store(self, db: sqlite3.Connection, missing: list[K]) -> Mapping[K, int]:
        rows: Sequence[Hashable] = missing
        if not (self._is_text and _are_plain(missing)):
            rows = list(map(_storable, missing))
        stored = json.loads(db.execute(self._select, (json.dumps(rows),)).fetchone()[0])
        numbers: dict[object, int] = {rows[position]: number for position, number in stored}
        # Two keys may be the same once they can be stored.
        new = list(dict.fromkeys(row for row in rows if row not in numbers))
        if new:
            first: int = db.execute(self._next).fetchone()[0]
            db.execute(self._insert, (first, json.dumps(new)))
            numbers.update(zip(new, count(first), strict=False))
        found = {key: numbers[row] for key, row in zip(missing, rows, strict=True)}
        self._known.update(found)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return found


def _storable(key: Hashable) -> Hashable:
    """Return a key as it can be stored: SQLite's JSON ends a text at NUL, keeps no lone surrogate.

    A tuple's texts each.
    """
    if isinstance(key, str):
        return key.replace("\0", "").encode("utf-8", "replace").decode()
    return tuple(map(_storable, key)) if isinstance(key, tuple) else key


def _are_plain(texts: Iterable[object]) -> bool:
    """Tell whether texts can be stored as they are; nearly all names can."""
    all_texts = "".join(map(str, texts))
    return all_texts.isascii() and "\0" not in all_texts
