"""Brings one list into memory, from a URL or a file, and refuses what is too big or too slow.

Blocking: it runs in the worker, never in the DNS process.  What the bytes mean, where they are
kept and when to ask again is not decided here; how a connection is made is ``net.visit``'s.
https only; plain http is for a server on this very machine.
Source: RFC 9110 §13 (conditional requests), §15.4 (redirects).
"""

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
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
LONGEST_VALIDATOR = 1024
GZIP_MAGIC = b"\x1f\x8b"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a list is taken, inflated, and how long it may take to arrive."""

    size_bytes: int = 64 * 1024 * 1024
    total_s: float = 120.0


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server calls the copy it sent: told to it at the next fetch, and to no other."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole list, inflated."""

    data: bytes
    validators: Validators


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that our copy is the newest."""


def fetch(
    source: str,
    url: str,
    known: Validators = NO_VALIDATORS,
    limits: Limits = LIMITS,
    resolve: Resolve | None = None,
) -> Fetched | NotModified:
    """Download a list, unless it is still the one that ``known`` names.

    ``source`` is the list's id, for the error.  ``resolve`` finds the addresses of a host; without
    it the system does.  Raises ListError with words for a guardian.
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
                return _fetched(source, response, limits.size_bytes, ends)
            finally:
                response.close()
        except (HTTPError, UpstreamError) as error:
            _check_time(source, ends)  # a visit that is cut short at its end looks broken
            raise ListError(source, _in_words(error)) from error


def read_file(source: str, path: Path, limits: Limits = LIMITS) -> bytes:
    """Read a list from a file, inflated if it is gzip.  Raises ListError."""
    try:
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            return _collect(source, chunks, limits.size_bytes)
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


def _fetched(source: str, response: BaseHTTPResponse, limit_bytes: int, ends: float) -> Fetched:
    if response.status != 200:
        raise ListError(source, f"the server answered {response.status} instead of the list")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise ListError(source, f"is packed in a way that was not asked for: {encoding}")
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit_bytes:
        raise ListError(source, _too_big(limit_bytes))
    data = _collect(source, _chunks(source, response, ends), limit_bytes)
    validators = Validators(
        _validator(response.headers.get("ETag")),
        _validator(response.headers.get("Last-Modified")),
    )
    return Fetched(data, validators)


def _chunks(source: str, response: BaseHTTPResponse, ends: float) -> Iterator[bytes]:
    while chunk := response.read1(CHUNK_BYTES):
        _check_time(source, ends)
        yield chunk
    # Where no length is announced, a connection that was cut at the end looks like a whole list.
    _check_time(source, ends)


def _collect(source: str, chunks: Iterator[bytes], limit_bytes: int) -> bytes:
    """Join chunks, inflating gzip, and stop as soon as there is too much."""
    data = bytearray()
    inflate: Inflater | None = None
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk.startswith(GZIP_MAGIC):
            inflate = Inflater()
        room = limit_bytes - len(data)
        try:
            data += chunk if inflate is None else inflate.feed(chunk, room + 1)
        except zlib.error:
            raise ListError(source, "is a damaged gzip file") from None
        if len(data) > limit_bytes:
            raise ListError(source, _too_big(limit_bytes))
    if inflate is not None and not inflate.is_complete:
        raise ListError(source, "is a gzip file that was cut off")
    return bytes(data)


class Inflater:
    """Inflates gzip, several members in a row included, never more than it is allowed."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def is_complete(self) -> bool:
        return self._member.eof

    def feed(self, chunk: bytes, most: int) -> bytes:
        """Return at most ``most`` bytes of what ``chunk`` holds; what is beyond is lost."""
        out = bytearray()
        while chunk and len(out) < most:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            out += self._member.decompress(chunk, most - len(out))
            chunk = self._member.unused_data
        return bytes(out)


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
