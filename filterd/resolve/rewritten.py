"""Forges the reply to a query that a list answers in another way.

Of all that the deciding list says: a response code is the whole answer; else the records of the
type that was asked for are; else an alias is, with what an upstream says of its target; else there
is nothing of this type.  Asking for a target is the engine's.
Source: RFC 1034 section 3.6.2 (CNAME); RFC 8914 sections 4.5 and 4.16.
"""

from filterd.policy.rulebook import alias_of
from filterd.policy.verdict import Verdict
from filterd.resolve.blocked import extended_error
from filterd.resolve.cache import Entry
from filterd.wire import forge
from filterd.wire import name as names
from filterd.wire.codes import ANY, EDE_FORGED, NOERROR, NXDOMAIN, REFUSED
from filterd.wire.edns import Ede
from filterd.wire.expand import plain_records
from filterd.wire.query import Query

# What a reply without an OPT can say.
_HIGHEST_RCODE = 0xF
# A list's rdata has at most 1,000 octets: so many always fit into a reply over TCP.
_MOST_RECORDS = 64


def forge_rewrite(query: Query, verdict: Verdict, ttl: int) -> bytes | None:
    """Return the reply, None where the answer for ``target_of`` belongs into it."""
    rcode, qtype = _rcode(verdict), query.question.qtype
    if rcode == NXDOMAIN:
        return forge.nxdomain(query, ttl=ttl, ede=extended_error(verdict))
    if rcode != NOERROR:
        return forge.failure(query, rcode, extended_error(verdict))
    if qtype == ANY:
        return forge.hinfo_any(query, ttl=ttl)
    rdatas = [each.rdata for each in verdict.rewrite if each.rtype == qtype]
    if rdatas:
        error = forged_error(verdict)
        return forge.records(query, rdatas[:_MOST_RECORDS], ttl=ttl, ede=error)
    if target_of(verdict, qtype):
        return None
    return forge.nodata(query, ttl=ttl, ede=extended_error(verdict))


def target_of(verdict: Verdict, qtype: int) -> str:
    """Return the name whose records are answered instead, "" when there is none."""
    is_answered = any(each.rtype == qtype for each in verdict.rewrite)
    if is_answered or _rcode(verdict) != NOERROR:
        return ""
    return next(filter(None, map(alias_of, verdict.rewrite)), "")


def query_for(query: Query, target: str) -> Query:
    """Return the same query for another name."""
    question = query.question._replace(name=target)
    type_and_class = query.asked[-4:]
    return query._replace(question=question, asked=names.to_wire(target) + type_and_class)


def forge_alias(query: Query, verdict: Verdict, target: str, ttl: int) -> bytes:
    """Return an alias with nothing behind it."""
    return forge.alias(query, target, ttl_cap=ttl, ede=forged_error(verdict))


def finish_alias(
    query: Query, verdict: Verdict, entry: Entry, *, age_s: int, ttl_cap: int
) -> bytes:
    """Return an alias for ``target_of`` with what ``entry`` says of that.

    TTLs are as for ``forge.finish``.  Raises WireError when the entry holds rdata that cannot be
    read.
    """
    target = target_of(verdict, query.question.qtype)
    found = plain_records(query.question._replace(name=target), entry.body)
    behind = forge.Behind(entry.rcode, found, age_s)
    return forge.alias(query, target, behind, ttl_cap=ttl_cap, ede=forged_error(verdict))


def forged_error(verdict: Verdict) -> Ede:
    """Say that the records are a list's, and for which category."""
    return (EDE_FORGED, f"category {verdict.category}")


def _rcode(verdict: Verdict) -> int:
    found = next((each.rcode for each in verdict.rewrite if each.rcode != NOERROR), NOERROR)
    return found if found <= _HIGHEST_RCODE else REFUSED
