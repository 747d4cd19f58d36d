"""Counts per minute in, readings per minute out: is there more negative text than history explains?

Pure and causal: a reading at minute t depends on the counts in [t − lookback, t) and on nothing else, so one run over a month and a
month of one-minute runs give the same readings. The baseline is refitted at every full hour of event time, never "per run".

Every tick looks back over two windows: a fast one for a burst, and a slow one, hours long, for what builds up without one. A topic is in
*breach* when all of these hold for one of its windows [t − window, t):
- the negative count is improbable under the seasonal negative binomial baseline (`p_value`),
- the negative share of the topic's documents is improbable too (`share_p_value`): a surge of neutral text is volume, not mood,
- there are enough negative documents (`min_documents`), and enough more of them than expected (`min_ratio`),
- enough hours of history were observed (`min_history_hours`).
The slow window has limits of its own: it asks for more documents and is content with larger p-values, because hours of mood scatter so
widely that a rise to a multiple of the usual, in many documents, matters before it is improbable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from alerts.baseline import HOURS, Baseline, Expectation, day_types, fit, recency, window_dispersion
from alerts.history import Hourly, by_hour, covered_hours, window_counts
from alerts.readings import Bools, Counts, Floats, Ints, Readings, most_telling
from alerts.tails import count_tail, share_tail
from core.settings import DetectorSettings

METHOD: Final = "negative-binomial-seasonal"
"""Written into every alert."""
_HOUR: Final = 60
_MIN_SHARE, _MAX_SHARE = 0.005, 0.95
_SHARE_PRIOR: Final = 2.0
"""Weight, in documents, of a topic's overall negative share in the one expected at this time of day."""
_SHARE_PRIOR_TOPIC: Final = 20.0
"""Weight, in documents, of all topics' negative share in a topic's own."""
_SHARE_SCATTER_PRIOR: Final = 0.02
_SHARE_SCATTER_WEIGHT: Final = 100.0
"""Intra-hour correlation of sentiment before data, and its weight in pairs of documents × q(1−q)."""
_MIN_SCATTER: Final = 0.001
_CRITICAL_RATIO: Final = 2.0
_ELEVATED_P: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Rule:
    """What makes a window a breach."""

    minutes: int
    p_value: float
    share_p_value: float
    min_documents: int


def _rules(settings: DetectorSettings) -> tuple[_Rule, ...]:
    fast = _Rule(settings.window_minutes, settings.p_value, settings.share_p_value, settings.min_documents)
    slow = _Rule(settings.slow_window_minutes, settings.slow_p_value, settings.slow_share_p_value, settings.slow_min_documents)
    return (fast, slow) if slow.minutes > fast.minutes else (fast,)


