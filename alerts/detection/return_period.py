"""For dense series that burst often: a breach is what the series' own past brings less often than once in some days.

Counts of posts about one company come in bursts whose sizes differ a hundredfold. No negative binomial has such a tail: its p-values
promise one alarm in centuries, and there are several a week. How rare a burst is, is then asked of the series itself (peaks over
threshold, as Siffer et al. 2017, *Anomaly detection in streams with extreme value theory*).

A window's height is log(1 + excess), the excess being what it holds beyond what the seasonal model expects at this hour, and beyond what is
usual at any. The highest of each three hours are the blocks; above u, their 80% quantile, heights fall off exponentially, that is, the
excess has a Pareto tail. Its rate has a gamma prior, so that a short history leans on what is usual; the chance that a block exceeds y is
then Lomax's, ζ (1 + (y − u) / B)^−A, where A counts and B sums the heights above u of prior and past. Blocks a day times this chance is the
inverse of the return period in days. The geometric mean over windows of a quarter of an hour, an hour and three hours counts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from squall.alerts.detection.detector import BaselineCache, Detector
from squall.alerts.detection.readings import Bools, Counts, Floats, Ints, JudgedWindows, Readings
from squall.alerts.detection.season import DAY_TYPES, HOURS, day_types
from squall.alerts.detection.views import HourModel, predict
from squall.alerts.detection.windows import Hourly, by_hour, covered_hours, window_counts
from squall.core.config.settings import DetectorSettings

_HOUR: Final = 60
_WINDOWS: Final = (15, 60, 180)
"""Minutes."""
_BLOCK: Final = 180
"""Minutes of a block; a multiple of an hour."""
_STRIDE: Final = 5
"""Minutes from one past window to the next; at least the settings' step."""
_TAIL_BEGINS: Final = 0.8
"""Quantile of the blocks above which they are the tail."""
_PRIOR_PEAKS: Final = 4.0
_LEAST_MEAN: Final = 0.5
"""The tail's mean before data, in the logarithm, its weight in peaks, and the least mean believed: a series that never burst yet may.
Measured on counts of posts: 0.4 to 1.3."""
_LEAST_BLOCKS: Final = 4
_CRITICAL: Final = 2.0
"""A breach is critical when its return period is the square of the limit."""
_DAYS_OF_WEEK: Final = np.array([5.0, 1.0, 1.0]) / 7.0
"""Shares of the day types in a week."""


class ReturnPeriod:
    """A breach is higher than what the series' own past brings once in `return_days`, where the seasonal detector sees a rise.

    Args:
        settings: of the detector, and `return_days`.
        seasonal: says what is expected, and whether a rise can be judged; default: the shipped detector.
    """

    name = "return-period"

    def __init__(self, settings: DetectorSettings, seasonal: Detector | None = None) -> None:
        self._settings = settings
        self._seasonal = seasonal or Detector(settings)
        self._windows = sorted({max(minutes, settings.step_minutes) for minutes in _WINDOWS})
        self._stride = max(_STRIDE, settings.step_minutes)
        self.lookback = self._seasonal.lookback

    def ticks(self, after: int, until: int) -> Ints:
        """Return the minutes in (after, until] at which it reads."""
        return self._seasonal.ticks(after, until)

    def read(self, counts: Counts, after: int, until: int, cache: BaselineCache | None = None) -> Readings:
        """Return the readings at every tick in (after, until], as `Detector.read`."""
        return self.read_at(counts, self.ticks(after, until), cache=cache)

    def read_at(self, counts: Counts, ticks: Ints, *, only_window: int = 0, cache: BaselineCache | None = None) -> Readings:
        """Return the readings at the given increasing `ticks`; of a single window, by the seasonal detector, when its minutes are given.

        The score is proportional to the logarithm of the return period; `return_days` are −log10 of the settings' `p_value`. It is 0
        where the seasonal score is: no history, no documents, or, with a share, a change of volume and not of sentiment.

        Raises:
            ValueError: as `Detector.read_at`.
        """
        cache = cache or BaselineCache(counts)
        readings = self._seasonal.read_at(counts, ticks, only_window=only_window, cache=cache)
        if only_window or not ticks.size:
            return readings
        rarity = np.concatenate([self._rarity(cache, kind, ticks) for kind in range(len(cache.parts))])
        relative = np.where(readings.score > 0, rarity / math.log10(self._settings.return_days), 0.0)
        breach = (relative >= 1.0) & (readings.observed >= self._settings.min_documents)
        return replace(
            readings,
            breach=breach,
            elevated=breach | readings.elevated,
            critical=breach & (relative >= _CRITICAL),
            score=-math.log10(self._settings.p_value) * relative,
        )

    def judge(self, counts: Counts, ticks: Ints, series: str, window: int, cache: BaselineCache | None = None) -> JudgedWindows:
        """Return one series in the windows of `window` minutes that end at `ticks`, as `read` judged them; no limit is known.

        Three windows decide together, so that no count of one of them does.

        Raises:
            ValueError: as `Detector.judge`.
        """
        cache = cache or BaselineCache(counts)
        seen = self._seasonal.judge(counts, ticks, series, window, cache).readings
        own = self.read_at(counts, ticks, cache=cache)
        breach = own.breach[[own.topics.index(series)]]
        return JudgedWindows(replace(seen, breach=breach), np.full(ticks.size, np.inf))

    def _rarity(self, cache: BaselineCache, kind: int, ticks: Ints) -> Floats:
        """Return (series, ticks) log10 of the return period in days, of one kind of series; 0 where it is a day or less, or not known."""
        counts = cache.parts[kind]
        rarity = np.zeros((len(counts.topics), ticks.size))
        for minutes in self._windows:
            observed = window_counts(counts.negative, counts.start, ticks, minutes)
            past = _Windows(counts, minutes, self._stride)
            for hour, columns in by_hour(ticks):
                model = cache.model(kind, hour, self._seasonal.hour_model)
                blocks = _observed_blocks(cache.documents, hour, self._settings.history_days)
                if blocks.size < _LEAST_BLOCKS:
                    continue
                expected = np.maximum(predict(model.negative, hour, ticks[columns], minutes)[0], _usual(model, minutes))
                height = np.log1p(np.maximum(observed[:, columns] - expected, 0.0))
                rarity[:, columns] += _log_return_days(height, past.highest(model, blocks)) / len(self._windows)
        return rarity


