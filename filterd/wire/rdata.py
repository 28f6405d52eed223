"""The rdata that is read at all: where it names somebody, or bounds a negative answer.

Each reader gets the names of the reply, where the rdata begins and ends, and the type; it returns
a target (None where there is none), packed addresses and an SOA's minimum.  Raises WireError
(SERVFAIL), or IndexError or struct.error when the reply ends inside.
Source: RFC 1035 section 3.3; RFC 2181 section 8 (TTL); RFC 3596; RFC 6672; RFC 9460 section 2.2.
"""

import struct

from filterd.errors import WireError
from filterd.wire.codes import AAAA, CNAME, DNAME, HTTPS, SERVFAIL, SOA, SVCB, A
from filterd.wire.compression import Names

_PARAMETER = struct.Struct("!HH")
_U32 = struct.Struct("!I")

# SvcParamKeys whose values are addresses, and the octets of one.
_HINTS = {4: 4, 6: 16}
_ADDRESS_OCTETS = {A: 4, AAAA: 16}

# An SOA is two names of an octet or more and five numbers; the last is the minimum.
_SHORTEST_SOA = 22

Rdata = tuple[str | None, tuple[bytes, ...], int | None]
NOTHING_READ: Rdata = (None, (), None)


def seconds(ttl: int) -> int:
    """Return a TTL that counts: with its top bit set it means 0 (RFC 2181 section 8)."""
    return ttl if ttl < 0x80000000 else 0


def _alias(reader: Names, at: int, end: int, _rtype: int) -> Rdata:
    target, behind = reader.read(at)
    if behind != end:
        raise WireError("alias is not one name", SERVFAIL)
    return target, (), None


def _address(reader: Names, at: int, end: int, rtype: int) -> Rdata:
    if end - at != _ADDRESS_OCTETS[rtype]:
        raise WireError("address of a wrong length", SERVFAIL)
    return None, (reader.reply[at:end],), None


def _soa(reader: Names, at: int, end: int, _rtype: int) -> Rdata:
    if end - at < _SHORTEST_SOA:
        raise WireError("SOA cut short", SERVFAIL)
    return None, (), seconds(_U32.unpack_from(reader.reply, end - 4)[0])


def _service(reader: Names, at: int, end: int, _rtype: int) -> Rdata:
    """Read SVCB or HTTPS: priority, target, parameters in rising order of their keys."""
    reply = reader.reply
    target, at = reader.read(at + 2)
    packed: list[bytes] = []
    last = -1
    while at < end:
        key, length = _PARAMETER.unpack_from(reply, at)
        start, at = at + 4, at + 4 + length
        if key <= last:
            # A lax client may read what we don't, so neither a repeated key passes.
            raise WireError("service parameters out of order", SERVFAIL)
        last = key
        if octets := _HINTS.get(key):
            if not length or length % octets:
                raise WireError("address hint of a wrong length", SERVFAIL)
            packed += (reply[each : each + octets] for each in range(start, at, octets))
    if at != end:
        raise WireError("service target or parameters are longer than their record", SERVFAIL)
    return target or None, tuple(packed), None


READERS = {
    A: _address,
    AAAA: _address,
    CNAME: _alias,
    DNAME: _alias,
    SOA: _soa,
    SVCB: _service,
    HTTPS: _service,
}
