"""Writing the query log and reading it back."""

import itertools
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filterd.errors import StoreError
from filterd.resolve.record import Origin, Record
from filterd.store.interned import Interned
from filterd.store.log import AskedName, Count, LogFilter, LogReader, SeenClient
from filterd.store.logwriter import LogWriter, Seen

SECOND = timedelta(seconds=1)


def test_a_record_comes_back_whole(writer, reader, asked, now):
    writer.write([asked], {"192.0.2.7": "52:54:00:00:00:07"})
    (row,) = reader.search(LogFilter())
    assert (row.at, row.mac, row.is_block) == (now, "52:54:00:00:00:07", True)
    assert row.origin is Origin.OURSELVES
    for field in Record._fields:
        if field != "at":
            assert getattr(row, field) == getattr(asked, field), field
    assert reader.row(row.id) == row
    assert reader.row(row.id + 1) is None


def test_a_rewritten_query_is_neither_blocked_nor_allowed(writer, reader, asked, now):
    writer.write([asked, asked._replace(action="rewrite", matched="/^casino/", rcode=3)])
    rewritten, blocked = reader.search(LogFilter())
    assert (rewritten.action, rewritten.is_block, rewritten.is_rewrite) == ("rewrite", False, True)
    assert (rewritten.matched, rewritten.rcode) == ("/^casino/", 3)
    assert not blocked.is_rewrite
    assert reader.search(LogFilter(blocked_only=True)) == (blocked,)
    assert reader.counts(now - SECOND) == {"sana": Count(2, 1)}


def test_a_record_without_a_name_keeps_none(writer, reader, asked):
    writer.write([asked._replace(name="", matched="")])
    (row,) = reader.search(LogFilter())
    assert (row.name, row.matched, row.mac) == ("", "", "")
    assert reader.search(LogFilter(text="casino")) == ()


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "ابو", "'; DROP TABLE names; --", "\\200.x"])
def test_any_text_can_be_kept(writer, reader, asked, text):
    writer.write([asked._replace(detail=text, name=text)])
    (row,) = reader.search(LogFilter())
    expected = text.replace("\0", "").replace("\ud800", "?")
    assert (row.detail, row.name) == (expected, expected)


def test_batches_of_every_size_are_kept_in_order(writer, reader, asked):
    names = [f"n{n}.example" for n in range(1_777)]
    writer.write([asked._replace(name=name) for name in names[:1_234]])
    writer.write([asked._replace(name=name) for name in names[1_234:]])
    writer.write([])
    rows = reader.search(LogFilter(), limit=5_000)
    assert [row.name for row in rows] == names[::-1]


def test_names_and_clients_are_stored_once(writer, state, asked):
    for _ in range(3):
        writer.write([asked, asked._replace(at=asked.at + 1)])
    assert count_rows(state, "names") == 2  # asked and matched
    assert count_rows(state, "clients") == 1
    assert count_rows(state, "decisions") == 1
    assert count_rows(state, "queries") == 6


def count_rows(state, table: str) -> int:
    connection = sqlite3.connect(state / "log.db")
    try:
        rows = connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own words
        return rows.fetchone()[0]
    finally:
        connection.close()


def test_a_writer_that_starts_again_goes_on_with_the_same_numbers(writer, state, asked):
    writer.write([asked])
    again = LogWriter(state / "log.db")
    again.write([asked])
    again.close()
    assert count_rows(state, "names") == 2
    assert count_rows(state, "clients") == 1


@pytest.fixture
def filled(writer: LogWriter, asked: Record) -> list[str]:
    """Eight queries, oldest first, named n0 to n7 below alternating parents."""
    for n in range(8):
        is_block = n % 2 == 0
        writer.write(
            [
                asked._replace(
                    at=asked.at + n,
                    name=f"n{n}.{'casino' if is_block else 'school_50%'}.example",
                    action="block" if is_block else "allow",
                    profile="sana" if n < 5 else "ali",
                    address=f"192.0.2.{n % 3}",
                )
            ]
        )
    return [f"n{n}" for n in range(8)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (LogFilter(), "76543210"),
        (LogFilter(profile="sana"), "43210"),
        (LogFilter(profile="nobody"), ""),
        (LogFilter(address="192.0.2.1"), "741"),
        (LogFilter(address="192.0.2.9"), ""),
        (LogFilter(blocked_only=True), "6420"),
        (LogFilter(text="CASINO"), "6420"),
        (LogFilter(text="n3."), "3"),
        (LogFilter(text="50%"), "7531"),
        (LogFilter(text="_"), "7531"),
        (LogFilter(text="x" * 100_000), ""),
        (LogFilter(profile="ali", blocked_only=True, text="example"), "6"),
        (LogFilter(profile="sana", address="192.0.2.0", blocked_only=True), "0"),
    ],
    ids=[
        "everything", "a profile", "an unknown profile", "an address", "an unknown address",
        "blocked", "any case", "part of a name", "percent is a letter", "underscore is a letter",
        "a very long text", "three at once", "address and profile",
    ],
)  # fmt: skip
def test_a_search_shows_what_matches_newest_first(reader, filled, wanted, expected):
    assert "".join(row.name[1] for row in reader.search(wanted)) == expected


