"""Holds the answers of upstreams, once for all profiles, for exactly as long as they may be kept.

An entry carries the names of its answer chain, so that each profile can be asked about them
before the entry is served.  What a profile caps (TTL) is capped on the way out, never here.
Time comes in as ``tick``.  Source: RFC 2308 (negative answers), RFC 9520 (failures).
"""

from dataclasses import dataclass

from filterd.policy.bounded import Bounded
from filterd.wire.answer import Answer, Body, Section, negative_ttl
from filterd.wire.codes import ANY, NOERROR, NXDOMAIN, SERVFAIL
from filterd.wire.query import Query

ENTRIES = 20_000
SIZE_BYTES = 16 * 1024 * 1024
# A record that says "a year" must not stay wrong for longer than a day.
LONGEST_S = 86_400
LONGEST_NEGATIVE_S = 3_600
SERVFAIL_S = 5

Key = tuple[str, int, int, bool, bool]


def key_of(query: Query) -> Key:
    """Return what makes two queries have the same answer: name, type, class, DO, CD."""
    question = query.question
    return (question.name, question.qtype, question.qclass, query.do, query.cd)


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer without its OPT.

    ``names`` are the chain's targets (CNAME, DNAME, SVCB, HTTPS); ``stored`` and ``expires`` are
    ticks.
    """

    body: Body
    names: tuple[str, ...]
    rcode: int
    stored: float
    expires: float


def lifetime_s(answer: Answer) -> int:
    """Return how many seconds an answer may be kept; 0 for not at all."""
    if answer.rcode == SERVFAIL:
        return SERVFAIL_S
    if answer.rcode not in {NOERROR, NXDOMAIN}:
        return 0
    records = [record for record in answer.records if record.section is Section.ANSWER]
    times = [record.ttl for record in records]
    wanted = answer.question.qtype
    if answer.rcode == NXDOMAIN or all(wanted not in {record.rtype, ANY} for record in records):
        # RFC 2308 §5: without an SOA nobody said how long "no" holds.
        times.append(min(negative_ttl(answer) or 0, LONGEST_NEGATIVE_S))
    return min(*times, LONGEST_S)


def entry_of(answer: Answer, body: Body, tick: float) -> Entry:
    """Make an entry of what ``wire.answer.without_opt`` returned."""
    names = dict.fromkeys(record.target for record in answer.records if record.target is not None)
    return Entry(body, tuple(names), answer.rcode, tick, tick + lifetime_s(answer))


def _size_bytes(entry: Entry) -> int:
    return sum(map(len, entry.body.chunks))


class Cache:
    """Answers by question."""

    def __init__(self, entries: int = ENTRIES, size_bytes: int = SIZE_BYTES) -> None:
        self._entries: Bounded[Key, Entry] = Bounded(entries, size_bytes, _size_bytes)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key, tick: float) -> Entry | None:
        """Return what is kept and still holds at ``tick``, else None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if tick >= entry.expires:
            self._entries.drop(key)
            return None
        return entry

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry, unless it has no time to live."""
        if entry.expires > entry.stored:
            self._entries.put(key, entry)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
