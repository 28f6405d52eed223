"""A house with real lists, a real policy and a hand-turned clock, and upstreams made of text."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from filterd.config.document import Document, parse_document
from filterd.config.machine import HOME_NETWORKS
from filterd.lists.compile import compile_index
from filterd.lists.condition import Conditional
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.lists.parsed import Placed
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy, compile_policy
from filterd.resolve.asked import Now
from filterd.resolve.engine import Drop, Engine, Forward, Reply

KEY = bytes(range(16))
# Noon in Karachi; bedtime there is at 21:00, which is 16:00 UTC.
NOON = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
SANA, BILAL, MOTHER = "192.168.1.20", "192.168.1.21", "192.168.1.22"
QUIET, SILENT = "192.168.1.23", "192.168.1.24"

LISTS = {
    "porn": ("adult", "porn.example\nblocked-target.example\n"),
    "play": ("games", "game.example\n"),
    "illegal": ("csam-illegal", "locked.example\n"),
    "help": ("always-allow", "helpline.example\n"),
}


def document(**sana: Any) -> Document:
    """The house's policy; what is given replaces settings of Sana's profile."""
    profile = {
        "name": "Sana",
        "blocked_categories": ["adult"],
        "windows": [{"name": "Bedtime", "start": "21:00", "end": "06:00", "mode": "essentials"}],
    }
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
                "bilal": {"name": "Bilal", "blocked_names": ["friend.example"]},
                "mother": {"name": "Mother", "filtering": False},
                "quiet": {"name": "Q", "blocked_categories": ["adult"], "log": "categories"},
                "silent": {"name": "S", "blocked_categories": ["adult"], "log": "nothing"},
            },
            "devices": {
                profile: {"name": profile, "profile": profile, "match": [address]}
                for profile, address in [
                    ("bilal", BILAL),
                    ("mother", MOTHER),
                    ("quiet", QUIET),
                    ("silent", SILENT),
                ]
            },
            "default_profile": "sana",
        }
    )


def index(rules: Iterable[Conditional] = ()) -> Index:
    """The lists' index; ``rules`` are rules with conditions in the list of games."""
    sources = {
        source: parse(source, text.encode(), "domains", "subdomains")
        for source, (_, text) in LISTS.items()
    }
    placed = tuple(Placed(line, rule) for line, rule in enumerate(rules, 1))
    sources["play"] = replace(sources["play"], conditional=placed)
    return Index(compile_index(sources.items(), KEY), KEY)


def packet(
    name: str, rdtype: str = "A", *, edns: bool = False, message_id: int = 1, **more: Any
) -> bytes:
    """A query as a client sends it."""
    if edns:
        more = {"use_edns": 0} | more
    query = dns.message.make_query(name, rdtype, **more)
    query.id = message_id
    return query.to_wire()


def answer(query: bytes, *records: str, authority: Iterable[str] = (), rcode: int = 0) -> bytes:
    """What an upstream says to ``query``: records as "name ttl type rdata"."""
    reply = dns.message.make_response(dns.message.from_wire(query), recursion_available=True)
    reply.set_rcode(dns.rcode.Rcode(rcode))
    for section, lines in ((reply.answer, records), (reply.authority, authority)):
        for line in lines:
            name, ttl, rdtype, rdata = line.split(" ", 3)
            section.append(dns.rrset.from_text(name + ".", int(ttl), "IN", rdtype, rdata))
    return reply.to_wire(max_size=65535)


class House:
    """An engine at ``now``; time passes only by ``wait`` and ``set_clock``."""

    def __init__(self, policy: Policy) -> None:
        self.engine = Engine(policy, HOME_NETWORKS, page_addresses=["192.168.1.2", "fd00::2"])
        self.now = Now(NOON.timestamp(), 1000.0)
        self.forwards: list[Forward] = []

    def wait(self, seconds: float) -> None:
        self.now = Now(self.now.wall + seconds, self.now.tick + seconds)

    def set_clock(self, wall: datetime) -> None:
        self.now = Now(wall.timestamp(), self.now.tick)

    def ask(self, query: bytes, client: str = SANA, **more: Any) -> Reply | Forward | Drop:
        return self.engine.ask(query, client, None, self.now, **more)

    def reply(self, query: bytes, client: str = SANA, *records: str, **more: Any) -> Reply:
        """Ask, and let the upstream answer with these records if it comes to that."""
        over_stream = more.pop("over_stream", False)
        done = self.ask(query, client, over_stream=over_stream)
        if isinstance(done, Forward):
            assert records or more, "asked an upstream, and the test has no answer for it"
            self.forwards.append(done)
            entry = self.engine.learn(done, answer(done.packet, *records, **more), self.now.tick)
            assert entry is not None
            done = self.engine.answered(done, entry, self.now)
        assert isinstance(done, Reply)
        return done

    def hit(self, query: bytes, client: str = SANA) -> Reply | None:
        self.engine.turn(*self.now)
        found = self.engine.hit(query, client, *self.now)
        return None if found is None else Reply(*found)


@pytest.fixture(scope="session")
def make_policy() -> Callable[..., Policy]:
    def make(
        version: int = 1,
        overrides: tuple[Override, ...] = (),
        rules: Iterable[Conditional] = (),
        **sana: Any,
    ) -> Policy:
        return compile_policy(document(**sana), version, index(rules), overrides)

    return make


@pytest.fixture(scope="session")
def make_house(make_policy: Callable[..., Policy]) -> Callable[..., House]:
    def make(**sana: Any) -> House:
        return House(make_policy(**sana))

    return make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()


@pytest.fixture(scope="session")
def make_packet() -> Callable[..., bytes]:
    return packet


@pytest.fixture(scope="session")
def make_answer() -> Callable[..., bytes]:
    return answer
