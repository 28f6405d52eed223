"""The log's thread: what a source kept is written in few transactions, in order, or counted."""

from collections.abc import Iterator
from contextlib import closing

from filterd.resolve.record import Record
from filterd.service.layout import Layout
from filterd.service.querylog import QueryLog
from filterd.store.log import LogFilter, LogReader


class Kept:
    """A source whose records are made a hundred at a time.

    ``seen`` is how many the log held before each hundred.
    """

    lost = 3

    def __init__(self, layout: Layout, records: list[Record]) -> None:
        self.seen: list[int] = []
        self._layout = layout
        self._records = records

    def batches(self) -> Iterator[list[Record]]:
        while self._records:
            if self._layout.log_db.is_file():
                self.seen.append(len(rows(self._layout)))
            batch, self._records = self._records[:100], self._records[100:]
            yield batch


def rows(layout: Layout) -> list[str]:
    """Return the names in the log, oldest first."""
    with closing(LogReader(layout.log_db)) as reader:
        return [row.name for row in reader.search(LogFilter(), 50_000)][::-1]


def records(count: int) -> list[Record]:
    return [
        Record(
            1.0, "192.0.2.7", f"n{number}.example", 1, "sana", "block", "category", "games",
            "mine", "example", "", 1, "b", 0, 0, 50,
        )
        for number in range(count)
    ]  # fmt: skip


def written(layout: Layout, source: Kept) -> QueryLog:
    log = QueryLog(layout.log_db)
    log.follow(source)
    log.start()
    log.stop()
    return log


def test_few_records_at_a_time_are_written_together(layout: Layout) -> None:
    source = Kept(layout, records(10_300))
    log = written(layout, source)
    assert source.seen == [0] * 100 + [10_000] * 3
    assert rows(layout) == [record.name for record in records(10_300)]
    assert (log.lost, log.problem) == (3, "")


def test_what_a_source_kept_is_counted_when_it_cannot_be_written(layout: Layout) -> None:
    layout.log_db.unlink()
    layout.log_db.mkdir()
    log = written(layout, Kept(layout, records(250)))
    assert log.lost == 253
    assert log.problem


def test_a_source_that_kept_nothing_writes_nothing(layout: Layout) -> None:
    before = layout.log_db.stat().st_mtime_ns
    log = written(layout, Kept(layout, []))
    assert layout.log_db.stat().st_mtime_ns == before
    assert (log.lost, log.problem, rows(layout)) == (3, "", [])
