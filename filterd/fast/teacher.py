"""Teaches the core what Python decided, so that it can answer the same question by itself.

The core works nothing out: it knows the verdicts that are told here, each for one subject, one
stretch of time and one pair of numbers.  A new policy or index begins an empty world, and so does
a table that is full; old worlds are freed when no worker uses them any more.
Used in one thread, the event loop's.
"""

import ipaddress
import math
from collections.abc import Callable
from typing import NamedTuple

from filterd.config.address import plain_address
from filterd.fast.cache import AnswerCache
from filterd.fast.common import Core
from filterd.fast.known import known_of
from filterd.fast.tables import Tables, TablesFull
from filterd.policy.snapshot import Policy
from filterd.policy.special import LOCAL_TOPS, SPECIAL_NAMES
from filterd.policy.table import MomentTable
from filterd.policy.verdict import Verdict
from filterd.resolve.asked import Judged
from filterd.resolve.blocked import extended_error
from filterd.resolve.cache import LONGEST_S
from filterd.resolve.engine import SAME_CLIENT_S
from filterd.wire.edns import opt_record

# A datetime may be rounded up from the instant it was made at.
_ROUNDED_S = 1e-6
# As filterd.fast.reply.Kind.
_KINDS = {"null": 0, "nxdomain": 1, "nodata": 2, "refused": 3}


class Told(NamedTuple):
    """A verdict that was taught, with what the log needs to write it down."""

    policy: Policy
    table: MomentTable
    verdict: Verdict


class Teacher:
    """A ``resolve.pupil.Pupil``; ``core`` is what the workers share.

    ``told`` are the verdicts of each world that may still be in a line of the log, by the
    world's generation and the verdict's number.  ``on_new_world`` is called after each new one.
    """

    def __init__(self, policy: Policy, cache: AnswerCache) -> None:
        self.on_new_world: Callable[[], None] = lambda: None
        self.told: dict[int, list[Told]] = {}
        self._policy = policy
        self._known = known_of(policy)
        self._tables = Tables(self._known)
        self.core = Core(cache, self._tables)
        self._leaving: list[int] = []
        self._begin_counting()

    def replace_policy(self, policy: Policy) -> None:
        """Begin an empty world for another policy or index."""
        self._policy = policy
        self._known = known_of(policy)
        self._tables = Tables(self._known)
        self.core.put_in_force(self._tables)
        self._begin_counting()
        self.on_new_world()

    def forget_old(self) -> None:
        """Free old worlds that nobody uses, and what was told of them once it is written down.

        To be called after a turn of the log, when all lines that waited were taken.
        """
        if self.core.release() == 0:
            for generation in self._leaving:
                self.told.pop(generation, None)
            self._leaving = [each for each in self.told if each != self._tables.generation]

    def _begin_counting(self) -> None:
        self._subjects: dict[str, int] = {}
        self._states: dict[str, tuple[MomentTable, int]] = {}
        self._verdicts: dict[tuple[int, Verdict, bool], int] = {}
        self._told: list[Told] = []
        self.told[self._tables.generation] = self._told

    def judged(self, judged: Judged) -> None:
        """Learn who asked, what holds for them and the verdict on their question."""
        self._learn(judged, lambda: self._learn_question(judged))

    def reviewed(self, judged: Judged, names: tuple[str, ...], found: Verdict | None) -> None:
        """Learn what the names of an answer made of the verdict."""
        self._learn(judged, lambda: self._learn_chain(judged, names, found))

    def _learn(self, judged: Judged, lesson: Callable[[], None]) -> None:
        if judged.policy is not self._policy:
            return  # an old one's, from before the last change
        try:
            lesson()
        except TablesFull:
            self.replace_policy(self._policy)

    def _learn_question(self, judged: Judged) -> None:
        state = self._state(judged)
        until = judged.now.tick + SAME_CLIENT_S
        self.meet(judged.asked.address, judged.subject, until)
        name = judged.query.question.name
        if name in SPECIAL_NAMES or name.rpartition(".")[2] in LOCAL_TOPS:
            return  # what is decided by name is not decided by its numbers
        if not self._is_plain(name):
            return
        number = self._verdict(judged, state, judged.verdict)
        self._tables.tell_question(state, *self._numbers(name), number)

    def _learn_chain(self, judged: Judged, names: tuple[str, ...], found: Verdict | None) -> None:
        if judged.verdict.is_rewrite or not all(map(self._is_plain, names)):
            return
        state = self._state(judged)
        question = self._verdict(judged, state, judged.verdict)
        outcome = question if found is None else self._verdict(judged, state, found)
        # A list's block is written down with the rule that made it, which the name decides.
        by_name = names if found is not None and found.source else None
        numbers = [self._numbers(name) for name in names]
        self._tables.tell_chain(state, question, by_name, numbers, outcome)

    def meet(self, address: str, subject: str, until: float) -> None:
        """Say whose rules hold for a client until a tick."""
        packed = packed_address(address)
        if packed is not None:
            self._tables.meet(packed, self._subject(subject), until)

    def active(self) -> list[str]:
        """Return the addresses of the clients whom the core answered since the last call."""
        return [address_text(packed) for packed in self._tables.active()]

    def _subject(self, subject: str) -> int:
        number = self._subjects.get(subject)
        if number is None:
            number = self._subjects[subject] = self._tables.new_subject()
        return number

    def _state(self, judged: Judged) -> int:
        """Return the number of what holds for the subject, told first if it is new."""
        table = judged.table
        known = self._states.get(judged.subject)
        if known is not None and known[0] is table:
            return known[1]
        profile = table.profile
        number: int = self._tables.new_state(
            self._subject(judged.subject),
            table.since.timestamp() - _ROUNDED_S,
            math.inf if table.until is None else table.until.timestamp(),
            profile.max_ttl_s if profile.filtering else LONGEST_S,
        )
        self._states[judged.subject] = table, number
        return number

    def _verdict(self, judged: Judged, state: int, verdict: Verdict) -> int:
        profile = judged.table.profile
        is_logged = profile.log != "nothing" and judged.verdict.is_recorded
        key = state, verdict, is_logged
        number = self._verdicts.get(key)
        if number is None:
            number = self._tables.new_verdict(
                verdict.is_block,
                is_logged,
                profile.log == "full",
                _KINDS[profile.answer],
                opt_record(do=False, ede=extended_error(verdict)),
            )
            self._verdicts[key] = number
            self._told.append(Told(judged.policy, judged.table, verdict))
        return number

    def _is_plain(self, name: str) -> bool:
        """Tell whether a name's numbers say all of it, and tell the core where it must know.

        Names that a rule with conditions fits are decided by more than their numbers, and so are
        all that share a set with such rules: they are Python's.
        """
        conditions = self._policy.knowledge.conditions
        if conditions is None:
            return True
        base, words = conditions.known(name)
        if words or base in self._known.lists.conditional_sets:
            return False
        if self._known.needs_plain:
            self._tables.tell_plain(name)
        return True

    def _numbers(self, name: str) -> tuple[int, int]:
        knowledge = self._policy.knowledge
        return knowledge.listed.find(name), knowledge.overlay.find(name)


def packed_address(address: str) -> bytes | None:
    """Return an address as the core keeps it, in 16 octets; None for what is none."""
    plain = plain_address(address)
    if plain is None:
        return None
    return b"\0" * 10 + b"\xff\xff" + plain.packed if plain.version == 4 else plain.packed


def address_text(packed: bytes) -> str:
    """Return the text of an address that the core keeps."""
    address = ipaddress.IPv6Address(packed)
    return str(address.ipv4_mapped or address)
