"""Lists come whole, in bounds and from where they should, or not at all and in plain words."""

import gzip
import hashlib
import io
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterd.errors import ListError
from filterd.net.fetch import (
    NO_VALIDATORS,
    Fetched,
    Inflater,
    Limits,
    NotModified,
    Validators,
    fetch,
    read_file,
)

LIST = b"porn.example\nother.example\n"
V1 = Validators('"v1"', "Tue, 24 Nov 2026 07:00:00 GMT")
SMALL = Limits(size_bytes=1 << 20, total_s=5)


def bring(url: str, known: Validators = NO_VALIDATORS, **how: Any) -> tuple[Any, bytes]:
    """Fetch a list and return what was said of it and what came."""
    file = io.BytesIO()
    got = fetch("porn", url, file, known, **how)
    return got, file.getvalue()


class Site:
    """A web server on loopback whose pages are functions of the request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def page(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        def give(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        self.pages[path] = give
        return self.url + path


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append((self.path, dict(self.headers)))
            try:
                site.pages[self.path](self)
            except OSError:  # the client has seen enough
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # clients that give up are what is tested

    with Server(("127.0.0.1", 0), Handler) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield site
        server.shutdown()
        thread.join()


def test_a_list_comes_with_its_validators(site: Site) -> None:
    url = site.page("/list", LIST, ETag='"v1"', Last_Modified="Tue, 24 Nov 2026 07:00:00 GMT")
    got, data = bring(url)
    assert got == Fetched(hashlib.sha256(LIST).hexdigest(), V1)
    assert data == LIST
    headers = site.asked[0][1]
    assert headers["Accept-Encoding"] == "identity"
    assert "If-None-Match" not in headers


def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    url = site.page("/list", status=304)
    got, data = bring(url, V1)
    assert isinstance(got, NotModified)
    assert data == b""
    headers = site.asked[0][1]
    assert headers["If-None-Match"] == '"v1"'
    assert headers["If-Modified-Since"] == "Tue, 24 Nov 2026 07:00:00 GMT"


@pytest.mark.parametrize("encoding", [{"Content_Encoding": "gzip"}, {}], ids=["header", "file"])
@pytest.mark.parametrize("members", [1, 3])
def test_gzip_is_inflated(site: Site, encoding: dict[str, str], members: int) -> None:
    url = site.page("/list.gz", gzip.compress(LIST) * members, **encoding)
    got, data = bring(url)
    assert isinstance(got, Fetched)
    assert data == LIST * members


def chunked(*chunks: bytes, pause_s: float = 0.0) -> Callable[[BaseHTTPRequestHandler], None]:
    def give(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for chunk in (*chunks, b""):
            request.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            time.sleep(pause_s)

    return give


def test_a_list_may_come_in_chunks(site: Site) -> None:
    site.pages["/list"] = chunked(LIST[:5], LIST[5:])
    got, data = bring(site.url + "/list")
    assert isinstance(got, Fetched)
    assert data == LIST


def says(body: bytes, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send these headers, true or not, then the body, and hang up."""

    def give(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)
        request.close_connection = True

    return give


@pytest.mark.parametrize("length", ["-5", "many", "", "0x10"])
def test_a_length_that_is_none_does_not_count(site: Site, length: str) -> None:
    site.pages["/list"] = says(LIST, Content_Length=length)
    assert bring(site.url + "/list")[1] == LIST


def test_gzip_is_told_by_its_start_however_small_the_pieces_are(site: Site) -> None:
    packed = gzip.compress(LIST)
    site.pages["/list"] = chunked(packed[:1], packed[1:2], packed[2:], pause_s=0.02)
    assert bring(site.url + "/list")[1] == LIST


