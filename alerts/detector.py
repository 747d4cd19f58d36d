"""Counts per minute in, readings per minute out: is there more negative text than history explains?

Pure and causal: a reading at minute t depends on the counts in [t − lookback, t) and on nothing else, so one run over a month and a
month of one-minute runs give the same readings. The baseline is refitted at every full hour of event time, never "per run".

Every tick looks back over two windows: a fast one for a burst, and a slow one, hours long, for what builds up without one. A topic is in
*breach* when all of these hold for one of its windows [t − window, t):
- the negative count is improbable under the seasonal negative binomial baseline (`p_value`, `slow_p_value`),
- the negative share of the topic's documents is improbable too (`share_p_value`): a surge of neutral text is volume, not mood,
- there are enough documents (`min_documents`) and enough more than expected (`min_ratio`),
- enough hours of history were observed (`min_history_hours`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from alerts.baseline import HOURS, Baseline, day_types, fit, recency, window_dispersion
from core.records import Severity
from core.settings import DetectorSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

METHOD: Final = "negative-binomial-seasonal"
"""Written into every alert."""
_HOUR: Final = 60
_DAY: Final = 1440
_COVERED_SHARE: Final = 0.01
"""An hour with less than this share of the third-busiest hour's documents, or with none, was not observed: the collectors were down, or
only stray old items of it are known. Taking it for silence would make normal traffic afterwards look like a spike."""
_BUSY_RANK: Final = 3
_MIN_SHARE, _MAX_SHARE = 0.005, 0.95
_SHARE_PRIOR: Final = 2.0
"""Weight, in documents, of a topic's overall negative share in the one expected at this time of day."""
_SHARE_PRIOR_TOPIC: Final = 20.0
"""Weight, in documents, of all topics' negative share in a topic's own."""
_SHARE_SCATTER_PRIOR: Final = 0.02
_SHARE_SCATTER_WEIGHT: Final = 100.0
"""Intra-hour correlation of sentiment before data, and its weight in pairs of documents × q(1−q)."""
_MIN_SCATTER: Final = 0.001
_PER_WINDOW: Final = (
    "observed",
    "total",
    "window_minutes",
    "expected",
    "p_value",
    "expected_share",
    "share_p_value",
    "dispersion",
    "breach",
    "critical",
)
_SMALLEST_P: Final = 1e-300
_CRITICAL_RATIO: Final = 2.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents per topic and minute of publication, copies counted once.

    Attributes:
        topics: their names, in row order.
        start: first minute, in minutes since the epoch.
        negative: (topics, minutes) negative documents.
        total: (topics, minutes) documents of any sentiment.
    """

    topics: tuple[str, ...]
    start: int
    negative: Ints
    total: Ints

    @property
    def end(self) -> int:
        """The minute after the last one."""
        return self.start + int(self.negative.shape[1])


@dataclass(frozen=True, slots=True)
class Reading:
    """What the detector saw of one topic at one tick."""

    topic: str
    tick: int
    """End of the window (exclusive), in minutes since the epoch."""
    observed: int
    total: int
    window_minutes: int
    """The window that says most: the one in breach, else the less probable one for its limit."""
    expected: float
    p_value: float
    share: float
    expected_share: float
    share_p_value: float
    breach: bool
    elevated: bool
    """Not back to normal: holds a firing alert open."""
    severity: Severity


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of every topic (rows) at every tick (columns); arrays as in `Reading`."""

    topics: tuple[str, ...]
    ticks: Ints
    observed: Ints
    total: Ints
    window_minutes: Ints
    expected: Floats
    p_value: Floats
    expected_share: Floats
    share_p_value: Floats
    dispersion: Floats
    breach: Bools
    elevated: Bools
    critical: Bools

    def at(self, topic: int, column: int) -> Reading:
        """Return one reading."""
        observed, total = int(self.observed[topic, column]), int(self.total[topic, column])
        return Reading(
            topic=self.topics[topic],
            tick=int(self.ticks[column]),
            observed=observed,
            total=total,
            window_minutes=int(self.window_minutes[topic, column]),
            expected=float(self.expected[topic, column]),
            p_value=float(self.p_value[topic, column]),
            share=observed / total if total else 0.0,
            expected_share=float(self.expected_share[topic, column]),
            share_p_value=float(self.share_p_value[topic, column]),
            breach=bool(self.breach[topic, column]),
            elevated=bool(self.elevated[topic, column]),
            severity=Severity.CRITICAL if self.critical[topic, column] else Severity.WARNING,
        )


