"""Names with a meaning of their own: answered in the house, or a signal to a filtered child's app.

Two kinds.  ``local_answer`` says what is never asked upstream, for every profile alike.
``SPECIAL_NAMES`` are decided per profile, as the first step of ``policy.decide``.  Making the
reply, and the page's addresses, are ``filterd.resolve``'s.

Source: RFC 6761 §6 (private reverse zones, test, localhost, invalid), RFC 6762 §12 and §22.1
(local, link-local reverse zones), RFC 6303 §4 and RFC 7793 (locally served zones), RFC 7686 §2
(onion), RFC 8375 §4 (home.arpa), RFC 9462 §6.4 (resolver.arpa).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from filterd.policy.verdict import Reason
from filterd.wire.codes import AAAA, A
from filterd.wire.query import Question

PAGE_NAME = "filter.home.arpa"
CHILD_PAGE_NAME = "my.filter.home.arpa"
TEST_NAME = "blocked.filter.home.arpa"

# A negative answer tells Firefox not to turn DoH on by itself, Apple devices that Private Relay
# is not welcome here, and Chrome to look names up itself before it uses its prefetch proxy.
CANARIES: frozenset[str] = frozenset(
    {
        "use-application-dns.net",
        "mask.icloud.com",
        "mask-h2.icloud.com",
        "dns-tunnel-check.googlezip.net",
    }
)

SPECIAL_NAMES: Mapping[str, Reason] = MappingProxyType(
    {**dict.fromkeys(CANARIES, Reason.CANARY), TEST_NAME: Reason.TEST_NAME}
)
"""Names that every filtered profile blocks, with the reason; each is that name only."""


class LocalKind(Enum):
    """How a name that stays in the house is answered."""

    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    LOOPBACK = "loopback"  # 127.0.0.1 or ::1
    SELF = "self"  # the addresses of the page


@dataclass(frozen=True, slots=True)
class LocalAnswer:
    """``zone`` is the special name that the asked one is, or lies in: the SOA's owner."""

    kind: LocalKind
    zone: str


_DS = 43
_ADDRESSES = frozenset({A, AAAA})

_SELF_NAMES = frozenset({PAGE_NAME, CHILD_PAGE_NAME})

# Names that do not exist at all, themselves included.
_NOWHERE = frozenset({"test", "invalid", "local", "onion"})

# Zones that exist and are empty.
_EMPTY_ZONES = frozenset(
    {
        "home.arpa",
        # RFC 1918
        "10.in-addr.arpa",
        *(f"{second}.172.in-addr.arpa" for second in range(16, 32)),
        "168.192.in-addr.arpa",
        # RFC 7793: addresses shared behind a provider's NAT
        *(f"{second}.100.in-addr.arpa" for second in range(64, 128)),
        # RFC 6303 §4.2: this host, loopback, link-local, documentation, broadcast
        "0.in-addr.arpa",
        "127.in-addr.arpa",
        "254.169.in-addr.arpa",
        "2.0.192.in-addr.arpa",
        "100.51.198.in-addr.arpa",
        "113.0.203.in-addr.arpa",
        "255.255.255.255.in-addr.arpa",
        # RFC 6303 §4.3 to §4.6: unspecified, loopback, local, link-local, documentation
        "0." * 32 + "ip6.arpa",
        "1." + "0." * 31 + "ip6.arpa",
        "d.f.ip6.arpa",
        *(f"{nibble}.e.f.ip6.arpa" for nibble in "89ab"),
        "8.b.d.0.1.0.0.2.ip6.arpa",
    }
)

_RESOLVER = "resolver.arpa"
_LOCALHOST = "localhost"
# Every name with a local answer ends in one of these labels.
LOCAL_TOPS = _NOWHERE | {_LOCALHOST, "arpa"}


def local_answer(question: Question, *, filtering: bool = True) -> LocalAnswer | None:
    """Return how the house itself answers the question, None when it is not the house's.

    ``filtering`` is the profile's: where no verdict will block the test name, it does not exist.
    Only addresses have a LOOPBACK or SELF answer; other types of these names get NODATA.
    """
    name = question.name
    # Nearly every name leaves here, so the walk below costs the others nothing.
    if name[name.rfind(".") + 1 :] not in LOCAL_TOPS:
        return None
    if name == TEST_NAME:
        return None if filtering else LocalAnswer(LocalKind.NXDOMAIN, "home.arpa")
    zone = _zone_of(name)
    return None if zone is None else _answer_in(zone, question)


def _answer_in(zone: str, question: Question) -> LocalAnswer | None:
    name = question.name
    if name in _SELF_NAMES:
        return _addresses(question, LocalKind.SELF, zone)
    if zone == _LOCALHOST:
        return _addresses(question, LocalKind.LOOPBACK, zone)
    if zone == _RESOLVER:
        # "No designated resolver here" must not look like "no such name".
        return LocalAnswer(LocalKind.NODATA, zone)
    if name != zone or zone in _NOWHERE:
        return LocalAnswer(LocalKind.NXDOMAIN, zone)
    # RFC 8375 §4: the proof that the zone is not signed lies in its public parent, and a
    # validating device that cannot get it calls every name in the zone bogus.
    return None if question.qtype == _DS else LocalAnswer(LocalKind.NODATA, zone)


def _addresses(question: Question, kind: LocalKind, zone: str) -> LocalAnswer:
    return LocalAnswer(kind if question.qtype in _ADDRESSES else LocalKind.NODATA, zone)


def _zone_of(name: str) -> str | None:
    """Return the special zone the name is or lies in; no two of them lie in one another."""
    while True:
        if name in _NOWHERE or name in _EMPTY_ZONES or name in (_LOCALHOST, _RESOLVER):
            return name
        dot = name.find(".")
        if dot < 0:
            return None
        name = name[dot + 1 :]
