"""What a window of one length is compared with, and how improbable what was counted in it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from squall.alerts.detection.baseline import Expectation
from squall.alerts.detection.readings import Bools, Counts, Floats, Ints, Readings
from squall.alerts.detection.rules import Rule
from squall.alerts.detection.season import HOURS, day_types
from squall.alerts.detection.shares import expected_share
from squall.alerts.detection.tails import beta_binomial_tail, fisher_combined, negative_binomial_tail
from squall.alerts.detection.windows import window_counts
from squall.core.series import BURN

_HOUR: Final = 60
_STILL_BURNS_P: Final = 0.2
"""The last quarter of a long window is at least this improbable while the window burns."""
_MOST_DOCUMENTS: Final = 2**24
"""A window that is no breach with so many negative documents is none with any number."""


@dataclass(frozen=True, slots=True)
class HourModel:
    """The fitted model that applies to the ticks of one hour."""

    hour: int
    negative: Expectation
    total: Expectation
    share: Floats
    """(series,) usual negative share at any time of day."""
    scatter: Floats
    """(series,) its intra-hour correlation."""
    dispersion: tuple[Floats, ...]
    """(series,) of negative counts, for each rule's window."""
    sufficient: bool
    """Whether enough history was observed to judge a window."""


@dataclass(frozen=True, slots=True)
class WindowModel:
    """What history says of the windows of one rule; arrays (series, ticks).

    Attributes:
        counts: of the series.
        rule: gives length and limits.
        expected: negative documents.
        dispersion: α of their negative binomial.
        share: expected negative share.
        scatter: correlation of sentiment within a window.
        still_high: whether the last quarter of a long window is high by itself; true for short ones.
        counts_only: judge the count alone.
    """

    counts: Counts
    rule: Rule
    expected: Floats
    dispersion: Floats
    share: Floats
    scatter: Floats
    still_high: Bools
    counts_only: bool

    def p_values(self, observed: Ints, total: Ints) -> tuple[Floats, Floats]:
        """Return (series, ticks) the p-value of `observed` negative among `total` documents, count and share together; and of the share."""
        p_value, share_p_value = np.ones(observed.shape), np.ones(observed.shape)
        high = (observed > self.expected) & self.still_high
        p_value[high] = negative_binomial_tail(observed[high], self.expected[high], self.dispersion[high])
        if not self.counts_only:
            share_p_value[high] = beta_binomial_tail(observed[high], total[high], self.share[high], self.scatter[high])
            p_value[high] = fisher_combined(p_value[high], share_p_value[high])
        return np.minimum(p_value * self.rule.penalty, 1.0), share_p_value

    def is_candidate(self, observed: Ints, min_ratio: float) -> Bools:
        """Return (series, ticks) whether everything but the p-value speaks for a breach."""
        return self.rule.is_candidate(observed, self.expected, min_ratio)

    def view(self, ticks: Ints) -> Readings:
        """Return the readings at `ticks`, those of the model, without a verdict."""
        observed = window_counts(self.counts.negative, self.counts.start, ticks, self.rule.minutes)
        total = window_counts(self.counts.total, self.counts.start, ticks, self.rule.minutes)
        p_value, share_p_value = self.p_values(observed, total)
        return Readings.undecided(
            topics=self.counts.topics,
            ticks=ticks,
            window_minutes=np.full(observed.shape, self.rule.minutes, dtype=np.int64),
            observed=observed,
            total=total,
            expected=self.expected,
            p_value=p_value,
            expected_share=self.share,
            share_p_value=share_p_value,
            dispersion=self.dispersion,
        )

    def of_series(self, row: int) -> WindowModel:
        """Return the model of one series."""
        cut = {name: getattr(self, name)[[row]] for name in ("expected", "dispersion", "share", "scatter", "still_high")}
        return replace(self, counts=self.counts.rows([row]), **cut)

    @staticmethod
    def of(
        counts: Counts, ticks: Ints, models: Sequence[tuple[HourModel, slice]], number: int, rule: Rule, counts_only: bool
    ) -> WindowModel:
        """Return what the `models` of the hours of `ticks` say of the windows of the `number`-th rule, `rule`, that end there."""
        shape = (len(counts.topics), ticks.size)
        expected, recently, dispersion, share, scatter = (np.zeros(shape) for _ in range(5))
        quarter = max(rule.minutes // 4, 1)
        shorter = max(_HOUR / rule.minutes, 1.0)  # pieces of an hour scatter as if they were independent, as counts do
        for model, columns in models:
            mean, unsure = predict(model.negative, model.hour, ticks[columns], rule.minutes)
            volume, _ = predict(model.total, model.hour, ticks[columns], rule.minutes)
            expected[:, columns], dispersion[:, columns] = mean, model.dispersion[number][:, None] + unsure
            share[:, columns], scatter[:, columns] = expected_share(mean, volume, model.share[:, None]), (model.scatter * shorter)[:, None]
            if rule.test == BURN:
                recently[:, columns], _ = predict(model.negative, model.hour, ticks[columns], quarter)
        still_high = np.ones(shape, dtype=bool)
        if rule.test == BURN:
            recent = window_counts(counts.negative, counts.start, ticks, quarter)
            more = window_counts(counts.negative, counts.start, ticks, rule.minutes) > expected
            still_high[more] = negative_binomial_tail(recent[more], recently[more], dispersion[more]) <= _STILL_BURNS_P
        return WindowModel(counts, rule, expected, dispersion, share, scatter, still_high, counts_only)


def predict(baseline: Expectation, hour: int, ticks: Ints, window: int) -> tuple[Floats, Floats]:
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


def least_breach(is_breach: Callable[[Ints], Bools], shape: tuple[int, ...]) -> Floats:
    """Return the least count at which each window is a breach; infinite where no number of documents makes it one.

    Args:
        is_breach: of counts of this `shape`; true for every count above one for which it is true.
        shape: of the result.
    """
    low, high = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.int64)  # never a breach at `low`
    found = is_breach(high)
    while not found.all() and int(high.max()) < _MOST_DOCUMENTS:
        low, high = np.where(found, low, high), np.where(found, high, high * 2)
        found = is_breach(high)
    while (high - low > 1).any():
        middle = (low + high) // 2
        breach = is_breach(middle)
        low, high = np.where(breach, low, middle), np.where(breach, middle, high)
    return np.where(found, high, np.inf)


def _span(minutes: Floats, ends: Ints, window: int) -> Floats:
    """Return (topics, ends) sums of the `window` minutes before each of `ends`."""
    sums = np.concatenate([np.zeros((minutes.shape[0], 1)), np.cumsum(minutes, axis=1)], axis=1)
    span: Floats = sums[:, ends] - sums[:, ends - window]
    return span
