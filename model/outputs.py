"""Logits into answers, by the output of a task: probabilities of one label, of each label, or one number from ordered labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from squall.model.tasks import MISSING, Label, TaskSpec

Probabilities = NDArray[np.float32]


def softmax(logits: NDArray[np.float32]) -> Probabilities:
    """Return float32 probabilities over the last axis."""
    powers: Probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    return powers


def probabilities(task: TaskSpec, logits: NDArray[np.float32]) -> Probabilities:
    """Return float32 probabilities of the shape of `logits`, (…, labels).

    softmax and ordinal: of each label, with sum 1; sigmoid: of each label by itself.
    """
    if task.output == "sigmoid":
        found: Probabilities = np.reciprocal(1 + np.exp(-logits))
        return found
    return softmax(logits)


def expected_position(found: Probabilities) -> NDArray[np.float32]:
    """Return the number from 0 to 1 that a row of `target_array` stands for, shape (…): Σ p_k · k / (K − 1), of shares (…, K)."""
    expected: NDArray[np.float32] = found @ _positions(found.shape[-1])
    return expected


def expected_root(found: Probabilities) -> NDArray[np.float32]:
    """Return Σ p_k · √(k / (K − 1)), shape (…), of probabilities (…, K) of ordered grades; its square is `ordinal_answer`."""
    roots: NDArray[np.float32] = found @ _roots(found.shape[-1])
    return roots.clip(0, 1)


def ordinal_answer(found: Probabilities) -> NDArray[np.float32]:
    """Return the number that an ordinal task answers, from 0 to 1, shape (…): (Σ p_k · √(k / (K − 1)))², of probabilities (…, K).

    The power mean of the grades with exponent ½: a sure grade is itself, and where the network is torn between the first grade and a late
    one, the answer is lower than the expected value of a softmax over ordered grades (Rothe, Timofte and Van Gool 2015, "DEX", section
    3.3), which puts a small chance of the worst beside a sure setback. A number between two grades is learnt as the two neighbours' shares
    (`target_array`), as in Farebrother et al. 2024, "Stop Regressing", section 3: the head stays a linear layer trained by cross-entropy,
    so calibration and distillation work unchanged.
    """
    answered: NDArray[np.float32] = np.square(expected_root(found))
    return answered


@lru_cache(maxsize=16)
def _positions(grades: int) -> NDArray[np.float32]:
    return np.linspace(0, 1, grades, dtype=np.float32)


@lru_cache(maxsize=16)
def _roots(grades: int) -> NDArray[np.float32]:
    roots: NDArray[np.float32] = np.sqrt(_positions(grades))
    return roots


def target_array(task: TaskSpec, labels: Sequence[Label | None]) -> NDArray[np.int64] | NDArray[np.float32]:
    """Return labels as training compares them with logits.

    softmax: int64 class indices, shape (n,), `MISSING` for None. sigmoid and ordinal: float32 shares of each label, shape (n, labels),
    rows of NaN for None.
    """
    if task.output == "softmax":
        return np.asarray([MISSING if label is None else label for label in labels], dtype=np.int64)
    classes = len(task.labels)
    found = np.full((len(labels), classes), np.nan, dtype=np.float32)
    for row, label in zip(found, labels, strict=True):
        if label is None:
            continue
        row[:] = 0
        if isinstance(label, tuple):
            row[list(label)] = 1
        else:
            place = float(label) * (classes - 1)
            below = min(int(place), classes - 2)
            row[below], row[below + 1] = below + 1 - place, place - below
    return found


def is_known(targets: NDArray[np.int64] | NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which rows of a `target_array` carry a label, shape (n,)."""
    return np.asarray(targets != MISSING if targets.ndim == 1 else ~np.isnan(targets).any(1))
