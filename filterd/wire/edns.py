"""The OPT pseudo-record: read from a query, written into a reply, extended errors included.

Nothing a client's OPT carries is ever sent on: upstream queries get an OPT of our own, which
keeps client subnets and cookies in the house.
Source: RFC 6891 section 6.1; RFC 8914 section 2 (extended errors).
"""

import struct
from functools import lru_cache
from typing import NamedTuple

from filterd.errors import WireError
from filterd.wire.codes import FORMERR, OPT

# What we offer and the most we send by UDP: no fragment on any path (DNS flag day 2020).
UDP_SIZE = 1232

# With it the longest forged reply (name 255, SOA, OPT) stays below 512 octets.
MAX_EDE_TEXT_OCTETS = 120

# info code and a short text for people; None means that the reply carries no extended error
Ede = tuple[int, str] | None

_DO = 0x8000
_FIXED = struct.Struct("!BHHBBHH")  # owner, type, size, upper rcode bits, version, flags, length
_OPTION = struct.Struct("!HH")
_EDE_OPTION = 15


class Edns(NamedTuple):
    """The OPT of a query: size in octets as the client wrote it, options undecoded, as sent.

    With a ``version`` above 0 nobody knows how to read the options, so there are none.
    """

    size: int
    do: bool
    version: int
    options: tuple[tuple[int, bytes], ...]


def read_opt(packet: bytes, at: int) -> tuple[Edns, int]:
    """Read the OPT whose root owner is at ``at``; return it and the offset behind it.

    Raises WireError (FORMERR) for options that overrun the record or a record that overruns
    the packet, struct.error when the packet ends inside the fixed part.
    """
    _, _, size, _, version, flags, length = _FIXED.unpack_from(packet, at)
    at += 11
    end = at + length
    if end > len(packet):
        raise WireError("OPT runs over the end of the packet", FORMERR)
    if not length or version:
        return Edns(size, flags >= _DO, version, ()), end
    options: list[tuple[int, bytes]] = []
    while at < end:
        code, octets = _OPTION.unpack_from(packet, at)
        at += 4
        options.append((code, packet[at : at + octets]))
        at += octets
    if at != end:
        raise WireError("EDNS options are longer than their OPT", FORMERR)
    return Edns(size, flags >= _DO, version, tuple(options)), end


def upper_rcode(reply: bytes, at: int) -> int:
    """Return the part of the rcode, times 16, that the OPT at ``at`` of a reply carries."""
    return reply[at + 5] << 4


# Few pairs of flag and text repeat for every blocked query; the bound keeps rare texts from
# piling up.
@lru_cache(maxsize=512)
def opt_record(do: bool, ede: Ede = None, rcode: int = 0) -> bytes:  # noqa: FBT001 - a wire bit
    """Return our OPT: size 1232, version 0, DO as given, at most one extended error.

    ``rcode`` is the whole response code; only its upper bits are written here.  The text is
    cut at 120 octets, between characters.
    """
    option = b""
    if ede is not None:
        code, text = ede
        cut = text.encode()[:MAX_EDE_TEXT_OCTETS].decode(errors="ignore").encode()
        option = struct.pack("!HHH", _EDE_OPTION, len(cut) + 2, code) + cut
    flags = _DO if do else 0
    return _FIXED.pack(0, OPT, UDP_SIZE, rcode >> 4, 0, flags, len(option)) + option
