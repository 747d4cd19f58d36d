"""The reference methods that the shipped detector is compared with, each on counts per bucket.

`moving` and `seasonal` return what is usual for each bucket, the others how far its count is from that. Arrays are (series, buckets); the
score of a bucket depends on it and on buckets before it. An alarm is a score above a threshold that gives every method the same rate of
false alarms.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from squall.alerts.detection.readings import Floats, Ints
from squall.alerts.detection.season import DAY_TYPES, HOURS

_LEAST_DEVIATION: Final = 0.5
"""In documents: after silence a single one is not infinitely unusual."""
_EARS_BASELINE: Final = 7
_EARS_LAG: Final = 3


def moving(counts: Ints, length: int, lag: int) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the `length` buckets of which the last is `lag` before each; of what there is at the start.

    `counts` and both results are (series, buckets), in documents.
    """
    first, second = (np.cumsum(np.pad(counts.astype(np.float64) ** power, ((0, 0), (1, 0))), axis=1) for power in (1, 2))
    end = np.clip(np.arange(counts.shape[1]) - lag + 1, 0, None)
    begin = np.clip(end - length, 0, None)
    return _moments(end - begin, first[:, end] - first[:, begin], second[:, end] - second[:, begin])


def seasonal(counts: Ints, kinds: Ints, days: int) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the buckets of the same hour and day type, in the `days` before each bucket's day.

    Args:
        counts: (series, buckets) of whole days, the same number of buckets in each hour.
        kinds: (days of `counts`,) day types, as `squall.alerts.detection.season.day_types` gives them.
        days: length of the history.
    """
    hours = counts.reshape(counts.shape[0], kinds.size, HOURS, -1).astype(np.float64)
    alike = [np.equal(kinds, kind) for kind in range(DAY_TYPES)]
    size, first, second = (np.zeros((counts.shape[0], kinds.size, HOURS)) for _ in range(3))
    for day, kind in enumerate(kinds):
        past = np.flatnonzero(alike[kind][max(day - days, 0) : day]) + max(day - days, 0)
        size[:, day] = past.size * hours.shape[3]
        first[:, day], second[:, day] = hours[:, past].sum((1, 3)), (hours[:, past] ** 2).sum((1, 3))
    mean, deviation = (np.repeat(part.reshape(part.shape[0], -1), hours.shape[3], axis=1) for part in _moments(size, first, second))
    return mean, deviation


def z_score(counts: Ints, mean: Floats, deviation: Floats) -> Floats:
    """Return (count − mean) / standard deviation, the latter at least half a document. All arrays: (series, buckets), in documents."""
    score: Floats = (counts - mean) / np.maximum(deviation, _LEAST_DEVIATION)
    return score


def threshold(counts: Ints) -> Floats:
    """Return the (series, buckets) counts: an alarm is more than a fixed number of documents."""
    return counts.astype(np.float64)


def ears_c2(counts: Ints) -> Floats:
    """Return EARS C2 (Hutwagner et al. 2003), (series, buckets) in standard deviations.

    The baseline is seven buckets; the two between it and the judged bucket are left out.
    """
    return z_score(counts, *moving(counts, _EARS_BASELINE, _EARS_LAG))


def negative_binomial_cusum(counts: Ints, mean: Floats, deviation: Floats, shift: float = 3.0) -> Floats:
    """Return the negative binomial CUSUM (Hawkins & Olwell 1998, as Watkins et al. 2008 use it) for a rise by `shift` standard deviations.

    The dispersion is had from `mean` and `deviation` by moments; S = max(0, S + log-likelihood ratio of the raised mean against it).

    Args:
        counts: (series, buckets) documents.
        mean: (series, buckets) usual documents in each bucket.
        deviation: (series, buckets) their standard deviation.
        shift: in standard deviations.

    Returns:
        (series, buckets) S after each bucket, in nats.
    """
    mean = np.maximum(mean, 0.01)
    size = mean**2 / np.maximum(deviation**2 - mean, 0.01 * mean**2)
    raised = mean + shift * np.maximum(deviation, np.sqrt(mean))
    ratio = counts * np.log(raised * (size + mean) / (mean * (size + raised))) - size * np.log((size + raised) / (size + mean))
    total = np.cumsum(ratio, axis=1)
    lowest = np.minimum.accumulate(np.minimum(total, 0.0), axis=1)
    score: Floats = total - lowest
    return score


def _moments(size: Ints | Floats, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation from `size`, sum and sum of squares; zero of nothing, and no deviation of one."""
    some = np.maximum(size, 1)
    mean = first / some
    return mean, np.sqrt(np.maximum(second - some * mean**2, 0.0) / np.maximum(some - 1, 1))
