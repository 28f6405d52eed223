"""Packets for the tests of the core: everyday ones, odd ones, and either with a few octets changed.

Everyday is what the core must not pass; odd is what Python may read or refuse.
"""

import struct
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
from hypothesis import strategies as st

from filterd.wire import codes

GOLDEN = Path(__file__).parents[1] / "wire" / "golden"

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
IGNORED_OPTIONS = (3, 8, 10, 12)
OPCODE_BITS = 0x7800
EVERYDAY_FLAGS = (0, codes.RD, codes.RD | codes.AD, codes.RD | codes.CD, codes.AD, codes.CD)


def golden_packets() -> dict[str, bytes]:
    return {path.stem: _golden(path) for path in sorted(GOLDEN.glob("*.hex"))}


def _golden(path: Path) -> bytes:
    lines = path.read_text("ascii").splitlines()
    return bytes.fromhex("".join(line.partition("#")[0] for line in lines))


def wire_name(*labels: bytes) -> bytes:
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def opt(size: int = 1232, flags: int = 0, options: bytes = b"", *, upper_and_version: int = 0):
    return struct.pack("!BHHHHH", 0, 41, size, upper_and_version, flags, len(options)) + options


def option(code: int, value: bytes = b"") -> bytes:
    return struct.pack("!HH", code, len(value)) + value


def query(
    name: bytes = wire_name(b"www", b"example", b"org"),
    qtype: int = codes.A,
    *,
    message_id: int = 0x1234,
    flags: int = codes.RD,
    behind: bytes = b"",
    counts: tuple[int, int, int, int] | None = None,
    qclass: int = codes.IN,
) -> bytes:
    """One query; ``behind`` is what follows the question, an OPT for instance."""
    if counts is None:
        counts = (1, 0, 0, 1 if behind else 0)
    head = struct.pack("!6H", message_id, flags, *counts)
    return head + name + struct.pack("!HH", qtype, qclass) + behind


def _fits(labels: list[bytes]) -> bool:
    return sum(len(label) + 1 for label in labels) < 255


plain_labels = st.text(_LETTERS, min_size=1, max_size=63).map(str.encode)
short_labels = st.text(_LETTERS, min_size=1, max_size=6).map(str.encode)
plain_names = st.one_of(
    st.lists(plain_labels, max_size=5).filter(_fits),
    st.lists(short_labels, max_size=50).filter(_fits),
).map(lambda labels: wire_name(*labels))
everyday_types = st.one_of(
    st.sampled_from([codes.A, codes.AAAA, codes.HTTPS, 2, 12, 15, 16, 33, codes.SVCB]),
    st.integers(0, 65535).filter(lambda qtype: qtype != codes.OPT and not 249 <= qtype <= 255),
)
ignored_options = st.lists(
    st.tuples(st.sampled_from(IGNORED_OPTIONS), st.binary(max_size=24)), max_size=3
).map(lambda options: b"".join(option(*each) for each in options))


@st.composite
def everyday_queries(draw: st.DrawFn) -> bytes:
    behind = b""
    if draw(st.booleans()):
        sizes = st.one_of(st.sampled_from([0, 512, 1232, 4096]), st.integers(0, 65535))
        behind = opt(draw(sizes), draw(st.sampled_from([0, 0x8000])), draw(ignored_options))
    return query(
        draw(plain_names),
        draw(everyday_types),
        message_id=draw(st.integers(0, 65535)),
        flags=draw(st.sampled_from(EVERYDAY_FLAGS)),
        behind=behind,
    )


@st.composite
def changed(draw: st.DrawFn, packets: st.SearchStrategy[bytes]) -> bytes:
    """A packet with a few octets changed, cut short, or with octets behind it."""
    packet = bytearray(draw(packets))
    places = st.tuples(st.integers(0, max(0, len(packet) - 1)), st.integers(0, 255))
    for at, octet in draw(st.lists(places, max_size=4)) if packet else []:
        packet[at] = octet
    if draw(st.booleans()):
        del packet[draw(st.integers(0, len(packet))) :]
    return bytes(packet) + draw(st.sampled_from([b"", b"", b"\0", option(10, b"12345678")]))


