"""Counts per minute in, readings per minute out: is there more negative text than history explains?

Pure and causal: a reading at minute t depends on the counts in [t − lookback, t) and on nothing else, so one run over a month and a
month of one-minute runs give the same readings. The baseline is refitted at every full hour of event time, never "per run".

Every tick looks back over windows of several lengths (`detection.rules`): short ones, the *burst* test, and long ones, the *burn* test, for
what builds up without a burst. A series is in *breach* when all of these hold for one of its windows [t − window, t):
- negative count and negative share together are improbable (`p_value`): the count under a seasonal negative binomial baseline, the share
  among the series' documents. Each must be unusual by itself: a surge of ordinary text is volume, not mood; a turn of mood in a handful
  of documents is chance. Improbable also among all series that were looked at in this minute (Benjamini–Hochberg),
- there are enough negative documents (`min_documents`), and enough more of them than expected (`min_ratio`),
- a long window still burns: its last quarter is high as well, so a burst that is over does not burn on for a day,
- enough hours of history were observed (`min_history_hours`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from squall.alerts.detection.baseline import HOURS, Expectation, day_types, fit, recency, window_dispersion
from squall.alerts.detection.readings import Bools, Counts, Floats, Ints, Readings, below, families, most_telling
from squall.alerts.detection.rules import Rule, rules, shared_limit
from squall.alerts.detection.shares import expected_share, usual_shares
from squall.alerts.detection.tails import count_tail, fisher_combined, share_tail
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
    """What holds for the ticks of one hour."""

    hour: int
    negative: Expectation
    total: Expectation
    share: Floats
    """(series,) usual negative share at any time of day."""
    scatter: Floats
    """(series,) its intra-hour correlation."""
    dispersion: tuple[Floats, ...]
    """(series,) of negative counts, for each window."""
    judges: bool
    """Whether enough was seen to judge a window by."""


class Detector:
    """The detector for one set of settings; holds no state between calls.

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

    def read(self, counts: Counts, after: int, until: int) -> Readings:
        """Return the readings at every tick in (after, until].

        Args:
            counts: must reach from `after − lookback` (earlier minutes than the first are taken for unobserved) to `until`.
            after: minute since the epoch, exclusive.
            until: minute since the epoch, inclusive.
        """
        return self.read_at(counts, self.ticks(after, until))

    def read_at(self, counts: Counts, ticks: Ints, *, only_window: int = 0) -> Readings:
        """Return the readings at the given increasing `ticks`, as `read`; of a single window when its minutes are given."""
        if ticks.size and counts.end < ticks[-1]:
            raise ValueError(f"counts end at minute {counts.end}, before the last tick {int(ticks[-1])}")
        chosen = [rule for rule in self._rules if rule.minutes == only_window or not only_window]
        kinds = families(counts)
        documents = Hourly.of(kinds[0]).summed()
        parts = [self._family(part, documents, ticks, chosen) for part in kinds]
        views = [below([views[number] for views, _ in parts]) for number in range(len(chosen))]
        return most_telling(self._verdicts(views, parts[0][1], chosen))

    def _family(self, counts: Counts, documents: Hourly, ticks: Ints, chosen: Sequence[Rule]) -> tuple[list[Readings], Bools]:
        """Return the readings of one kind of series in each window, undecided, and which ticks can be judged."""
        hourly = Hourly.of(counts)
        models = [(self.hour_model(hourly, documents, hour, chosen), columns) for hour, columns in by_hour(ticks)]
        judged = np.zeros(ticks.size, dtype=bool)
        for model, columns in models:
            judged[columns] = model.judges
        return [_view(counts, ticks, models, number, rule, counts_only=self._counts_only) for number, rule in enumerate(chosen)], judged

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
            stands = [_stands(view, rule, least) & judged for view, rule in mine]
            lowest = np.min([np.where(ok, view.p_value, 1.0) for (view, _), ok in zip(mine, stands, strict=True)], axis=0)
            limit = shared_limit(lowest, np.logical_or.reduce(stands), mine[0][1].p_value)
            for (view, rule), ok in zip(mine, stands, strict=True):
                found.append((self._verdict(view, rule, ok, limit, judged), rule.p_value))
        return found

    def _verdict(self, seen: Readings, rule: Rule, stands: Bools, limit: Floats, judged: Bools) -> Readings:
        least = self._settings.min_ratio
        breach = stands & (seen.p_value <= limit)
        halfway = (1.0 + least) / 2.0
        still = judged & (seen.p_value <= min(rule.p_value**0.5, _ELEVATED_P)) & (seen.observed >= halfway * seen.expected)
        extreme = seen.observed >= _CRITICAL_RATIO * least * seen.expected
        critical = breach & (seen.p_value <= rule.p_value**1.5) & extreme
        told = judged & (seen.observed >= _SCORED_DOCUMENTS) & (seen.p_value < 1.0)
        score = np.where(told, np.log10(rule.p_value / self._settings.p_value) - np.log10(seen.p_value), 0.0)
        return replace(seen, breach=breach, elevated=breach | still, critical=critical, score=score)

    def hour_model(self, hourly: Hourly, documents: Hourly, hour: int, chosen: Sequence[Rule]) -> HourModel:
        """Return what holds for the ticks of an hour: both baselines, fitted on the history that ends `guard` before it."""
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
        dispersion = tuple(window_dispersion(negative, trust, of_negative, rule.minutes) for rule in chosen)
        share, scatter = usual_shares(negative, negative if self._counts_only else total, of_negative, of_total)
        judges = self._enough(covered, kinds, hour)
        return HourModel(hour, of_negative.expectation, of_total.expectation, share, scatter, dispersion, judges)

    def _enough(self, covered: Bools, kinds: Ints, hour: int) -> bool:
        """Say whether the (days, HOURS) `covered` hours suffice to judge `hour`.

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
        high[high] = count_tail(recent[high], recently[high], dispersion[high]) <= _STILL_BURNS_P
    p_value[high] = count_tail(observed[high], expected[high], dispersion[high])
    if not counts_only:
        share_p_value[high] = share_tail(observed[high], total[high], share[high], scatter[high])
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


def _stands(view: Readings, rule: Rule, min_ratio: float) -> Bools:
    """Return whether everything but the p-value speaks for a breach."""
    enough: Bools = (view.observed >= rule.min_documents) & (view.observed >= min_ratio * view.expected)
    return enough
