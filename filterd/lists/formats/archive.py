"""Look into a tar archive: which members it has, where their bytes lie, what its links mean.

Nothing is ever written to a disk, and a link leads only to members of the same archive.  All work
is bounded by the archive's size.  Python's own ``tarfile`` is not used because releases still in
the field can be made to loop or backtrack by a crafted header (CVE-2025-8194, CVE-2024-6232).
Source: POSIX.1 pax (ustar, pax headers); GNU tar (long names).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from filterd.errors import ListError

BLOCK = 512
MOST_MEMBERS = 20_000
MOST_INFLATED = 256 * 1024 * 1024  # the whole UT1 tree is about half of it
MOST_LINKS = 8  # followed on the way to one member
LONGEST_EXTRA = 4096  # of a header that only gives a long name
_FILES, _HARD_LINK, _LINK = frozenset({b"0", b"\0", b"7"}), b"1", b"2"


class Packed(Protocol):
    """The bytes of an archive: ``bytes``, or a mapped file that is too large for the memory."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its bytes' place in the archive, or, for a link, the path it stands for."""

    start: int
    size: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """``members`` by path, without the leading ``./``; folders have no entry."""

    data: Packed
    members: dict[str, Member]

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, links on the way followed; None when it leads to no file."""
        for _ in range(MOST_LINKS + 1):
            member = self.members.get(path)
            if member is not None and member.target is None:
                return self.data[member.start : member.start + member.size]
            link = path if member is not None else self._link_above(path)
            if link is None:
                return None
            path = f"{self.members[link].target}{path[len(link) :]}"
        return None

    def _link_above(self, path: str) -> str | None:
        at = path.find("/")
        while at >= 0:
            member = self.members.get(path[:at])
            if member is not None:
                return path[:at] if member.target is not None else None
            at = path.find("/", at + 1)
        return None


def is_tar(data: Packed) -> bool:
    return data[257:262] == b"ustar"


def open_archive(source: str, data: Packed) -> Archive:
    """Index a tar or tar.gz.  Raises ListError when it is damaged, too big or something else."""
    if data[:2] == b"\x1f\x8b":
        data = _inflate(source, data[:])
    if not is_tar(data):
        raise ListError(source, "the file is no tar archive")
    members: dict[str, Member] = {}
    for count, (path, member) in enumerate(_members(source, data)):
        if count >= MOST_MEMBERS:
            raise ListError(source, f"the archive has more than {MOST_MEMBERS} members")
        if path is not None and member is not None:
            members[path] = member
    return Archive(data, members)


def _inflate(source: str, data: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(data, MOST_INFLATED)
    except zlib.error:
        raise ListError(source, "the archive is damaged gzip") from None
    if inflater.eof:
        return inflated
    raise ListError(
        source,
        f"the archive is bigger than {MOST_INFLATED >> 20} MiB"
        if len(inflated) >= MOST_INFLATED
        else "the archive is cut off",
    )


def _members(source: str, data: Packed) -> Iterator[tuple[str | None, Member | None]]:
    """Yield path and member of every header; None for what is neither a file nor a link."""
    at = 0
    longer: dict[str, str] = {}
    while at + BLOCK <= len(data):
        header = data[at : at + BLOCK]
        if not any(header):
            return
        size, start = _checked_size(source, header), at + BLOCK
        if start + size > len(data):
            raise ListError(source, "the archive is cut off")
        at = start + -(-size // BLOCK) * BLOCK
        kind = header[156:157]
        if kind in {b"x", b"L", b"K"}:
            if size > LONGEST_EXTRA:
                raise ListError(source, "the archive has a name too long to be one")
            longer |= _longer(kind, data[start : start + size])
            yield None, None
            continue
        name = longer.get("path") or _name(header)
        target = longer.get("linkpath") or _text(header[157:257])
        longer = {}
        yield _path(name), _member(kind, name, target, Member(start, size))
    raise ListError(source, "the archive is cut off")


def _member(kind: bytes, name: str, target: str, file: Member) -> Member | None:
    if kind in _FILES:
        return file
    if kind == _LINK:
        folder = name.rstrip("/").rpartition("/")[0]
        resolved = None if target.startswith("/") else _path(f"{folder}/{target}")
    elif kind == _HARD_LINK:
        resolved = _path(target)
    else:
        return None
    return None if resolved is None else Member(0, 0, resolved)


def _path(name: str) -> str | None:
    """Return a path with its ``.`` and ``..`` resolved; None when it leaves the archive."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _checked_size(source: str, header: bytes) -> int:
    summed = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    size = _octal(header[124:136])
    if size is None or _octal(header[148:156]) != summed:
        raise ListError(source, "the archive is damaged")
    return size


def _octal(digits: bytes) -> int | None:
    digits = digits.strip(b" \0")
    if not digits or digits.translate(None, b"01234567"):
        return None
    return int(digits, 8)


def _longer(kind: bytes, extra: bytes) -> dict[str, str]:
    """Read what a header of its own says of the next member's names."""
    if kind != b"x":
        return {"path" if kind == b"L" else "linkpath": _text(extra)}
    found: dict[str, str] = {}
    while extra:
        length, blank, rest = extra.partition(b" ")
        if not blank or not length.isdigit() or len(length) > 5 or int(length) <= len(length):
            break
        record, extra = rest[: int(length) - len(length) - 1], extra[int(length) :]
        key, _, value = record.rstrip(b"\n").partition(b"=")
        if key in {b"path", b"linkpath"}:
            found[key.decode("ascii")] = value.decode("utf-8", "replace")
    return found


def _name(header: bytes) -> str:
    name, prefix = _text(header[:100]), _text(header[345:500])
    # GNU's own kind of header has other things where POSIX has the start of a long name.
    return f"{prefix}/{name}" if prefix and header[257:263] == b"ustar\0" else name


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")
