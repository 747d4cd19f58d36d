"""The data of a report's charts: per series and hour, the observed and the expected count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Counts, Floats, Ints, Readings
from squall.alerts.detection.tails import intervals

HOUR: Final = 60


@dataclass
class _Series:
    hours: list[int] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)
    expected: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    documents: int = 0


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """One series over time, in buckets: arrays of equal length."""

    name: str
    minutes: Ints
    """Start of each bucket, minutes since the epoch."""
    observed: Floats
    """Negative documents in it."""
    expected: Floats
    low: Floats
    high: Floats
    """What 90% of such buckets hold, given the history before them."""
    documents: int
    """Documents of any sentiment, over all."""


@dataclass
class ReportChartData:
    """Collects chunks in order; `series` returns the collected data."""

    _series: dict[str, _Series] = field(default_factory=dict)

    @property
    def documents(self) -> dict[str, int]:
        """Documents per series, within the evaluated span."""
        return {name: series.documents for name, series in self._series.items()}

    def add(self, counts: Counts, readings: Readings, after: int) -> None:
        """Add a chunk: the counts that `readings`, those after minute `after`, were made of."""
        ends = np.flatnonzero(readings.ticks % HOUR == 0)
        if not ends.size:
            return
        ticks = readings.ticks[ends]
        ends, ticks = ends[ticks - HOUR >= counts.start], ticks[ticks - HOUR >= counts.start]
        sums = np.concatenate([np.zeros((len(counts.topics), 1), dtype=np.int64), np.cumsum(counts.negative, axis=1)], axis=1)
        hourly = sums[:, ticks - counts.start] - sums[:, ticks - HOUR - counts.start]
        first = max(after - counts.start, 0)
        totals = counts.total[:, first:].sum(1)
        for row, name in enumerate(readings.topics):
            source = counts.topics.index(name) if name in counts.topics else None
            if source is None:
                continue
            series = self._series.setdefault(name, _Series())
            expected = readings.expected[row, ends] * HOUR / readings.window_minutes[row, ends]
            low, high = intervals(expected, readings.dispersion[row, ends])
            series.hours += ((ticks - HOUR) // HOUR).tolist()
            series.observed += hourly[source].tolist()
            series.expected += expected.tolist()
            series.low += low.tolist()
            series.high += high.tolist()
            series.documents += int(totals[source])

    def series(self, most: int) -> list[ChartSeries]:
        """Return every series that has documents, in at most about `most` buckets of whole hours, busiest first."""
        found = [_chart_series(name, series, most) for name, series in self._series.items() if series.documents]
        return sorted(found, key=lambda line: (-line.documents, line.name))


def _chart_series(name: str, series: _Series, most: int) -> ChartSeries:
    """Join hours to buckets; the band of a bucket is the sum of its hours', too wide rather than too narrow."""
    hours = np.array(series.hours, dtype=np.int64)
    width = -(-(int(hours[-1]) - int(hours[0]) + 1) // most)
    buckets, index = np.unique(hours // width, return_inverse=True)

    def joined(values: list[float]) -> Floats:
        return np.bincount(index, weights=np.array(values, dtype=np.float64)).astype(np.float64)

    return ChartSeries(
        name=name,
        minutes=buckets * width * HOUR,
        observed=joined(series.observed),
        expected=joined(series.expected),
        low=joined(series.low),
        high=joined(series.high),
        documents=series.documents,
    )
