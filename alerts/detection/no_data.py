"""The "no data" test: which sources have stopped? A source that stops raises an alert of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from squall.alerts.detection.baseline import Baseline, fit, recency, window_dispersion
from squall.alerts.detection.readings import Bools, Counts, Floats, Ints, Readings, most_significant
from squall.alerts.detection.season import HOURS, day_types
from squall.alerts.detection.tails import negative_binomial_lower_tail
from squall.alerts.detection.views import predict
from squall.alerts.detection.windows import Hourly, by_hour, covered_hours, window_counts
from squall.core.config.settings import DetectorSettings

_WINDOWS: Final = (60, 180, 720)
"""A busy source is reported after an hour, a quiet one after half a day."""
_STOPPED_SHARE: Final = 0.1
"""A source that still delivers this share of what is expected has not stopped."""
_MIN_KNOWN_HOURS: Final = 24
"""So many hours of a kind of day (weekday, Saturday, Sunday) must be known before missing data on one means anything."""


class NoDataDetector:
    """Reads counts per source: are there so few documents that the source has probably stopped? Pure and causal as `Detector`."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._settings = settings
        self.lookback = settings.history_days * 1440 + 60
        """Minutes of counts that a reading may depend on."""

    def read(self, counts: Counts, ticks: Ints) -> Readings:
        """Return readings whose `observed` are all documents of the source; (sources, ticks)."""
        hourly = Hourly.of(counts)
        models = [(hour, columns, *self._model(hourly, hour)) for hour, columns in by_hour(ticks)]
        views = [(self._view(counts, ticks, models, number), self._settings.no_data_p_value) for number in range(len(_WINDOWS))]
        found = most_significant(views)
        silent = window_counts(counts.total, counts.start, ticks, _WINDOWS[0]) == 0
        known = counts.total.sum(1, keepdims=True) > 0  # what has delivered nothing for the whole history is inactive
        return replace(found, elevated=found.elevated | (silent & known))  # a source is back when it delivers something

    def _model(self, hourly: Hourly, hour: int) -> tuple[Baseline, tuple[Floats, ...], bool]:
        """Return the baseline of all documents, its dispersion per window, and whether there was enough of this kind of day."""
        history = self._settings.history_days
        days = np.arange(hour // HOURS - history, hour // HOURS + 1)
        total = hourly.days(days)[1]
        ages = hour - (days[:, None] * HOURS + np.arange(HOURS)).astype(np.float64)
        covered = covered_hours(np.where((ages > 0) & (ages <= history * HOURS), total.sum(0), 0.0))
        trust = np.where(covered & (ages > _WINDOWS[-1] // 60), recency(ages), 0.0)
        kinds = day_types(days)
        baseline = fit(total, trust, kinds)
        known = int((trust > 0)[kinds == kinds[-1]].sum())
        dispersion = tuple(window_dispersion(total, trust, baseline, window) for window in _WINDOWS)
        return baseline, dispersion, known >= max(_MIN_KNOWN_HOURS, self._settings.min_history_hours if kinds[-1] == 0 else 0)

    def _view(
        self, counts: Counts, ticks: Ints, models: list[tuple[int, slice, Baseline, tuple[Floats, ...], bool]], number: int
    ) -> Readings:
        window, limit = _WINDOWS[number], self._settings.no_data_p_value
        shape = (len(counts.topics), ticks.size)
        expected, dispersion = np.zeros(shape), np.ones(shape)
        judged: Bools = np.zeros(ticks.size, dtype=bool)
        for hour, columns, baseline, scatter, enough in models:
            expected[:, columns], unsure = predict(baseline.expectation, hour, ticks[columns], window)
            dispersion[:, columns] = scatter[number][:, None] + unsure
            judged[columns] = enough
        observed = window_counts(counts.total, counts.start, ticks, window)
        p_value = np.where(judged, negative_binomial_lower_tail(observed, expected, dispersion), 1.0)
        breach = (p_value <= limit) & (observed <= _STOPPED_SHARE * expected)
        nothing = np.zeros(shape)
        return Readings(
            topics=counts.topics,
            ticks=ticks,
            observed=observed,
            total=observed,
            window_minutes=np.full(shape, window, dtype=np.int64),
            expected=expected,
            p_value=p_value,
            expected_share=nothing,
            share_p_value=np.ones(shape),
            dispersion=dispersion,
            breach=breach,
            elevated=breach | ((p_value <= limit**0.5) & (observed <= 2 * _STOPPED_SHARE * expected)),
            critical=np.zeros(shape, dtype=bool),
            score=nothing,
        )


def blackout(sources: Readings) -> Bools:
    """Return the (ticks,) at which every source that can be judged has stopped: nothing can be known about the market then."""
    judged = sources.p_value < 1.0
    return np.asarray((sources.breach | ~judged).all(0) & sources.breach.any(0), dtype=bool)
