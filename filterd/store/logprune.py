"""Forgetting old log rows, and every name, client and verdict that only they used.

Short transactions, so that the DNS process goes on writing in between.  A number it remembers may
be of something unused; so whatever was written since the search is looked at again before
deleting, and the writer forgets its numbers when it sees that somebody else wrote.
"""

import json
import sqlite3

_ROWS = 5_000
_TEXTS = 2_000

_DELETE_ROWS = """
    DELETE FROM queries WHERE id IN (SELECT id FROM queries WHERE at < ? LIMIT ?)
"""
# Where a number is used: table, its columns in ``queries``, and what else must hold to delete it.
_USES = (
    ("names", ("name", "matched"), "true"),
    ("decisions", ("decision",), "true"),
    ("profiles", ("profile",), "true"),
    ("clients", ("client",), "last_seen < :before"),
)


def prune_log(db: sqlite3.Connection, before_us: int) -> int:
    """Delete what is older than ``before_us``; returns the number of rows.

    ``db`` is not in a transaction.  Raises sqlite3.Error; what was deleted until then stays so.
    """
    total = 0
    while True:
        deleted = db.execute(_DELETE_ROWS, (before_us, _ROWS)).rowcount
        total += deleted
        if deleted < _ROWS:
            break
    for table, columns, condition in _USES:
        _delete_unused(db, table, columns, condition, before_us)
    # Deleted content also lies in the journal until that is cut off.
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return total


def _delete_unused(
    db: sqlite3.Connection, table: str, columns: tuple[str, ...], condition: str, before_us: int
) -> None:
    # All texts below are this module's own words.
    used = " UNION ALL ".join(
        f"SELECT {column} FROM queries WHERE id > :after AND {column} IS NOT NULL"  # noqa: S608
        for column in columns
    )
    unused = f"FROM {table} WHERE {condition} AND id NOT IN ({used})"
    db.execute("BEGIN")
    try:
        newest = db.execute("SELECT coalesce(max(id), 0) FROM queries").fetchone()[0]
        found = db.execute(f"SELECT id {unused}", {"after": 0, "before": before_us}).fetchall()
    finally:
        db.execute("ROLLBACK")
    delete = f"DELETE {unused} AND id IN (SELECT value FROM json_each(:ids))"  # noqa: S608
    for start in range(0, len(found), _TEXTS):
        ids = json.dumps([row[0] for row in found[start : start + _TEXTS]])
        db.execute(delete, {"after": newest, "before": before_us, "ids": ids})
