"""The made-up day is one of a school: in order, from its seats, and what is sought lies in it."""

from collections import Counter

import pytest
from school import BATCH, DAY_S, SEATS, School

ROWS = 12_000


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> School:
    return School(tmp_path_factory.mktemp("school"), ROWS, 1_000.0)


def test_a_day_has_its_rows_in_order_from_every_seat(school):
    batches = list(school.batches())
    records = [record for batch in batches for record in batch]
    assert [len(batch) for batch in batches] == [BATCH, ROWS - BATCH]
    times = [record.at for record in records]
    assert times == sorted(times)
    assert (times[0], times[-1] < 1_000.0 + DAY_S) == (1_000.0, True)
    assert len({record.address for record in records}) == SEATS
    assert all(record.name.endswith(".example") for record in records)


def test_what_is_blocked_is_listed_and_nothing_else_is(school):
    listed = set(school.listed)
    records = [record for batch in school.batches() for record in batch]
    blocked = [record for record in records if record.action == "block"]
    assert len(blocked) == ROWS // 4
    assert all(record.matched in listed for record in blocked)
    assert all(record.name in {record.matched, f"www.{record.matched}"} for record in blocked)
    assert not any(r.name in listed for r in records if r.action == "allow")


def test_what_is_sought_is_there_often_once_or_never(school):
    found = Counter(record.name for batch in school.batches() for record in batch)
    sought = school.sought()
    assert found[sought["a popular name"]] > ROWS // 100
    assert found[sought["one asked for once"]] == 1
    assert sum(number for name, number in found.items() if sought["a part of many"] in name) > 1_000
    assert not any(sought["none"] in name for name in found)
