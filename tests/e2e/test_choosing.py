"""A list that a guardian chooses is in force within seconds, and so is every change of mind."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from running import House, wait_until

from filterd.service.manifest import load_manifest

SOON_S = 25.0  # the worker that runs at the start may still be at work
CLOSED, OPEN = ["0.0.0.0"], ["192.0.2.30"]


class _List(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"wiki.example\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    """Where a list with one name is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _List)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/list.txt"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_chosen_list_is_soon_in_force_and_so_is_every_change_of_mind(
    new_house: House, address: str
) -> None:
    new_house.start()
    assert new_house.addresses("wiki.example") == OPEN
    done = new_house.command("lists", "add", address, "--category", "adult", "--as", "web")
    assert (done.returncode, done.stderr) == (0, "")
    wait_until(lambda: new_house.addresses("wiki.example") == CLOSED, SOON_S)

    chosen = new_house.folder / "chosen.yaml"
    chosen.write_text(new_house.command("policy", "export").stdout)
    assert "url:" in chosen.read_text()
    assert new_house.command("lists", "remove", "web").returncode == 0
    wait_until(lambda: new_house.addresses("wiki.example") == OPEN, SOON_S)
    manifest = new_house.folder / "state" / "lists.json"
    wait_until(lambda: load_manifest(manifest).state_of("web") is None, SOON_S)

    assert new_house.command("policy", "apply", str(chosen)).returncode == 0
    wait_until(lambda: new_house.addresses("wiki.example") == CLOSED, SOON_S)
