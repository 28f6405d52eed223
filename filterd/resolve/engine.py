"""A packet's way through the house: who asks, what is decided, what is answered and from where.

Everything that decides lies in ``policy``, all bytes in ``wire``; this is the order of the steps.
Pure: packets, addresses and the clocks come in, replies and things to do go out.
Source: design §2 (the path of a query).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from filterd.config.address import Network, plain_address
from filterd.errors import WireError
from filterd.policy.bounded import Bounded
from filterd.policy.snapshot import Policy
from filterd.policy.special import local_answer
from filterd.policy.verdict import Verdict
from filterd.resolve import memo as memos
from filterd.resolve.access import Bucket, may_ask
from filterd.resolve.asked import Asked, Judged, Now
from filterd.resolve.blocked import BLOCK_TTL_S, forge_block
from filterd.resolve.cache import LONGEST_S, Cache, Entry, Key, entry_of, key_of
from filterd.resolve.local import forge_local
from filterd.resolve.logged import record_of
from filterd.resolve.record import Origin, Record
from filterd.resolve.rewritten import finish_alias, forge_alias, forge_rewrite
from filterd.wire import forge
from filterd.wire.answer import without_opt
from filterd.wire.codes import ANY, EDE_NETWORK_ERROR, EDE_OTHER, NOERROR, REFUSED, SERVFAIL
from filterd.wire.edns import Ede
from filterd.wire.query import scan

if TYPE_CHECKING:
    from filterd.resolve.pupil import Pupil

# How long an address is taken for the same device: its MAC may change hands.
SAME_CLIENT_S = 2.0
MOST_CLIENTS = 4096
# Replies to strangers, for the whole node.
REFUSALS_PER_S = 10.0
REFUSALS_AT_ONCE = 20.0
# Beyond this a clock was set, not corrected, and what is memorised may belong to another window.
CLOCK_JUMP_S = 1.0
NO_UPSTREAM = (EDE_NETWORK_ERROR, "no upstream answered")

_new_record = partial(tuple.__new__, Record)


class Reply(NamedTuple):
    """A reply to send, and what the log keeps of it (None: nothing)."""

    packet: bytes
    record: Record | None


class Drop:
    """Stay silent."""


DROP = Drop()


class Forward(NamedTuple):
    """Ask an upstream; equal keys need to be asked only once.

    ``packet`` is the query for the upstream, its id still 0.
    """

    key: Key
    packet: bytes
    asked: Asked


@dataclass(slots=True)
class Known:
    """A client that may ask; ``address`` as the log writes it."""

    address: str
    subject: str = ""
    until: float = 0.0


class Engine:
    """Answers queries by one policy, which may be replaced between any two of them.

    ``networks`` may ask, nobody else; ``page_addresses`` answer for the page's names.  ``pupil``
    hears every verdict; None: nobody listens.
    """

    def __init__(
        self,
        policy: Policy,
        networks: Iterable[Network],
        *,
        page_addresses: Iterable[str] = (),
        cache: Cache | None = None,
        memo: memos.Memo | None = None,
    ) -> None:
        self.page_addresses = tuple(page_addresses)
        self.cache = Cache() if cache is None else cache
        self.pupil: Pupil | None = None
        self.refused = 0
        self.dropped = 0
        self._policy = policy
        self._networks = tuple(networks)
        self._memo = memos.new_memo() if memo is None else memo
        self._clients: Bounded[str, Known] = Bounded(MOST_CLIENTS)
        self._refusals = Bucket(REFUSALS_PER_S, REFUSALS_AT_ONCE)
        self._skew = 0.0

    @property
    def policy(self) -> Policy:
        return self._policy

    def replace_policy(self, policy: Policy) -> None:
        """Decide by another policy or index from now on; the cache stays, it is nobody's."""
        self._policy = policy
        self._forget_decided()

    def may_ask(self, address: str) -> bool:
        """Tell whether this address, as a socket names it, is served at all."""
        plain = plain_address(address)
        return plain is not None and may_ask(plain, self._networks)

    def turn(self, wall: float, tick: float) -> None:
        """Look at the clocks; must be called before each batch of ``hit``."""
        skew = wall - tick
        if abs(skew - self._skew) > CLOCK_JUMP_S:
            self._skew = skew
            self._forget_decided()

    def hit(
        self, packet: bytes, address: str, wall: float, tick: float
    ) -> tuple[bytes, Record | None] | None:
        """Answer a UDP query that equals an earlier one in all but its id; None: use ``ask``.

        This is the whole path of most queries, so it does nothing that could be done before.
        """
        client = self._clients.get(address)
        if client is None or tick >= client.until:
            return None
        template = self._memo.get((client.subject, packet[2:]))
        if template is None or tick >= template[0]:
            return None
        _, reply, log = template
        if log is None:
            return packet[:2] + reply, None
        return packet[:2] + reply, _new_record((wall, client.address, *log))

    def ask(
        self, packet: bytes, address: str, mac: str | None, now: Now, *, over_stream: bool = False
    ) -> Reply | Forward | Drop:
        """Answer a packet, or say what to ask an upstream for it.

        ``packet`` is any bytes; ``address`` as the socket names it; ``mac`` None when unknown.
        """
        self.turn(now.wall, now.tick)
        client = self._client(address, mac, now.tick)
        if client is None:
            return self._refuse(packet, now.tick)
        try:
            query = scan(packet)
        except WireError as error:
            if error.rcode is None:
                self.dropped += 1
                return DROP
            return Reply(forge.error(packet, error.rcode), None)
        asked = Asked(packet, query, client.address, mac, over_stream, now.tick)
        judged = self._judge(asked, now)
        own = self._answer_ourselves(judged)
        if own is not None:
            return own
        wanted = judged.wanted
        key = key_of(wanted)
        entry = self.cache.get(key, now.tick)
        if entry is None:
            return Forward(key, forge.to_upstream(wanted, 0), asked)
        return self._serve(judged, entry, Origin.CACHE)

    def learn(self, forward: Forward, reply: bytes, tick: float) -> Entry | None:
        """Read and cache an upstream's reply, once for all that wait; None when it is unusable."""
        try:
            body, answer = without_opt(reply)
        except WireError:
            return None
        if answer.question != forward.key[:3]:
            return None
        entry = entry_of(answer, body, tick)
        self.cache.put(forward.key, entry)
        return entry

    def answered(self, forward: Forward, entry: Entry, now: Now) -> Reply:
        """Answer one of those who waited; it is judged again, the policy may be another now."""
        judged = self._judge(forward.asked, now)
        own = self._answer_ourselves(judged)
        if own is not None:
            return own
        if key_of(judged.wanted) != forward.key:
            # Another name is wanted by now; the client will ask again.
            return self._fail(judged, (EDE_OTHER, "the rules have just changed"))
        return self._serve(judged, entry, Origin.UPSTREAM)

    def failed(self, forward: Forward, now: Now) -> Reply:
        """Answer one of those who waited in vain.  Not cached: the next query tries again."""
        judged = self._judge(forward.asked, now)
        own = self._answer_ourselves(judged)
        return own or self._fail(judged, NO_UPSTREAM)

    def _fail(self, judged: Judged, why: Ede) -> Reply:
        reply = forge.servfail(judged.query, why)
        return Reply(reply, record_of(judged, judged.verdict, SERVFAIL, Origin.FAILED))

    def recognise(self, address: str, mac: str | None, tick: float) -> str | None:
        """Return whose rules hold for an address (a subject), None for a stranger."""
        known = self._client(address, mac, tick)
        return None if known is None else known.subject

    def _client(self, address: str, mac: str | None, tick: float) -> Known | None:
        """Recognise who asks; None for a stranger, of whom nothing is remembered."""
        known = self._clients.get(address)
        if known is None:
            plain = plain_address(address)
            if plain is None or not may_ask(plain, self._networks):
                return None
            known = Known(str(plain))
            self._clients.put(address, known)
        known.subject = self._policy.subject(known.address, mac)
        known.until = tick + SAME_CLIENT_S
        return known

    def _refuse(self, packet: bytes, tick: float) -> Reply | Drop:
        """Answer a stranger's well-formed query while there are tokens; anything else is noise."""
        try:
            scan(packet)
        except WireError:
            self.dropped += 1
            return DROP
        if not self._refusals.take(tick):
            self.dropped += 1
            return DROP
        self.refused += 1
        return Reply(forge.error(packet, REFUSED), None)

    def _judge(self, asked: Asked, now: Now) -> Judged:
        policy = self._policy
        subject = policy.subject(asked.address, asked.mac)
        table = policy.table(subject, datetime.fromtimestamp(now.wall, UTC))
        left_s = None if table.until is None else table.until.timestamp() - now.wall
        verdict = table.decide(asked.query.question)
        judged = Judged(asked, now, policy, subject, table, verdict, left_s)
        if self.pupil is not None:
            self.pupil.judged(judged)
        return judged

    def _answer_ourselves(self, judged: Judged) -> Reply | None:
        """Answer what no upstream is asked for: the house's names, blocks, and ANY."""
        query = judged.query
        local = local_answer(query.question, filtering=judged.table.profile.filtering)
        if local is not None:
            return Reply(forge_local(query, local, self.page_addresses), None)
        if judged.verdict.is_block:
            return self._block(judged, judged.verdict, float("inf"))
        if judged.verdict.is_rewrite:
            own = self._rewrite(judged)
            if own is not None:
                return own
        if query.question.qtype != ANY:
            return None
        record = record_of(judged, judged.verdict, NOERROR, Origin.OURSELVES)
        return Reply(forge.hinfo_any(query), record)

    def _block(self, judged: Judged, verdict: Verdict, until: float) -> Reply:
        """Answer with a block; ``until`` (a tick) is how long its cause is known to stand."""
        answer, ttl = judged.table.profile.answer, memos.cap_at(BLOCK_TTL_S, judged.left_s)
        packet = forge_block(judged.query, verdict, answer, ttl)
        return self._forged(judged, verdict, packet, until)

    def _rewrite(self, judged: Judged) -> Reply | None:
        """Answer with what the deciding list says instead; None where an upstream must be asked.

        That is for an alias only, and only one step: what the target would be rewritten to is not
        followed, nor is a target of the house's own.
        """
        query, verdict, table = judged.query, judged.verdict, judged.table
        ttl = memos.cap_at(BLOCK_TTL_S, judged.left_s)
        packet = forge_rewrite(query, verdict, ttl)
        if packet is None:
            question = judged.wanted.question
            is_ours = local_answer(question, filtering=table.profile.filtering) is not None
            if not is_ours and not table.decide(question).is_rewrite:
                found = table.review(verdict, (question.name,), question.qtype)
                return None if found is None else self._block(judged, found, float("inf"))
            packet = forge_alias(query, verdict, question.name, ttl)
        return self._forged(judged, verdict, packet, float("inf"))

    def _forged(self, judged: Judged, verdict: Verdict, packet: bytes, until: float) -> Reply:
        """Reply with what was made here, and remember it while it is true."""
        query = judged.query
        record = record_of(judged, verdict, packet[3] & 0x0F, Origin.OURSELVES)
        fitted = forge.fit(query, packet, forge.limit_for(query, judged.asked.over_stream))
        reply = Reply(fitted, record)
        steady = memos.cap_until(BLOCK_TTL_S, judged.left_s, judged.now.tick)
        self._memorise(judged, reply, min(until, steady))
        return reply

    def _serve(self, judged: Judged, entry: Entry, origin: Origin) -> Reply:
        """Answer from an entry, unless its chain leads where this profile may not go."""
        query, verdict, tick = judged.query, judged.verdict, judged.now.tick
        if entry.names:
            found = judged.table.review(verdict, entry.names, query.question.qtype)
            if self.pupil is not None:
                self.pupil.reviewed(judged, entry.names, found)
            if found is not None:
                return self._block(judged, found, entry.expires)
        profile = judged.table.profile
        limit_s = profile.max_ttl_s if profile.filtering else LONGEST_S
        if verdict.is_rewrite:
            limit_s = min(limit_s, BLOCK_TTL_S)
        cap_s, age_s = memos.cap_at(limit_s, judged.left_s), int(tick - entry.stored)
        try:
            packet = _written(judged, entry, age_s, cap_s)
        except WireError:
            return self._fail(judged, (EDE_OTHER, "the answer cannot be read"))
        packet = forge.fit(query, packet, forge.limit_for(query, judged.asked.over_stream))
        reply = Reply(packet, record_of(judged, verdict, entry.rcode, origin))
        # What came from an upstream a moment ago is only worth it when it is asked for again.
        if origin is Origin.CACHE:
            steady = memos.cap_until(limit_s, judged.left_s, tick)
            self._memorise(judged, reply, min(memos.honest_until(entry, cap_s, tick), steady))
        return reply

    def _memorise(self, judged: Judged, reply: Reply, until: float) -> None:
        """Keep a reply for equal packets; not one with options, as a cookie is new each time."""
        asked = judged.asked
        edns = asked.query.edns
        if asked.over_stream or until <= judged.now.tick or (edns is not None and edns.options):
            return
        if self.pupil is not None:  # who learns verdicts needs no replies by heart
            return
        if len(asked.packet) + len(reply.packet) > memos.LARGEST_BYTES:
            return
        log = None if reply.record is None else tuple(reply.record[2:])
        template = memos.Template(until, reply.packet[2:], log)
        self._memo.put((judged.subject, asked.packet[2:]), template)

    def _forget_decided(self) -> None:
        self._memo.clear()
        self._clients.clear()


def _written(judged: Judged, entry: Entry, age_s: int, cap_s: int) -> bytes:
    """Write the reply that an entry makes.  Raises WireError where it cannot be rewritten."""
    query, verdict = judged.query, judged.verdict
    if not verdict.is_rewrite:
        return forge.finish(query, entry.body, age_s, cap_s)
    return finish_alias(query, verdict, entry, age_s=age_s, ttl_cap=cap_s)
