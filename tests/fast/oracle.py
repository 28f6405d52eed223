"""An engine alone (the oracle), the core, and the engine that teaches it, side by side."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from built import built

from filterd.config.document import DAYS, parse_document
from filterd.config.machine import HOME_NETWORKS
from filterd.lists.compile import compile_index
from filterd.lists.formats import parse
from filterd.lists.index import Index
from filterd.policy.override import Override
from filterd.policy.snapshot import Policy, compile_policy
from filterd.resolve.asked import Now
from filterd.resolve.cache import Cache
from filterd.resolve.engine import SAME_CLIENT_S, Drop, Engine, Forward, Reply

cache = built("filterd.fast.cache")
from filterd.fast.lines import Lines  # noqa: E402
from filterd.fast.loop import REASONS, Worker  # noqa: E402
from filterd.fast.teacher import Teacher, packed_address  # noqa: E402

KEY = bytes(range(16))
START = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
CATEGORIES = ("adult", "games", "social", "csam-illegal", "always-allow", "essentials", "streaming")
NAMES = (
    "porn.example", "a.porn.example", "game.example", "x.game.example", "social.example",
    "locked.example", "helpline.example", "childline.org.example", "time.example", "both.example",
    "cdn.example", "deep.cdn.example", "plain.example", "other.test.example", "typed.example",
    "sub.typed.example", "video.example", "host-1.example", "under_score.example",
)  # fmt: skip
SPECIAL = (
    "localhost", "printer.local", "filter.home.arpa", "blocked.filter.home.arpa",
    "use-application-dns.net", "1.1.168.192.in-addr.arpa", "8.8.8.8.in-addr.arpa", "com", "mask.icloud.com",
)  # fmt: skip
TYPES = ("A", "A", "A", "AAAA", "HTTPS", "TXT", "MX", "CNAME", "SVCB", "NS", "ANY", "DS")
CLIENTS = ("192.168.1.20", "192.168.1.21", "192.168.1.22", "fd00::5", "10.0.0.9", "8.8.8.8")


def some(rng: random.Random, of: Any, most: int) -> list[Any]:
    return rng.sample(list(of), rng.randint(0, min(most, len(of))))


def random_window(rng: random.Random, number: int) -> dict[str, Any]:
    mode = rng.choice(("essentials", "only", "block", "open"))
    window: dict[str, Any] = {"name": f"window {number}", "mode": mode}
    if rng.random() < 0.8:
        start, end = rng.sample(range(24), 2)
        window |= {"start": f"{start:02}:30", "end": f"{end:02}:15"}
    if rng.random() < 0.5:
        window["days"] = some(rng, DAYS, 5) or ["mon"]
    open_categories = ("games", "social", "streaming", "adult")
    if mode != "essentials":
        window["categories"] = some(rng, open_categories, 2) or ["games"]
    if mode in {"only", "block"}:
        window["names"] = some(rng, NAMES, 3)
    return window


def random_profile(rng: random.Random, number: int) -> dict[str, Any]:
    allowed, blocked = some(rng, NAMES, 2), some(rng, NAMES, 3)
    return {
        "name": f"child {number}",
        "filtering": rng.random() < 0.9,
        "default": rng.choice(("allow", "allow", "allow", "block")),
        "blocked_categories": some(rng, ("adult", "games", "social"), 3),
        "allowed_categories": ["streaming"] if rng.random() < 0.3 else [],
        "allowed_names": [rng.choice(("", "=")) + name for name in allowed],
        "blocked_names": [rng.choice(("", "=")) + name for name in blocked if name not in allowed],
        "windows": [random_window(rng, each) for each in range(rng.randint(0, 3))],
        "answer": rng.choice(("null", "nxdomain", "nodata", "refused")),
        "max_ttl_s": rng.choice((1, 5, 60, 3600)),
        "log": rng.choice(("full", "full", "categories", "nothing")),
    }


def random_rules(rng: random.Random) -> str:
    """A list of an ad blocker's rules, with and without conditions and patterns."""
    rules = []
    for name in some(rng, NAMES, 8) or ["porn.example"]:
        end = rng.choice(
            (
                "", "", "$important", "$dnstype=AAAA", "$dnstype=~A", "$client=192.168.1.21",
                "$client=~192.168.1.0/24", "$dnsrewrite=NXDOMAIN;;", "$dnsrewrite=192.0.2.99",
                "$dnsrewrite=cdn.example", f"$denyallow=a.{name}",
            )
        )  # fmt: skip
        rules.append(f"{rng.choice(('', '', '@@'))}||{name}^{end}")
    patterns = (
        "/^host-[0-9]/", "/^(video|plain)/", "/(^|[.])cdn[.]/$dnstype=A", "@@/^www[.]/",
        "||*.typed.*^", "/^other/$client=~192.168.1.21", "/^social/$important",
        "/[.]GAME[.]e[a-z]+$/", "|a.*.org|", "/(^|[.])(m|x)[.](both|deep)/", "*n.exam*$dnstype=A",
    )  # fmt: skip
    if rng.random() < 0.1:
        rules.append(rng.choice(("/^[a-z]{5}[.]/", "@@/^.{9}$/")))  # no text of their own
    return "\n".join(rules + (some(rng, patterns, 4) if rng.random() < 0.7 else []))


