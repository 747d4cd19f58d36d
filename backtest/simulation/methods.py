"""The methods that are compared on simulated markets, the shipped detector first: each gives a score to every bucket."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from squall.alerts.detection.detector import Detector
from squall.alerts.detection.readings import Counts, Ints
from squall.alerts.detection.season import day_types
from squall.alerts.lifecycle import Change, Lifecycle
from squall.backtest.simulation.market import BUCKET_MINUTES, DAY_BUCKETS, HISTORY_DAYS
from squall.backtest.simulation.reference_methods import ears_c2, moving, negative_binomial_cusum, seasonal, threshold, z_score
from squall.core.config.settings import DetectorSettings

Scores = dict[str, NDArray[np.float32]]
"""Name of a method -> (series, judged buckets)."""

SHIPPED: Final = "shipped"
SHIPPED_AS_CONFIGURED: Final = "shipped-as-configured"
"""The shipped method at its default settings, with the life of its alerts: 1 where an alert fires."""
_LAG: Final = 240 // BUCKET_MINUTES + 1
"""The moving baselines leave out what the detector's guard leaves out."""


def scores(counts: Counts, judged_from: int) -> Scores:
    """Return every method's scores of the buckets from `judged_from` on; what is before serves as history."""
    buckets = counts.negative.reshape(counts.negative.shape[0], -1, BUCKET_MINUTES).sum(2)
    found = _shipped(counts, judged_from) | _references(buckets, counts.start // 1440, judged_from)
    return {name: score.astype(np.float32) for name, score in found.items()}


def _shipped(counts: Counts, judged_from: int) -> dict[str, NDArray[np.float64]]:
    settings = DetectorSettings(step_minutes=BUCKET_MINUTES)
    readings = Detector(settings).read(counts, counts.start + judged_from * BUCKET_MINUTES, counts.end)
    fired = np.zeros(readings.score.shape)
    for transition in Lifecycle(settings).advance(readings):
        if transition.change is Change.FIRED:
            fired[readings.topics.index(transition.alert.topic), np.searchsorted(readings.ticks, transition.tick)] = 1.0
    return {SHIPPED: readings.score, SHIPPED_AS_CONFIGURED: fired}


def _references(buckets: Ints, first_day: int, judged_from: int) -> dict[str, NDArray[np.float64]]:
    kinds = day_types(first_day + np.arange(buckets.shape[1] // DAY_BUCKETS))
    flat, hourly = moving(buckets, HISTORY_DAYS * DAY_BUCKETS, _LAG), seasonal(buckets, kinds, HISTORY_DAYS)

    def cusum(usual: tuple[NDArray[np.float64], NDArray[np.float64]]) -> NDArray[np.float64]:
        return negative_binomial_cusum(buckets[:, judged_from:], usual[0][:, judged_from:], usual[1][:, judged_from:])

    return {
        "zscore": z_score(buckets, *flat)[:, judged_from:],
        "zscore-seasonal": z_score(buckets, *hourly)[:, judged_from:],
        "threshold": threshold(buckets)[:, judged_from:],
        "ears-c2": ears_c2(buckets)[:, judged_from:],
        "nb-cusum": cusum(flat),
        "nb-cusum-seasonal": cusum(hourly),
    }
