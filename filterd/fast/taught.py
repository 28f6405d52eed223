"""What one world was taught, as Python must remember it to teach more.

A subject has a number, and two states: what holds for it now, and what held before or will hold
next.  What a state says is its *content*, which is one for all subjects and times that are decided
alike; verdicts hang on it.  Dies with its world.
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import NamedTuple

from filterd.config.document import Profile
from filterd.fast.tables import Tables
from filterd.policy.table import MomentTable
from filterd.policy.verdict import Verdict
from filterd.resolve.blocked import extended_error
from filterd.resolve.cache import LONGEST_S
from filterd.wire.edns import opt_record

# What a child meets in a day, by far; beyond it, what is new is learnt when it is asked.
_MOST_LESSONS = 1_024
# As filterd.fast.reply.Kind.
_KINDS = {"null": 0, "nxdomain": 1, "nodata": 2, "refused": 3}


class Told(NamedTuple):
    """What the log needs to write down a line of this world.

    ``tables`` has a table for each subject's number, of whatever time: the words they have for a
    verdict are the same.  ``verdicts`` are in the order of their numbers, which begin at 1.
    """

    tables: dict[int, MomentTable]
    verdicts: list[Verdict]


class Lesson(NamedTuple):
    """A question that was asked, and the names its answer led through; none: the question alone.

    It stands for all that have the same numbers, and so the same verdict.
    """

    question: str
    names: tuple[str, ...] = ()


class Content:
    """What may hold for subjects; ``number`` is the core's.

    ``lessons`` are what was taught of it, the oldest first; not all when there are very many.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.lessons: list[Lesson] = []
        self._known: set[Lesson] = set()

    def knows(self, lesson: Lesson) -> bool:
        return lesson in self._known

    def note(self, lesson: Lesson) -> None:
        if lesson not in self._known and len(self.lessons) < _MOST_LESSONS:
            self._known.add(lesson)
            self.lessons.append(lesson)


State = tuple[MomentTable, Content]


class Taught:
    """What ``tables`` were told; ``numbers`` finds the numbers of a name.

    Every method but ``states`` raises TablesFull when there is no room left.
    """

    def __init__(self, tables: Tables, numbers: Callable[[str], tuple[int, int]]) -> None:
        self.told = Told({}, [])
        self._tables = tables
        self._numbers = numbers
        self._subjects: dict[str, int] = {}
        self._states: dict[str, tuple[State, ...]] = {}
        self._contents: dict[Hashable, Content] = {}
        self._verdicts: dict[Hashable, int] = {}
        self._lessons: dict[Hashable, Lesson] = {}

    def subject(self, subject: str) -> int:
        """Return the subject's number, which is told when it is new."""
        number = self._subjects.get(subject)
        if number is None:
            number = self._subjects[subject] = self._tables.new_subject()
        return number

    def states(self, subject: str) -> tuple[State, ...]:
        """Return what was told of the subject: the last two, or fewer."""
        return self._states.get(subject, ())

    def contents(self) -> list[tuple[str, Content]]:
        """Return for each subject's states the profile and what they say."""
        found = (state for states in self._states.values() for state in states)
        return [(table.profile_id, content) for table, content in found]

    def state(self, subject: str, table: MomentTable, since: float = math.inf) -> Content:
        """Say that a table holds for a subject, unless it was said; return its content.

        ``since`` is an instant at which it is known to hold: a datetime may have been rounded up.
        """
        for known, content in self.states(subject):
            if known is table:
                return content
        number, profile = self.subject(subject), table.profile
        content = self._content(table)
        self._tables.new_state(
            number,
            content.number,
            min(table.since.timestamp(), since),
            math.inf if table.until is None else table.until.timestamp(),
            profile.max_ttl_s if profile.filtering else LONGEST_S,
        )
        self._states[subject] = (*self.states(subject)[-1:], (table, content))
        self.told.tables.setdefault(number, table)
        return content

    def _content(self, table: MomentTable) -> Content:
        # A verdict is told with what a profile makes of it.
        key = table.moment.content, table.profile.answer, table.profile.log
        content = self._contents.get(key)
        if content is None:
            content = self._contents[key] = Content(len(self._contents) + 1)
        return content

    def knows(self, content: Content, question: str) -> bool:
        """Tell whether a content's verdict on a question is taught, and noted as a lesson."""
        lesson = self._lessons.get(self._numbers(question))
        return lesson is not None and content.knows(lesson)

    def tell(
        self, state: State, lesson: Lesson, verdict: Verdict, found: Verdict | None = None
    ) -> None:
        """Tell a verdict on a question, or what the names of an answer made of it (``found``)."""
        table, content = state
        is_logged = table.profile.log != "nothing" and verdict.is_recorded
        number = self._verdict(table.profile, verdict, is_logged=is_logged)
        asked = self._numbers(lesson.question)
        key: Hashable = asked
        if not lesson.names:
            self._tables.tell_question(content.number, *asked, number)
        else:
            # A list's block is written down with the rule that made it, which the name decides.
            by_name = lesson.names if found is not None and found.source else None
            if found is not None:
                outcome = self._verdict(table.profile, found, is_logged=is_logged)
            else:
                outcome = number
            numbers = tuple(map(self._numbers, lesson.names))
            self._tables.tell_chain(content.number, number, by_name, numbers, outcome)
            key = asked, numbers, by_name
        content.note(self._lessons.setdefault(key, lesson))

    def _verdict(self, profile: Profile, verdict: Verdict, *, is_logged: bool) -> int:
        key = replace(verdict, until=None), profile.answer, profile.log, is_logged
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
            self.told.verdicts.append(verdict)
        return number