def random_parts(rng: random.Random) -> tuple[Any, Index, tuple[Override, ...]]:
    lists = {
        f"list{number}": (
            rng.choice(CATEGORIES + CATEGORIES[:3]),
            some(rng, NAMES, 6) or ["porn.example"],
        )
        for number in range(rng.randint(1, 5))
    }
    document = parse_document(
        {
            "zone": rng.choice(("Asia/Karachi", "Europe/Berlin", "UTC")),
            "upstreams": ["192.0.2.53"],
            "lists": {
                source: {
                    "category": category,
                    "file": f"{source}.txt",
                    "match": rng.choice(("format", "subdomains")),
                }
                for source, (category, _) in lists.items()
            },
            "profiles": {f"p{each}": random_profile(rng, each) for each in range(3)},
            "devices": {
                "one": {"name": "One", "profile": "p1", "match": ["192.168.1.21"]},
                "two": {"name": "Two", "profile": "p2", "match": ["192.168.1.22", "fd00::/64"]},
            },
            "default_profile": "p0",
        }
    )
    texts = {source: ("\n".join(names), "domains") for source, (_, names) in lists.items()}
    for source in lists:
        if rng.random() < 0.4:
            texts[source] = random_rules(rng), "adblock"
    sources = [
        (source, parse(source, text.encode(), form, document.lists[source].match))
        for source, (text, form) in texts.items()
    ]
    at = datetime.fromtimestamp(START, UTC)
    overrides = tuple(
        Override(
            number,
            rng.choice(("grant", "pause")),
            rng.choice(("p0", "p1", "p2")),
            categories=tuple(some(rng, ("adult", "games"), 1)),
            names=tuple(some(rng, NAMES, 2)),
            starts=at + timedelta(minutes=rng.randint(-60, 3000)),
            ends=at + timedelta(minutes=rng.randint(3000, 9000)),
            device=rng.choice(("", "", "one")),
        )
        for number in range(1, rng.randint(1, 4))
    )
    return document, Index(compile_index(sources, KEY), KEY), overrides


def parts_of(lists: dict[str, tuple[str, str, str]]) -> Any:
    """A house of one child, from whom every list's category is kept; (category, text, format)."""
    document = parse_document(
        {
            "zone": "UTC",
            "upstreams": ["192.0.2.53"],
            "lists": {
                source: {"category": category, "file": f"{source}.txt", "format": form}
                for source, (category, _, form) in lists.items()
            },
            "profiles": {
                "child": {
                    "name": "Child",
                    "blocked_categories": [category for category, _, _ in lists.values()],
                }
            },
            "default_profile": "child",
        }
    )
    sources = [
        (source, parse(source, text.encode(), form)) for source, (_, text, form) in lists.items()
    ]
    return document, Index(compile_index(sources, KEY), KEY), ()


def make_query(name: str, rdtype: str) -> bytes:
    return dns.message.make_query(name, rdtype).to_wire()


def address(forward: Forward) -> bytes:
    """Answer with one record, of the type that was asked for."""
    query = dns.message.from_wire(forward.packet)
    reply = dns.message.make_response(query)
    name, kind = query.question[0].name, query.question[0].rdtype
    rdata = "192.0.2.1" if kind == 1 else "2001:db8::1"
    reply.answer.append(dns.rrset.from_text(name, 300, "IN", kind, rdata))
    return reply.to_wire()


def compiled(parts: tuple[Any, Index, tuple[Override, ...]]) -> Policy:
    document, index, overrides = parts
    return compile_policy(document, 1, index, overrides)


