"""False alarms and detections counted from scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv

from squall.alerts.detection.readings import Bools, Floats, Ints
from squall.backtest.simulation.market import BUCKET_MINUTES

EPISODE_GAP: Final = 60 // BUCKET_MINUTES
"""Alarms of a series with at most so many buckets from one to the next are one episode."""
_STEPS: Final = 40
_TAIL: Final = 0.025

Event = tuple[int, int, int]
"""Row, first bucket, buckets."""


def beginnings(alarms: Bools) -> Bools:
    """Return the (series, buckets) alarms that begin an episode: those without an alarm in the `EPISODE_GAP` buckets before."""
    sums = np.cumsum(np.pad(alarms, ((0, 0), (EPISODE_GAP + 1, 0))), axis=1)
    before: Ints = sums[:, EPISODE_GAP:-1] - sums[:, : -EPISODE_GAP - 1]
    begins: Bools = alarms & (before == 0)
    return begins


def episodes(alarms: Bools) -> int:
    """Return how many episodes there are in (series, buckets) alarms."""
    return int(beginnings(alarms).sum())


def calibrate(score: NDArray[np.floating[Any]], allowed: float) -> float:
    """Return a threshold above which (series, buckets) scores make at most `allowed` episodes, as low a one as bisection finds."""
    low, high = float(score.min()), float(score.max())
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if episodes(score > middle) > allowed:
            low = middle
        else:
            high = middle
    return high


def delays(alarms: Bools, events: Sequence[Event]) -> Floats:
    """Return the buckets from each event's first one to the first alarm in it; infinity where there is none."""
    found = [np.flatnonzero(alarms[row, first : first + length]) for row, first, length in events]
    return np.array([float(hits[0]) if hits.size else np.inf for hits in found])


def within(alarms: Bools, events: Sequence[Event]) -> Ints:
    """Return how many episodes begin in each event, or in the hour after it that a window may still see it."""
    begins = beginnings(alarms)
    return np.array([begins[row, first : first + length + EPISODE_GAP].sum() for row, first, length in events], dtype=np.int64)


def share_interval(hits: int, tries: int) -> tuple[float, float]:
    """Return the 95% interval of a probability (Clopper & Pearson 1934)."""
    low = float(betaincinv(hits, tries - hits + 1, _TAIL)) if hits else 0.0
    high = float(betaincinv(hits + 1, tries - hits, 1.0 - _TAIL)) if hits < tries else 1.0
    return low, high


def rate_interval(events: int, exposure: float) -> tuple[float, float]:
    """Return the 95% interval of a Poisson rate (Garwood 1936)."""
    low = float(gammaincinv(events, _TAIL)) if events else 0.0
    return low / exposure, float(gammaincinv(events + 1, 1.0 - _TAIL)) / exposure