class _Windows:
    """The windows of one length over all counts, for the blocks of any hour."""

    def __init__(self, counts: Counts, minutes: int, stride: int) -> None:
        self._minutes, self._ends = minutes, np.arange(stride, _BLOCK + 1, stride)
        self._start = counts.start
        self._sums = np.cumsum(np.pad(counts.negative, ((0, 0), (1, 0))), axis=1, dtype=np.int64)

    def highest(self, model: HourModel, blocks: Ints) -> Floats:
        """Return (series, blocks) the highest log(1 + excess) of the windows that end in each block, by what `model` expects."""
        ends = (blocks[:, None] + self._ends).ravel()
        last = self._sums.shape[1] - 1
        at, before = (np.clip(minute - self._start, 0, last) for minute in (ends, ends - self._minutes))
        held = self._sums[:, at] - self._sums[:, before]
        first = int(ends[0] - self._minutes) // _HOUR - 1
        hours = np.arange(first, int(ends[-1]) // _HOUR + 1)
        hourly = model.negative.rate[:, day_types(hours // HOURS), hours % HOURS]
        reached = np.pad(np.cumsum(hourly, axis=1), ((0, 0), (1, 0)))
        expected = np.maximum(_between(reached, ends - first * _HOUR) - _between(reached, ends - self._minutes - first * _HOUR), 0.0)
        excess = np.maximum(held - np.maximum(expected, _usual(model, self._minutes)), 0.0)
        highest: Floats = np.log1p(excess).reshape(held.shape[0], blocks.size, -1).max(2)
        return highest


def _between(reached: Floats, minutes: Ints) -> Floats:
    """Return (series, n) the sum of hourly counts up to `minutes` after the first hour, from (series, hours + 1) sums of whole hours."""
    hour, part = minutes // _HOUR, (minutes % _HOUR) / _HOUR
    following = np.minimum(hour + 1, reached.shape[1] - 1)
    between: Floats = reached[:, hour] * (1.0 - part) + reached[:, following] * part
    return between


def _usual(model: HourModel, minutes: int) -> Floats:
    """Return (series, 1) what a window holds at an average time of the week: a quiet hour's rise to this is nothing."""
    usual: Floats = (model.negative.rate.mean(2) @ _DAYS_OF_WEEK[:DAY_TYPES])[:, None] * minutes / _HOUR
    return usual


def _observed_blocks(documents: Hourly, hour: int, history_days: int) -> Ints:
    """Return the minutes at which those blocks begin that lie, with the longest window before them, in the observed part of the history."""
    length = _BLOCK // _HOUR
    first = hour - history_days * HOURS
    known = np.zeros(history_days * HOURS)
    begin, end = max(first, documents.start), min(hour, documents.start + documents.total.shape[1])
    if end - begin < length:
        return np.zeros(0, dtype=np.int64)
    known[begin - first : end - first] = documents.total[0, begin - documents.start : end - documents.start]
    sums = np.cumsum(np.pad(covered_hours(known), (1, 0)))
    begins = np.arange(-(-first // length) * length + length, hour // length * length, length)
    whole: Bools = sums[begins - first + length] - sums[begins - first - length] == 2 * length
    return (begins[whole] * _HOUR).astype(np.int64)


def _log_return_days(height: Floats, highest: Floats) -> Floats:
    """Return (series, n) log10 of the days after which blocks as high as `height` return, from the past's `highest` (series, blocks)."""
    tail_begins = np.quantile(highest, _TAIL_BEGINS, axis=1, keepdims=True)
    above = np.maximum(highest - tail_begins, 0.0)
    peaks = (above > 0).sum(1, keepdims=True)
    often = (peaks + 0.5) / (highest.shape[1] + 1.0)
    shape = _PRIOR_PEAKS + peaks
    scale = np.maximum(_PRIOR_PEAKS * _LEAST_MEAN + above.sum(1, keepdims=True), shape * _LEAST_MEAN)
    beyond = height - tail_begins
    chance = np.log10(often * (24 * _HOUR / _BLOCK)) - shape * np.log10(1.0 + np.maximum(beyond, 0.0) / scale)
    returns: Floats = np.where(beyond > 0, np.maximum(-chance, 0.0), 0.0)
    return returns
