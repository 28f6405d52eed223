"""Real sockets on loopback: a tiny upstream that misbehaves on demand, a server, and clients."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import dns.message
import dns.rrset
import pytest

from filterd.config.document import parse_document
from filterd.config.machine import HOME_NETWORKS
from filterd.lists.compile import compile_index
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.net.server import DnsServer, Sockets
from filterd.policy.snapshot import Policy, compile_policy
from filterd.resolve.engine import Engine
from filterd.resolve.record import Record
from filterd.resolve.upstreams import Upstream, Upstreams

KEY = bytes(16)
# what to send back for a query that came by "udp" or "tcp"
Behave = Callable[[dns.message.Message, str], Iterable[bytes]]


def query(name: str, rdtype: str = "A", message_id: int = 1, **more: Any) -> bytes:
    message = dns.message.make_query(name, rdtype, **more)
    message.id = message_id
    return message.to_wire()


def answer(asked: dns.message.Message, address: str = "192.0.2.7", count: int = 1) -> bytes:
    """An upstream's good answer: as many TXT records of 100 octets, or one address."""
    reply = dns.message.make_response(asked, recursion_available=True)
    name = asked.question[0].name
    if count > 1:
        texts = [f"{number:0100}" for number in range(count)]
        reply.answer.append(dns.rrset.from_text_list(name, 300, "IN", "TXT", texts))
    else:
        reply.answer.append(dns.rrset.from_text(name, 300, "IN", "A", address))
    return reply.to_wire(max_size=65535)


class NanoUpstream(asyncio.DatagramProtocol):
    """Answers by UDP and TCP on one port, with whatever ``behave`` gives for a query."""

    def __init__(self, behave: Behave) -> None:
        self.behave = behave
        self.asked: list[tuple[str, str]] = []
        self.ids: list[int] = []
        self.peers: list[tuple[str, int]] = []
        self.address = Upstream("127.0.0.1", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.peers.append(addr)
        for reply in self.answers(data, "udp"):
            self.transport.sendto(reply, addr)

    def answers(self, data: bytes, transport: str) -> Iterable[bytes]:
        message = dns.message.from_wire(data)
        self.asked.append((message.question[0].name.to_text(omit_final_dot=True), transport))
        self.ids.append(message.id)
        return self.behave(message, transport)

    async def serve_stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            size = int.from_bytes(await reader.readexactly(2))
            for reply in self.answers(await reader.readexactly(size), "tcp"):
                writer.write(len(reply).to_bytes(2) + reply)
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def nano_upstream(behave: Behave, at: str = "127.0.0.1") -> AsyncIterator[NanoUpstream]:
    loop = asyncio.get_running_loop()
    upstream = NanoUpstream(behave)
    udp, tcp = bound_pair(at)
    transport, _ = await loop.create_datagram_endpoint(lambda: upstream, sock=udp)
    server = await asyncio.start_server(upstream.serve_stream, sock=tcp)
    upstream.address = Upstream(*udp.getsockname()[:2])
    try:
        yield upstream
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)  # the loop closes what was given back


def has_address(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True


def bound_pair(address: str) -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket on one port that the kernel chose."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if not has_address(address):
        pytest.skip(f"this machine has no address {address}")
    while True:
        udp = socket.socket(family, socket.SOCK_DGRAM)
        tcp = socket.socket(family, socket.SOCK_STREAM)
        try:
            if family == socket.AF_INET6:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                tcp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.bind((address, 0))
            tcp.bind(udp.getsockname())
            tcp.listen()
        except OSError:
            udp.close()
            tcp.close()
            continue
        return udp, tcp


def policy(*blocked: str, version: int = 1) -> Policy:
    document = parse_document(
        {
            "zone": "Asia/Karachi",
            "lists": {
                "porn": {"category": "adult", "file": "porn.txt"},
                "help": {"category": "always-allow", "file": "help.txt"},
            },
            "profiles": {
                "sana": {
                    "name": "Sana",
                    "blocked_categories": ["adult"],
                    "blocked_names": list(blocked),
                },
                "mother": {"name": "Mother", "filtering": False},
            },
            "devices": {
                "phone": {
                    "name": "Phone",
                    "profile": "mother",
                    "match": ["02:00:00:00:00:01", "127.0.0.9"],
                }
            },
            "default_profile": "sana",
        }
    )
    lists = {"porn": b"porn.example\n", "help": b"helpline.example\n"}
    sources = ((source, parse(source, text, "domains")) for source, text in lists.items())
    return compile_policy(document, version, Index(compile_index(sources, KEY), KEY))


class Running:
    """A started server, its port and what it logged."""

    def __init__(self, server: DnsServer, port: int, records: list[Record]) -> None:
        self.server = server
        self.port = port
        self.records = records


@asynccontextmanager
async def running_server(
    *upstreams: Upstream, address: str = "127.0.0.1", **more: Any
) -> AsyncIterator[Running]:
    udp, tcp = bound_pair(address)
    records: list[Record] = []
    server = DnsServer(
        Engine(policy(), HOME_NETWORKS),
        Upstreams(upstreams),
        Sockets([udp], [tcp]),
        records.append,
        **more,
    )
    await server.start()
    try:
        yield Running(server, udp.getsockname()[1], records)
    finally:
        await server.stop()
        udp.close()
        tcp.close()


async def ask_udp(
    port: int,
    packet: bytes,
    *,
    at: str = "127.0.0.1",
    source: str | None = None,
    timeout_s: float = 5.0,
) -> bytes:
    """Send one packet and return the first reply; TimeoutError when none comes."""
    family = socket.AF_INET6 if ":" in at else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        if source is not None:
            sock.bind((source, 0))
        sock.connect((at, port))  # a reply from another address is not let in
        sock.send(packet)
        async with asyncio.timeout(timeout_s):
            return await asyncio.get_running_loop().sock_recv(sock, 65535)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something holds, at most five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


@asynccontextmanager
async def connected(
    port: int, source: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


class Tools:
    """What the tests of this folder share; importlib's mode lets them import no neighbour."""

    query = staticmethod(query)
    answer = staticmethod(answer)
    nano_upstream = staticmethod(nano_upstream)
    bound_pair = staticmethod(bound_pair)
    policy = staticmethod(policy)
    running_server = staticmethod(running_server)
    ask_udp = staticmethod(ask_udp)
    until = staticmethod(until)
    read_frame = staticmethod(read_frame)
    connected = staticmethod(connected)


@pytest.fixture(scope="session")
def net() -> type[Tools]:
    return Tools
