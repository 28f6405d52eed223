"""Makes records of the lines that the core's workers put into their rings.

A line says when, who, what, and the numbers of the subject and the verdict; their words are
those that were taught (``fast.taught``).  Runs in the log's thread.  When more lines come than a
thread of Python can write beside the answering, a sample is kept and the rest counted as lost.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from filterd.fast.loop import Worker
from filterd.fast.taught import Told
from filterd.fast.teacher import address_text
from filterd.policy.bounded import Bounded
from filterd.resolve.logged import Words, words_of
from filterd.resolve.record import Record

if TYPE_CHECKING:
    from filterd.policy.table import MomentTable

# While no more lines come in a second, all are kept.
MOST_A_SECOND = 30_000
# What is kept of one turn of more: beyond it nobody reads single lines, and answering goes first.
SAMPLE = 300
# Turns may follow each other closely; a burst is no flood before it lasted so long.
_BURST_S = 0.5
_REMEMBERED = 4_096
# So few at once that who answers on the same processor never waits for long; more when many come.
_SLICE = 16
_SLICES = 50

Line = tuple[int, int, int, float, bytes, str, int, int, int, int]


class Lines:
    """The lines of all workers; ``told`` as in ``fast.teacher.Teacher``.

    ``lost`` counts lines that were not kept, those that found no room in a ring included;
    ``turns`` how often all that waited was taken.  ``clock`` tells seconds.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        told: Mapping[int, Told],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._told = told
        self._clock = clock
        self.turns = 0
        self._dropped = 0
        self._overflowed = 0
        self._since = clock()
        self._words: dict[tuple[int, int, int], tuple[MomentTable, Words]] = {}
        self._addresses: Bounded[bytes, str] = Bounded(_REMEMBERED)

    @property
    def lost(self) -> int:
        return self._dropped + self._without_room()

    def batches(self) -> Iterator[list[Record]]:
        """Yield what waits now, oldest first for each worker; few at a time while there is time."""
        waiting = [worker.lines_waiting for worker in self._workers]
        is_flood = self._is_flood(sum(waiting))
        size = max(_SLICE, sum(waiting) // _SLICES)
        self._words = {}
        for worker, count in zip(self._workers, waiting, strict=True):
            left = min(count, SAMPLE // len(waiting)) if is_flood else count
            while left > 0:
                lines = worker.lines_taken(min(left, size))
                left -= max(len(lines), 1)
                yield [record for record in map(self._record, lines) if record is not None]
            if is_flood:
                self._dropped += worker.lines_dropped()
        self.turns += 1

    def _without_room(self) -> int:
        return sum(worker.count()["lines_lost"] for worker in self._workers)

    def _is_flood(self, waiting: int) -> bool:
        """Tell whether more came since the last turn than can be written for long.

        By the second and not by what waits: after a turn that had to wait for the disk, all that
        the rings kept is still written.
        """
        since, self._since = self._since, self._clock()
        before, self._overflowed = self._overflowed, self._without_room()
        came = waiting + self._overflowed - before
        return came > MOST_A_SECOND * max(self._since - since, _BURST_S)

    def _record(self, line: Line) -> Record | None:
        generation, subject, number, wall, packed, name, qtype, rcode, origin, took_us = line
        key = generation, subject, number
        known = self._words.get(key)
        if known is None:
            world = self._told.get(generation)
            if world is None:
                self._dropped += 1
                return None
            table, verdict = world.tables[subject], world.verdicts[number - 1]
            known = self._words[key] = table, words_of(table, verdict, verdict.matched)
        table, (profile, action, reason, category, source, matched, detail, version, build) = known
        if not name:
            matched = ""  # where no name is kept, neither is what the rule was written for
        elif source and not matched:
            matched = table.written(name, qtype, source)
        return Record(
            wall,
            self._address(packed),
            name,
            qtype,
            profile,
            action,
            reason,
            category,
            source,
            matched,
            detail,
            version,
            build,
            rcode,
            origin,
            took_us,
        )

    def _address(self, packed: bytes) -> str:
        text = self._addresses.get(packed)
        if text is None:
            text = address_text(packed)
            self._addresses.put(packed, text)
        return text