def count_tail(observed: Ints, expected: Floats, dispersion: Floats) -> Floats:
    """Return P(X ≥ observed) for X negative binomial with mean `expected` and variance μ + α μ², α = `dispersion`.

    The tail is the regularised incomplete beta function I_p(k, r) with r = 1/α and p = μ/(μ + r).
    """
    r = 1.0 / dispersion
    probability = expected / (expected + r)
    tail = betainc(np.maximum(observed, 1), r, probability)
    return np.where(observed > 0, np.maximum(tail, _SMALLEST_P), 1.0)


def share_tail(negative: Ints, total: Ints, share: Floats, scatter: Floats) -> Floats:
    """Return P(K ≥ negative) among `total` documents of which a `share` is negative, intra-window correlation `scatter`.

    Beta-binomial variance by effective sample size: n documents that resemble each other say as much as n / (1 + (n−1)ρ) independent ones.
    """
    size = total / (1.0 + np.maximum(total - 1, 0) * scatter)
    hits = negative * np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    tail = betainc(np.maximum(hits, 1e-6), np.maximum(size - hits, 0.0) + 1.0, share)
    return np.where(negative > 0, np.maximum(tail, _SMALLEST_P), 1.0)


@dataclass(frozen=True, slots=True)
class _Model:
    """The baselines that hold for the ticks of one hour."""

    negative: Baseline
    total: Baseline
    share: Floats
    """(topics,) usual negative share at any time of day."""
    scatter: Floats
    """(topics,) its intra-hour correlation."""
    dispersion: tuple[Floats, ...]
    """(topics,) of negative counts, for each window."""
    judges: bool
    """Whether enough was seen to judge a window by."""