golden = st.sampled_from(sorted(golden_packets().values()))
any_queries = st.one_of(
    everyday_queries(), changed(everyday_queries()), changed(golden), st.binary(max_size=80)
)

OWNERS = ["example.org.", "www.example.org.", "a.b.c.example.org.", "edge.example.net.", "."]
TARGETS = ["edge.example.net.", "WWW.Example.org.", "a.b.c.example.org.", "x_1.example.", "tld."]
RDATA = {
    "A": ["192.0.2.1", "198.51.100.7"],
    "AAAA": ["2001:db8::1", "::ffff:0:1"],
    "CNAME": TARGETS,
    "DNAME": TARGETS,
    "TXT": ['"text"', '"a" "b"'],
    "MX": ["10 mail.example.org."],
    "NS": ["ns.example.org.", "ns2.example.org."],
    "SOA": [
        "ns.example.org. root.example.org. 1 2 3 4 300",
        "ns.example.org. root.example.org. 1 2 3 4 4294967295",
    ],
    "SVCB": ["0 edge.example.net.", "1 . alpn=h2 ipv4hint=192.0.2.9"],
    "HTTPS": ["1 www.example.org. ipv4hint=192.0.2.8,192.0.2.9 ipv6hint=2001:db8::8"],
}
ttls = st.one_of(st.integers(0, 400), st.integers(0, 0x7FFFFFFF))


@st.composite
def rrsets(draw: st.DrawFn, rdata: dict[str, list[str]] = RDATA) -> list[dns.rrset.RRset]:
    keys = st.tuples(st.sampled_from(OWNERS), st.sampled_from(sorted(rdata)))
    found = []
    for owner, rtype in draw(st.lists(keys, max_size=4, unique=True)):
        rdatas = draw(st.lists(st.sampled_from(rdata[rtype]), min_size=1, unique=True))
        found.append(dns.rrset.from_text(owner, draw(ttls), "IN", rtype, *rdatas))
    return found


@st.composite
def everyday_replies(draw: st.DrawFn, to: bytes | None = None) -> bytes:
    """An upstream's reply, to a query of ours when ``to`` is given."""
    if to is None:
        asked = dns.message.make_query(
            draw(st.sampled_from(OWNERS)),
            draw(st.sampled_from(["A", "AAAA", "HTTPS", "TXT", "NS"])),
            use_edns=draw(st.booleans()),
            id=draw(st.integers(0, 65535)),
        )
    else:
        asked = dns.message.from_wire(to)
    reply = dns.message.make_response(asked, recursion_available=draw(st.booleans()))
    reply.set_rcode(draw(st.sampled_from([dns.rcode.NOERROR, *map(dns.rcode.Rcode, range(6))])))
    reply.flags |= draw(st.sampled_from([0, codes.AD, 0x0400, codes.CD]))
    reply.answer, reply.authority, reply.additional = draw(rrsets()), draw(rrsets()), draw(rrsets())
    return reply.to_wire(max_size=65535, want_shuffle=False)


def record(
    owner: bytes, rtype: int, rdata: bytes, *, ttl: int = 60, rclass: int = codes.IN
) -> bytes:
    return owner + struct.pack("!HHIH", rtype, rclass, ttl, len(rdata)) + rdata


def reply(*records: bytes, flags: int = 0x8180, behind: bytes = b"", additional: int = 0) -> bytes:
    """A reply to the question for q, type HTTPS, with these answers; its records begin at 19."""
    head = struct.pack("!6H", 7, flags, 1, len(records), 0, additional)
    return head + b"\1q\0\0\x41\0\1" + b"".join(records) + behind


def pointer(at: int) -> bytes:
    return struct.pack("!H", 0xC000 | at)
