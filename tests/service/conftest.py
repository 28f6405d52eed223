"""A state folder as the worker leaves it, and a small web server for lists."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from filterd.config.document import Document
from filterd.service.layout import Layout
from filterd.store.policy import PolicyStore
from filterd.store.schema import upgrade

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


class ListServer:
    """Serves ``body`` at any path with ``status``; counts requests, remembers their headers."""

    def __init__(self) -> None:
        self.body = b"casino.example\ndice.example\n"
        self.status = 200
        self.etag = '"one"'
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.headers.append(dict(self.headers))
                is_known = self.headers.get("If-None-Match") == outer.etag
                self.send_response(304 if is_known else outer.status)
                self.send_header("ETag", outer.etag)
                body = b"" if is_known else outer.body
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/list.txt"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def list_server() -> Iterator[ListServer]:
    server = ListServer()
    yield server
    server.close()
