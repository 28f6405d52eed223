"""Decide what kind of file a list's bytes are, and refuse what is no list at all.

Error pages, archives and half a download are met in real life under every list's address.  The
formats themselves are read elsewhere.
"""

import codecs
import re
from itertools import islice

from filterd.errors import ListError
from filterd.lists.formats import domains, hosts, wildcard
from filterd.lists.formats.lines import Format, decode, each_line, is_comment
from filterd.lists.parsed import Rule

FORMATS: dict[str, Format] = {
    form.name: form for form in (hosts.HOSTS, domains.DOMAINS, wildcard.WILDCARD)
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
_OTHERS = (
    (re.compile(r"@@|\|{1,2}[\w*.]|[^\s#]+##|[^\s$]+\$~?[a-z]"), "adblock"),
    (re.compile(r"(?:address|server|local)=/"), "dnsmasq"),
    (re.compile(r"local-(?:zone|data):"), "unbound"),
    (re.compile(r"\$TTL\b|.*\sCNAME\s|@\s.*SOA\s"), "RPZ"),
)


def refuse_what_is_no_list(source: str, text: bytes) -> None:
    """Raise ListError when the bytes are no text of a list, saying what they look like."""
    for magic, packer in _PACKED:
        if text.startswith(magic):
            raise ListError(source, f"the file is packed with {packer}; it must be plain text")
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

    Raises ListError when the file is no list, or a list in a format that is not read.
    """
    refuse_what_is_no_list(source, text)
    votes = dict.fromkeys((*FORMATS, *(name for _, name in _OTHERS)), 0)
    looks = (_looks_like(line.strip()) for _, line in each_line(decode(text)))
    for form in islice(filter(None, looks), VOTES):
        votes[form] += 1
    best = max(votes, key=votes.__getitem__)
    if not votes[best]:
        raise ListError(source, "no line of the file holds a name")
    if best not in FORMATS:
        raise ListError(source, f"the file looks like {best} rules, which cannot be read")
    return best


def _looks_like(line: str) -> str | None:
    if is_comment(line):
        return None
    for pattern, name in _OTHERS:
        if pattern.match(line):
            return name
    if line.startswith("*."):
        return "wildcard"
    for form in (hosts.HOSTS, domains.DOMAINS):
        if any(isinstance(found, Rule) for found in form.read_line(line)):
            return form.name
    return None
