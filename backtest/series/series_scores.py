"""`squall backtest series`: a production detector over any series of counts, strictly causal.

Every output depends on the rows up to its own and on nothing else: the length of a bucket and the scale of the values come from the first
rows, which are only learned from, and a reading of the detector depends on what is before its tick.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from squall.alerts.detection.readings import Counts, Floats, Ints
from squall.alerts.detection.return_period import ReturnPeriod
from squall.backtest.series.bucket_clock import BucketClock
from squall.backtest.series.count_scale import LARGEST_COUNT, Scale
from squall.backtest.series.detector import SeriesDetector
from squall.backtest.series.series_file import Observation
from squall.core.config.settings import DetectorSettings

_HOUR: Final = 60
_OBSERVED: Final = 0.5
"""An hour with a smaller part of its rows was not observed."""
_REST: Final = 1440
"""Minutes without a row that reaches the limit, after which another one is a new alarm."""
_HELD_BACK: Final = 0.99
"""Until then scores stay below the limit."""

SeriesMethod = Literal["return-period", "seasonal"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The detector's result for one row; `expected` is in the file's units."""

    timestamp: str
    value: float
    expected: float
    score: float
    alarm: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON."""
        value = int(self.value) if self.value.is_integer() and self.value <= LARGEST_COUNT else self.value
        return {"timestamp": self.timestamp, "value": value, "expected": self.expected, "score": self.score, "alarm": self.alarm}


def score_series(
    rows: Sequence[Observation], settings: DetectorSettings, alarm_p: float | None = None, method: SeriesMethod = "return-period"
) -> list[Bucket]:
    """Return the detector's result for each row; an alarm is a score of −log10 of `alarm_p` or more (default: the settings' `p_value`).

    By the return period one burst is one alarm: after a row at the limit, scores are held below it until a day went by without one.
    Rows of the first `min_history_hours` (by the bucket clock, gaps not counted) score 0; their `expected` is the mean of the rows before.
    """
    seconds, values = [row.second for row in rows], np.array([row.value for row in rows])
    clock = BucketClock.of(seconds)
    settings = settings.model_copy(update={"step_minutes": clock.minutes})
    detector = SeriesDetector(settings)
    minutes = clock.minutes_of(seconds, detector.lookback)
    quiet = min(settings.min_history_hours * _HOUR // clock.minutes, len(rows))
    scale = Scale.of(values[:quiet])
    limit = -math.log10(alarm_p or settings.p_value)
    expected, score = _expected_at_first(values[:quiet]), np.zeros(len(rows))
    if quiet < len(rows):
        counts = _counts(scale.counts(values), minutes, clock.minutes)
        ticks = minutes[quiet:] + clock.minutes
        score[quiet:] = (ReturnPeriod(settings, detector) if method == "return-period" else detector).read_at(counts, ticks).score[0]
        if method == "return-period":
            score[quiet:] = _one_alarm_each(score[quiet:], ticks, max(limit, -math.log10(settings.p_value)))
        single = detector.read_at(counts, ticks, only_window=detector.narrowest).expected[0]
        expected = np.concatenate([expected, scale.values(single * clock.minutes / detector.narrowest)])
    return [
        Bucket(row.timestamp, row.value, float(usual), float(high), bool(high >= limit))
        for row, usual, high in zip(rows, expected, score, strict=True)
    ]


def _one_alarm_each(score: Floats, ticks: Ints, limit: float) -> Floats:
    """Return the scores, held below `limit` where the row before that reached it lies at most `_REST` minutes back."""
    high = np.flatnonzero(score >= limit)
    again = high[1:][np.diff(ticks[high]) <= _REST]
    held = score.copy()
    held[again] = _HELD_BACK * limit
    return held


def _expected_at_first(values: Floats) -> Floats:
    """Return the mean of the values before each; of the first one, itself."""
    before = np.cumsum(values) - values
    return np.where(np.arange(values.size) > 0, before / np.maximum(np.arange(values.size), 1), values)


def _counts(counts: Ints, minutes: Ints, bucket: int) -> Counts:
    """Return what the detector reads: a row's count in the first minute of its bucket.

    There is no text, so `total` distinguishes silence from hours that were not observed: 1 for each row of an hour of which enough
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
