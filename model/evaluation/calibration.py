"""Probabilities that mean what they say: how far they are off, and the temperature that mends a head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from squall.core.errors import ConfigurationError
from squall.model.data.labelled import MISSING
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import find_task

BINS = 15
"""As Guo et al. 2017 measure."""
_TEMPERATURES = (0.05, 20.0)
_PRIOR_DEVIATION = 0.5
"""Of ln T before any row is seen: a handful of rows that all came out right must not make a head certain of everything."""
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


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """Return the most probable temperature T in [0.05, 20] of softmax(logits / T), ln T being normal around 0 beforehand.

    Args:
        logits: shape (rows, labels), of rows the network was not trained on.
        labels: class indices, shape (rows,); rows with `MISSING` are left out.

    One number for all classes (Guo et al. 2017, section 4.2): no label changes. The negative log-likelihood has a single minimum
    over 1/T and the prior draws towards T = 1, so that it never gets worse than there. A thousand rows are moved by about a percent.

    Raises:
        ConfigurationError: no labelled row.
    """
    targets = np.asarray(labels, dtype=np.int64)
    kept = targets != MISSING
    if not kept.any():
        raise ConfigurationError("no temperature can be fitted: no held-out row has a label", "hold out rows of this task")
    values, targets = np.asarray(logits, dtype=np.float64)[kept], targets[kept]

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(values / np.exp(log_temperature), axis=1)
        prior = (log_temperature / _PRIOR_DEVIATION) ** 2 / 2
        return float((prior - scaled[np.arange(len(targets)), targets].sum()) / len(targets))

    low, high = np.log(_TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def fold(network: MultiTaskNetwork, task: str, temperature: float) -> None:
    """Divide the head of `task` by `temperature`, in place: from then on its plain softmax is the calibrated one.

    Raises:
        ConfigurationError: no such task, a tokens task, or a temperature that isn't positive.
    """
    if find_task(network.config.tasks, task).kind != "text":
        raise ConfigurationError(f"task {task} labels tokens", "temperatures are for text tasks")
    if not 0 < temperature < float("inf"):
        raise ConfigurationError(f"temperature {temperature} is not a positive number")
    with torch.no_grad():
        for parameter in network.heads[task].parameters():
            parameter.div_(temperature)
