"""What history explains: a robust, seasonal, overdispersed model of hourly counts, fitted on one stretch of history.

For topic i in hour h the expected count is ``level_i · season_i(slot of h)``. A slot is an hour of the day on a weekday, a Saturday or a
Sunday. Little history goes far because everything is pooled and shrunk: the season is common to all topics until a topic has enough counts
to show its own, a slot leans on its neighbours and on the other days until it was seen often enough, and a day type not yet seen takes the
profile of the others. Past spikes are down-weighted by their Anscombe residuals as in Farrington et al. (1996) and Noufaily et al. (2013),
and old hours fade, so that a lasting change of level becomes the new normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Floats, Ints
from squall.alerts.detection.season import DAY_TYPES, HOURS, TINY, common_season, own_season, ratio, residual_variance, season_variance

HALF_LIFE_DAYS: Final = 10.0
"""An hour this old counts half: long enough for a season, short enough to follow a new level."""
_ROUNDS: Final = 4
"""Re-weighting rounds; weights are stable by then."""
_OUTLIER: Final = 2.58
"""Farrington's residual beyond which a past hour is a spike and counts less."""
_SLOT_SCATTER: Final = 0.0625
_SLOT_SCATTER_HOURS: Final = 48.0
"""Relative variance of all topics together around the common season before data, and its weight in hours."""
_DISPERSION_PRIOR: Final = 0.15
_DISPERSION_PRIOR_WEIGHT: Final = 200.0
"""Common dispersion before data, and its weight in squared expected counts."""
_TOPIC_DISPERSION_WEIGHT: Final = 400.0
"""Weight of the common dispersion in a topic's own, in squared expected counts."""
_DISPERSION_RANGE: Final = (0.003, 5.0)
_LEVEL_PRIOR_HOURS: Final = 4.0
"""Weight of the average topic's level in a topic's own, in hours."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the hours to come should bring.

    Attributes:
        rate: (topics, DAY_TYPES, HOURS) expected count per hour.
        uncertainty: (topics, DAY_TYPES, HOURS) relative variance of the estimate of `rate`; added to the dispersion when predicting.
    """

    rate: Floats
    uncertainty: Floats


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted model of hourly counts.

    Attributes:
        expectation: of other hours.
        weights: (topics, days, HOURS) what each hour of history counted; 0 where nothing was observed.
        fitted: (topics, days, HOURS) expected count of each hour of history.
        residual_variance: (topics, days, HOURS) the share of each count's variance that the fit left in its residual.
    """

    expectation: Expectation
    weights: Floats
    fitted: Floats
    residual_variance: Floats


def recency(ages: Floats) -> Floats:
    """Return the weights, in (0, 1] and of the shape of `ages`, of hours that lie `ages` hours back: halved every `HALF_LIFE_DAYS` days."""
    weights: Floats = np.exp2(-np.maximum(ages, 0.0) / (HALF_LIFE_DAYS * HOURS))
    return weights


def fit(counts: Floats, trust: Floats, kinds: Ints) -> Baseline:
    """Fit the model.

    Args:
        counts: (topics, days, HOURS) counts of whole hours.
        trust: (days, HOURS) weight of each hour, 0 for hours that count for nothing: not observed, or outside of the history.
        kinds: (days,) from `day_types`.
    """
    onehot = np.equal.outer(kinds, np.arange(DAY_TYPES)).astype(np.float64)
    days = np.einsum("dh,dk->kh", trust, onehot)
    inliers = np.ones_like(counts)
    season = np.ones((counts.shape[0], DAY_TYPES, HOURS))
    dispersion = np.full(counts.shape[0], _DISPERSION_PRIOR)
    powered = counts ** (2 / 3)
    for attempt in range(_ROUNDS):
        weights = trust * inliers
        values = counts if attempt else _winsorised(counts, trust)  # a spike must not be taken for season before it is weighed down
        observed = np.einsum("tdh,dk->tkh", weights * values, onehot)
        exposure = np.einsum("tdh,dk->tkh", weights, onehot)
        expected = exposure * _level(observed, exposure * season)[:, None, None]
        common = common_season(observed.sum(0), expected.sum(0), days)
        own = own_season(observed, expected * common, days, dispersion)
        season = common * own.factor
        level = _level(observed, exposure * season)
        fitted = level[:, None, None] * season[:, kinds, :]
        inliers = _inlier_weights(powered, fitted, dispersion)
        left = residual_variance(expected, own, days)[:, kinds, :]
        dispersion = _dispersion(counts, fitted, trust * inliers**2, left)
    weights = trust * inliers
    seen = (weights * counts).sum((1, 2))
    uncertainty = own.variance + season_variance(days, _common_scatter(counts, fitted, weights)) + 1.0 / (seen + 1.0)[:, None, None]
    return Baseline(Expectation(level[:, None, None] * season, uncertainty), weights, fitted, left)


def window_dispersion(counts: Floats, trust: Floats, model: Baseline, window_minutes: int) -> Floats:
    """Return (topics,) α of windows of this length.

    Hours scatter more than half days do, but less than if neighbouring hours were independent: news comes in stories. So α is measured on
    windows of the length that is judged, over history, at every hour. Past spikes count as little here as in the fit. Windows shorter
    than an hour get the α of hours, grown as for independent pieces.
    """
    length = max(round(window_minutes / 60), 1)
    shape = (counts.shape[0], -1)
    inliers = ratio(model.weights, np.broadcast_to(trust, counts.shape))
    residual = (inliers * (counts - model.fitted) / np.sqrt(model.residual_variance)).reshape(shape)
    whole = _rolling((trust > 0).reshape(1, -1).astype(np.float64), length) >= length
    expected = _rolling(model.fitted.reshape(shape), length)
    weights = trust.reshape(1, -1) * whole
    excess = (weights * (_rolling(residual, length) ** 2 - expected)).sum(1)
    alpha: Floats = _shrunk_dispersion(excess, (weights * expected**2).sum(1)) / min(window_minutes / 60, 1.0)
    return alpha


def _rolling(hourly: Floats, length: int) -> Floats:
    """Return, for each hour, the sum of the `length` hours that end with it."""
    sums = np.cumsum(np.pad(hourly, ((0, 0), (length, 0))), axis=1)
    rolled: Floats = sums[:, length:] - sums[:, :-length]
    return rolled


def _winsorised(counts: Floats, trust: Floats) -> Floats:
    """Return the counts cut to what a topic without any season would hardly exceed."""
    level = ratio((trust * counts).sum((1, 2)), np.full(counts.shape[0], trust.sum()))[:, None, None]
    return np.minimum(counts, level + 4.0 * np.sqrt(level * (1.0 + _DISPERSION_PRIOR * level)))


def _level(observed: Floats, exposure: Floats) -> Floats:
    """Return the (topics,) count per ordinary hour, shrunk to that of an average topic so that silence is not taken for impossibility."""
    counts, hours = observed.sum((1, 2)), exposure.sum((1, 2))
    average = counts.sum() / max(float(hours.sum()), TINY)
    level: Floats = (counts + _LEVEL_PRIOR_HOURS * average) / (hours + _LEVEL_PRIOR_HOURS)
    return level


def _common_scatter(counts: Floats, fitted: Floats, weights: Floats) -> float:
    """Return the relative variance of all topics' sum around what was fitted, beyond chance, by moments: what moves all of them at once."""
    seen = weights.mean(0)
    total, expected = counts.sum(0), fitted.sum(0)
    square = seen * expected**2
    excess = float((seen * ((total - expected) ** 2 - expected)).sum())
    prior = _SLOT_SCATTER_HOURS * float(square.sum()) / max(float(seen.sum()), TINY)
    return max((excess + _SLOT_SCATTER * prior) / max(float(square.sum()) + prior, TINY), 1e-3)


