"""Decides what of a query is kept at all: the profile's log depth, and the names never kept."""

from typing import NamedTuple

from filterd.policy.table import MomentTable
from filterd.policy.verdict import Verdict
from filterd.resolve.asked import Judged
from filterd.resolve.record import Origin, Record


class Words(NamedTuple):
    """The fields of a ``Record`` that a verdict decides, in the order they have there."""

    profile: str
    action: str
    reason: str
    category: str
    source: str
    matched: str
    detail: str
    version: int
    build: str


def words_of(table: MomentTable, verdict: Verdict, matched: str) -> Words:
    """Return what a record says of a verdict; ``matched`` is what the rule was written for."""
    build, version = table.build_version
    return Words(
        table.profile_id,
        verdict.action.value,
        verdict.reason.value,
        verdict.category,
        verdict.source,
        matched,
        verdict.detail,
        version,
        build,
    )


def record_of(judged: Judged, verdict: Verdict, rcode: int, origin: Origin) -> Record | None:
    """Return the line for the log, None where nothing may be kept.

    ``verdict`` is the last word, on the question or on its answer.  The asked name and the
    rule's stay out where the profile's depth is ``categories``.
    """
    table, asked = judged.table, judged.asked
    depth = table.profile.log
    # A helpline leaves no line, so not even a time; also where its answer led to a locked name.
    if depth == "nothing" or not judged.verdict.is_recorded:
        return None
    name, qtype, _ = asked.query.question
    if _begins_with_a_helpline(table, name):
        return None
    is_full = depth == "full"
    return Record(
        judged.now.wall,
        asked.address,
        name if is_full else "",
        qtype,
        *words_of(table, verdict, _matched(judged, verdict) if is_full else ""),
        rcode,
        origin,
        int((judged.now.tick - asked.since) * 1e6),
    )


def _begins_with_a_helpline(table: MomentTable, name: str) -> bool:
    """Tell whether a helpline is asked for with a search suffix behind it.

    A device may try ``childline.org.uk.lan`` before, or after, ``childline.org.uk`` itself.
    """
    shorter = name.rpartition(".")[0]
    while "." in shorter:
        if table.is_helpline(shorter):
            return True
        shorter = shorter.rpartition(".")[0]
    return False


def _matched(judged: Judged, verdict: Verdict) -> str:
    """Return what the rule was written for; a list's is looked up only here."""
    name, qtype, _ = judged.query.question
    return judged.table.named(name, qtype, verdict).matched
