"""Forges the reply to a query that is blocked, and says in it why.

The verdict is ``policy``'s, the bytes are ``wire.forge``'s; here is what a profile's choice of
answer and a verdict's reason look like on the wire.  Source: RFC 8914 §4.16 to §4.18.
"""

from filterd.config.document import Answer
from filterd.policy.verdict import Reason, Verdict
from filterd.wire import forge
from filterd.wire.codes import EDE_BLOCKED, EDE_CENSORED, EDE_FILTERED
from filterd.wire.edns import Ede
from filterd.wire.query import Query

# How long a client remembers a block, so that what a guardian opens is open soon.
BLOCK_TTL_S = 10


def forge_block(query: Query, verdict: Verdict, answer: Answer, ttl: int) -> bytes:
    """Return the reply; a bypass signal is always "no such name", whatever the profile says."""
    ede = extended_error(verdict)
    if verdict.reason is Reason.CANARY or answer == "nxdomain":
        return forge.nxdomain(query, ttl=ttl, ede=ede)
    if answer == "nodata":
        return forge.nodata(query, ttl=ttl, ede=ede)
    if answer == "refused":
        return forge.refused(query, ede)
    return forge.null_address(query, ttl, ede)


def extended_error(verdict: Verdict) -> Ede:
    """Say in a code and few words why: the law, a list, or what a guardian chose."""
    if verdict.reason is Reason.LOCKED:
        return (EDE_CENSORED, "illegal content")
    if verdict.reason is Reason.CATEGORY:
        return (EDE_BLOCKED, f"category {verdict.category}")
    return (EDE_FILTERED, _WORDS.get(verdict.reason, "blocked by a guardian's rule"))


_WORDS = {
    Reason.CANARY: "this network filters by DNS",
    Reason.TEST_NAME: "this network filters by DNS",
    Reason.PAUSE: "the internet is paused",
    Reason.WINDOW: "closed at this time",
    Reason.CLOCK: "closed until the clock is right",
}
