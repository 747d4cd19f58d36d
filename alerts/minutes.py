"""Event time in minutes since the epoch, the unit in which the detector counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(minute: int) -> datetime:
    """Return the time of a minute since the epoch."""
    return _EPOCH + timedelta(minutes=minute)


def minute_of(time: datetime) -> int:
    """Return the whole minutes since the epoch, rounded down."""
    return (time - _EPOCH) // timedelta(minutes=1)
