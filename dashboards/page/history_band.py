"""What is usual for an entity at this time of day, from its counts: for entities that the detector does not watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from squall.dashboards.page.schemas.entities import HistoryView
from squall.dashboards.page.time_grid import TimeGrid

MAX_DAYS: Final = 28
MIN_DAYS: Final = 7
LOW, HIGH = 0.05, 0.95
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


def history_days(first: datetime | None, start: datetime) -> int:
    """Return the whole days before `start` that were counted, from `first` on: at most `MAX_DAYS`, 0 if fewer than `MIN_DAYS`."""
    days = min((start - first) // _DAY, MAX_DAYS) if first else 0
    return days if days >= MIN_DAYS else 0


def history_band(counts: Mapping[datetime, int], grid: TimeGrid, days: int) -> HistoryView:
    """Compare each step of `grid` with the same time of day in the `days` before it starts.

    Counted are the step itself and its neighbours, on weekdays for a weekday and on weekends for a weekend (UTC). The steps of
    `grid` divide a day.

    Args:
        counts: negative documents by the start of the step, from `days` before the start of `grid`; steps without any may be missing.
    """
    per_day = _DAY // grid.step
    start = grid.times[0] - days * _DAY
    history = np.zeros(days * per_day)
    for time, count in counts.items():
        at = (time - start) // grid.step
        if 0 <= at < len(history):
            history[at] = count
    weekend = np.array([_is_weekend(start + at * grid.step) for at in range(len(history))])
    bands = {key: _quantiles(history, weekend, key, per_day) for key in {_key(grid, at, per_day) for at in range(len(grid.times))}}
    rows = [bands[_key(grid, at, per_day)] for at in range(len(grid.times))]
    expected, low, high = (list(column) for column in zip(*rows, strict=True))
    return HistoryView(days=days, expected=expected, low=low, high=high)


def _key(grid: TimeGrid, at: int, per_day: int) -> tuple[int, bool]:
    return at % per_day, _is_weekend(grid.times[at])


def _quantiles(history: np.ndarray, weekend: np.ndarray, key: tuple[int, bool], per_day: int) -> Sequence[float]:
    slot, on_weekend = key
    places = np.add.outer(np.arange(slot, len(history), per_day), (-1, 0, 1)).ravel()
    places = places[(places >= 0) & (places < len(history))]
    values = history[places[weekend[places] == on_weekend]]
    low, high = np.quantile(values, (LOW, HIGH))
    return round(float(values.mean()), 4), float(low), float(high)


def _is_weekend(time: datetime) -> bool:
    return time.weekday() >= _SATURDAY
