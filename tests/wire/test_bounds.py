"""Crafted messages cost what their length costs: reads are counted, no clock is asked."""

import random
import struct
from collections.abc import Callable

import pytest

from filterd.errors import WireError
from filterd.wire.answer import walk
from filterd.wire.query import scan

LARGEST = 65535
# One read for a label's length, one for the label; a pointer takes two, a record a few.
READS_PER_OCTET = 2


class Counted(bytes):
    """Bytes that count how often somebody looks at an octet or a slice."""

    reads = 0

    def __getitem__(self, key):
        self.reads += 1
        return super().__getitem__(key)


def message(rdata: bytes, owners: list[bytes]) -> bytes:
    """Build a reply: one record of type NULL with ``rdata``, then an empty one per owner."""
    head = struct.pack("!6H", 1, 0x8180, 1, 1 + len(owners), 0, 0) + b"\1q\0\0\1\0\1"
    first = b"\xc0\x0c" + struct.pack("!HHIH", 10, 1, 60, len(rdata)) + rdata
    return head + first + b"".join(each + struct.pack("!HHIH", 10, 1, 60, 0) for each in owners)


RDATA_AT = 12 + 7 + 12


def pointer(at: int) -> bytes:
    return struct.pack("!H", 0xC000 | at)


def as_many_as_fit(rdata: bytes, owner: Callable[[int], bytes]) -> bytes:
    room = LARGEST - RDATA_AT - len(rdata)
    owners = []
    while (each := owner(len(owners))) and room >= len(each) + 10:
        owners.append(each)
        room -= len(each) + 10
    return message(rdata, owners)


def chain_of_pointers() -> bytes:
    """Every pointer points at the one before it, the owners at all of them from the far end."""
    count = 8000
    rdata = b"\1a\0" + b"".join(
        pointer(RDATA_AT if i == 0 else RDATA_AT + 3 + 2 * (i - 1)) for i in range(count)
    )
    return as_many_as_fit(rdata, lambda i: pointer(RDATA_AT + 3 + 2 * (count - 1 - i % count)))


def chain_from_the_near_end() -> bytes:
    """The same chain, but its first pointers are known when the later ones are asked for."""
    rdata = b"\1a\0" + b"".join(
        pointer(RDATA_AT if i == 0 else RDATA_AT + 3 + 2 * (i - 1)) for i in range(200)
    )
    return as_many_as_fit(rdata, lambda i: pointer(RDATA_AT + 3 + 2 * (i % 200)))


def deep_names() -> bytes:
    """Names of 126 labels, one after the other; each owner begins at another label."""
    name = b"\1a" * 126 + b"\0"
    rdata = name * 64
    places = [i for i in range(0, len(rdata), 2) if RDATA_AT + i < 0x4000 and rdata[i] == 1]
    random.Random(8).shuffle(places)
    return as_many_as_fit(rdata, lambda i: pointer(RDATA_AT + places[i % len(places)]))


def chains_of_127() -> bytes:
    """Chains as long as they may be; each owner begins at another pointer of another chain."""
    rdata = b""
    places = []
    while RDATA_AT + len(rdata) + 257 < 0x4000:
        start = RDATA_AT + len(rdata)
        rdata += b"\1a\0" + pointer(start)
        for i in range(125):
            rdata += pointer(start + 3 + 2 * i)
        places += [start + 3 + 2 * i for i in range(126)]
    random.Random(8).shuffle(places)
    return as_many_as_fit(rdata, lambda i: pointer(places[i % len(places)]))


def labels_for_ever() -> bytes:
    return as_many_as_fit(b"\1a" * 30000, lambda _: pointer(RDATA_AT))


def many_tiny_records() -> bytes:
    return as_many_as_fit(b"", lambda _: b"\0")