def _dispersion(counts: Floats, fitted: Floats, weights: Floats, left: Floats) -> Floats:
    """Return (topics,) α of hours by weighted moments."""
    excess = (weights * ((counts - fitted) ** 2 / left - fitted)).sum((1, 2))
    return _shrunk_dispersion(excess, (weights * fitted**2).sum((1, 2)))


def _shrunk_dispersion(excess: Floats, weight: Floats) -> Floats:
    """Return (topics,) α = excess / weight, shrunk to the topics' common one, and that to what is usual."""
    common = (excess.sum() + _DISPERSION_PRIOR * _DISPERSION_PRIOR_WEIGHT) / (weight.sum() + _DISPERSION_PRIOR_WEIGHT)
    common = min(max(float(common), _DISPERSION_RANGE[0]), _DISPERSION_RANGE[1])
    own = (excess + common * _TOPIC_DISPERSION_WEIGHT) / (weight + _TOPIC_DISPERSION_WEIGHT)
    alpha: Floats = np.clip(own, *_DISPERSION_RANGE)
    return alpha


def _inlier_weights(powered: Floats, fitted: Floats, dispersion: Floats) -> Floats:
    """Return weights in (0, 1]: 1 up to a residual of `_OUTLIER`, then falling with its square; quiet hours keep 1."""
    safe = np.maximum(fitted, 1e-3)
    root = np.cbrt(safe)
    residual = 1.5 * (powered - root * root) / np.sqrt(root * (1.0 + dispersion[:, None, None] * safe))
    weights: Floats = (_OUTLIER / np.maximum(residual, _OUTLIER)) ** 2
    return weights
