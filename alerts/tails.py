"""How improbable is a count, or a share? One-sided tails, vectorised through the incomplete beta function."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import betainc

from alerts.readings import Floats, Ints

_SMALLEST_P: Final = 1e-300


def count_tail(observed: Ints, expected: Floats, dispersion: Floats) -> Floats:
    """Return P(X ≥ observed) for X negative binomial with mean `expected` and variance μ + α μ², α = `dispersion`.

    The tail is the regularised incomplete beta function I_p(k, r) with r = 1/α and p = μ/(μ + r).
    """
    r = 1.0 / dispersion
    probability = expected / (expected + r)
    tail = betainc(np.maximum(observed, 1), r, probability)
    return np.where(observed > 0, np.maximum(tail, _SMALLEST_P), 1.0)


def share_tail(negative: Ints, total: Ints, share: Floats, scatter: Floats) -> Floats:
    """Return P(K ≥ negative) among `total` documents of which a `share` is negative, intra-window correlation `scatter`.

    Beta-binomial variance by effective sample size: n documents that resemble each other say as much as n / (1 + (n−1)ρ) independent ones.
    """
    size = total / (1.0 + np.maximum(total - 1, 0) * scatter)
    hits = negative * np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    tail = betainc(np.maximum(hits, 1e-6), np.maximum(size - hits, 0.0) + 1.0, share)
    return np.where(negative > 0, np.maximum(tail, _SMALLEST_P), 1.0)
