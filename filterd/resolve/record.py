"""One line of the query log, as it leaves the query's path."""

from enum import IntEnum
from typing import NamedTuple


class Origin(IntEnum):
    """Where the answer came from."""

    OURSELVES = 0  # blocked, rewritten, or a name with a meaning
    CACHE = 1
    UPSTREAM = 2
    FAILED = 3  # no upstream answered


class Record(NamedTuple):
    """What is kept of one query.

    ``at`` is seconds since the epoch; ``action``, ``reason`` are the values of the enums in
    ``policy.verdict``; ``version`` and ``build`` say which policy and which index decided, so
    that "why?" on an old row shows what was decided then.  ``name`` is empty where the
    profile's log depth keeps categories only.
    """

    at: float
    address: str
    name: str
    qtype: int
    profile: str
    action: str
    reason: str
    category: str
    source: str
    matched: str
    detail: str
    version: int
    build: str
    rcode: int
    origin: int
    took_us: int
