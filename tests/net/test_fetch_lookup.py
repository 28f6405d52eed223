"""A box that is its own resolver finds its lists' servers by its upstreams, and trusts by name."""

import io
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from filterd.errors import ListError, UpstreamError
from filterd.net.fetch import Fetched, Limits, fetch
from filterd.net.lookup import look_up
from filterd.resolve.upstreams import Upstream

LIST = b"casino.example\n"
HOST = "lists.example"


def bring(url: str, **how: Any) -> tuple[Any, bytes]:
    file = io.BytesIO()
    got = fetch("porn", url, file, **how)
    return got, file.getvalue()


Behave = Callable[[dns.message.Message], bytes | None]


class NanoDns:
    """A resolver on loopback that answers by UDP and TCP what ``behave`` makes of a query."""

    def __init__(self, udp: socket.socket, tcp: socket.socket) -> None:
        self.behave: Behave = self.records(("A", "127.0.0.1"))
        self.asked: list[tuple[str, str]] = []
        self._udp, self._tcp = udp, tcp
        self.upstream = Upstream("127.0.0.1", self._udp.getsockname()[1])
        self._threads = [threading.Thread(target=serve) for serve in (self._udps, self._tcps)]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def records(*records: tuple[str, ...], rcode: int = 0, **more: Any) -> Behave:
        """Answer with records (type, data, owner unless it is the question's name)."""

        def behave(query: dns.message.Message) -> bytes:
            reply = dns.message.make_response(query)
            reply.set_rcode(rcode)
            asked = query.question[0]
            for rtype, data, *owner in records:
                if rtype in {dns.rdatatype.to_text(asked.rdtype), "CNAME"}:
                    name = owner[0] if owner else asked.name
                    reply.answer.append(dns.rrset.from_text(name, 60, "IN", rtype, data))
            return reply.to_wire(**more)

        return behave

    def _reply(self, packet: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(packet)
        asked = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked.append((asked, transport))
        return self.behave(query)

    def _udps(self) -> None:
        while True:
            packet, peer = self._udp.recvfrom(4096)
            if packet == b"end":
                return
            reply = self._reply(packet, "udp")
            if reply is not None:
                self._udp.sendto(reply, peer)

    def _tcps(self) -> None:
        while True:
            client, _ = self._tcp.accept()
            with client:
                size = int.from_bytes(client.recv(2))
                if not size:
                    return
                reply = self._reply(client.recv(size), "tcp") or b""
                reply = reply[:2] + bytes([reply[2] & ~2]) + reply[3:]  # not truncated here
                client.sendall(len(reply).to_bytes(2) + reply)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", self._udp.getsockname())
        socket.create_connection(self._tcp.getsockname()).close()
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()


@pytest.fixture
def nano(net: Any) -> Iterator[NanoDns]:
    server = NanoDns(*net.bound_pair("127.0.0.1"))
    yield server
    server.close()


@pytest.fixture
def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Looking up


def test_ipv4_comes_first_and_ipv6_as_well(nano: NanoDns) -> None:
    nano.behave = nano.records(("AAAA", "2001:db8::1"), ("A", "192.0.2.1"))
    assert look_up("Lists.Example.", [nano.upstream]) == ("192.0.2.1", "2001:db8::1")


def test_aliases_are_followed_and_strangers_are_not(nano: NanoDns) -> None:
    nano.behave = nano.records(
        ("A", "192.0.2.3", "cdn.example."),
        ("CNAME", "edge.example.", HOST + "."),
        ("CNAME", "cdn.example.", "edge.example."),
        ("A", "192.0.2.66", "stranger.example."),
    )
    assert look_up(HOST, [nano.upstream]) == ("192.0.2.3",)


def test_aliases_in_a_circle_end(nano: NanoDns) -> None:
    nano.behave = nano.records(
        ("CNAME", "a.example.", HOST + "."), ("CNAME", HOST + ".", "a.example.")
    )
    with pytest.raises(UpstreamError):
        look_up(HOST, [nano.upstream])


def test_an_answer_that_did_not_fit_is_asked_for_by_tcp(nano: NanoDns) -> None:
    def truncated(query: dns.message.Message) -> bytes:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.TC
        if nano.asked[-1][1] == "tcp" and query.question[0].rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(HOST + ".", 60, "IN", "A", "192.0.2.4"))
        return reply.to_wire()

    nano.behave = truncated
    assert look_up(HOST, [nano.upstream]) == ("192.0.2.4",)
    assert nano.asked[:2] == [("A", "udp"), ("A", "tcp")]


def test_the_next_upstream_is_asked_when_one_is_dead_or_unsure(
    net: Any, nano: NanoDns, closed_port: int
) -> None:
    dead = Upstream("127.0.0.1", closed_port)
    assert look_up(HOST, [dead, nano.upstream]) == ("127.0.0.1",)
    unsure = NanoDns(*net.bound_pair("127.0.0.1"))
    unsure.behave = unsure.records(rcode=dns.rcode.SERVFAIL)
    try:
        assert look_up(HOST, [unsure.upstream, nano.upstream]) == ("127.0.0.1",)
    finally:
        unsure.close()


