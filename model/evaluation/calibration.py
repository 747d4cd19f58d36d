"""How well probabilities are calibrated: reliability bins, expected calibration error, negative log-likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

BINS = 15
"""As Guo et al. 2017 measure."""
_TINY = 1e-12


@dataclass(frozen=True)
class Bin:
    """Rows whose top label has a probability in (low, high].

    Args:
        low: lower edge.
        high: upper edge.
        rows: how many.
        confidence: mean probability of the top label; 0 for an empty bin.
        accuracy: share of rows whose top label is right; 0 for an empty bin.
    """

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


def reliability(probabilities: ArrayLike, labels: Sequence[int], count: int = BINS) -> list[Bin]:
    """Return `count` bins of equal width over the top label's probability.

    Args:
        probabilities: shape (rows, labels), rows sum to 1.
        labels: class indices, one per row.
        count: how many bins.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    confidence, right = values.max(1), values.argmax(1) == np.asarray(labels)
    numbers = np.clip(np.ceil(confidence * count).astype(int) - 1, 0, count - 1)
    bins = []
    for number in range(count):
        inside = numbers == number
        rows = int(inside.sum())
        means = (float(confidence[inside].mean()), float(right[inside].mean())) if rows else (0.0, 0.0)
        bins.append(Bin(number / count, (number + 1) / count, rows, *means))
    return bins


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Return Σ rows_b / rows · |accuracy_b − confidence_b| (Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3)."""
    rows = sum(found.rows for found in bins)
    return sum(found.rows * abs(found.accuracy - found.confidence) for found in bins) / rows if rows else 0.0


def negative_log_likelihood(probabilities: ArrayLike, labels: Sequence[int]) -> float:
    """Return the mean −ln of the true label's probability, from probabilities of shape (rows, labels)."""
    values = np.asarray(probabilities, dtype=np.float64)
    return float(-np.log(np.maximum(values[np.arange(len(values)), np.asarray(labels)], _TINY)).mean())
