"""Teaches the core what Python decided, so that it can answer the same question by itself.

The core works nothing out: it knows the verdicts that are told here, each for one content (what
holds for a subject, ``fast.taught``) and one pair of numbers.  A new policy or index begins an
empty world, and so does a table that is full; old worlds are freed when no worker uses them any
more.  What was asked is taught again ahead of the next time (``Teacher.ahead``).
Used in one thread, the event loop's.
"""

import ipaddress
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from filterd.config.address import plain_address
from filterd.fast.cache import AnswerCache
from filterd.fast.common import Core
from filterd.fast.known import known_of
from filterd.fast.tables import Tables, TablesFull
from filterd.fast.taught import Content, Lesson, State, Taught, Told
from filterd.policy.snapshot import Policy
from filterd.policy.special import LOCAL_TOPS, SPECIAL_NAMES
from filterd.policy.table import MomentTable
from filterd.policy.verdict import Verdict
from filterd.resolve.asked import Judged, Now
from filterd.resolve.engine import SAME_CLIENT_S
from filterd.wire.codes import IN, A
from filterd.wire.query import Question

# So long before a subject's next change, what holds then begins to be taught.
_AHEAD = timedelta(seconds=10)
# Of 65,536 verdicts that have room: the rest is for what is asked for the first time.
_MOST_AHEAD = 49_152


