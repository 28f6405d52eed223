"""Forgetting: what is old is gone from every file, and nothing that is still used goes with it."""

import sqlite3
from datetime import timedelta

import pytest

from filterd.store import logprune
from filterd.store.log import LogFilter
from filterd.store.logwriter import LogWriter, Seen

HOUR = timedelta(hours=1)


def all_bytes(state) -> bytes:
    return b"".join(path.read_bytes() for path in state.iterdir() if path.is_file())


@pytest.mark.parametrize("chunk", [1, 3, 5_000], ids=["one by one", "in threes", "at once"])
def test_old_rows_go_with_what_only_they_used(
    writer, reader, state, asked, now, monkeypatch, chunk
):
    monkeypatch.setattr(logprune, "_ROWS", chunk)
    monkeypatch.setattr(logprune, "_TEXTS", chunk)
    old = [
        asked._replace(name=f"secret{n}.example", address=f"198.51.100.{n}", detail="old window")
        for n in range(7)
    ]
    shared = asked._replace(name="shared.example")
    writer.write([*old, shared])
    assert b"secret3.example" in all_bytes(state)
    kept = [asked._replace(at=asked.at + 3600, name=n) for n in ("shared.example", "new.example")]
    writer.write(kept)
    assert writer.prune(now + HOUR) == 8
    assert [row.name for row in reader.search(LogFilter())] == ["new.example", "shared.example"]
    assert [client.address for client in reader.clients()] == [asked.address]
    content = all_bytes(state)  # with the database open: the journal counts as well
    for gone in (b"secret", b"198.51.100.", b"old window"):
        assert gone not in content
    assert b"casino.example" in content


def test_pruning_an_empty_or_young_log_does_nothing(writer, reader, asked, now):
    assert writer.prune(now) == 0
    writer.write([asked])
    assert writer.prune(now) == 0
    assert len(reader.search(LogFilter())) == 1


def test_a_device_that_still_asks_is_kept_without_rows(writer, reader, asked, now):
    writer.write([asked])
    writer.write((), seen=[Seen(asked.at + 7200, asked.address)])
    writer.prune(now + HOUR)
    (client,) = reader.clients()
    assert client.queries == 2


def test_a_writer_notices_that_another_process_pruned(writer, reader, state, asked, now):
    writer.write([asked])
    worker = LogWriter(state / "log.db")
    assert worker.prune(now + HOUR) == 1
    worker.close()
    again = asked._replace(at=asked.at + 7200)
    writer.write([again])  # with numbers it remembers of rows that are gone
    (row,) = reader.search(LogFilter())
    assert (row.name, row.profile, row.matched) == (again.name, again.profile, again.matched)
    assert row.address == again.address


def test_what_is_written_while_pruning_keeps_its_names(state, reader, asked, now, monkeypatch):
    """Between the search for unused names and their deletion the DNS process may use one."""
    writer, worker = LogWriter(state / "log.db"), LogWriter(state / "log.db")
    writer.write([asked])
    again = asked._replace(at=asked.at + 7200)
    real = logprune.json.dumps

    def write_in_between(ids: object) -> str:
        monkeypatch.setattr(logprune.json, "dumps", real)
        writer.write([again])
        return real(ids)

    db = worker._open()
    db.execute("DELETE FROM queries")
    monkeypatch.setattr(logprune.json, "dumps", write_in_between)
    logprune._delete_unused(db, "names", ("name", "matched"), "true", 0)
    (row,) = reader.search(LogFilter())
    assert (row.name, row.matched) == (again.name, again.matched)
    writer.close()
    worker.close()


def test_pruning_is_many_short_transactions(writer, state, asked, now, monkeypatch):
    monkeypatch.setattr(logprune, "_ROWS", 10)
    writer.write([asked] * 100)
    statements: list[str] = []
    writer._open().set_trace_callback(statements.append)
    writer.prune(now + HOUR)
    writer._open().set_trace_callback(None)
    assert (
        sum(statement.lstrip().startswith("DELETE FROM queries") for statement in statements) == 11
    )
    assert not any("BEGIN IMMEDIATE" in statement for statement in statements)
    with sqlite3.connect(state / "log.db") as db:
        assert db.execute("SELECT count(*) FROM queries").fetchone() == (0,)
    db.close()
