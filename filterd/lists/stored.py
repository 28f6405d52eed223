"""A list as it was read, as bytes for a file of its own, and back again without copying a name.

::

    header   24 bytes: magic, byte order, version, length of the facts, CRC of all that follows
    facts    JSON, padded with blanks to a multiple of 8 bytes
    blobs    the names and line numbers of each kind and scope, each padded to a multiple of 8

Equal lists give equal bytes.  From it the index is compiled and a line is found; only an
explanation opens it beside the compiler, never the DNS process.  Numbers are in the byte order of
the machine; the file never leaves the house.  Nothing here reads or writes a file.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from filterd.errors import ListError
from filterd.lists.facts import from_fact, to_fact
from filterd.lists.parsed import Complaint, Names, Parsed, Placed, Scope
from filterd.lists.rule import Kind

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC = b"filterdL"
BYTE_ORDER = 0x0102
VERSION = 1
_HEADER = struct.Struct("=8sHHQI")
_ALIGNED = 8


def to_bytes(parsed: Parsed) -> bytes:
    """Return the bytes of one read list, for ``from_buffer``."""
    return b"".join(to_parts(parsed))


def to_parts(parsed: Parsed) -> list[bytes | memoryview]:
    """Return the bytes of ``to_bytes`` in parts, so that no name need be copied."""
    described = json.dumps(_facts(parsed), separators=(",", ":"), sort_keys=True).encode()
    described += b" " * (-(_HEADER.size + len(described)) % _ALIGNED)
    parts: list[bytes | memoryview] = [described]
    for names in parsed.names.values():
        for blob in (names.text, names.lines):
            parts += [blob, bytes(-len(blob) % _ALIGNED)]
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return [_HEADER.pack(MAGIC, BYTE_ORDER, VERSION, len(described), crc), *parts]


def from_buffer(buffer: "Buffer") -> Parsed:
    """Return the list that was written; its names lie in ``buffer``, which stays in use.

    Raises ListError when the bytes are damaged, cut off, or of another version.
    """
    data = memoryview(buffer).cast("B")
    if len(data) < _HEADER.size:
        raise _damaged("it is too short")
    magic, order, version, length, crc = _HEADER.unpack_from(data)
    if (magic, order, version) != (MAGIC, BYTE_ORDER, VERSION):
        raise _damaged("it was written by another version or on another kind of machine")
    if zlib.crc32(data[_HEADER.size :]) != crc:
        raise _damaged("its checksum is wrong")
    blobs = _HEADER.size + length
    try:
        facts: dict[str, Any] = json.loads(bytes(data[_HEADER.size : blobs]))
        return _parsed(facts, data[blobs:])
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(f"its facts make no sense ({error!r})") from error


def _facts(parsed: Parsed) -> dict[str, object]:
    return {
        "format": parsed.format,
        "lines": parsed.lines,
        "complaint_count": parsed.complaint_count,
        "complaints": [list(complaint) for complaint in parsed.complaints],
        "unused": parsed.unused,
        "conditional": [[placed.line, to_fact(placed.rule)] for placed in parsed.conditional],
        "names": [
            [int(kind), scope.value, len(names.text), names.count]
            for (kind, scope), names in parsed.names.items()
        ],
    }


def _parsed(facts: dict[str, Any], blobs: memoryview) -> Parsed:
    return Parsed(
        format=str(facts["format"]),
        names=dict(_each_names(facts["names"], blobs)),
        conditional=tuple(Placed(line, from_fact(rule)) for line, rule in facts["conditional"]),
        complaints=tuple(Complaint(*each) for each in facts["complaints"]),
        complaint_count=int(facts["complaint_count"]),
        unused=int(facts["unused"]),
        lines=int(facts["lines"]),
    )


def _each_names(
    described: list[list[int | str]], blobs: memoryview
) -> Iterator[tuple[tuple[Kind, Scope], Names]]:
    at = 0
    for kind, scope, length, count in described:
        text, at = _blob(blobs, at, int(length))
        lines, at = _blob(blobs, at, 4 * int(count))
        if text[-1:] not in {b"", b"\n"}:
            raise ValueError("a name without its end")
        yield (Kind(int(kind)), Scope(scope)), Names(text, lines)
    if at != len(blobs):
        raise ValueError("more or less than the names it speaks of")


def _blob(blobs: memoryview, at: int, size: int) -> tuple[memoryview, int]:
    if size < 0:
        raise ValueError("less than nothing")
    return blobs[at : at + size].toreadonly(), at + size + -size % _ALIGNED


def _damaged(what: str) -> ListError:
    return ListError("list", f"what was read in a list cannot be used: {what}")
