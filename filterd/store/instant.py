"""Instants as the databases keep them: whole microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Return an aware datetime as stored; a naive one is a TypeError."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(stored: int) -> datetime:
    """Return a stored instant as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=stored)


def from_us_or_none(stored: int | None) -> datetime | None:
    """Return a stored instant that may be missing."""
    return None if stored is None else from_us(stored)
