"""Counts per minute in, readings per minute out: is there more negative text than history explains?

Pure and causal: a reading at minute t depends on the counts in [t − lookback, t) and on nothing else, so one run over a month and a
month of one-minute runs give the same readings. The baseline is refitted at every full hour of event time, never "per run".

Every tick looks back over windows of several lengths (`detection.rules`): short ones, the *burst* test, and long ones, the *burn* test, for
what builds up without a burst. A series is in *breach* when all of these hold for one of its windows [t − window, t):
- negative count and negative share together are improbable (`p_value`): the count under a seasonal negative binomial baseline, the share
  among the series' documents. Each must be unusual by itself: a surge of ordinary text is a change of volume, not of sentiment; a change in
  few documents is chance. Improbable also among all series that were looked at in this minute (Benjamini–Hochberg),
- there are enough negative documents (`min_documents`), and enough more of them than expected (`min_ratio`),
- a long window is still elevated: its last quarter is high as well, so a burst that is over does not stay open for a day,
- enough hours of history were observed (`min_history_hours`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from squall.alerts.detection.baseline import Expectation, fit, recency, window_dispersion
from squall.alerts.detection.readings import Bools, Counts, Floats, Ints, Readings, by_kind, most_significant, stack
from squall.alerts.detection.rules import Rule, rules, shared_limit
from squall.alerts.detection.season import HOURS, day_types
from squall.alerts.detection.shares import expected_share, usual_shares
from squall.alerts.detection.tails import beta_binomial_tail, fisher_combined, negative_binomial_tail
from squall.alerts.detection.windows import Hourly, by_hour, covered_hours, multiples, window_counts
from squall.core.config.settings import DetectorSettings
from squall.core.series import BURN

METHOD: Final = "negative-binomial-seasonal"
"""Written into every alert."""
_HOUR: Final = 60
_CRITICAL_RATIO: Final = 2.0
_ELEVATED_P: Final = 0.05
_SCORED_DOCUMENTS: Final = 5
"""Fewer are no evidence, however little was expected: a slot of the clock seen once may have been quiet by chance."""
_STILL_BURNS_P: Final = 0.2
"""The last quarter of a long window is at least this improbable while the window burns."""


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


class BaselineCache:
    """The models fitted on one table of counts, so that several reads of the same hours fit them once. Lives as long as the counts do."""

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.parts = by_kind(counts)
        """The counts by kind of series."""
        self.hourly = [Hourly.of(part) for part in self.parts]
        self.documents = Hourly.of(self.parts[0]).summed() if len(self.parts) > 1 else self.hourly[0].summed()
        """All documents, by which observed hours are distinguished from outages."""
        self._models: dict[tuple[int, int], HourModel] = {}

    def model(self, kind: int, hour: int, fit_model: Callable[[Hourly, Hourly, int], HourModel]) -> HourModel:
        """Return the model of the `kind`-th part for the ticks of `hour`, fitted unless it was before."""
        if (kind, hour) not in self._models:
            self._models[kind, hour] = fit_model(self.hourly[kind], self.documents, hour)
        return self._models[kind, hour]


class Detector:
    """The detector for one set of settings; holds no state between calls; a caller may share fits between them by a `BaselineCache`.

    Args:
        settings: windows and limits.
        counts_only: judge the negative count alone, for series that have no share.
    """

    name = METHOD

    def __init__(self, settings: DetectorSettings, *, counts_only: bool = False) -> None:
        self._settings = settings
        self._counts_only = counts_only
        self._rules = rules(settings)
        self._history = settings.history_days * 24
        self._guard = -(-max(settings.guard_minutes, settings.window_minutes) // _HOUR)
        self.lookback = self._history * _HOUR + _HOUR
        """Minutes of counts that a reading may depend on."""

    def ticks(self, after: int, until: int) -> Ints:
        """Return the minutes in (after, until] at which the detector reads: multiples of `step_minutes`."""
        return multiples(self._settings.step_minutes, after, until)

    def read(self, counts: Counts, after: int, until: int, cache: BaselineCache | None = None) -> Readings:
        """Return the readings at every tick in (after, until].

        Args:
            counts: must reach from `after − lookback` (earlier minutes than the first are taken for unobserved) to `until`.
            after: minute since the epoch, exclusive.
            until: minute since the epoch, inclusive.
            cache: of `counts`; baselines fitted by earlier reads are used again.
        """
        return self.read_at(counts, self.ticks(after, until), cache=cache)

    def read_at(self, counts: Counts, ticks: Ints, *, only_window: int = 0, cache: BaselineCache | None = None) -> Readings:
        """Return the readings at the given increasing `ticks`, as `read`; of a single window when its minutes are given.

        Raises:
            ValueError: `counts` end before the last tick, or `cache` belongs to other counts.
        """
        if ticks.size and counts.end < ticks[-1]:
            raise ValueError(f"counts end at minute {counts.end}, before the last tick {int(ticks[-1])}")
        cache = cache or BaselineCache(counts)
        if cache.counts is not counts:
            raise ValueError("the cache holds baselines of other counts")
        chosen = [number for number, rule in enumerate(self._rules) if rule.minutes == only_window or not only_window]
        parts = [self._read_kind(cache, kind, ticks, chosen) for kind in range(len(cache.parts))]
        views = [stack([views[number] for views, _ in parts]) for number in range(len(chosen))]
        return most_significant(self._verdicts(views, parts[0][1], [self._rules[number] for number in chosen]))

    def _read_kind(self, cache: BaselineCache, kind: int, ticks: Ints, chosen: Sequence[int]) -> tuple[list[Readings], Bools]:
        """Return the readings of one kind of series by each chosen rule, undecided, and which ticks can be judged."""
        models = [(cache.model(kind, hour, self.hour_model), columns) for hour, columns in by_hour(ticks)]
        judged = np.zeros(ticks.size, dtype=bool)
        for model, columns in models:
            judged[columns] = model.sufficient
        counts = cache.parts[kind]
        views = [_view(counts, ticks, models, number, self._rules[number], counts_only=self._counts_only) for number in chosen]
        return views, judged

    def _verdicts(self, views: Sequence[Readings], judged: Bools, chosen: Sequence[Rule]) -> list[tuple[Readings, float]]:
        """Decide which readings are breaches, still elevated, critical; return them with the p-value that counts for their window.

        Elevated: the p-value is at most the square root of its limit (or 5%) and the ratio at least half way from 1 to `min_ratio`, so
        that an alert does not flap around its limit. Critical: the p-value is at most the limit to the power of 1.5, and the ratio twice
        `min_ratio`.
        """
        least = self._settings.min_ratio
        found: list[tuple[Readings, float]] = []
        for test in dict.fromkeys(rule.test for rule in chosen):
            mine = [(view, rule) for view, rule in zip(views, chosen, strict=True) if rule.test == test]
            candidates = [_is_candidate(view, rule, least) & judged for view, rule in mine]
            lowest = np.min([np.where(ok, view.p_value, 1.0) for (view, _), ok in zip(mine, candidates, strict=True)], axis=0)
            limit = shared_limit(lowest, np.logical_or.reduce(candidates), mine[0][1].p_value)
            for (view, rule), ok in zip(mine, candidates, strict=True):
                found.append((self._verdict(view, rule, ok, limit, judged), rule.p_value))
        return found

    def _verdict(self, seen: Readings, rule: Rule, candidates: Bools, limit: Floats, judged: Bools) -> Readings:
        least = self._settings.min_ratio
        breach = candidates & (seen.p_value <= limit)
        halfway = (1.0 + least) / 2.0
        still = judged & (seen.p_value <= min(rule.p_value**0.5, _ELEVATED_P)) & (seen.observed >= halfway * seen.expected)
        extreme = seen.observed >= _CRITICAL_RATIO * least * seen.expected
        critical = breach & (seen.p_value <= rule.p_value**1.5) & extreme
        scored = judged & (seen.observed >= _SCORED_DOCUMENTS) & (seen.p_value < 1.0)
        score = np.where(scored, np.log10(rule.p_value / self._settings.p_value) - np.log10(seen.p_value), 0.0)
        return replace(seen, breach=breach, elevated=breach | still, critical=critical, score=score)

    def hour_model(self, hourly: Hourly, documents: Hourly, hour: int) -> HourModel:
        """Return the model of an hour: both baselines, fitted on the history that ends `guard` before it."""
        first_day = (hour - self._history) // HOURS
        days = np.arange(first_day, first_day + self._settings.history_days + 1)
        negative, total = hourly.days(days)
        ages = hour - (days[:, None] * HOURS + np.arange(HOURS)).astype(np.float64)
        recent = (ages > 0) & (ages <= self._history)
        covered = covered_hours(np.where(recent, documents.days(days)[1][0], 0.0))
        trust = np.where(covered & (ages > self._guard), recency(ages), 0.0)
        kinds = day_types(days)
        of_negative = fit(negative, trust, kinds)
        of_total = of_negative if self._counts_only else fit(total, trust, kinds)
        dispersion = tuple(window_dispersion(negative, trust, of_negative, rule.minutes) for rule in self._rules)
        share, scatter = usual_shares(negative, negative if self._counts_only else total, of_negative, of_total)
        sufficient = self._is_sufficient(covered, kinds, hour)
        return HourModel(hour, of_negative.expectation, of_total.expectation, share, scatter, dispersion, sufficient)

    def _is_sufficient(self, covered: Bools, kinds: Ints, hour: int) -> bool:
        """Return whether the (days, HOURS) `covered` hours suffice to judge `hour`.

        A weekend may be judged by weekdays, which are busier; a weekday only by weekdays.
        """
        needed = self._settings.min_history_hours
        weekdays = covered[kinds == 0].sum()
        weekend = bool(day_types(np.array([hour // HOURS]))[0])
        return bool((covered.sum() if weekend else weekdays) >= needed)


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


def _span(minutes: Floats, ends: Ints, window: int) -> Floats:
    """Return (topics, ends) sums of the `window` minutes before each of `ends`."""
    sums = np.concatenate([np.zeros((minutes.shape[0], 1)), np.cumsum(minutes, axis=1)], axis=1)
    span: Floats = sums[:, ends] - sums[:, ends - window]
    return span


def _view(
    counts: Counts, ticks: Ints, models: Sequence[tuple[HourModel, slice]], number: int, rule: Rule, *, counts_only: bool
) -> Readings:
    """Return the readings of one window, the `number`-th of each model, without a verdict."""
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
    observed = window_counts(counts.negative, counts.start, ticks, rule.minutes)
    total = window_counts(counts.total, counts.start, ticks, rule.minutes)
    p_value, share_p_value = np.ones(shape), np.ones(shape)
    high = observed > expected
    if rule.test == BURN:
        recent = window_counts(counts.negative, counts.start, ticks, quarter)
        high[high] = negative_binomial_tail(recent[high], recently[high], dispersion[high]) <= _STILL_BURNS_P
    p_value[high] = negative_binomial_tail(observed[high], expected[high], dispersion[high])
    if not counts_only:
        share_p_value[high] = beta_binomial_tail(observed[high], total[high], share[high], scatter[high])
        p_value[high] = fisher_combined(p_value[high], share_p_value[high])
    p_value = np.minimum(p_value * rule.penalty, 1.0)
    return Readings.undecided(
        topics=counts.topics,
        ticks=ticks,
        window_minutes=np.full(shape, rule.minutes, dtype=np.int64),
        observed=observed,
        total=total,
        expected=expected,
        p_value=p_value,
        expected_share=share,
        share_p_value=share_p_value,
        dispersion=dispersion,
    )


def _is_candidate(view: Readings, rule: Rule, min_ratio: float) -> Bools:
    """Return whether everything but the p-value speaks for a breach."""
    enough: Bools = (view.observed >= rule.min_documents) & (view.observed >= min_ratio * view.expected)
    return enough
