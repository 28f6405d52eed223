"""Decide what kind of file a list's bytes are, and refuse what is no list at all.

Error pages, archives and half a download are met in real life under every list's address.  The
formats themselves are read elsewhere.
"""

import codecs
import re
from itertools import islice

from filterd.errors import ListError
from filterd.lists.formats import (
    adblock,
    dnsmasq,
    domains,
    hosts,
    pihole,
    rpz,
    squidguard,
    unbound,
    wildcard,
)
from filterd.lists.formats.archive import is_tar
from filterd.lists.formats.lines import Format, Line, each_line, is_comment, normal
from filterd.lists.parsed import Rule

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        hosts.HOSTS,
        domains.DOMAINS,
        wildcard.WILDCARD,
        adblock.ADBLOCK,
        pihole.PIHOLE,
        dnsmasq.DNSMASQ,
        rpz.RPZ,
        unbound.UNBOUND,
        squidguard.SQUIDGUARD,
    )
}

VOTES = 500  # lines that look like some format: outvotes any odd head, short beside the reading

_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"BZh", "bzip2"),
    (b"(\xb5/\xfd", "zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-zip"),
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r")) + b"\x7f"
_JSON = re.compile(rb'\{|\[\s*(?:["{\[\d\]-]|true|false|null)')
# What no line of another format begins with; the first that fits counts.
_LOOKS = (
    (re.compile(r"(?:address|server|local)=/"), "dnsmasq"),
    (re.compile(r"local-(?:zone|data):"), "unbound"),
    (re.compile(r"\$TTL\b|\$ORIGIN\b|(?:\S+\s+){1,3}(?:CNAME|SOA)\s+\S"), "rpz"),
    (re.compile(r"(?:\S+\s+){1,3}(?:A|AAAA|TXT)\s+\S"), "rpz"),
    (re.compile(r"@@|\|{1,2}[\w*.]|[^\s#]*#[@?$%]{0,3}#[\w.\[+#*:^-]"), "adblock"),
    (re.compile(r"\^[\w(\[]|[^\s/|$]*\\\.|\(\^\||.*;(?:querytype|reply|invert)"), "pihole"),
    (re.compile(r"[^\s$]+\$~?[a-z]"), "adblock"),
)  # fmt: skip
_ADBLOCK_STARTS = (b"\n||", b"\n@@||")


def refuse_what_is_no_list(source: str, text: bytes) -> None:
    """Raise ListError when the bytes are no text of a list, saying what they look like."""
    for magic, packer in _PACKED:
        if text.startswith(magic):
            raise ListError(source, f"the file is packed with {packer}; it must be plain text")
    if is_tar(text):
        raise ListError(
            source, "the file is a tar archive; write its category, as in format: squidguard:adult"
        )
    if text.startswith(_UTF16):
        raise ListError(source, "the file is UTF-16 text; it must be UTF-8")
    body = text.removeprefix(codecs.BOM_UTF8)
    start = body[:4096].lstrip()
    if not start and not body.strip():
        raise ListError(source, "the file is empty")
    if start.startswith(b"<"):
        raise ListError(source, "the file is a web page (HTML or XML), not a list")
    if _JSON.match(start):
        raise ListError(source, "the file is JSON, not a list")
    # A stray NUL is a bad line; one byte in a hundred is another kind of file.
    if len(text) - len(text.translate(None, _CONTROL)) > max(2, len(text) // 100):
        raise ListError(source, "the file is binary, not a list")


def detect(source: str, text: bytes) -> str:
    """Return the name of the format most lines are written in.

    Raises ListError when the file is no list.
    """
    refuse_what_is_no_list(source, text)
    text = normal(text)
    votes = dict.fromkeys(FORMATS, 0)
    looks = (_looks_like(line.text.strip()) for line in each_line(text))
    for form in islice(filter(None, looks), VOTES):
        votes[form] += 1
    best = max(votes, key=votes.__getitem__)
    if not votes[best]:
        raise ListError(source, "no line of the file holds a name")
    # An adblock list may begin with hundreds of plain names; it gives them the same meaning.
    if best in {"hosts", "domains"} and any(start in text for start in _ADBLOCK_STARTS):
        return "adblock"
    return best


def _looks_like(line: str) -> str | None:
    if is_comment(line):
        return "adblock" if line.startswith("##") and adblock.is_cosmetic(line) else None
    for pattern, name in _LOOKS:
        if pattern.match(line):
            return name
    if line.startswith("*."):
        return "wildcard"
    for form in (hosts.HOSTS, domains.DOMAINS):
        if any(isinstance(meaning, Rule) for _, meaning in form.scan([Line(0, line)])):
            return form.name
    return None
