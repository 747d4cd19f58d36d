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
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from squall.alerts.detection.baseline import fit, recency, window_dispersion
from squall.alerts.detection.readings import Bools, Counts, Floats, Ints, JudgedWindows, Readings, by_kind, most_significant, stack
from squall.alerts.detection.rules import Rule, rules, shared_limit
from squall.alerts.detection.season import HOURS, day_types
from squall.alerts.detection.shares import usual_shares
from squall.alerts.detection.views import HourModel, WindowModel, least_breach
from squall.alerts.detection.windows import Hourly, by_hour, covered_hours, multiples
from squall.core.config.settings import DetectorSettings

METHOD: Final = "negative-binomial-seasonal"
"""Written into every alert."""
_HOUR: Final = 60
_CRITICAL_RATIO: Final = 2.0
_ELEVATED_P: Final = 0.05
_SCORED_DOCUMENTS: Final = 5
"""Fewer are no evidence, however little was expected: a slot of the clock seen once may have been quiet by chance."""


class _Verdict(NamedTuple):
    """Decided readings of one window, the p-value that its rule asks for, and the (ticks,) one that all series together were held to."""

    readings: Readings
    p_value: float
    limit: Floats


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
        cache = _checked(counts, ticks, cache)
        chosen = [number for number, rule in enumerate(self._rules) if rule.minutes == only_window or not only_window]
        parts = [self._read_kind(cache, kind, ticks, chosen) for kind in range(len(cache.parts))]
        verdicts = self._verdicts(_views(parts, ticks), parts[0][1], [self._rules[number] for number in chosen])
        return most_significant([(verdict.readings, verdict.p_value) for verdict in verdicts])

    def judge(self, counts: Counts, ticks: Ints, series: str, window: int, cache: BaselineCache | None = None) -> JudgedWindows:
        """Return the windows of `window` minutes of one series that end at `ticks`, as `read` judged them among all series and windows.

        Raises:
            ValueError: as `read_at`; the series is not counted, or no rule has this window.
        """
        cache = _checked(counts, ticks, cache)
        number = next((number for number, rule in enumerate(self._rules) if rule.minutes == window), -1)
        kind = next((kind for kind, part in enumerate(cache.parts) if series in part.topics), -1)
        if number < 0 or kind < 0:
            raise ValueError(f"no window of {window} minutes of {series!r} is judged")
        parts = [self._read_kind(cache, each, ticks, range(len(self._rules))) for each in range(len(cache.parts))]
        verdict = self._verdicts(_views(parts, ticks), parts[0][1], self._rules)[number]
        seen = verdict.readings.of([verdict.readings.topics.index(series)])
        model, judged = parts[kind][0][number].of_series(cache.parts[kind].topics.index(series)), parts[0][1]
        others = seen.total - seen.observed

        def is_breach(negative: Ints) -> Bools:
            p_value, _ = model.p_values(negative, others + negative)
            return model.is_candidate(negative, self._settings.min_ratio) & judged & (p_value <= verdict.limit)

        return JudgedWindows(seen, least_breach(is_breach, seen.observed.shape)[0])

    def _read_kind(self, cache: BaselineCache, kind: int, ticks: Ints, chosen: Sequence[int]) -> tuple[list[WindowModel], Bools]:
        """Return what one kind of series is compared with by each chosen rule, and which ticks can be judged."""
        models = [(cache.model(kind, hour, self.hour_model), columns) for hour, columns in by_hour(ticks)]
        judged = np.zeros(ticks.size, dtype=bool)
        for model, columns in models:
            judged[columns] = model.sufficient
        counts = cache.parts[kind]
        return [WindowModel.of(counts, ticks, models, number, self._rules[number], self._counts_only) for number in chosen], judged

    def _verdicts(self, views: Sequence[Readings], judged: Bools, chosen: Sequence[Rule]) -> list[_Verdict]:
        """Decide which readings are breaches, still elevated, critical; `chosen` are in the order of `rules`.

        Elevated: the p-value is at most the square root of its limit (or 5%) and the ratio at least half way from 1 to `min_ratio`, so
        that an alert does not flap around its limit. Critical: the p-value is at most the limit to the power of 1.5, and the ratio twice
        `min_ratio`.
        """
        least = self._settings.min_ratio
        found: list[_Verdict] = []
        for test in dict.fromkeys(rule.test for rule in chosen):
            mine = [(view, rule) for view, rule in zip(views, chosen, strict=True) if rule.test == test]
            candidates = [rule.is_candidate(view.observed, view.expected, least) & judged for view, rule in mine]
            lowest = np.min([np.where(ok, view.p_value, 1.0) for (view, _), ok in zip(mine, candidates, strict=True)], axis=0)
            limit = shared_limit(lowest, np.logical_or.reduce(candidates), mine[0][1].p_value)
            for (view, rule), ok in zip(mine, candidates, strict=True):
                found.append(_Verdict(self._verdict(view, rule, ok, limit, judged), rule.p_value, limit))
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


def _views(parts: Sequence[tuple[Sequence[WindowModel], Bools]], ticks: Ints) -> list[Readings]:
    """Return the undecided readings of all series, one for each window."""
    return [stack([window.view(ticks) for window in windows]) for windows in zip(*(windows for windows, _ in parts), strict=True)]


def _checked(counts: Counts, ticks: Ints, cache: BaselineCache | None) -> BaselineCache:
    if ticks.size and counts.end < ticks[-1]:
        raise ValueError(f"counts end at minute {counts.end}, before the last tick {int(ticks[-1])}")
    cache = cache or BaselineCache(counts)
    if cache.counts is not counts:
        raise ValueError("the cache holds baselines of other counts")
    return cache
