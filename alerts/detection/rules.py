"""Rules: which windows are evaluated, and when one of them is a breach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Bools, Floats, Ints
from squall.core.config.settings import DetectorSettings
from squall.core.series import BURN, BURST

FAMILY_SIZE: Final = 20
"""Up to so many series may each use the whole p-value; more of them share what that many would have."""
_SHORTEST_MINUTES: Final = 5
_BURST_PARTS: Final = (12, 6, 4, 3, 2, 1)
_BURN_PARTS: Final = (4, 2, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes a window a breach."""

    test: str
    minutes: int
    p_value: float
    min_documents: int
    penalty: float = 1.0
    """What p-values are multiplied by: short windows come along more often, so each has a part of the limit as long as itself."""

    def is_candidate(self, observed: Ints, expected: Floats, min_ratio: float) -> Bools:
        """Return whether everything but the p-value speaks for a breach; arrays of one shape."""
        enough: Bools = (observed >= self.min_documents) & (observed >= min_ratio * expected)
        return enough


def rules(settings: DetectorSettings) -> tuple[Rule, ...]:
    """Return the windows of both tests, shortest first.

    Each test is a window-limited generalised likelihood ratio scan (Lai 1995, *Sequential changepoint detection in quality control and
    dynamical systems*): the unknown beginning of a rise is searched on a grid that thins out towards longer windows.
    """
    burst, slow = settings.window_minutes, settings.slow_window_minutes
    shortest = max(_SHORTEST_MINUTES, settings.step_minutes)
    short = sorted({burst // part for part in _BURST_PARTS if burst // part >= shortest} | {burst})
    long = [slow // part for part in _BURN_PARTS if slow // part > burst]
    return (
        *(Rule(BURST, minutes, settings.p_value, settings.min_documents, burst / minutes) for minutes in short),
        *(Rule(BURN, minutes, settings.slow_p_value, settings.slow_min_documents) for minutes in long),
    )


def shared_limit(p_values: Floats, candidates: Bools, limit: float) -> Floats:
    """Return the (ticks,) p-value up to which series are in breach together: Benjamini and Hochberg (1995) across series.

    Args:
        p_values: (series, ticks) of each series' most unusual window.
        candidates: (series, ticks) whether all conditions but the p-value are met.
        limit: for one series alone among at most `FAMILY_SIZE`.
    """
    series = p_values.shape[0]
    alone = limit * min(1.0, FAMILY_SIZE / max(series, 1))
    ordered = np.sort(np.where(candidates, p_values, 1.0), axis=0)
    ranks = np.arange(1, series + 1)[:, None]
    together = np.where(ordered <= alone * ranks, ranks, 1).max(axis=0, initial=1)
    shared: Floats = alone * together
    return shared