def test_a_search_goes_on_where_it_stopped(reader, filled):
    shown = []
    before = None
    while rows := reader.search(LogFilter(blocked_only=True, before_id=before), limit=3):
        shown += [row.name[:2] for row in rows]
        before = rows[-1].id
    assert shown == ["n6", "n4", "n2", "n0"]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (LogFilter(), "SCAN queries"),
        (LogFilter(profile="sana"), "ix_queries_profile"),
        (LogFilter(address="192.0.2.1"), "ix_queries_client"),
    ],
    ids=["everything", "a profile", "an address"],
)
def test_common_searches_need_no_sorting(reader, state, filled, monkeypatch, wanted, index):
    statements: list[tuple[str, object]] = []
    with reader._database.reading() as connection:
        raw = connection.connection.driver_connection
    raw.set_trace_callback(statements.append)
    reader.search(wanted)
    raw.set_trace_callback(None)
    query = next(s for s in statements if "ORDER BY" in s)
    plan = " / ".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_counts_are_by_profile_and_since(reader, filled, now):
    assert reader.counts(now) == {"sana": Count(5, 3), "ali": Count(3, 1)}
    assert reader.counts(now + 4 * SECOND) == {"sana": Count(1, 1), "ali": Count(3, 1)}
    assert reader.counts(now + 60 * SECOND) == {}


def test_the_newest_time_is_that_of_the_newest_row(reader, writer, filled, now):
    assert reader.newest_time() == writer.newest_time() == now + 7 * SECOND


def test_an_empty_log_has_no_newest_time(reader, writer):
    assert reader.newest_time() is None
    assert writer.newest_time() is None
    assert reader.clients() == ()


def test_a_device_is_known_though_its_profile_keeps_nothing(writer, reader, now):
    writer.write((), seen=[Seen(now.timestamp() + n, "192.0.2.9", 2) for n in range(3)])
    (client,) = reader.clients()
    assert client == SeenClient("192.0.2.9", "", now + 2 * SECOND, now + 2 * SECOND, 6)
    assert reader.search(LogFilter()) == ()


def test_every_query_counts_once_for_its_device(writer, reader, asked, now):
    writer.write([asked, asked._replace(at=asked.at + 1)])
    writer.write([asked._replace(at=asked.at + 2)], seen=[Seen(asked.at + 3, asked.address)])
    (client,) = reader.clients()
    assert client.queries == 4
    assert (client.first_seen, client.last_seen) == (now + SECOND, now + 3 * SECOND)


def test_clients_are_listed_the_latest_first(writer, reader, asked):
    for n, address in enumerate(["192.0.2.1", "2001:db8::2", "192.0.2.1", "fe80::3"]):
        writer.write([asked._replace(at=asked.at + n, address=address)])
    assert [client.address for client in reader.clients()] == [
        "fe80::3",
        "192.0.2.1",
        "2001:db8::2",
    ]


@pytest.mark.parametrize(
    ("macs", "expected"),
    [
        (["", "", ""], {"": 3}),
        (["", "m1", "m1"], {"m1": 3}),
        (["m1", "", "m1"], {"m1": 3}),
        (["m1", "m2", "m2"], {"m1": 1, "m2": 2}),
        (["m1", "m2", ""], {"m1": 1, "m2": 2}),
        (["m1", "m2", "m1"], {"m1": 2, "m2": 1}),
        (["", "m1", "m2"], {"m1": 2, "m2": 1}),
        (["m1", "", "m2", ""], {"m1": 2, "m2": 2}),
    ],
    ids=[
        "never known", "known later", "unknown for a while", "another device takes over",
        "unknown after a takeover", "the first comes back", "completed, then taken over",
        "unknown before and after a takeover",
    ],
)  # fmt: skip
@pytest.mark.parametrize("restarts", [False, True], ids=["one run", "restarted each time"])
def test_a_device_is_an_address_with_its_mac(state, reader, asked, macs, expected, restarts):
    writer = LogWriter(state / "log.db")
    for n, mac in enumerate(macs):
        writer.write([asked._replace(at=asked.at + n)], {asked.address: mac} if mac else {})
        if restarts:
            writer.close()
    writer.close()
    assert {client.mac: client.queries for client in reader.clients()} == expected
    rows = reader.search(LogFilter(address=asked.address))
    assert sorted(row.mac for row in rows) == sorted(
        mac for mac, queries in expected.items() for _ in range(queries)
    )


