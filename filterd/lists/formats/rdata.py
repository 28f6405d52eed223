r"""Records that a list wants to be answered: from their words to rdata in wire form.

Names are uncompressed; an rdata is bounded, because every query for its name gets it.
Source: RFC 1035 §3.3, 5.1; RFC 2782 (SRV); RFC 3596 (AAAA); RFC 9460 §2.1 and 7 (SVCB, HTTPS).
"""

import base64
import ipaddress
import re
import struct
from collections.abc import Callable, Sequence

from filterd.lists.condition import Rewrite
from filterd.lists.formats.entry import read_name
from filterd.lists.formats.record_types import RECORD_TYPES
from filterd.wire.codes import NOERROR
from filterd.wire.name import to_wire

LONGEST = 1000  # octets of one rdata

ToName = Callable[[str], str]
"""Makes a written name whole; zone files have relative ones."""

_LONGEST_STRING = 255
_escaped = re.compile(r"\\([0-9]{3}|.)", re.DOTALL)
_is_number = re.compile("[0-9]{1,5}").fullmatch
_KEYS = {
    key: number
    for number, key in enumerate(
        ("mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath")
    )
}
_unnamed_key = re.compile("key([0-9]{1,5})").fullmatch


def as_written(word: str) -> str:
    return word


def can_pack(rtype: str) -> bool:
    return rtype in _PACKERS


def pack(rtype: str, words: Sequence[str], whole: ToName = as_written) -> Rewrite | None:
    """Return the record of type ``rtype`` (in upper case) that the words write, None if none."""
    try:
        rdata = _PACKERS[rtype](words, whole)
    except (LookupError, ValueError, struct.error):
        return None
    return Rewrite(NOERROR, RECORD_TYPES[rtype], rdata) if len(rdata) <= LONGEST else None


def is_nowhere(rewrite: Rewrite) -> bool:
    """Tell whether the answer is an address that leads nowhere: null, or the asker's own."""
    if rewrite.rtype not in {RECORD_TYPES["A"], RECORD_TYPES["AAAA"]}:
        return False
    address = ipaddress.ip_address(rewrite.rdata)
    return address.is_unspecified or address.is_loopback


def _a(words: Sequence[str], _: ToName) -> bytes:
    (word,) = words
    return ipaddress.IPv4Address(word).packed


def _aaaa(words: Sequence[str], _: ToName) -> bytes:
    (word,) = words
    return ipaddress.IPv6Address(word).packed


def _target(words: Sequence[str], whole: ToName) -> bytes:
    (word,) = words
    return _name(word, whole)


def _txt(words: Sequence[str], _: ToName) -> bytes:
    if not words:
        raise ValueError("no text")
    return b"".join(map(_string, words))


def _mx(words: Sequence[str], whole: ToName) -> bytes:
    preference, exchange = words
    return _numbers(preference) + _name(exchange, whole, root=True)


def _srv(words: Sequence[str], whole: ToName) -> bytes:
    *numbers, target = words
    priority, weight, port = numbers
    return _numbers(priority, weight, port) + _name(target, whole, root=True)


def _svcb(words: Sequence[str], whole: ToName) -> bytes:
    priority, target, *rest = words
    parameters = dict(map(_parameter, _joined(rest)))
    if len(parameters) != len(_joined(rest)):
        raise ValueError("a parameter twice")
    packed = (
        struct.pack("!HH", key, len(value)) + value for key, value in sorted(parameters.items())
    )
    return _numbers(priority) + _name(target, whole, root=True) + b"".join(packed)


_PACKERS: dict[str, Callable[[Sequence[str], ToName], bytes]] = {
    "A": _a,
    "AAAA": _aaaa,
    "CNAME": _target,
    "HTTPS": _svcb,
    "MX": _mx,
    "PTR": _target,
    "SRV": _srv,
    "SVCB": _svcb,
    "TXT": _txt,
}


def _name(word: str, whole: ToName, *, root: bool = False) -> bytes:
    if root and word == ".":
        return b"\0"
    if not word.isascii():
        name = read_name(word)
        if not isinstance(name, str):
            raise ValueError(name.why)
        word = name
    written = whole(word.lower()).removesuffix(".")
    if not written:
        raise ValueError("no name")
    return to_wire(written)


def _numbers(*words: str) -> bytes:
    if not all(map(_is_number, words)):
        raise ValueError("no number")
    return struct.pack(f"!{len(words)}H", *map(int, words))


def _string(word: str) -> bytes:
    """Return a <character-string>; one too long for that becomes several."""
    text = _unescaped(word[1:-1] if _is_quoted(word) else word)
    pieces = [text[at : at + _LONGEST_STRING] for at in range(0, len(text), _LONGEST_STRING)]
    return b"".join(bytes((len(piece),)) + piece for piece in pieces or [b""])


def _is_quoted(word: str) -> bool:
    return len(word) > 1 and word[0] == word[-1] == '"'


def _unescaped(text: str) -> bytes:
    if "\\" not in text:
        return text.encode()
    octets = bytearray()
    at = 0
    for found in _escaped.finditer(text):
        octets += text[at : found.start()].encode()
        sign = found[1]
        octets += bytes((int(sign),)) if len(sign) > 1 else sign.encode()
        at = found.end()
    return bytes(octets) + text[at:].encode()


def _joined(words: Sequence[str]) -> list[str]:
    """Put a quoted value back behind the key it was cut from: ``alpn=`` ``"h2,h3"``."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].endswith("=") and _is_quoted(word):
            joined[-1] += word[1:-1]
        else:
            joined.append(word)
    return joined


def _parameter(word: str) -> tuple[int, bytes]:
    key, equals, value = word.partition("=")
    unnamed = _unnamed_key(key)
    number = int(unnamed[1]) if unnamed else _KEYS[key]
    if bool(value) != bool(equals) or (not value and number != _KEYS["no-default-alpn"]):
        raise ValueError("a parameter without a value")
    return number, _VALUES.get(number, _unescaped)(value.strip('"'))


def _each(pack_one: Callable[[str], bytes]) -> Callable[[str], bytes]:
    return lambda value: b"".join(map(pack_one, value.split(",")))


_VALUES: dict[int, Callable[[str], bytes]] = {
    _KEYS["mandatory"]: lambda value: b"".join(
        struct.pack("!H", number) for number in sorted(_KEYS[key] for key in value.split(","))
    ),
    _KEYS["alpn"]: _each(_string),
    _KEYS["port"]: _numbers,
    _KEYS["ipv4hint"]: _each(lambda word: ipaddress.IPv4Address(word).packed),
    _KEYS["ech"]: lambda value: base64.b64decode(value, validate=True),
    _KEYS["ipv6hint"]: _each(lambda word: ipaddress.IPv6Address(word).packed),
}
