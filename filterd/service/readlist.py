"""The file of a read list: what was found in one text, with what it was made from.

::

    start    16 bytes: magic, length of the facts, their CRC
    facts    JSON, padded with blanks to a multiple of 64 bytes with the start
    list     as ``lists.stored`` writes it; nothing when the text is no list

It lies beside the text, is mapped and never changed, and can always be made again.  How a text is
read, and when it must be read again, is ``reading``'s.
"""

import json
import mmap
import os
import struct
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filterd.errors import ListError
from filterd.lists.parsed import Parsed
from filterd.lists.stored import from_buffer, to_parts
from filterd.service.files import replace_file

_MAGIC = b"filterdR"
_START = struct.Struct("=8sII")
_ALIGNED = 64
_SHORT_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """What is known of a read list beside its rules.

    ``stamp`` names all that it depends on, ``text`` is the SHA-256 in hex of the text alone.
    ``problem`` says why the text is no list, empty when it is one.  ``rules`` counts the list's
    own rules.  ``suffixes`` are the public suffixes that were left out, a hundred at most, and
    ``suffix_count`` counts them.
    """

    stamp: str
    text: str
    problem: str = ""
    rules: int = 0
    suffixes: tuple[str, ...] = ()
    suffix_count: int = 0


@dataclass(frozen=True, slots=True)
class ReadList:
    """A read list; ``parsed`` is None when the text is no list, and may lie in a mapped file."""

    facts: ReadFacts
    parsed: Parsed | None


def save_read_list(path: Path, read: ReadList) -> None:
    """Put a read list in place, whole.  Raises OSError."""
    facts = json.dumps(asdict(read.facts), separators=(",", ":")).encode()
    facts += b" " * (-(_START.size + len(facts)) % _ALIGNED)
    start = _START.pack(_MAGIC, len(facts), zlib.crc32(facts))
    body = [] if read.parsed is None else to_parts(read.parsed)
    replace_file(path, start, facts, *body)


def open_read_list(source: str, path: Path) -> ReadList:
    """Map the read list of ``source``, which lives as long as what is in it is used.

    Raises ListError when there is none, or it is damaged or of another version.
    """
    try:
        facts, body = _open(_content(path))
    except (OSError, ValueError, TypeError, LookupError, struct.error) as error:
        raise ListError(source, f"what was read in it is damaged: {error}") from error
    if facts.problem:
        return ReadList(facts, None)
    return ReadList(facts, from_buffer(body))


def _content(path: Path) -> memoryview:
    with path.open("rb") as file:
        # Each mapping keeps a file open, and most lists are short.
        if os.fstat(file.fileno()).st_size <= _SHORT_BYTES:
            return memoryview(file.read())
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _open(content: memoryview) -> tuple[ReadFacts, memoryview]:
    magic, length, crc = _START.unpack_from(content)
    end = _START.size + length
    described = bytes(content[_START.size : end])
    if magic != _MAGIC or zlib.crc32(described) != crc:
        raise ValueError("it does not start like one")
    stored: dict[str, Any] = json.loads(described)
    suffixes = tuple(stored.pop("suffixes"))
    return ReadFacts(**stored, suffixes=suffixes), content[end:]
