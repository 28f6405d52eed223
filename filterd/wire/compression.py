"""Names in a reply, where they may end in compression pointers.

What a pointer stands for must lie wholly before it (so there are no loops), there are at most 127
of them in a name, and every offset of the message is read as a name at most once: no compression
can make the work more than the message is long.  No name may run through a TTL either: those are
rewritten on the way out, and the client would read another name than the verdict did.
Source: RFC 1035 section 4.1.4.
"""

from bisect import bisect_right

from filterd.errors import WireError
from filterd.wire import name as names
from filterd.wire.codes import SERVFAIL
from filterd.wire.query import HEADER_OCTETS

_MAX_HOPS = 127
# the name from an offset on, its octets, its hops, the offset behind it
_Known = tuple[str, int, int, int]
_ROOT_OCTETS = 1


class Names:
    """The names of one reply.

    ``_known`` maps the offset of every label and pointer that was read to the name from there
    on, its octets, its hops and the offset behind it, so no offset is read twice.
    ``ttls_at`` are the offsets of the TTLs before the place of reading, rising; its owner adds.
    """

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.ttls_at: list[int] = []
        self._known: dict[int, _Known] = {}

    def read(self, at: int) -> tuple[str, int]:
        """Return the name at ``at`` and the offset behind it; raises WireError, IndexError."""
        steps, (name, octets, hops, end) = self._unknown_part(at)
        for offset, label in reversed(steps):
            if label:
                text = names.label_text(label)
                name = f"{text}.{name}" if name else text
                octets += len(label) + 1
            else:
                hops += 1
                end = offset + 2
            self._known[offset] = name, octets, hops, end
        if octets > names.MAX_NAME_OCTETS or hops > _MAX_HOPS:
            raise WireError("name too long, or too many pointers in it", SERVFAIL)
        return name, end

    def _unknown_part(self, at: int) -> tuple[list[tuple[int, bytes]], _Known]:
        """Follow labels and pointers (an empty label) to the root or a known offset."""
        reply, known = self.reply, self._known
        steps: list[tuple[int, bytes]] = []
        octets, hops, limit = _ROOT_OCTETS, 0, len(reply)
        while at not in known:
            length = reply[at]
            is_pointer = length > names.MAX_LABEL_OCTETS
            end = at + 2 if is_pointer else at + 1 + length
            if end > limit or (hops and self._runs_through_ttl(at, end)):
                raise WireError("name that runs further than it may", SERVFAIL)
            if is_pointer:
                hops += 1
                steps.append((at, b""))
                target = (length << 8 | reply[at + 1]) - 0xC000
                if not HEADER_OCTETS <= target < at:
                    raise WireError("pointer that does not point backwards", SERVFAIL)
                limit, at = at, target
            elif length:
                octets += length + 1
                steps.append((at, reply[at + 1 : end]))
                at = end
            else:
                return steps, ("", _ROOT_OCTETS, 0, end)
            # Here too, so that one endless name ends early.
            if octets > names.MAX_NAME_OCTETS or hops > _MAX_HOPS:
                raise WireError("name too long, or too many pointers in it", SERVFAIL)
        if known[at][3] > limit:
            raise WireError("name that runs further than it may", SERVFAIL)
        return steps, known[at]

    def _runs_through_ttl(self, start: int, end: int) -> bool:
        following = bisect_right(self.ttls_at, start - 4)
        return following < len(self.ttls_at) and self.ttls_at[following] < end
