"""A strict reader and a plain writer of the one kind of archive we take from others.

A gzipped tar of plain files at its top.  Links, folders, devices, paths and extended headers are
refused, and nothing is taken for granted about sizes: an archive may come from anybody's memory
stick.  What is in the files is not known here.  Source: POSIX.1-1988 (ustar).
"""

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filterd.errors import FilterdError

_BLOCK = 512
_PIECE = 1 << 20
_MOST_FILES = 2_000
_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.(?:txt|json)")


class ArchiveError(FilterdError):
    """The archive cannot be used; the message says why."""


class Content(Protocol):
    """What is in a file, read once from its start to its end."""

    def read(self, most: int = -1, /) -> bytes:
        """Return the next bytes, at most so many, or all; none at the end."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an archive."""

    name: str
    size: int
    content: Content


def is_plain(name: str) -> bool:
    """Tell whether a file of an archive may be called so: no path, nothing odd to print."""
    return _PLAIN.fullmatch(name) is not None


def write_parts(path: Path, parts: Iterable[Part]) -> None:
    """Write an archive; the same parts give the same bytes.  Raises OSError."""
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for part in parts:
            member = tarfile.TarInfo(part.name)
            member.size = part.size
            archive.addfile(member, part.content)


def read_parts(path: Path, largest: int) -> Iterator[Part]:
    """Yield the files of an archive, none above ``largest`` bytes.

    What is in one can be read until the next is asked for.  Both raise ArchiveError as soon as
    something is not as it should be, so what came before is not yet to be trusted.
    """
    with _said(path), gzip.open(path) as stream:
        for _ in range(_MOST_FILES):
            part = _read_part(path, stream, largest)
            if part is None:
                return
            yield part
            while part.content.read(_PIECE):
                pass
            _read(stream, -part.size % _BLOCK)
    raise ArchiveError(f"{path} holds too many files")


class _Packed:
    """The content of a file in an archive."""

    def __init__(self, path: Path, stream: gzip.GzipFile, size: int) -> None:
        self._path, self._stream, self._left = path, stream, size

    def read(self, most: int = -1, /) -> bytes:
        wanted = self._left if most < 0 else min(most, self._left)
        with _said(self._path):
            data = _read(self._stream, wanted)
        self._left -= len(data)
        return data


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say what is wrong with an archive in words."""
    try:
        yield
    except FileNotFoundError:
        raise ArchiveError(f"there is no file {path}") from None
    except (EOFError, zlib.error):
        raise ArchiveError(f"{path} is damaged or was cut off") from None
    except gzip.BadGzipFile:
        raise ArchiveError(f"{path} is not a packed archive, or damaged") from None
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror or error}") from error


def _read_part(path: Path, stream: gzip.GzipFile, largest: int) -> Part | None:
    """Return the next file, None at the end of the archive."""
    block = _read(stream, _BLOCK)
    if not any(block):
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError):
        raise ArchiveError("the archive is damaged, or none of ours") from None
    if header.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or not is_plain(header.name):
        raise ArchiveError(f"the archive holds what does not belong there: {header.name!r}")
    if not 0 <= header.size <= largest:
        raise ArchiveError(f"{header.name} in the archive is too large")
    return Part(header.name, header.size, _Packed(path, stream, header.size))


def _read(stream: gzip.GzipFile, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
