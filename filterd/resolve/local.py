"""Forges the replies for names that stay in the house.  Which those are is ``policy.special``'s."""

from collections.abc import Iterable

from filterd.policy.special import LocalAnswer, LocalKind
from filterd.wire import forge
from filterd.wire.query import Query

LOCAL_TTL_S = 60
LOOPBACK = ("127.0.0.1", "::1")


def forge_local(query: Query, local: LocalAnswer, page_addresses: Iterable[str]) -> bytes:
    """Return the reply; ``page_addresses`` (both families, as text) are where the page is."""
    if local.kind is LocalKind.NXDOMAIN:
        return forge.nxdomain(query, ttl=LOCAL_TTL_S)
    if local.kind is LocalKind.NODATA:
        return forge.nodata(query, ttl=LOCAL_TTL_S)
    own = LOOPBACK if local.kind is LocalKind.LOOPBACK else tuple(page_addresses)
    v4 = [address for address in own if ":" not in address]
    v6 = [address for address in own if ":" in address]
    return forge.addresses(query, v4, v6, LOCAL_TTL_S)