class Detector:
    """The detector for one set of settings; holds no state between calls."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self._windows: tuple[tuple[int, float], ...] = ((settings.window_minutes, settings.p_value),)
        if settings.slow_window_minutes > settings.window_minutes:
            self._windows += ((settings.slow_window_minutes, settings.slow_p_value),)
        longest = self._windows[-1][0]
        self._history = settings.history_days * 24
        self._guard = -(-max(settings.guard_minutes, longest) // _HOUR)
        self.lookback = self._history * _HOUR + _HOUR
        """Minutes of counts that a reading may depend on."""

    def ticks(self, after: int, until: int) -> Ints:
        """Return the minutes in (after, until] at which the detector reads: multiples of `step_minutes`."""
        step = self._settings.step_minutes
        return np.arange((after // step + 1) * step, until + 1, step, dtype=np.int64)

    def read(self, counts: Counts, after: int, until: int) -> Readings:
        """Return the readings at every tick in (after, until].

        Args:
            counts: must reach from `after − lookback` (earlier minutes than the first are taken for unobserved) to `until`.
            after: minute since the epoch, exclusive.
            until: minute since the epoch, inclusive.
        """
        return self.read_at(counts, self.ticks(after, until))

    def read_at(self, counts: Counts, ticks: Ints) -> Readings:
        """Return the readings at the given increasing `ticks`; as `read`."""
        if ticks.size and counts.end < ticks[-1]:
            raise ValueError(f"counts end at minute {counts.end}, before the last tick {int(ticks[-1])}")
        shape = (len(counts.topics), ticks.size)
        models = [(columns, hour, self._model(hourly, hour)) for hourly in (_Hourly.of(counts),) for hour, columns in _by_hour(ticks)]
        judged = np.zeros(ticks.size, dtype=bool)
        for columns, _, model in models:
            judged[columns] = model.judges
        views = []
        for index, (window, limit) in enumerate(self._windows):
            expected, dispersion, share, scatter = (np.zeros(shape) for _ in range(4))
            for columns, hour, model in models:
                expected[:, columns], unsure = _predict(model.negative, hour, ticks[columns], window)
                dispersion[:, columns] = model.dispersion[index][:, None] + unsure
                volume, _ = _predict(model.total, hour, ticks[columns], window)
                usual = (expected[:, columns] + _SHARE_PRIOR * model.share[:, None]) / (volume + _SHARE_PRIOR)
                share[:, columns] = np.clip(usual, _MIN_SHARE, _MAX_SHARE)
                scatter[:, columns] = model.scatter[:, None]
            observed = _windows(counts.negative, counts.start, ticks, window)
            total = _windows(counts.total, counts.start, ticks, window)
            view = Readings(
                topics=counts.topics,
                ticks=ticks,
                observed=observed,
                total=total,
                window_minutes=np.full(shape, window, dtype=np.int64),
                expected=expected,
                p_value=count_tail(observed, expected, dispersion),
                expected_share=share,
                share_p_value=share_tail(observed, total, share, scatter),
                dispersion=dispersion,
                breach=np.zeros(shape, dtype=bool),
                elevated=np.zeros(shape, dtype=bool),
                critical=np.zeros(shape, dtype=bool),
            )
            views.append((self._verdict(view, judged, limit), limit))
        return _telling(views)

    def _verdict(self, seen: Readings, judged: Bools, limit: float) -> Readings:
        """Decide which readings are breaches, still elevated, critical.

        Elevated: the count's p-value is at most the square root of its limit and the ratio at least half way from 1 to `min_ratio`, so that
        an alert does not flap around its limit. Critical: the p-value is at most the square of the limit and the ratio twice `min_ratio`.
        """
        limits = self._settings
        unusual = judged & (seen.observed >= limits.min_documents) & (seen.share_p_value <= limits.share_p_value)
        breach = unusual & (seen.p_value <= limit) & (seen.observed >= limits.min_ratio * seen.expected)
        halfway = (1.0 + limits.min_ratio) / 2.0
        elevated = breach | (judged & (seen.p_value <= limit**0.5) & (seen.observed >= halfway * seen.expected))
        extreme = seen.observed >= _CRITICAL_RATIO * limits.min_ratio * seen.expected
        return replace(seen, breach=breach, elevated=elevated, critical=breach & (seen.p_value <= limit**2) & extreme)

    def _model(self, hourly: _Hourly, hour: int) -> _Model:
        """Fit both baselines on the history that ends `guard` before `hour`."""
        first_day = (hour - self._history) // HOURS
        days = np.arange(first_day, first_day + self._settings.history_days + 1)
        negative, total = hourly.days(days)
        ages = hour - (days[:, None] * HOURS + np.arange(HOURS)).astype(np.float64)
        recent = (ages > 0) & (ages <= self._history)
        covered = _covered(np.where(recent, total.sum(0), 0.0))
        trust = np.where(covered & (ages > self._guard), recency(ages), 0.0)
        kinds = day_types(days)
        of_negative, of_total = fit(negative, trust, kinds), fit(total, trust, kinds)
        dispersion = tuple(window_dispersion(negative, trust, of_negative, window) for window, _ in self._windows)
        share, scatter = _shares(negative, total, of_negative, of_total)
        return _Model(of_negative, of_total, share, scatter, dispersion, self._enough(covered, kinds, hour))

    def _enough(self, covered: Bools, kinds: Ints, hour: int) -> bool:
        """Say whether the (days, HOURS) `covered` hours suffice to judge `hour`.

        A weekend may be judged by weekdays, which are busier; a weekday only by weekdays.
        """
        needed = self._settings.min_history_hours
        weekdays = covered[kinds == 0].sum()
        weekend = bool(day_types(np.array([hour // HOURS]))[0])
        return bool((covered.sum() if weekend else weekdays) >= needed)


def _predict(baseline: Baseline, hour: int, ticks: Ints, window: int) -> tuple[Floats, Floats]:
    """Return (topics, ticks) expected counts of the windows that end at `ticks`, all within `hour`, and their relative variance."""
    first = (hour * _HOUR - window) // _HOUR
    hours = np.arange(first, hour + 1)
    kinds, clock = day_types(hours // HOURS), hours % HOURS
    rate = baseline.rate[:, kinds, clock] / _HOUR
    ends = ticks - first * _HOUR
    expected, unsure = (
        _span(np.repeat(hourly, _HOUR, axis=1), ends, window) for hourly in (rate, rate * baseline.uncertainty[:, kinds, clock])
    )
    return expected, unsure / np.maximum(expected, 1e-12)


def _span(minutes: Floats, ends: Ints, window: int) -> Floats:
    """Return (topics, ends) sums of the `window` minutes before each of `ends`."""
    sums = np.concatenate([np.zeros((minutes.shape[0], 1)), np.cumsum(minutes, axis=1)], axis=1)
    span: Floats = sums[:, ends] - sums[:, ends - window]
    return span


def _telling(views: Sequence[tuple[Readings, float]]) -> Readings:
    """Return, for every topic and tick, the reading of the window that says most; elevated when any window is."""
    if len(views) == 1:
        return views[0][0]
    weight = np.stack([np.log(view.p_value) / np.log(limit) + 1e6 * view.breach for view, limit in views])
    chosen = weight.argmax(0)[None]
    pick = {name: np.take_along_axis(np.stack([getattr(view, name) for view, _ in views]), chosen, 0)[0] for name in _PER_WINDOW}
    elevated = np.logical_or.reduce([view.elevated for view, _ in views])
    return replace(views[0][0], **pick, elevated=elevated)


@dataclass(frozen=True, slots=True)
class _Hourly:
    """Counts summed to whole hours since the epoch."""

    start: int
    negative: Floats
    total: Floats

    @staticmethod
    def of(counts: Counts) -> _Hourly:
        first, last = counts.start // _HOUR, -(-counts.end // _HOUR)
        pad = ((0, 0), (counts.start - first * _HOUR, last * _HOUR - counts.end))

        def hours(minutes: Ints) -> Floats:
            summed: Floats = np.pad(minutes, pad).reshape(minutes.shape[0], last - first, _HOUR).sum(2).astype(np.float64)
            return summed

        return _Hourly(first, hours(counts.negative), hours(counts.total))

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


def _windows(minutes: Ints, start: int, ticks: Ints, window: int) -> Ints:
    """Return (topics, ticks) sums over the `window` minutes before each tick; minutes before `start` are zero."""
    sums = np.concatenate([np.zeros((minutes.shape[0], 1), dtype=np.int64), np.cumsum(minutes, axis=1, dtype=np.int64)], axis=1)
    ends = np.clip(ticks - start, 0, minutes.shape[1])
    begins = np.clip(ticks - window - start, 0, minutes.shape[1])
    counted: Ints = sums[:, ends] - sums[:, begins]
    return counted


def _by_hour(ticks: Ints) -> Sequence[tuple[int, slice]]:
    """Return (hour, columns) of the ticks that fall into each hour."""
    if not ticks.size:
        return []
    hours = ticks // _HOUR
    edges = np.flatnonzero(np.diff(hours)) + 1
    bounds = [0, *edges.tolist(), ticks.size]
    return [(int(hours[a]), slice(a, b)) for a, b in pairwise(bounds)]


def _covered(documents: Floats) -> Bools:
    """Return which hours were observed, from the documents of all topics in each hour."""
    busy = np.partition(documents, -_BUSY_RANK, axis=None)[-_BUSY_RANK]
    covered: Bools = (documents > 0) & (documents >= _COVERED_SHARE * busy)
    return covered


def _shares(negative: Floats, total: Floats, model: Baseline, volume: Baseline) -> tuple[Floats, Floats]:
    """Return the (topics,) usual negative share, shrunk to the common one, and its intra-hour correlation ρ by moments."""
    weights = model.weights
    negatives, documents = (weights * negative).sum((1, 2)), (weights * total).sum((1, 2))
    common = negatives.sum() / max(float(documents.sum()), 1e-9)
    share = (negatives + _SHARE_PRIOR_TOPIC * common) / (documents + _SHARE_PRIOR_TOPIC)
    usual = (model.fitted + _SHARE_PRIOR * share[:, None, None]) / (volume.fitted + _SHARE_PRIOR)
    usual = np.clip(usual, _MIN_SHARE, _MAX_SHARE)
    spread = usual * (1.0 - usual)
    excess = (weights * ((negative - total * usual) ** 2 / model.kept - total * spread)).sum((1, 2))
    weight = (weights * total * np.maximum(total - 1.0, 0.0) * spread).sum((1, 2))
    pooled = (excess.sum() + _SHARE_SCATTER_PRIOR * _SHARE_SCATTER_WEIGHT) / (weight.sum() + _SHARE_SCATTER_WEIGHT)
    own = (excess + max(float(pooled), _MIN_SCATTER) * _SHARE_SCATTER_WEIGHT) / (weight + _SHARE_SCATTER_WEIGHT)
    return share, np.clip(own, _MIN_SCATTER, 0.9)
