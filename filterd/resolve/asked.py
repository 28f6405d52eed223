"""Holds one query while it is answered: who asked what, when, and what is to be said of it."""

from typing import NamedTuple

from filterd.policy.snapshot import Policy
from filterd.policy.table import MomentTable
from filterd.policy.verdict import Verdict
from filterd.resolve.rewritten import query_for, target_of
from filterd.wire.query import Query


class Now(NamedTuple):
    """One instant on both clocks, in seconds.

    ``wall`` since the epoch, for policy and log; ``tick`` monotonic, for everything that ages.
    """

    wall: float
    tick: float


class Asked(NamedTuple):
    """A query and who sent it; ``address`` is plain, ``since`` the tick at which it came."""

    packet: bytes
    query: Query
    address: str
    mac: str | None
    over_stream: bool
    since: float


class Judged(NamedTuple):
    """A query with what holds for it at ``now``.

    ``left_s`` is the time to the subject's next change, None when none is coming.
    """

    asked: Asked
    now: Now
    policy: Policy
    subject: str
    table: MomentTable
    verdict: Verdict
    left_s: float | None

    @property
    def query(self) -> Query:
        return self.asked.query

    @property
    def wanted(self) -> Query:
        """The query whose answer is served: the client's own, or for what it is led to instead."""
        query, verdict = self.asked.query, self.verdict
        target = target_of(verdict, query.question.qtype) if verdict.is_rewrite else ""
        return query_for(query, target) if target else query
