"""`squall backtest series`: the production detector over any series of counts, strictly causal.

Every output depends on the rows up to its own and on nothing else: the length of a bucket and the scale of the values come from the first
rows, which are only listened to, and a reading of the detector depends on what is before its tick.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from squall.alerts.detection.readings import Counts, Floats, Ints
from squall.backtest.series.clock import Clock
from squall.backtest.series.detector import SeriesDetector
from squall.backtest.series.file import Row
from squall.core.config.settings import DetectorSettings

_HOUR: Final = 60
_OBSERVED: Final = 0.5
"""An hour with a smaller part of its rows was not observed."""
_STEADY: Final = 100.0
"""Values of which the mean is more than ten times the noise, so that their counts would be higher than this, are not like counts."""
_STEADY_MEAN: Final = 9.0
_LEAST_MEAN: Final = 4.0
_MOST: Final = 1e12
"""Greater counts are cut, so that sums of a month of them fit 64 bits."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What the detector says of one row; `expected` is in the file's units."""

    timestamp: str
    value: float
    expected: float
    score: float
    alarm: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON."""
        value = int(self.value) if self.value.is_integer() and self.value <= _MOST else self.value
        return {"timestamp": self.timestamp, "value": value, "expected": self.expected, "score": self.score, "alarm": self.alarm}


@dataclass(frozen=True, slots=True)
class Scale:
    """How values become counts: (value − base) × factor, rounded, at least zero."""

    base: float = 0.0
    factor: float = 1.0

    @staticmethod
    def of(values: Floats) -> Scale:
        """Return the scale for a series that begins with these values.

        Whole numbers are counts. Others are divided by their Fano factor, noise variance over mean, so that they scatter as counts do.
        Steady ones, such as a temperature, scatter far less than counts of their size: what never goes away is taken off first.
        """
        if values.size == 0 or np.all(values == np.rint(values)):
            return Scale()
        mean, noise = float(values.mean()), _noise(values)
        if noise <= 0.0:
            return Scale(factor=_STEADY / mean)
        if (mean / noise) ** 2 > _STEADY:
            factor = math.sqrt(_STEADY_MEAN) / noise
            return Scale(mean - _STEADY_MEAN / factor, factor)
        return Scale(factor=max(mean / noise**2, _LEAST_MEAN / mean))

    def counts(self, values: Floats) -> Ints:
        """Return `values` as counts."""
        return np.rint(np.clip((values - self.base) * self.factor, 0.0, _MOST)).astype(np.int64)

    def values(self, counts: Floats) -> Floats:
        """Return `counts` as values."""
        return counts / self.factor + self.base


def _noise(values: Floats) -> float:
    """Return the standard deviation of what is not season or trend: from differences of neighbours, robust where most are not zero."""
    if values.size < 2:
        return 0.0
    steps = np.diff(values)
    robust = float(np.median(np.abs(steps))) / 0.6745
    return (robust or float(steps.std())) / math.sqrt(2.0)


def judge(rows: Sequence[Row], settings: DetectorSettings, alarm_p: float | None = None) -> list[Bucket]:
    """Return what the detector with these settings says of each row; an alarm scores −log10 of `alarm_p`, or of their `p_value`.

    Rows of the first `min_history_hours` (at `Clock`'s pace, gaps not counted) score 0; expected of them is the mean of those before.
    """
    seconds, values = [row.second for row in rows], np.array([row.value for row in rows])
    clock = Clock.of(seconds)
    settings = settings.model_copy(update={"step_minutes": clock.minutes})
    detector = SeriesDetector(settings)
    minutes = clock.minutes_of(seconds, detector.lookback)
    quiet = min(settings.min_history_hours * _HOUR // clock.minutes, len(rows))
    scale = Scale.of(values[:quiet])
    expected, score = _expected_at_first(values[:quiet]), np.zeros(len(rows))
    if quiet < len(rows):
        counts = _counts(scale.counts(values), minutes, clock.minutes)
        ticks = minutes[quiet:] + clock.minutes
        score[quiet:] = detector.read_at(counts, ticks).score[0]
        single = detector.read_at(counts, ticks, only_window=detector.narrowest).expected[0]
        expected = np.concatenate([expected, scale.values(single * clock.minutes / detector.narrowest)])
    limit = -math.log10(alarm_p or settings.p_value)
    return [
        Bucket(row.timestamp, row.value, float(usual), float(high), bool(high >= limit))
        for row, usual, high in zip(rows, expected, score, strict=True)
    ]


def _expected_at_first(values: Floats) -> Floats:
    """Return the mean of the values before each; of the first one, itself."""
    before = np.cumsum(values) - values
    return np.where(np.arange(values.size) > 0, before / np.maximum(np.arange(values.size), 1), values)


def _counts(counts: Ints, minutes: Ints, bucket: int) -> Counts:
    """Return what the detector reads: a row's count in the first minute of its bucket.

    There is no text besides, so that `total` serves to tell silence from what was not observed: 1 for each row of an hour of which enough
    rows are there. Whether there are is known as soon as the hour is over, and the detector learns from no other.
    """
    start = int(minutes[0]) // _HOUR * _HOUR
    size = int(minutes[-1]) + bucket - start
    negative, total = (np.zeros((1, size), dtype=np.int64) for _ in range(2))
    negative[0, minutes - start] = counts
    hours = minutes // _HOUR
    rows = np.bincount(hours - hours[0])[hours - hours[0]]
    total[0, minutes - start] = rows >= _OBSERVED * _HOUR / bucket
    return Counts(("series",), start, negative, total)
