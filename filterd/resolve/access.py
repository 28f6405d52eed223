"""Decides who may ask at all, and how much is said to those who may not.

An open resolver is an amplifier: whoever forges a sender's address makes it shout at a victim.
So strangers get a bounded number of small REFUSED replies for the whole node, then silence.
Source: RFC 5358.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from filterd.config.address import Network


class Bucket:
    """A token bucket: ``burst`` at once, ``rate`` per second after that."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._tick: float | None = None

    def take(self, tick: float) -> bool:
        """Take one token if there is one; ``tick`` is monotonic seconds."""
        passed = 0.0 if self._tick is None else max(0.0, tick - self._tick)
        self._tick = tick
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


def may_ask(address: IPv4Address | IPv6Address, networks: Iterable[Network]) -> bool:
    """Tell whether an address lies in one of the networks that are served."""
    return any(address in network for network in networks)