class Teacher:
    """A ``resolve.pupil.Pupil``; ``core`` is what the workers share.

    ``told`` is what each world was told that may still be in a line of the log, by the world's
    generation.  ``on_new_world`` is called after each new one, in which no client is known.
    """

    def __init__(self, policy: Policy, cache: AnswerCache) -> None:
        self.on_new_world: Callable[[], None] = lambda: None
        self.told: dict[int, Told] = {}
        self._leaving: list[int] = []
        self._past: dict[str, Content] = {}
        self._prepare_world(policy)
        self.core = Core(cache, self._tables)

    def _prepare_world(self, policy: Policy) -> None:
        self._policy = policy
        self._known = known_of(policy)
        self._tables = Tables(self._known)
        self._world = Taught(self._tables, self._numbers)
        self._met: dict[str, float] = {}
        self._copied: dict[tuple[Content, Content], int] = {}
        self.told[self._tables.generation] = self._world.told

    def replace_policy(self, policy: Policy) -> None:
        """Begin an empty world for another policy or index; ``ahead`` teaches what was asked."""
        for profile_id, content in self._world.contents():
            past = self._past.get(profile_id)
            if past is None or len(past.lessons) <= len(content.lessons):
                self._past[profile_id] = content
        self._begin_world(policy)

    def _begin_world(self, policy: Policy) -> None:
        self._prepare_world(policy)
        self.core.put_in_force(self._tables)
        self.on_new_world()

    def forget_old(self) -> None:
        """Free old worlds that nobody uses, and what was told of them once it is written down.

        To be called after a turn of the log, when all lines that waited were taken.
        """
        if self.core.release() == 0:
            for generation in self._leaving:
                self.told.pop(generation, None)
            self._leaving = [each for each in self.told if each != self._tables.generation]

    def judged(self, judged: Judged) -> None:
        """Learn who asked, what holds for them and the verdict on their question."""
        if judged.policy is self._policy:  # not an old one's, from before the last change
            self._while_there_is_room(lambda: self._learn_question(judged))

    def reviewed(self, judged: Judged, names: tuple[str, ...], found: Verdict | None) -> None:
        """Learn what the names of an answer made of the verdict."""
        if judged.policy is self._policy:
            self._while_there_is_room(lambda: self._learn_chain(judged, names, found))

    def meet(self, address: str, subject: str, until: float) -> None:
        """Say whose rules hold for a client until a tick."""
        self._while_there_is_room(lambda: self._meet(address, subject, until))

    def _while_there_is_room(self, job: Callable[[], None]) -> None:
        """Do it; where a table is full, begin a new world, with nothing of the old one."""
        try:
            job()
        except TablesFull:
            self._past = {}
            self._begin_world(self._policy)

    def _learn_question(self, judged: Judged) -> None:
        content = self._world.state(judged.subject, judged.table, judged.now.wall)
        self._meet(judged.asked.address, judged.subject, judged.now.tick + SAME_CLIENT_S)
        lesson = Lesson(judged.query.question.name)
        if self._is_by_numbers(lesson):
            self._world.tell((judged.table, content), lesson, judged.verdict)

    def _learn_chain(self, judged: Judged, names: tuple[str, ...], found: Verdict | None) -> None:
        lesson = Lesson(judged.query.question.name, names)
        if not judged.verdict.is_rewrite and self._is_by_numbers(lesson):
            content = self._world.state(judged.subject, judged.table, judged.now.wall)
            self._world.tell((judged.table, content), lesson, judged.verdict, found)

    def _meet(self, address: str, subject: str, until: float) -> None:
        packed = packed_address(address)
        if packed is not None:
            self._tables.meet(packed, self._world.subject(subject), until)
            self._met[subject] = until

    def active(self) -> list[str]:
        """Return the addresses of the clients whom the core answered since the last call."""
        return [address_text(packed) for packed in self._tables.active()]

    def ahead(self, clock: Callable[[], Now]) -> Iterator[None]:
        """Teach what will be asked before it is, a little with each step.

        For each subject that is met just now that is what was asked of its profile before the last
        change of the policy; and, soon before its own next change, what will hold from then on, so
        that at the edge the core goes on by the wall clock.  The policy decides all of it.
        """
        world = self._world
        for subject in tuple(self._met):
            due: list[tuple[Content, State]] = []
            self._while_there_is_room(partial(self._look_ahead, subject, clock(), due))
            for source, target in due:
                yield from self._copy(world, source, target)
            yield
            if self._world is not world:
                return

    def _look_ahead(self, subject: str, now: Now, due: list[tuple[Content, State]]) -> None:
        """Say what holds for a subject and soon will; add to ``due`` what they are to learn."""
        if self._met[subject] <= now.tick:
            del self._met[subject]
            return
        at = datetime.fromtimestamp(now.wall, UTC)
        state = self._state_at(subject, at, partial(self._policy.table, subject, at), now.wall)
        table, content = state
        if table.profile_id in self._past:
            due.append((self._past[table.profile_id], state))
        edge = table.until
        if edge is not None and edge - at <= _AHEAD:
            coming = partial(self._policy.coming_table, subject, edge)
            due.append((content, self._state_at(subject, edge, coming)))

    def _state_at(
        self,
        subject: str,
        at: datetime,
        new: Callable[[], MomentTable],
        since: float = math.inf,
    ) -> State:
        """Return the state that was told for this instant, else tell the one of the new table."""
        for state in self._world.states(subject):
            if state[0].holds(at):
                return state
        table = new()
        return table, self._world.state(subject, table, since)

    def _copy(self, world: Taught, source: Content, target: State) -> Iterator[None]:
        """Teach a state what another content knows, while there is room and its world lasts."""
        known = source, target[1]
        at = self._copied.get(known, 0)
        while at < len(source.lessons) and self._tables.cells < _MOST_AHEAD:
            if self._world is not world or source is target[1]:
                return
            lesson, at = source.lessons[at], at + 1
            self._copied[known] = at
            self._while_there_is_room(partial(self._rehearse, target, lesson))
            yield

    def _rehearse(self, state: State, lesson: Lesson) -> None:
        """Ask for the verdict on what was asked before, and teach it."""
        table, content = state
        if not self._is_by_numbers(lesson):
            return
        if not lesson.names and self._world.knows(content, lesson.question):
            return
        verdict = table.decide(Question(lesson.question, A, IN))
        if not lesson.names:
            self._world.tell(state, lesson, verdict)
        elif not verdict.is_block and not verdict.is_rewrite:
            found = table.review(verdict, lesson.names, A)
            self._world.tell(state, lesson, verdict, found)

    def _is_by_numbers(self, lesson: Lesson) -> bool:
        """Tell whether the names' numbers decide, for every type, and not what they are called."""
        name = lesson.question
        if name in SPECIAL_NAMES or name.rpartition(".")[2] in LOCAL_TOPS:
            return False
        return self._is_plain(name) and all(map(self._is_plain, lesson.names))

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
