"""Makes records of the lines that the core's workers put into their rings.

A line says when, who, what, and the number of the verdict; the verdict's words are those that
were taught (``fast.teacher``).  Runs in the log's thread.  When more lines come than a thread of
Python can write beside the answering, a sample is kept and the rest counted as lost.
"""

from collections.abc import Iterator, Mapping, Sequence

from filterd.fast.loop import Worker
from filterd.fast.teacher import Told, address_text
from filterd.policy.bounded import Bounded
from filterd.resolve.record import Record

# What the log writes at most in one turn: at two turns a second more than 20,000 queries a second.
MOST_LINES = 15_000
# What is kept of more than that: beyond it nobody reads single lines, and answering goes first.
SAMPLE = 300
_REMEMBERED = 4_096
# So few at once that who answers on the same processor never waits for long; more when many come.
_SLICE = 16
_SLICES = 50

Line = tuple[int, int, float, bytes, str, int, int, int, int]


class Lines:
    """The lines of all workers; ``told`` as in ``fast.teacher.Teacher``.

    ``lost`` counts lines that were not kept, those that found no room in a ring included;
    ``turns`` how often all that waited was taken.
    """

    def __init__(self, workers: Sequence[Worker], told: Mapping[int, Sequence[Told]]) -> None:
        self._workers = workers
        self._told = told
        self.turns = 0
        self._dropped = 0
        self._written: Bounded[tuple[int, str, int, str], str] = Bounded(_REMEMBERED)
        self._addresses: Bounded[bytes, str] = Bounded(_REMEMBERED)

    @property
    def lost(self) -> int:
        return self._dropped + sum(worker.count()["lines_lost"] for worker in self._workers)

    def batches(self) -> Iterator[list[Record]]:
        """Yield what waits now, oldest first for each worker; few at a time while there is time."""
        waiting = [worker.lines_waiting for worker in self._workers]
        is_flood = sum(waiting) > MOST_LINES
        size = max(_SLICE, sum(waiting) // _SLICES)
        for worker, count in zip(self._workers, waiting, strict=True):
            left = min(count, SAMPLE // len(waiting)) if is_flood else count
            while left > 0:
                lines = worker.lines_taken(min(left, size))
                left -= max(len(lines), 1)
                yield [record for record in map(self._record, lines) if record is not None]
            if is_flood:
                self._dropped += worker.lines_dropped()
        self.turns += 1

    def _record(self, line: Line) -> Record | None:
        generation, number, wall, packed, name, qtype, rcode, origin, took_us = line
        world = self._told.get(generation)
        if world is None:
            self._dropped += 1
            return None
        told = world[number - 1]
        table, verdict = told.table, told.verdict
        build, version = table.build_version
        return Record(
            at=wall,
            address=self._address(packed),
            name=name,
            qtype=qtype,
            profile=table.profile_id,
            action=verdict.action.value,
            reason=verdict.reason.value,
            category=verdict.category,
            source=verdict.source,
            matched=self._matched(generation, told, name, qtype),
            detail=verdict.detail,
            version=version,
            build=build,
            rcode=rcode,
            origin=origin,
            took_us=took_us,
        )

    def _matched(self, generation: int, told: Told, name: str, qtype: int) -> str:
        """Return the name the rule was written for; where no name is kept, neither is that."""
        verdict = told.verdict
        if not name:
            return ""
        if verdict.matched or not verdict.source:
            return verdict.matched
        key = generation, name, qtype, verdict.source
        found = self._written.get(key)
        if found is None:
            found = told.table.named(name, qtype, verdict).matched
            self._written.put(key, found)
        return found

    def _address(self, packed: bytes) -> str:
        text = self._addresses.get(packed)
        if text is None:
            text = address_text(packed)
            self._addresses.put(packed, text)
        return text
