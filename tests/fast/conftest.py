"""A server with the native core on real sockets, and the same house without it: the oracle."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import pytest
from built import built

from filterd.config.document import Document, parse_document
from filterd.config.machine import HOME_NETWORKS
from filterd.lists.compile import compile_index
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.net.server import DnsServer, Sockets, no_mac
from filterd.policy.snapshot import Policy, compile_policy
from filterd.resolve.engine import Engine
from filterd.resolve.record import Record
from filterd.resolve.upstreams import Upstream, Upstreams
from filterd.service.sockets import _fellows

KEY = bytes(range(16))
LISTS = {
    "porn": ("adult", "porn.example\nblocked-target.example\n"),
    "play": ("games", "game.example\n"),
    "illegal": ("csam-illegal", "locked.example\n"),
    "help": ("always-allow", "helpline.example\n"),
    "basics": ("essentials", "time.example\n"),
}


def document(**sana: Any) -> Document:
    profile = {"name": "Sana", "blocked_categories": ["adult"]}
    return parse_document(
        {
            "zone": "Asia/Karachi",
            "upstreams": ["192.0.2.53"],
            "lists": {
                source: {"category": category, "file": f"{source}.txt", "match": "subdomains"}
                for source, (category, _) in LISTS.items()
            },
            "profiles": {
                "sana": profile | sana,
                "bilal": {
                    "name": "Bilal",
                    "blocked_names": ["friend.example", "=only.example"],
                    "allowed_names": ["good.friend.example", "porn.example"],
                    "answer": "nxdomain",
                },
                "mother": {"name": "Mother", "filtering": False},
                "quiet": {"name": "Q", "blocked_categories": ["adult"], "log": "categories"},
                "silent": {"name": "S", "blocked_categories": ["adult"], "log": "nothing"},
            },
            "devices": {
                profile: {"name": profile, "profile": profile, "match": [address]}
                for profile, address in [
                    ("bilal", "127.0.0.2"),
                    ("mother", "127.0.0.3"),
                    ("quiet", "127.0.0.4"),
                    ("silent", "127.0.0.5"),
                ]
            },
            "default_profile": "sana",
        }
    )


def index(patterns: Sequence[str] = ()) -> Index:
    """Compile the lists, with these rules of an ad blocker's list for one of them."""
    sources = [
        (source, parse(source, text.encode(), "domains", "subdomains"))
        for source, (_, text) in LISTS.items()
    ]
    if patterns:
        sources[0] = sources[0][0], parse("porn", "\n".join(patterns).encode(), "adblock")
    return Index(compile_index(sources, KEY), KEY)


def policy(version: int = 1, *, patterns: Sequence[str] = (), **sana: Any) -> Policy:
    return compile_policy(document(**sana), version, index(patterns))


def query(name: str, rdtype: str = "A", message_id: int = 1, **more: Any) -> bytes:
    message = dns.message.make_query(name, rdtype, **more)
    message.id = message_id
    return message.to_wire()


class NanoUpstream(asyncio.DatagramProtocol):
    """Answers by UDP with the records that ``zone`` has for a name, else with an address."""

    def __init__(self) -> None:
        self.zone: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.is_silent = False
        self.wait_s = 0.0
        self.at: Upstream | None = None
        self.odd: Callable[[bytes], bytes] | None = None  # what is said instead

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = dns.message.from_wire(data)
        name = message.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if self.is_silent:
            return
        if self.odd is not None:
            self.transport.sendto(self.odd(data), addr)
            return
        send = partial(self.transport.sendto, self._reply(message, name), addr)
        asyncio.get_running_loop().call_later(self.wait_s, send)

    def _reply(self, message: dns.message.Message, name: str) -> bytes:
        reply = dns.message.make_response(message, recursion_available=True)
        lines = self.zone.get(name, [f"{name}. 300 IN A 192.0.2.7"])
        if lines == ["NXDOMAIN"]:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            soa = "ns.example. h.example. 1 2 3 4 60"
            reply.authority.append(dns.rrset.from_text("example.", 90, "IN", "SOA", soa))
        else:
            for line in lines:
                owner, ttl, _, rdtype, rdata = line.split(" ", 4)
                reply.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", rdtype, rdata))
        return reply.to_wire()


class Running:
    def __init__(
        self,
        server: DnsServer,
        front: Any,
        port: int,
        upstream: NanoUpstream,
        records: list[Record],
    ) -> None:
        self.server = server
        self.front = front
        self.port = port
        self.upstream = upstream
        self.records = records

    def all_records(self) -> list[Record]:
        """What was logged, by Python and by the core, in the order of time."""
        if self.front is not None:
            for batch in self.front.lines.batches():
                self.records += batch
        self.records.sort(key=lambda record: record.at)
        return self.records

    def passed(self) -> int:
        return 0 if self.front is None else self.front.counts()["passed"]


def bound(address: str, port: int = 0) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((address, port))
    return sock


@asynccontextmanager
async def running(
    the_policy: Policy,
    *,
    has_core: bool = True,
    addresses: Iterable[str] = ("127.0.0.1",),
    workers: int = 1,
) -> AsyncIterator[Running]:
    from filterd.fast.cache import AnswerCache  # noqa: PLC0415 (skipped above where not built)
    from filterd.fast.front import Front, Macs  # noqa: PLC0415
    from filterd.fast.teacher import Teacher  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    upstream = NanoUpstream()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: upstream, local_addr=("127.0.0.1", 0)
    )
    upstream.at = Upstream(*transport.get_extra_info("sockname")[:2])
    first, *others = addresses
    sockets = [bound(first)]
    port = sockets[0].getsockname()[1]
    sockets += [bound(other, port) for other in others]
    sockets += _fellows(sockets[0], workers - 1)
    engine = Engine(the_policy, HOME_NETWORKS, cache=AnswerCache(KEY) if has_core else None)
    upstreams = Upstreams([upstream.at])
    front = None
    records: list[Record] = []
    if has_core:
        teacher = Teacher(the_policy, engine.cache)
        engine.pupil = teacher
        front = Front(teacher, engine, upstreams, sockets, Macs(no_mac, no_mac))
    server = DnsServer(
        engine,
        upstreams,
        Sockets([] if has_core else sockets, []),
        records.append,
    )
    found = Running(server, front, port, upstream, records)
    await server.start()
    if front is not None:
        front.start(server)
    try:
        yield found
    finally:
        if front is not None:
            front.stop()
        await server.stop()
        transport.close()
        for sock in sockets:
            sock.close()


async def ask(
    port: int, packet: bytes, *, at: str = "127.0.0.1", source: str | None = None
) -> bytes:
    family = socket.AF_INET6 if ":" in at else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        if source is not None:
            sock.bind((source, 0))
        sock.connect((at, port))
        sock.send(packet)
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(sock, 65535)


class Tools:
    policy = staticmethod(policy)
    query = staticmethod(query)
    bound = staticmethod(bound)
    running = staticmethod(running)
    ask = staticmethod(ask)


@pytest.fixture(scope="session")
def fast() -> type[Tools]:
    built("filterd.fast.loop")
    return Tools
