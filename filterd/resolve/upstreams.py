"""Decides which upstream is asked next: the first healthy one, and the sick ones now and then.

Opens no socket and reads no file or clock: ``tick`` (monotonic seconds) and the text of
``resolv.conf`` come in.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from filterd.config.address import SYSTEM

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
# How long a probe may take before another query may probe in its stead.
PROBE_S = 3.0


class Upstream(NamedTuple):
    """A resolver that is asked over UDP and TCP; ``address`` is an IP literal."""

    address: str
    port: int = 53

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


def parse_upstream(text: str) -> Upstream:
    """Read ``192.0.2.1``, ``192.0.2.1:53``, ``2001:db8::1`` or ``[2001:db8::1]:53``.

    A scope (``fe80::1%eth0``) is kept.  Raises ValueError for anything else, names included: an
    upstream's name would have to be resolved by itself.
    """
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, bracket, rest = host[1:].partition("]")
        port = rest.removeprefix(":") if rest else port
        if not bracket:
            raise ValueError(f"{text!r} has no closing bracket")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    ip_address(host)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{text!r} has no port between 1 and 65535")
    return Upstream(host, int(port))


def from_resolv_conf(text: str, ours: Collection[Upstream]) -> tuple[Upstream, ...]:
    """List the name servers of a ``resolv.conf``, without those that are ourselves.

    ``ours`` are the addresses this node listens on; asking ourselves would never end.  Of a
    wildcard among them only the loopback addresses are known here; add what else the machine has.
    Lines that are no ``nameserver`` line with an address are skipped.  Source: resolv.conf(5).
    """
    found: list[Upstream] = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            address = ip_address(words[1])
        except ValueError:
            continue
        upstream = Upstream(words[1])
        everywhere = Upstream("0.0.0.0" if address.version == 4 else "::")  # noqa: S104 (compared)
        is_ours = upstream in ours or (address.is_loopback and everywhere in ours)
        if not is_ours and upstream not in found:
            found.append(upstream)
    return tuple(found)


def choose(
    configured: Iterable[str], resolv_conf: str, ours: Collection[Upstream]
) -> tuple[Upstream, ...]:
    """Turn the policy's upstreams into addresses, in order and without repetition.

    ``system`` stands for the name servers of ``resolv_conf``.  Raises ValueError for a text
    that ``parse_upstream`` refuses.
    """
    found: dict[Upstream, None] = {}
    for text in configured:
        if text == SYSTEM:
            found.update(dict.fromkeys(from_resolv_conf(resolv_conf, ours)))
        else:
            found[parse_upstream(text)] = None
    return tuple(found)


@dataclass(slots=True)
class Health:
    """How one upstream did lately; ``failures`` counts since its last success."""

    failures: int = 0
    retry_at: float = 0.0
    probed_until: float = 0.0


class Upstreams:
    """The upstreams in the order of preference, with what is known of their health."""

    def __init__(self, upstreams: Iterable[Upstream]) -> None:
        self._health = {upstream: Health() for upstream in upstreams}

    @property
    def all(self) -> tuple[Upstream, ...]:
        return tuple(self._health)

    def replace(self, upstreams: Iterable[Upstream]) -> None:
        """Take other upstreams; what is known of those that stay is kept."""
        known = self._health
        self._health = {upstream: known.get(upstream) or Health() for upstream in upstreams}

    def healthy(self) -> tuple[Upstream, ...]:
        """Return those that answered when they were last asked, in the order of preference."""
        return tuple(upstream for upstream, health in self._health.items() if not health.failures)

    def order(self, tick: float) -> tuple[Upstream, ...]:
        """Return all upstreams, the one to ask first first; empty when there are none.

        A sick one whose back-off has passed takes its old place for *one* query, which so
        becomes the probe.  Those still in back-off come last: asking them beats not asking.
        """
        first: list[Upstream] = []
        last: list[tuple[float, Upstream]] = []
        probing = False
        for upstream, health in self._health.items():
            if health.failures == 0:
                first.append(upstream)
            elif not probing and tick >= max(health.retry_at, health.probed_until):
                probing = True
                health.probed_until = tick + PROBE_S
                first.append(upstream)
            else:
                last.append((health.retry_at, upstream))
        last.sort(key=lambda item: item[0])
        return (*first, *(upstream for _, upstream in last))

    def failed(self, upstream: Upstream, tick: float) -> None:
        """Note that an upstream did not answer in time or cannot be reached."""
        health = self._health.get(upstream)
        # Of a hundred queries in flight when an upstream dies, one grows the back-off.
        if health is None or (health.failures and tick < health.retry_at):
            return
        health.retry_at = tick + min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0**health.failures)
        health.failures = min(health.failures + 1, 16)
        health.probed_until = 0.0

    def succeeded(self, upstream: Upstream) -> None:
        """Note that an upstream answered: it is healthy at once."""
        health = self._health.get(upstream)
        if health is not None and health.failures:
            self._health[upstream] = Health()
