"""How improbable is a count, or a share? Tails of the negative binomial and the beta-binomial, by the incomplete beta function.

Arguments that are arrays have one shape, or shapes that broadcast to one; a returned array has that shape. Counts are documents
in a window.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import betainc, nbdtrik

from squall.alerts.detection.readings import Floats, Ints

_SMALLEST_P: Final = 1e-300
_COUNT_P_FLOOR: Final = 10**-4.5
_MAX_SINGLE_P: Final = 0.03
_MIDDLE: Final = (0.05, 0.95)


def negative_binomial_tail(observed: Ints, expected: Floats, dispersion: Floats) -> Floats:
    """Return P(X ≥ observed) for X negative binomial with mean `expected` and variance μ + α μ², α = `dispersion`.

    The tail is the regularised incomplete beta function I_p(k, r) with r = 1/α and p = μ/(μ + r).

    Args:
        observed: documents in each window, 0 or more.
        expected: μ, expected documents in each window, above 0.
        dispersion: α, without unit, above 0.

    Returns:
        Probabilities in [1e-300, 1]; 1 where nothing is observed.
    """
    r = 1.0 / dispersion
    probability = expected / (expected + r)
    tail = betainc(np.maximum(observed, 1), r, probability)
    return np.where(observed > 0, np.maximum(tail, _SMALLEST_P), 1.0)


def beta_binomial_tail(negative: Ints, total: Ints, share: Floats, scatter: Floats) -> Floats:
    """Return P(K ≥ negative) among `total` documents of which a `share` is negative, intra-window correlation `scatter`.

    Beta-binomial variance by effective sample size: n documents that resemble each other count for n / (1 + (n−1)ρ) independent ones.

    Args:
        negative: negative documents in each window.
        total: documents of any sentiment in each window.
        share: expected share of negative documents, in (0, 1).
        scatter: ρ, 0 (independent documents) to 1.

    Returns:
        Probabilities in [1e-300, 1]; 1 where nothing is negative.
    """
    size = total / (1.0 + np.maximum(total - 1, 0) * scatter)
    hits = negative * np.divide(size, total, out=np.zeros_like(size), where=total > 0)
    tail = betainc(np.maximum(hits, 1e-6), np.maximum(size - hits, 0.0) + 1.0, share)
    return np.where(negative > 0, np.maximum(tail, _SMALLEST_P), 1.0)


def negative_binomial_lower_tail(observed: Ints, expected: Floats, dispersion: Floats) -> Floats:
    """Return P(X ≤ observed), at least 1e-300, for the same X and arguments as `negative_binomial_tail`: how improbable is so little?"""
    r = 1.0 / dispersion
    tail: Floats = np.maximum(betainc(r, observed + 1.0, r / (r + np.maximum(expected, 1e-12))), _SMALLEST_P)
    return tail


def interval(expected: float, dispersion: float, share: float = 0.9) -> tuple[float, float]:
    """Return the counts (low, high), in documents, of the middle `share` of windows, X as in `negative_binomial_tail`; 0 if unknown."""
    if expected <= 0 or dispersion <= 0:
        return 0.0, 0.0
    size = 1.0 / dispersion
    low, high = (_quantile(part, size, size / (size + expected)) for part in ((1 - share) / 2, (1 + share) / 2))
    return low, high


def _quantile(part: float, size: float, probability: float) -> float:
    """Return the least count that `part` of the windows do not exceed: `scipy.stats.nbinom.ppf`, which costs 46 MB to import."""
    found = float(np.ceil(nbdtrik(part, size, probability)))
    # nbdtrik is rounded: the count before may do
    return found - 1.0 if found >= 1.0 and betainc(size, found, probability) >= part else found


def intervals(expected: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Return (low, high) as `interval` does, in documents, with a share of 0.9; zeros where nothing is known."""
    size = 1.0 / np.maximum(dispersion, 1e-9)
    probability = size / (size + np.maximum(expected, 1e-6))
    low, high = (np.ceil(np.nan_to_num(nbdtrik(part, size, probability), nan=0.0, posinf=0.0, neginf=0.0)) for part in _MIDDLE)
    return np.maximum(low, 0.0), np.maximum(high, 0.0)


def upper_limit(expected: Floats, dispersion: Floats, p_value: float) -> Floats:
    """Return the counts, in documents and not rounded, beyond which a window is less probable than `p_value`."""
    size = 1.0 / dispersion
    found = nbdtrik(1.0 - p_value, size, size / (size + np.maximum(expected, 1e-6)))
    return np.nan_to_num(np.asarray(found, dtype=np.float64), nan=0.0, posinf=0.0)


def fisher_combined(count_p: Floats, share_p: Floats) -> Floats:
    """Return the p-value of a count and a share at once: Fisher's combination, with the count's part capped.

    −2 ln(p₁ p₂) is χ² with four degrees of freedom, so p = x (1 − ln x) for x = p₁ p₂ (Fisher 1932). However many documents there are, they
    count for no more than `_COUNT_P_FLOOR`: the rest must come from the share, because volume alone is not sentiment. Both must be unusual
    by themselves (`_MAX_SINGLE_P`), else 1.

    Args:
        count_p: p-values of counts, in (0, 1].
        share_p: p-values of shares, in (0, 1].
    """
    product = np.maximum(count_p, _COUNT_P_FLOOR) * share_p
    combined = product * (1.0 - np.log(product))
    return np.where((count_p <= _MAX_SINGLE_P) & (share_p <= _MAX_SINGLE_P), np.minimum(combined, 1.0), 1.0)