def service_parameters() -> bytes:
    """One HTTPS record of nothing but empty parameters in rising order."""
    parameters = b"".join(struct.pack("!HH", 100 + i, 0) for i in range(16000))
    head = struct.pack("!6H", 1, 0x8180, 1, 1, 0, 0) + b"\1q\0\0\x41\0\1"
    return (
        head
        + b"\xc0\x0c"
        + struct.pack("!HHIH", 65, 1, 60, len(parameters) + 3)
        + b"\0\1\0"
        + parameters
    )


@pytest.mark.parametrize(
    "craft", [deep_names, chains_of_127, many_tiny_records, service_parameters]
)
def test_a_reply_that_is_legal_costs_its_length(craft: Callable[[], bytes]) -> None:
    packet = Counted(craft())
    assert walk(packet).records
    assert packet.reads <= READS_PER_OCTET * len(packet)


@pytest.mark.parametrize("craft", [chain_of_pointers, chain_from_the_near_end, labels_for_ever])
def test_a_reply_that_goes_too_far_is_refused_early(craft: Callable[[], bytes]) -> None:
    packet = Counted(craft())
    assert len(packet) > LARGEST - 200
    with pytest.raises(WireError, match=r"too long|too many"):
        walk(packet)
    assert packet.reads <= 3000


def test_127_pointers_are_a_name_and_128_are_not() -> None:
    def chain(hops: int) -> bytes:
        rdata = b"\1a\0" + b"".join(
            pointer(RDATA_AT if i == 0 else RDATA_AT + 3 + 2 * (i - 1)) for i in range(hops - 1)
        )
        return message(rdata, [pointer(RDATA_AT + 3 + 2 * (hops - 2))])

    assert walk(chain(127)).records[1].name == "a"
    with pytest.raises(WireError):
        walk(chain(128))


def test_a_name_may_not_grow_over_255_octets_by_pointers() -> None:
    def grown(octets: int) -> bytes:
        label = bytes((63,)) + b"a" * 63
        rdata = label * 3 + b"\0"  # 193 octets
        rest = octets - 193 - 1
        return message(rdata, [bytes((rest,)) + b"b" * rest + pointer(RDATA_AT)])

    assert len(walk(grown(255)).records[1].name) == 253
    with pytest.raises(WireError):
        walk(grown(256))


def test_known_names_do_not_hide_a_name_over_255_octets() -> None:
    # Each owner is a label and a pointer to the owner before it, so all but one step is known.
    owners, at, last = [], RDATA_AT, 12
    for _ in range(100):
        owners.append(b"\3aaa" + pointer(last))
        last, at = at, at + 6 + 10
    with pytest.raises(WireError, match="too long"):
        walk(message(b"", owners))
    assert walk(message(b"", owners[:63])).records[-1].name == "aaa." * 63 + "q"


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(b"\0\0\x10\0\1" + bytes(4) + b"\0\0", id="records"),
        pytest.param(b"\xc0\x0c\0\x10\0\1" + bytes(4) + b"\0\0", id="records with pointers"),
        pytest.param((b"\1a" * 126 + b"\0") + b"\0\x10\0\1" + bytes(6), id="records with names"),
    ],
)
def test_a_query_full_of_records_costs_its_length(behind: bytes) -> None:
    question = b"\1q\0\0\1\0\1"
    count = (LARGEST - 12 - len(question)) // len(behind)
    packet = Counted(struct.pack("!6H", 1, 0x100, 1, 0, 0, count) + question + behind * count)
    assert scan(packet).edns is None
    assert packet.reads <= READS_PER_OCTET * len(packet)


def test_a_query_full_of_options_costs_its_length() -> None:
    options = b"\xff\xfe\0\0" * 16000
    head = struct.pack("!6H", 1, 0x100, 1, 0, 0, 1) + b"\1q\0\0\1\0\1"
    packet = Counted(head + b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(options)) + options)
    edns = scan(packet).edns
    assert edns is not None
    assert len(edns.options) == 16000
    assert packet.reads <= READS_PER_OCTET * len(packet)
