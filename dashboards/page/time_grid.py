"""Buckets of event time for the heatmap and for charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import Query

MAX_BUCKETS: Final = 96
INSTANT: Final = timedelta(milliseconds=1)
"""The resolution of publication times: a half-open range that ends this much after the newest document contains it."""
_STEPS: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 28800)

Hours = Annotated[int, Query(ge=1, le=744, description="hours of event time, up to the newest document")]


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Buckets of whole steps since the epoch; the newest document is in the last one."""

    start: datetime
    end: datetime
    step: timedelta
    times: list[datetime]


def time_grid(last: datetime, hours: int) -> TimeGrid:
    """Divide the `hours` up to `last` into at most `MAX_BUCKETS` buckets of a round length."""
    seconds = next(step for step in _STEPS if hours * 3600 <= step * MAX_BUCKETS)
    count = -(-hours * 3600 // seconds)
    newest = int(last.timestamp()) // seconds * seconds
    times = [datetime.fromtimestamp(newest - (count - 1 - place) * seconds, UTC) for place in range(count)]
    return TimeGrid(times[0], last + INSTANT, timedelta(seconds=seconds), times)
