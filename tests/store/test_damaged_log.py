"""A query log that cannot be read is set aside; the house starts without it."""

from pathlib import Path

import pytest

from filterd.store.current import is_current, set_damaged_log_aside
from filterd.store.log import LogFilter, LogReader
from filterd.store.schema import upgrade


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 8192, b"not a database" * 500, b"SQLite format 3\x00" + b"\xff" * 9000],
    ids=["empty", "zeros", "text", "header only"],
)
def test_a_damaged_log_is_set_aside_and_replaced(tmp_path: Path, content: bytes) -> None:
    upgrade(tmp_path)
    log = tmp_path / "log.db"
    log.write_bytes(content)
    aside = set_damaged_log_aside(tmp_path)
    assert aside is not None
    assert aside.read_bytes() == content
    assert not is_current(tmp_path)
    upgrade(tmp_path)
    reader = LogReader(log)
    assert reader.search(LogFilter()) == ()
    reader.close()


def test_a_good_log_stays(tmp_path: Path) -> None:
    upgrade(tmp_path)
    assert set_damaged_log_aside(tmp_path) is None
    assert (tmp_path / "log.db").exists()


def test_a_missing_log_is_nothing_to_set_aside(tmp_path: Path) -> None:
    assert set_damaged_log_aside(tmp_path) is None