def test_however_long_a_list_is_only_a_piece_is_in_memory(site: Site, tmp_path: Path) -> None:
    url = site.page("/list", gzip.compress(bytes(40 << 20)))
    with (tmp_path / "list").open("wb") as file:
        tracemalloc.start()
        fetch("porn", url, file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (tmp_path / "list").stat().st_size == 40 << 20
    assert peak < 2 << 20


def cut_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(LIST)
    request.close_connection = True


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True


BOMB = gzip.compress(bytes(50 << 20))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        pytest.param({"body": b"", "status": 404}, "the server answered 404", id="not found"),
        pytest.param({"body": b"", "status": 304}, "the server answered 304", id="304 unasked"),
        pytest.param({"body": b"x" * (2 << 20)}, "is larger than 1 MiB", id="too big"),
        pytest.param({"body": BOMB}, "is larger than 1 MiB", id="gzip bomb"),
        pytest.param(
            {"body": BOMB, "Content_Encoding": "gzip"}, "is larger than 1 MiB", id="honest bomb"
        ),
        pytest.param(
            {"body": b"x", "Content_Encoding": "br"}, "in a way that was not asked", id="brotli"
        ),
        pytest.param(
            {"body": gzip.compress(LIST)[:-9]}, "a gzip file that was cut off", id="half a gzip"
        ),
        pytest.param({"body": b"\x1f\x8bnonsense"}, "a damaged gzip file", id="no gzip"),
        pytest.param({"status": 302, "Location": "/list"}, "moved more than 5 times", id="loop"),
        pytest.param(
            {"status": 301, "Location": "http://lists.example/"}, "with https", id="to http"
        ),
        pytest.param(
            {"status": 301, "Location": "file:///etc/passwd"}, "no valid address", id="to a file"
        ),
        pytest.param({"status": 301, "Location": "ftp://a.example/"}, "with https", id="to ftp"),
        pytest.param({"status": 301, "Location": "//[x"}, "no valid address", id="to nonsense"),
        pytest.param(cut_off, "broke off", id="cut off"),
        pytest.param(hang_up, "broke off", id="hangs up"),
        pytest.param(chunked(*[b"x" * 60_000] * 40), "larger than 1 MiB", id="endless chunks"),
        pytest.param(
            chunked(*[gzip.compress(b"") * 3000] * 40), "larger than 1 MiB", id="endless nothing"
        ),
        pytest.param(says(b"7\r\n", Transfer_Encoding="chunked"), "broke off", id="half a chunk"),
        pytest.param(
            says(b"no number\r\n", Transfer_Encoding="chunked"), "broke off", id="odd chunks"
        ),
        pytest.param(says(LIST, Content_Length=f"{1 << 40}"), "larger than", id="a huge length"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(site: Site, page: Any, words: str) -> None:
    if callable(page):
        site.pages["/list"] = page
    else:
        site.page("/list", **page)
    with pytest.raises(ListError, match=words) as caught:
        bring(site.url + "/list", limits=SMALL)
    assert str(caught.value).startswith("list porn: ")


def test_a_server_that_trickles_is_given_up(site: Site) -> None:
    site.pages["/list"] = chunked(*[b"x"] * 100, pause_s=0.05)
    began = time.monotonic()
    with pytest.raises(ListError, match="took too long"):
        bring(site.url + "/list", limits=Limits(SMALL.size_bytes, total_s=0.3))
    assert time.monotonic() - began < 3


def test_a_server_that_is_silent_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filterd.net.visit.READ_S", 0.2)
    site.pages["/list"] = lambda _: time.sleep(1)
    with pytest.raises(ListError, match="did not answer in time"):
        bring(site.url + "/list")


def test_a_moved_list_is_followed(site: Site) -> None:
    site.page("/old", status=301, Location="/new?x=1")
    site.page("/new?x=1", LIST)
    got, data = bring(site.url + "/old", V1)
    assert isinstance(got, Fetched)
    assert data == LIST
    assert [path for path, _ in site.asked] == ["/old", "/new?x=1"]


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/list",
        "http://localhost.lists.example/list",
        "ftp://127.0.0.1/list",
        "/etc/passwd",
        "https://",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1@lists.example/",
        "http://127.0.0.1\\@lists.example/",
        "http://[::1/",
        "",
    ],
)
def test_an_unsafe_address_is_not_even_asked(url: str) -> None:
    with pytest.raises(ListError):
        bring(url)


def test_a_validator_of_absurd_length_is_not_kept(site: Site) -> None:
    url = site.page("/list", LIST, ETag='"' + "x" * 5000 + '"')
    got, _ = bring(url)
    assert isinstance(got, Fetched)
    assert got.validators == Validators()


def test_files_are_read_like_downloads(tmp_path: Path) -> None:
    plain, packed, big = tmp_path / "plain", tmp_path / "packed", tmp_path / "big"
    plain.write_bytes(LIST)
    packed.write_bytes(gzip.compress(LIST))
    big.write_bytes(BOMB)
    assert read_file("porn", plain) == read_file("porn", packed) == LIST
    with pytest.raises(ListError, match="is larger than 1 MiB"):
        read_file("porn", big, SMALL)
    with pytest.raises(ListError, match="there is no file"):
        read_file("porn", tmp_path / "missing")
    with pytest.raises(ListError, match="cannot be read"):
        read_file("porn", tmp_path)


@given(
    members=st.lists(st.binary(max_size=200), min_size=1, max_size=3),
    size=st.integers(1, 50),
)
def test_gzip_may_be_fed_in_any_pieces(members: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, members))
    inflater = Inflater()
    chunks = (packed[at : at + size] for at in range(0, len(packed), size))
    assert b"".join(piece for chunk in chunks for piece in inflater.feed(chunk)) == b"".join(
        members
    )
    assert inflater.is_complete
