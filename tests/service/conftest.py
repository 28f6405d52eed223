"""A state folder as the worker leaves it, and a small web server for lists that misbehaves."""

import gzip
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from filterd.config.document import Document
from filterd.net.fetch import Limits
from filterd.service.compiling import compile_lists
from filterd.service.current import CurrentPolicy, index_key
from filterd.service.fetching import World, fetch_lists
from filterd.service.layout import Layout
from filterd.service.manifest import ListState, load_manifest
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade
from filterd.wire.query import Question

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    upgrade(state)
    return Layout(state, tmp_path)


@pytest.fixture
def document() -> Document:
    return Document.model_validate(
        {
            "zone": "Asia/Karachi",
            "upstreams": ["192.0.2.53"],
            "lists": {
                "mine": {"category": "games", "file": "mine.txt", "match": "subdomains"},
            },
            "profiles": {"sana": {"name": "Sana", "blocked_categories": ["games"]}},
            "default_profile": "sana",
        }
    )


@pytest.fixture
def store(layout: Layout, document: Document) -> Iterator[PolicyStore]:
    opened = PolicyStore(layout.policy_db)
    opened.seed(document, author="filterd", now=NOW)
    yield opened
    opened.close()


def with_lists(document: Document, **lists: dict[str, Any]) -> Document:
    return Document.model_validate({**document.model_dump(), "lists": lists})


def is_blocked(layout: Layout, name: str) -> bool:
    policy = CurrentPolicy(layout).refresh()
    client = policy.client("192.0.2.7", None)
    return policy.table(client.subject, NOW).decide(Question(name, 1, 1)).is_block


def write_config(layout: Layout, document: Document, dns: str = "127.0.0.1:5353") -> Path:
    """A configuration file for the house of ``layout``, as commands want one."""
    path = layout.base / "config.yaml"
    policy = document.model_dump_json(exclude_defaults=True)
    path.write_text(
        f'listen: {{dns: "{dns}", page: "127.0.0.1:8080"}}\nstate: state\npolicy: {policy}\n'
    )
    return path


Page = Callable[[BaseHTTPRequestHandler], None]


class ListServer:
    """Serves ``body`` with ``status`` at any path, unless ``pages`` has a page for it.

    Remembers the path and headers of each request.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.body = b"casino.example\ndice.example\n"
        self.status = 200
        self.etag = '"one"'
        self.pages: dict[str, Page] = {}
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.paths.append(self.path)
                outer.headers.append(dict(self.headers))
                try:
                    outer.pages.get(self.path, outer.serve)(self)
                except OSError:  # the client has seen enough
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def get_request(self) -> tuple[Any, Any]:
                raw, address = super().get_request()
                if context is None:
                    return raw, address
                wrapped = context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
                return wrapped, address

            def handle_error(self, *_: object) -> None:
                pass  # clients that give up are what is tested

        context = None if certificate is None else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if context is not None:
            context.load_cert_chain(certificate)
        self.server = Server(("127.0.0.1", 0), Handler)
        scheme = "http" if context is None else "https"
        self.base = f"{scheme}://127.0.0.1:{self.server.server_port}"
        self.url = f"{self.base}/list.txt"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        is_known = request.headers.get("If-None-Match") == self.etag
        body = b"" if is_known else self.body
        send(request, 304 if is_known else self.status, body, ETag=self.etag)

    def say(self, body: bytes, etag: str) -> None:
        """Have another list from now on."""
        self.body, self.etag = body, etag

    def page(self, path: str, page: Page) -> str:
        self.pages[path] = page
        return self.base + path

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    # Ways to misbehave, each a page.

    @staticmethod
    def answers(status: int, body: bytes = b"", **headers: str) -> Page:
        return lambda request: send(request, status, body, **headers)

    @staticmethod
    def dies_half_way(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100000")
        request.end_headers()
        request.wfile.write(b"casino.example\n" * 100)
        request.close_connection = True

    @staticmethod
    def hangs(request: BaseHTTPRequestHandler) -> None:
        """Say nothing until the client is gone."""
        request.rfile.read(1)

    @staticmethod
    def drips(request: BaseHTTPRequestHandler) -> None:
        """Send a list byte by byte, so that no single wait is long."""
        request.send_response(200)
        request.end_headers()
        for byte in b"casino.example\n" * 20:
            request.wfile.write(bytes([byte]))
            time.sleep(0.01)

    @staticmethod
    def bomb() -> Page:
        packed = gzip.compress(bytes(32 << 20))
        return lambda request: send(request, 200, packed)


def send(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@pytest.fixture
def list_server() -> Iterator[ListServer]:
    server = ListServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory, need_tool: Callable[[str], str]) -> Path:
    """A certificate for this machine with its key, which nobody but the tests trusts."""
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    command = [
        need_tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
        "-addext", "subjectAltName=IP:127.0.0.1",
        "-addext", "keyUsage=critical,digitalSignature,keyCertSign",
        "-keyout", str(path), "-out", str(path.with_suffix(".cert")),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".cert").read_text())
    return path


@pytest.fixture
def secure_server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ListServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".cert")))
    server = ListServer(certificate)
    yield server
    server.close()


HOUR = 3600.0
HELP = {"category": "always-allow", "file": "blocklists/always-allow.txt", "match": "subdomains"}


@dataclass
class Subscriber:
    """A house with the one list ``web``, and its own clock and luck."""

    layout: Layout
    document: Document
    now: float = 1_800_000_000.0
    luck: float = 0.0
    limits: Limits = field(default_factory=lambda: Limits(size_bytes=1 << 20, total_s=5))

    def fetch(self, **world: Any) -> bool:
        there = World(clock=lambda: self.now, luck=lambda: self.luck, limits=self.limits, **world)
        return fetch_lists(self.layout, self.document, there)

    def fetch_later(self, hours: float = 25.0) -> bool:
        """Fetch when so much time went by, and compile what came as the worker does."""
        self.now += hours * HOUR
        changed = self.fetch()
        if changed:
            self.compile()
        return changed

    def compile(self) -> None:
        compile_lists(self.layout, self.document, index_key(self.layout))

    @property
    def state(self) -> ListState:
        return self.state_of("web")

    def state_of(self, source: str) -> ListState:
        found = load_manifest(self.layout.manifest).state_of(source)
        assert found is not None
        return found

    @property
    def text(self) -> bytes:
        return self.layout.copy_of("web").read_bytes()


class Tools:
    """What the tests of this folder share; importlib's mode lets them import no neighbour."""

    with_lists = staticmethod(with_lists)
    is_blocked = staticmethod(is_blocked)
    write_config = staticmethod(write_config)
    subscriber = Subscriber


@pytest.fixture(scope="session")
def house() -> type[Tools]:
    return Tools


@pytest.fixture
def subscribe(layout: Layout, document: Document) -> Callable[..., Subscriber]:
    def make(**listed: Any) -> Subscriber:
        listed = {"category": "gambling", **listed}
        return Subscriber(layout, with_lists(document, web=listed, help=HELP))

    return make


@pytest.fixture
def subscriber(subscribe: Callable[..., Subscriber], list_server: ListServer) -> Subscriber:
    """A house that has fetched and compiled its list once."""
    made = subscribe(url=list_server.url)
    assert made.fetch()
    made.compile()
    return made
