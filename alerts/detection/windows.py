"""Minutes summed to the hours and windows that the detector works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Bools, Counts, Floats, Ints
from squall.alerts.detection.season import HOURS

_HOUR: Final = 60
_COVERED_SHARE: Final = 0.01
"""An hour with less than this share of the third-busiest hour's documents, or with none, was not observed: the collectors were down, or
only stray old items of it are known. Taking it for silence would make normal traffic afterwards look like a spike."""
_BUSY_RANK: Final = 3


@dataclass(frozen=True, slots=True)
class Hourly:
    """Counts summed to whole hours.

    Attributes:
        start: first hour, in hours since the epoch.
        negative: (topics, hours) negative documents.
        total: (topics, hours) documents of any sentiment.
    """

    start: int
    negative: Floats
    total: Floats

    @staticmethod
    def of(counts: Counts) -> Hourly:
        """Return the hours that `counts` touches; minutes of the first and last hour that it does not cover count as zero."""
        first, last = counts.start // _HOUR, -(-counts.end // _HOUR)
        pad = ((0, 0), (counts.start - first * _HOUR, last * _HOUR - counts.end))

        def hours(minutes: Ints) -> Floats:
            summed: Floats = np.pad(minutes, pad).reshape(minutes.shape[0], last - first, _HOUR).sum(2).astype(np.float64)
            return summed

        return Hourly(first, hours(counts.negative), hours(counts.total))

    def summed(self) -> Hourly:
        """Return the sum of all series as one."""
        return Hourly(self.start, self.negative.sum(0, keepdims=True), self.total.sum(0, keepdims=True))

    def days(self, days: Ints) -> tuple[Floats, Floats]:
        """Return (topics, days, HOURS) counts of consecutive `days` since the epoch; hours that are not known are zero."""
        begin, end = int(days[0]) * HOURS, (int(days[-1]) + 1) * HOURS
        known = slice(max(begin - self.start, 0), max(end - self.start, 0))
        before = max(self.start - begin, 0)

        def cut(values: Floats) -> Floats:
            out = np.zeros((values.shape[0], end - begin))
            part = values[:, known]
            out[:, before : before + part.shape[1]] = part
            return out.reshape(values.shape[0], days.size, HOURS)

        return cut(self.negative), cut(self.total)


def window_counts(minutes: Ints, start: int, ticks: Ints, window: int) -> Ints:
    """Return (topics, ticks) sums over the `window` minutes before each tick; minutes outside of the array are zero.

    Args:
        minutes: (topics, minutes) documents per minute.
        start: the first of those minutes, since the epoch.
        ticks: (ticks,) ends of the windows (exclusive), in minutes since the epoch.
        window: length in minutes.
    """
    sums = np.concatenate([np.zeros((minutes.shape[0], 1), dtype=np.int64), np.cumsum(minutes, axis=1, dtype=np.int64)], axis=1)
    ends = np.clip(ticks - start, 0, minutes.shape[1])
    begins = np.clip(ticks - window - start, 0, minutes.shape[1])
    counted: Ints = sums[:, ends] - sums[:, begins]
    return counted


def multiples(step: int, after: int, until: int) -> Ints:
    """Return (n,) multiples of `step` in (after, until], ascending."""
    return np.arange((after // step + 1) * step, until + 1, step, dtype=np.int64)


def by_hour(ticks: Ints) -> Sequence[tuple[int, slice]]:
    """Return (hour since the epoch, slice of `ticks`) for each hour with ticks; `ticks`: (ticks,) ascending minutes since the epoch."""
    if not ticks.size:
        return []
    hours = ticks // _HOUR
    edges = np.flatnonzero(np.diff(hours)) + 1
    bounds = [0, *edges.tolist(), ticks.size]
    return [(int(hours[a]), slice(a, b)) for a, b in pairwise(bounds)]


def covered_hours(documents: Floats) -> Bools:
    """Return which hours were observed, from the `documents` of all topics in each hour: arrays of one shape, three hours or more."""
    busy = np.partition(documents, -_BUSY_RANK, axis=None)[-_BUSY_RANK]
    covered: Bools = (documents > 0) & (documents >= _COVERED_SHARE * busy)
    return covered
