"""Brings one list here, from a URL or a file, and refuses what is too big or too slow.

Whatever its size, only a piece of it is in memory at a time; a download is poured into a file.
Blocking: it runs in the worker, never in the DNS process.  What the bytes mean, where they are
kept and when to ask again is not decided here; how a connection is made is ``net.visit``'s.
https only; plain http is for a server on this very machine.
Source: RFC 9110 §13 (conditional requests), §15.4 (redirects).
"""

import hashlib
import io
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import parse_url

from filterd.errors import ListError, UpstreamError
from filterd.net.lookup import Resolve
from filterd.net.visit import Visit

MOST_REDIRECTS = 5
CHUNK_BYTES = 64 * 1024
PIECE_BYTES = 256 * 1024
LONGEST_VALIDATOR = 1024
GZIP_MAGIC = b"\x1f\x8b"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a list is taken, as sent and again as inflated, and how long it may take."""

    size_bytes: int
    total_s: float


# The longest text met is UT1's adult names: 4.6 million lines, about 100 MB.
TEXT = Limits(size_bytes=128 << 20, total_s=120.0)
# All categories of UT1 together, inflated, are half as much again; packed they are 30 MB.
ARCHIVE = Limits(size_bytes=512 << 20, total_s=900.0)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server calls the copy it sent: told to it at the next fetch, and to no other."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole list, inflated, lies in the file given; ``digest`` is its SHA-256 in hex."""

    digest: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that our copy is the newest."""


def fetch(  # noqa: PLR0913 - each has its own say, and most have a usual one
    source: str,
    url: str,
    file: BinaryIO,
    known: Validators = NO_VALIDATORS,
    *,
    limits: Limits = TEXT,
    resolve: Resolve | None = None,
) -> Fetched | NotModified:
    """Download a list into ``file``, unless it is still the one that ``known`` names.

    ``source`` is the list's id, for the error.  ``resolve`` finds the addresses of a host; without
    it the system does.  Raises ListError with words for a guardian, and OSError when the file
    cannot be written; what is in the file is then worth nothing.
    """
    ends = time.monotonic() + limits.total_s
    # Identity: an honest server then sends what it says, and a gzip bomb is inflated by us.
    headers = {"User-Agent": "filterd", "Accept-Encoding": "identity"}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    with Visit(ends, resolve) as visit:
        try:
            response = _open(visit, source, url, headers)
            try:
                if response.status == 304 and known != NO_VALIDATORS:
                    return NotModified()
                return _fetched(source, response, file, limits.size_bytes, ends)
            finally:
                response.close()
        except (HTTPError, UpstreamError) as error:
            _check_time(source, ends)  # a visit that is cut short at its end looks broken
            raise ListError(source, _in_words(error)) from error


def read_file(source: str, path: Path, limits: Limits = TEXT) -> bytes:
    """Read a list from a file, inflated if it is gzip.  Raises ListError."""
    text = io.BytesIO()
    pour_file(source, path, text.write, limits)
    return text.getvalue()


def pour_file(
    source: str, path: Path, take: Callable[[bytes], object], limits: Limits = TEXT
) -> None:
    """Give ``take`` what ``read_file`` returns, piece by piece.  Raises ListError."""
    try:
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            _pour(source, chunks, limits.size_bytes, take)
    except FileNotFoundError:
        raise ListError(source, f"there is no file {path}") from None
    except OSError as error:
        raise ListError(source, f"{path} cannot be read: {error.strerror}") from error


def _open(visit: Visit, source: str, url: str, headers: dict[str, str]) -> BaseHTTPResponse:
    """Ask, and follow a few redirects, each of which must be as safe as the first address."""
    for _ in range(MOST_REDIRECTS + 1):
        _check_url(source, url)
        response = visit.get(url, headers)
        target = response.headers.get("Location")
        if response.status not in REDIRECTS or not target:
            return response
        response.close()
        _check_time(source, visit.ends)
        target = _join(source, url, target)
        if url.startswith("https:") and not target.startswith("https:"):
            raise ListError(source, f"was moved to an address without https: {target}")
        url = target
    raise ListError(source, f"was moved more than {MOST_REDIRECTS} times")


def _join(source: str, url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        raise ListError(source, f"was moved to what is no valid address: {target}") from None


def _check_url(source: str, url: str) -> None:
    """Refuse what is not safe to ask, read as urllib3 itself will read it."""
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise ListError(source, f"is no valid address: {url}") from None
    if not parts.host:
        raise ListError(source, f"is no valid address: {url}")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(parts.host)):
        raise ListError(source, f"must be fetched with https: {url}")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _fetched(
    source: str, response: BaseHTTPResponse, file: BinaryIO, limit_bytes: int, ends: float
) -> Fetched:
    if response.status != 200:
        raise ListError(source, f"the server answered {response.status} instead of the list")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise ListError(source, f"is packed in a way that was not asked for: {encoding}")
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit_bytes:
        raise ListError(source, _too_big(limit_bytes))
    digest = hashlib.sha256()

    def take(piece: bytes) -> None:
        digest.update(piece)
        file.write(piece)

    _pour(source, _chunks(source, response, ends), limit_bytes, take)
    validators = Validators(
        _validator(response.headers.get("ETag")),
        _validator(response.headers.get("Last-Modified")),
    )
    return Fetched(digest.hexdigest(), validators)


def _chunks(source: str, response: BaseHTTPResponse, ends: float) -> Iterator[bytes]:
    while chunk := response.read1(CHUNK_BYTES):
        _check_time(source, ends)
        yield chunk
    # Where no length is announced, a connection that was cut at the end looks like a whole list.
    _check_time(source, ends)


def _pour(
    source: str, chunks: Iterator[bytes], limit_bytes: int, take: Callable[[bytes], object]
) -> None:
    """Pass chunks on, inflating gzip, and stop as soon as there is too much."""
    packed = size = 0
    inflate: Inflater | None = None
    for chunk in _with_whole_start(chunks):
        if not packed and chunk.startswith(GZIP_MAGIC):
            inflate = Inflater()
        packed += len(chunk)
        try:
            for piece in (chunk,) if inflate is None else inflate.feed(chunk):
                size += len(piece)
                if max(size, packed) > limit_bytes:
                    raise ListError(source, _too_big(limit_bytes))
                take(piece)
        except zlib.error:
            raise ListError(source, "is a damaged gzip file") from None
    if inflate is not None and not inflate.is_complete:
        raise ListError(source, "is a gzip file that was cut off")


def _with_whole_start(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Join what comes first until it is long enough to tell what it is."""
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= len(GZIP_MAGIC):
            break
    if start:
        yield start
    yield from chunks