def test_a_locked_log_is_an_error_until_it_is_free(state, reader, asked, monkeypatch):
    monkeypatch.setattr("filterd.store.logwriter._BUSY_S", 0.0)
    writer = LogWriter(state / "log.db")
    writer.write([asked])
    holder = sqlite3.connect(state / "log.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        writer.write([asked])
    holder.close()
    writer.write([asked])
    writer.close()
    assert len(reader.search(LogFilter())) == 2


def test_more_clients_than_are_remembered_are_all_kept(state, reader, asked, monkeypatch):
    monkeypatch.setattr("filterd.store.logclients._SIZE", 3)
    writer = LogWriter(state / "log.db")
    batch = [asked._replace(address=f"192.0.2.{n}") for n in range(8)]
    for _ in range(2):
        writer.write(batch)
    writer.close()
    assert {client.address: client.queries for client in reader.clients()} == {
        record.address: 2 for record in batch
    }


@given(st.lists(st.lists(st.text("abc", min_size=1, max_size=2), max_size=6), max_size=6))
@settings(max_examples=30)
def test_a_small_memory_gives_the_same_numbers_as_none(batches):
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    small = Interned[str]("names", ("name",), 3)
    for batch in batches:
        numbers = small.numbers(db, set(batch))
        assert set(numbers) == set(batch)
        assert len(small._known) <= 3
        for name, number in numbers.items():
            assert db.execute("SELECT name FROM names WHERE id = ?", (number,)).fetchone() == (
                name,
            )
    distinct = set(itertools.chain.from_iterable(batches))
    assert db.execute("SELECT count(*) FROM names").fetchone() == (len(distinct),)
    db.close()


def test_what_was_used_last_is_remembered_longest():
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    small = Interned[str]("names", ("name",), 2)
    for name in "abac":
        small.numbers(db, [name])
    assert set(small._known) == {"a", "c"}
    db.close()


RECORDS = st.builds(
    Record,
    at=st.floats(0, 4e9),
    address=st.sampled_from(["192.0.2.1", "2001:db8::1", "fe80::1%eth0"]),
    name=st.sampled_from(["", "a.example", "b.example", "\\046.example"]),
    qtype=st.integers(0, 65_535),
    profile=st.sampled_from(["sana", "ali"]),
    action=st.sampled_from(["allow", "block", "rewrite"]),
    reason=st.sampled_from(["category", "window"]),
    category=st.sampled_from(["", "adult"]),
    source=st.sampled_from(["", "ut1"]),
    matched=st.sampled_from(["", "example"]),
    detail=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    version=st.integers(0, 2**40),
    build=st.sampled_from(["", "b1"]),
    rcode=st.integers(0, 4095),
    origin=st.sampled_from(Origin),
    took_us=st.integers(0, 2**31),
)


@given(st.lists(st.lists(RECORDS, max_size=7), max_size=3))
@settings(max_examples=15)
def test_the_log_gives_back_what_it_was_given(fresh, tmp_path_factory, batches):
    path = Path(shutil.copy(fresh / "log.db", tmp_path_factory.mktemp("log")))
    writer, reader = LogWriter(path), LogReader(path)
    for batch in batches:
        writer.write(batch)
    rows = reader.search(LogFilter(), limit=100)[::-1]
    kept = []
    for row in rows:
        fields = {name: getattr(row, name) for name in Record._fields}
        kept.append(Record(**fields))
    assert kept == [
        r._replace(at=datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(r.at * 1e6)))
        for batch in batches
        for r in batch
    ]
    writer.close()
    reader.close()


def test_asked_names_are_counted_by_profile_the_most_asked_first(writer, reader, asked, now):
    at = now.timestamp()
    rows = [("b.example", "sana"), ("a.example", "ali"), ("b.example", "sana"), ("", "sana")]
    writer.write([asked._replace(at=at, name=name, profile=who) for name, who in rows])
    writer.write([asked._replace(at=at - 60, name="old.example")])
    assert reader.asked(now) == (
        AskedName("b.example", "sana", 2),
        AskedName("a.example", "ali", 1),
    )
    assert reader.asked(now, "ali") == (AskedName("a.example", "ali", 1),)
    assert reader.asked(now, "nobody") == ()


def test_a_big_batch_in_any_order_is_kept_in_that_order(writer, reader, asked):
    names = [f"n{n * 7_919 % 4_001}.example" for n in range(9_000)]
    for batch in (names[:50], names):
        writer.write([asked._replace(name=name, matched=name[1:]) for name in batch])
    rows = reader.search(LogFilter(), limit=10_000)
    assert [row.name for row in rows] == (names[:50] + names)[::-1]
    assert all(row.matched == row.name[1:] for row in rows)


def test_texts_that_are_stored_alike_have_one_number():
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    names = Interned[str]("names", ("name",), 9)
    numbers = names.numbers(db, ["a", "a\0", "b", "\ud800", "?"])
    assert len(set(numbers.values())) == 3
    assert numbers["a"] == numbers["a\0"]
    assert numbers["?"] == numbers["\ud800"]
    names.forget()
    assert names.numbers(db, ["c", "b", "a\0"]) == {
        "c": 4, "b": numbers["b"], "a\0": numbers["a"],
    }  # fmt: skip
    db.close()