@dataclass(frozen=True, slots=True)
class _Model:
    """What holds for the ticks of one hour."""

    hour: int
    negative: Expectation
    total: Expectation
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
        self._rules = _rules(settings)
        longest = max(rule.minutes for rule in self._rules)
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

    def read_at(self, counts: Counts, ticks: Ints, *, fast_only: bool = False) -> Readings:
        """Return the readings at the given increasing `ticks`, as `read`; of the fast window alone when asked so."""
        if ticks.size and counts.end < ticks[-1]:
            raise ValueError(f"counts end at minute {counts.end}, before the last tick {int(ticks[-1])}")
        hourly = Hourly.of(counts)
        models = [(self._model(hourly, hour), columns) for hour, columns in by_hour(ticks)]
        rules = self._rules[:1] if fast_only else self._rules
        return most_telling([(self._view(counts, ticks, models, index), rule.p_value) for index, rule in enumerate(rules)])

    def _view(self, counts: Counts, ticks: Ints, models: Sequence[tuple[_Model, slice]], index: int) -> Readings:
        """Return the readings of one window, the `index`-th."""
        rule = self._rules[index]
        shape = (len(counts.topics), ticks.size)
        expected, dispersion, share, scatter = (np.zeros(shape) for _ in range(4))
        judged = np.zeros(ticks.size, dtype=bool)
        for model, columns in models:
            mean, unsure = _predict(model.negative, model.hour, ticks[columns], rule.minutes)
            volume, _ = _predict(model.total, model.hour, ticks[columns], rule.minutes)
            usual = (mean + _SHARE_PRIOR * model.share[:, None]) / (volume + _SHARE_PRIOR)
            expected[:, columns], dispersion[:, columns] = mean, model.dispersion[index][:, None] + unsure
            share[:, columns], scatter[:, columns] = np.clip(usual, _MIN_SHARE, _MAX_SHARE), model.scatter[:, None]
            judged[columns] = model.judges
        observed = window_counts(counts.negative, counts.start, ticks, rule.minutes)
        total = window_counts(counts.total, counts.start, ticks, rule.minutes)
        undecided = np.zeros(shape, dtype=bool)
        seen = Readings(
            topics=counts.topics,
            ticks=ticks,
            observed=observed,
            total=total,
            window_minutes=np.full(shape, rule.minutes, dtype=np.int64),
            expected=expected,
            p_value=count_tail(observed, expected, dispersion),
            expected_share=share,
            share_p_value=share_tail(observed, total, share, scatter),
            dispersion=dispersion,
            breach=undecided,
            elevated=undecided,
            critical=undecided,
        )
        return self._verdict(seen, judged, rule)

    def _verdict(self, seen: Readings, judged: Bools, rule: _Rule) -> Readings:
        """Decide which readings are breaches, still elevated, critical.

        Elevated: the count's p-value is at most the square root of its limit (or 5%) and the ratio at least half way from 1 to `min_ratio`,
        so that an alert does not flap around its limit. Critical: the p-value is at most the square of the limit, and the ratio
        twice `min_ratio`.
        """
        least = self._settings.min_ratio
        unusual = judged & (seen.observed >= rule.min_documents) & (seen.share_p_value <= rule.share_p_value)
        breach = unusual & (seen.p_value <= rule.p_value) & (seen.observed >= least * seen.expected)
        halfway = (1.0 + least) / 2.0
        elevated = breach | (judged & (seen.p_value <= min(rule.p_value**0.5, _ELEVATED_P)) & (seen.observed >= halfway * seen.expected))
        extreme = seen.observed >= _CRITICAL_RATIO * least * seen.expected
        return replace(seen, breach=breach, elevated=elevated, critical=breach & (seen.p_value <= rule.p_value**2) & extreme)

    def _model(self, hourly: Hourly, hour: int) -> _Model:
        """Fit both baselines on the history that ends `guard` before `hour`."""
        first_day = (hour - self._history) // HOURS
        days = np.arange(first_day, first_day + self._settings.history_days + 1)
        negative, total = hourly.days(days)
        ages = hour - (days[:, None] * HOURS + np.arange(HOURS)).astype(np.float64)
        recent = (ages > 0) & (ages <= self._history)
        covered = covered_hours(np.where(recent, total.sum(0), 0.0))
        trust = np.where(covered & (ages > self._guard), recency(ages), 0.0)
        kinds = day_types(days)
        of_negative, of_total = fit(negative, trust, kinds), fit(total, trust, kinds)
        dispersion = tuple(window_dispersion(negative, trust, of_negative, rule.minutes) for rule in self._rules)
        share, scatter = _shares(negative, total, of_negative, of_total)
        judges = self._enough(covered, kinds, hour)
        return _Model(hour, of_negative.expectation, of_total.expectation, share, scatter, dispersion, judges)

    def _enough(self, covered: Bools, kinds: Ints, hour: int) -> bool:
        """Say whether the (days, HOURS) `covered` hours suffice to judge `hour`.

        A weekend may be judged by weekdays, which are busier; a weekday only by weekdays.
        """
        needed = self._settings.min_history_hours
        weekdays = covered[kinds == 0].sum()
        weekend = bool(day_types(np.array([hour // HOURS]))[0])
        return bool((covered.sum() if weekend else weekdays) >= needed)


def _predict(baseline: Expectation, hour: int, ticks: Ints, window: int) -> tuple[Floats, Floats]:
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