def test_one_lost_packet_is_no_failure(nano: NanoDns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filterd.net.lookup.WAIT_S", 0.1)
    good = nano.behave
    nano.behave = lambda query: good(query) if len(nano.asked) != 1 else None
    assert look_up(HOST, [nano.upstream]) == ("127.0.0.1",)


def test_a_forged_reply_is_not_taken(nano: NanoDns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filterd.net.lookup.WAIT_S", 0.1)
    good = nano.behave

    def forge(query: dns.message.Message) -> bytes:
        reply = bytearray(good(query) or b"")
        reply[0] ^= 0xFF  # another id
        return bytes(reply)

    nano.behave = forge
    with pytest.raises(UpstreamError, match="does not answer"):
        look_up(HOST, [nano.upstream])


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(NanoDns.records(rcode=dns.rcode.NXDOMAIN), id="no such name"),
        pytest.param(NanoDns.records(), id="no address"),
        pytest.param(NanoDns.records(("A", "0.0.0.0"), ("AAAA", "::")), id="blocked upstream"),
        pytest.param(NanoDns.records(rcode=dns.rcode.REFUSED), id="refused"),
        pytest.param(lambda query: query.to_wire()[:11], id="half a header"),
    ],
)
def test_without_an_address_there_is_an_error(
    nano: NanoDns, behave: Behave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filterd.net.lookup.WAIT_S", 0.1)
    nano.behave = behave
    with pytest.raises(UpstreamError, match=HOST):
        look_up(HOST, [nano.upstream])


def test_with_nobody_to_ask_there_is_an_error() -> None:
    with pytest.raises(UpstreamError, match="no upstream"):
        look_up(HOST, [])


def test_all_questions_together_end(nano: NanoDns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filterd.net.lookup.TOTAL_S", 0.2)
    nano.behave = lambda _: None
    with pytest.raises(UpstreamError):
        look_up(HOST, [nano.upstream] * 1000)
    assert len(nano.asked) < 10


# Fetching by what was found


class Secure:
    """A web server with a certificate for ``lists.example``; notes names of TLS and HTTP."""

    def __init__(self, folder: Path) -> None:
        self.names: list[str | None] = []
        self.hosts: list[str] = []
        self.location = ""
        self.drips = False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        context.sni_callback = lambda _sock, name, _context: self.names.append(name)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.hosts.append(self.headers["Host"])
                if outer.drips:
                    outer.drip(self)
                    return
                self.send_response(302 if outer.location else 200)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", str(len(LIST)))
                self.end_headers()
                self.wfile.write(LIST)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def get_request(self) -> tuple[Any, Any]:
                raw, address = super().get_request()
                return context.wrap_socket(
                    raw, server_side=True, do_handshake_on_connect=False
                ), address

            def handle_error(self, *_: Any) -> None:
                pass  # clients that do not trust us hang up

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"https://{HOST}:{self.port}/list"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    @staticmethod
    def drip(request: BaseHTTPRequestHandler) -> None:
        """Send a header that never ends, fast enough for every single wait."""
        request.send_response(200)
        request.flush_headers()
        for _ in range(400):
            request.wfile.write(b"X-Long: 1\r\n"[:1])
            time.sleep(0.02)

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory, need_tool: Callable[[str], str]) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    command = [
        need_tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
        "-addext", f"subjectAltName=DNS:{HOST}",
        "-addext", "keyUsage=critical,digitalSignature,keyCertSign",
        "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secure]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    server = Secure(certificate)
    yield server
    server.close()


def test_the_list_comes_from_the_address_and_by_the_name(secure: Secure, nano: NanoDns) -> None:
    got, data = bring(secure.url, resolve=partial(look_up, upstreams=[nano.upstream]))
    assert isinstance(got, Fetched)
    assert data == LIST
    assert secure.names == [HOST]
    assert secure.hosts == [f"{HOST}:{secure.port}"]


def test_a_certificate_for_another_name_is_refused(secure: Secure, nano: NanoDns) -> None:
    url = secure.url.replace(HOST, "other.example")
    with pytest.raises(ListError, match="certificate is not valid"):
        bring(url, resolve=partial(look_up, upstreams=[nano.upstream]))
    assert secure.hosts == []


def test_an_unknown_certificate_is_refused(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    with pytest.raises(ListError, match="certificate is not valid"):
        bring(secure.url, resolve=lambda _: ["127.0.0.1"])


def test_the_next_address_is_tried_when_one_is_dead(secure: Secure) -> None:
    got, _ = bring(secure.url, resolve=lambda _: ["127.0.0.2", "127.0.0.1"])
    assert isinstance(got, Fetched)


def test_a_move_away_from_https_is_refused_even_to_this_machine(secure: Secure) -> None:
    secure.location = "http://127.0.0.1:9/list"
    with pytest.raises(ListError, match="without https"):
        bring(secure.url, resolve=lambda _: ["127.0.0.1"])


def test_a_server_that_drips_its_headers_is_cut_off(secure: Secure) -> None:
    secure.drips = True
    began = time.monotonic()
    with pytest.raises(ListError, match="took too long"):
        bring(secure.url, limits=Limits(1 << 20, total_s=0.4), resolve=lambda _: ["127.0.0.1"])
    assert time.monotonic() - began < 3


def test_a_server_that_cannot_be_found_is_said_in_words(nano: NanoDns) -> None:
    nano.behave = nano.records(rcode=dns.rcode.NXDOMAIN)
    with pytest.raises(ListError, match=r"address was not found.*lists\.example"):
        bring(f"https://{HOST}/", resolve=partial(look_up, upstreams=[nano.upstream]))


def test_an_address_as_host_is_not_looked_up() -> None:
    def never(_: str) -> list[str]:
        raise AssertionError("it was looked up")

    with pytest.raises(ListError, match="cannot be reached"):
        bring("https://127.0.0.1:9/", resolve=never)