def random_packet(rng: random.Random) -> bytes:
    name = rng.choice(NAMES) if rng.random() < 0.9 else rng.choice(SPECIAL)
    if rng.random() < 0.3:
        name = f"{rng.choice(('www', 'm', 'a', 'a.b', 'X'))}.{name}"
    if rng.random() < 0.1:
        name = f"{name}.{rng.choice(('lan', 'fritz.box'))}"
    if rng.random() < 0.2:
        name = "".join(rng.choice((char.upper(), char)) for char in name)
    edns: dict[str, Any] = {}
    if rng.random() < 0.5:
        edns = {
            "use_edns": 0,
            "want_dnssec": rng.random() < 0.3,
            "payload": rng.choice((0, 512, 600, 1232, 4096)),
        }
    query = dns.message.make_query(name, rng.choice(TYPES), **edns)
    query.id = rng.randrange(65536)
    for flag in (dns.flags.CD, dns.flags.AD):
        if rng.random() < 0.15:
            query.flags |= flag
    if rng.random() < 0.1:
        query.flags &= ~dns.flags.RD
    packet = query.to_wire()
    if rng.random() < 0.05:  # something broken
        at = rng.randrange(len(packet))
        packet = packet[:at] + bytes((rng.randrange(256),)) + packet[at + 1 :]
    return packet


def random_answer(rng: random.Random, asked: bytes) -> bytes:
    query = dns.message.from_wire(asked)
    reply = dns.message.make_response(query, recursion_available=True)
    name, kind = query.question[0].name, query.question[0].rdtype
    ttl = rng.choice((0, 1, 7, 59, 60, 61, 300, 90000))
    draw = rng.random()
    if draw < 0.15:
        reply.set_rcode(rng.choice((dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.REFUSED)))
    if draw < 0.25:
        soa = "ns.example. h.example. 1 2 3 4 30"
        reply.authority.append(dns.rrset.from_text("example.", ttl, "IN", "SOA", soa))
        return reply.to_wire()
    for _ in range(rng.choice((0, 0, 0, 1, 2, 3))):
        target = rng.choice(NAMES) + "."
        reply.answer.append(dns.rrset.from_text(name, ttl, "IN", "CNAME", target))
        name = dns.name.from_text(target)
    if kind in {1, 28}:
        rdata = ["192.0.2.1"] if kind == 1 else ["2001:db8::1"]
        reply.answer.append(dns.rrset.from_text_list(name, ttl + 3, "IN", kind, rdata))
    elif kind == 65:
        target = rng.choice((".", rng.choice(NAMES) + "."))
        rdata = [f"1 {target} alpn=h2 ipv4hint=192.0.2.9"]
        reply.answer.append(dns.rrset.from_text_list(name, ttl, "IN", kind, rdata))
    elif kind == 16:
        rdata = [f'"{number:0150}"' for number in range(rng.choice((1, 2, 9)))]
        reply.answer.append(dns.rrset.from_text_list(name, ttl, "IN", kind, rdata))
    return reply.to_wire(max_size=65535)


class Trio:
    """The oracle, the pupil's engine, and the core, over equal policies."""

    def __init__(self, parts: Any) -> None:
        # Room for everything: what is dropped to make room differs, and may.
        self.oracle = Engine(
            compiled(parts),
            HOME_NETWORKS,
            page_addresses=["192.168.1.2"],
            cache=Cache(1 << 20, 1 << 28),
        )
        policy = compiled(parts)
        answers = cache.AnswerCache(KEY, 1 << 26)
        self.engine = Engine(policy, HOME_NETWORKS, page_addresses=["192.168.1.2"], cache=answers)
        self.teacher = Teacher(policy, answers)
        self.engine.pupil = self.teacher
        self.worker = Worker(self.teacher.core, [])
        self.lines = Lines([self.worker], self.teacher.told)

    def replace(self, parts: Any) -> None:
        self.oracle.replace_policy(compiled(parts))
        policy = compiled(parts)
        self.engine.replace_policy(policy)
        self.teacher.replace_policy(policy)
        self.teacher.forget_old()

    def meet_again(self, now: Now, clients: Iterable[str] = CLIENTS) -> None:
        """Do what ``fast.front`` does for clients who asked lately."""
        for client in clients:
            subject = self.engine.recognise(client, None, now.tick)
            if subject is not None:
                self.teacher.meet(client, subject, now.tick + SAME_CLIENT_S)

    def by_core(self, packet: bytes, client: str, now: Now) -> Reply | str:
        address = packed_address(client)
        found = self.worker.answer_at(packet, address, *now)
        if isinstance(found, int):
            assert list(self.lines.batches()) == []
            return REASONS[found]
        records = [record for batch in self.lines.batches() for record in batch]
        assert len(records) <= 1
        return Reply(found, records[0] if records else None)


def by_python(engine: Engine, packet: bytes, client: str, now: Now, answers: Any) -> Any:
    done = engine.ask(packet, client, None, now)
    if isinstance(done, Forward):
        entry = engine.learn(done, answers(done), now.tick)
        return engine.failed(done, now) if entry is None else engine.answered(done, entry, now)
    return done if isinstance(done, Reply) else Drop
