r"""Domain names: between the wire's labels and the text every other room compares.

A name is lower case, without a trailing dot, the root is "".  Octets outside ``[a-z0-9_-]``
are written ``\DDD``, "." and "\" inside a label too, so that a label ``evil.com`` can never
read as two, and splitting a name at "." is always right.

Not here: compression pointers (``wire.answer``) and what people type (IDNA, URLs).
Source: RFC 1035 sections 2.3.4, 3.1 and 5.1; RFC 4343 (case).
"""

import re
from collections.abc import Iterable, Iterator

from filterd.errors import WireError
from filterd.wire.codes import FORMERR

MAX_NAME_OCTETS = 255
MAX_LABEL_OCTETS = 63

_PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789_-"
_is_plain = re.compile(rb"[a-z0-9_-]*").fullmatch
_label_text = re.compile(r"(?:[a-z0-9_-]|\\[0-9]{3})+").fullmatch
_escaped = re.compile(r"\\([0-9]{3})")

# Turns the wire form of an everyday name into its text in one pass: length octets become dots.
# A length octet of 45 and more looks like a character, so such names take the long way.
_LONGEST_QUICK_LABEL = 44


def _quick(octet: int) -> int:
    if 1 <= octet <= _LONGEST_QUICK_LABEL:
        return ord(".")
    lower = bytes((octet,)).lower()[0]
    return lower if lower in _PLAIN else ord("!")


_QUICK = bytes(map(_quick, range(256)))


def from_labels(labels: Iterable[bytes]) -> str:
    """Return the name of these labels, the root's empty label left out.

    Each label is 1 to 63 octets in any case; lengths are the reader's to check.
    """
    return ".".join(map(label_text, labels))


def label_text(label: bytes) -> str:
    r"""Return one label's text: lower case, strange octets as ``\DDD``."""
    lower = label.lower()
    if _is_plain(lower):
        return lower.decode("ascii")
    return "".join(chr(octet) if octet in _PLAIN else f"\\{octet:03}" for octet in lower)


def to_wire(name: str) -> bytes:
    """Return the uncompressed wire form of a name, its final zero included.

    Raises ValueError when the text is not a name as ``from_labels`` writes them.
    """
    wire = b"".join(map(_label_wire, name.split("."))) + b"\0" if name else b"\0"
    if len(wire) > MAX_NAME_OCTETS:
        raise ValueError(f"name of more than {MAX_NAME_OCTETS} octets: {name[:80]}...")
    return wire


def _label_wire(text: str) -> bytes:
    if not _label_text(text):
        raise ValueError(f"not a label: {text!r}")
    # An escape above \255 has no octet: latin-1 refuses it with a ValueError.
    label = _escaped.sub(lambda found: chr(int(found[1])), text).encode("latin-1")
    if len(label) > MAX_LABEL_OCTETS:
        raise ValueError(f"label of more than {MAX_LABEL_OCTETS} octets: {text!r}")
    return bytes((len(label),)) + label


def parents(name: str) -> Iterator[str]:
    """Yield the name itself, then each parent up to the top-level one; nothing for the root."""
    while name:
        yield name
        name = name.partition(".")[2]


def read(packet: bytes, at: int) -> tuple[str, int]:
    """Read an uncompressed name at ``at``; return it and the offset behind its final zero.

    Raises WireError (FORMERR) for pointers, other label types and names over 255 octets,
    IndexError when the packet ends inside the name.
    """
    start = at
    last = at + MAX_NAME_OCTETS - 1
    labels = 0
    quick = True
    length = packet[at]
    while length:
        if length > _LONGEST_QUICK_LABEL:
            if length > MAX_LABEL_OCTETS:
                raise WireError("compression pointer or unknown label type", FORMERR)
            quick = False
        labels += 1
        at += length + 1
        if at > last:
            raise WireError("name over 255 octets", FORMERR)
        length = packet[at]
    if quick:
        text = packet[start + 1 : at].translate(_QUICK)
        # One dot more than there are length octets was a character once.
        if text.count(b".") == labels - 1 and b"!" not in text:
            return text.decode("ascii"), at + 1
    return from_labels(_labels(packet, start)), at + 1


def _labels(packet: bytes, at: int) -> Iterator[bytes]:
    while length := packet[at]:
        yield packet[at + 1 : at + 1 + length]
        at += length + 1
