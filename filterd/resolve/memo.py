"""Holds whole replies by subject and packet, so that an equal query costs one look-up.

The memo is what lets Python keep up; it decides nothing.  A template is only right until
``valid_until`` (``honest_until`` says how long its TTLs stay true), for one policy and one index
build: the engine empties the memo when either changes and when the clock jumps.
"""

from typing import NamedTuple

from filterd.policy.bounded import Bounded
from filterd.resolve.cache import Entry

ENTRIES = 16_384
# Beyond this a query or reply is rare enough to be made each time.
LARGEST_BYTES = 1_232


class Template(NamedTuple):
    """A reply without its id; ``log`` is a ``Record`` without time and address, or None."""

    valid_until: float
    reply: bytes
    log: tuple[object, ...] | None


MemoKey = tuple[str, bytes]
Memo = Bounded[MemoKey, Template]


def new_memo(entries: int = ENTRIES) -> Memo:
    """Make an empty memo."""
    return Bounded(entries)


def cap_at(limit_s: int, left_s: float | None) -> int:
    """Return the TTL cap: a profile's limit, but nothing may outlive its next change.

    ``left_s`` is the time to that change, None when none is coming.  At least 1.
    """
    return limit_s if left_s is None else max(1, min(limit_s, int(left_s)))


def cap_until(limit_s: int, left_s: float | None, tick: float) -> float:
    """Return until when ``cap_at`` keeps its present value."""
    if left_s is None:
        return float("inf")
    whole = int(left_s)
    return tick + (left_s - limit_s if whole >= limit_s else max(left_s - whole, 0.0))


def honest_until(entry: Entry, cap_s: int, tick: float) -> float:
    """Return until when the TTLs that are written at ``tick`` stay true.

    A TTL above the cap is written as the cap, so the bytes do not change before the smallest TTL
    has counted down to it; below the cap they change with the next whole second.
    """
    if not entry.body.ttls:
        return entry.expires
    age_s = int(tick - entry.stored)
    steady = entry.body.lowest_ttl - cap_s
    changes = entry.stored + max(steady, age_s) + 1
    return min(changes, entry.expires)
