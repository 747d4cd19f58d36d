"""Values of a series turned into counts, so that a detector of counts can read them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Floats, Ints

_STEADY: Final = 100.0
"""Values of which the mean is more than ten times the noise, so that their counts would be higher than this, are not like counts."""
_STEADY_MEAN: Final = 9.0
_LEAST_MEAN: Final = 4.0
LARGEST_COUNT: Final = 1e12
"""Greater counts are cut, so that sums of a month of them fit 64 bits."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How values become counts: (value − base) × factor, rounded, at least zero."""

    base: float = 0.0
    factor: float = 1.0

    @staticmethod
    def of(values: Floats) -> Scale:
        """Return the scale for a series that begins with these values.

        Whole numbers are counts. Others are divided by their Fano factor, noise variance over mean, so that they scatter as counts do.
        Steady ones, such as a temperature, scatter far less than counts of their size: what never goes away is taken off first.
        """
        if values.size == 0 or np.all(values == np.rint(values)):
            return Scale()
        mean, noise = float(values.mean()), _noise(values)
        if noise <= 0.0:
            return Scale(factor=_STEADY / mean)
        if (mean / noise) ** 2 > _STEADY:
            factor = math.sqrt(_STEADY_MEAN) / noise
            return Scale(mean - _STEADY_MEAN / factor, factor)
        return Scale(factor=max(mean / noise**2, _LEAST_MEAN / mean))

    def counts(self, values: Floats) -> Ints:
        """Return `values` as counts."""
        return np.rint(np.clip((values - self.base) * self.factor, 0.0, LARGEST_COUNT)).astype(np.int64)

    def values(self, counts: Floats) -> Floats:
        """Return `counts` as values."""
        return counts / self.factor + self.base


def _noise(values: Floats) -> float:
    """Return the standard deviation of what is not season or trend: from differences of neighbours, robust where most are not zero."""
    if values.size < 2:
        return 0.0
    steps = np.diff(values)
    robust = float(np.median(np.abs(steps))) / 0.6745
    return (robust or float(steps.std())) / math.sqrt(2.0)