class Inflater:
    """Inflates gzip, several members in a row included, a small piece at a time."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def is_complete(self) -> bool:
        return self._member.eof

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what ``chunk`` holds: a thousand times as much, perhaps, so stop in time."""
        while chunk:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            yield self._member.decompress(chunk, PIECE_BYTES)
            chunk = self._member.unconsumed_tail or self._member.unused_data


def _check_time(source: str, ends: float) -> None:
    if time.monotonic() >= ends:
        raise ListError(source, "took too long to arrive")


def _validator(value: str | None) -> str | None:
    return value if value and len(value) <= LONGEST_VALIDATOR else None


def _too_big(limit_bytes: int) -> str:
    return f"is larger than {limit_bytes // (1024 * 1024)} MiB"


def _in_words(error: HTTPError | UpstreamError) -> str:
    if isinstance(error, UpstreamError):
        return f"the server's address was not found: {error}"
    if isinstance(error, NameResolutionError):
        return "the server's address was not found"
    if isinstance(error, NewConnectionError):  # urllib3 counts it among the time-outs
        return "the server cannot be reached"
    if isinstance(error, (ConnectTimeoutError, ReadTimeoutError)):
        return "the server did not answer in time"
    if isinstance(error, SSLError):
        return "the server's certificate is not valid (is this machine's clock right?)"
    return "the server cannot be reached, or broke off"
