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
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOURS: Final = 24
DAY_TYPES: Final = 3
"""Weekday, Saturday, Sunday."""
_EPOCH_WEEKDAY: Final = 3
"""1970-01-01 was a Thursday; Monday is 0."""

HALF_LIFE_DAYS: Final = 10.0
"""An hour this old counts half: long enough for a season, short enough to follow a new level."""
_ROUNDS: Final = 4
"""Re-weighting rounds; weights are stable by then."""
_OUTLIER: Final = 2.58
"""Farrington's residual beyond which a past hour is a spike and counts less."""
_SLOT_PRIOR_DAYS: Final = 1.0
"""A slot's own mean weighs as much as what its neighbours say once it was seen on this many days."""
_DAY_PRIOR_HOURS: Final = 4.0
"""So many hours of a Saturday or Sunday must be seen before its own level outweighs 'like any other day'."""
_TOPIC_SEASON_VARIANCE: Final = 0.1
"""How much a topic's clock profile, and its day types, are thought to differ from the common ones (variance of the relative difference)."""
_SLOT_VARIANCE: Final = 0.25
"""Relative variance of the common season in a slot never seen."""
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
_NEIGHBOURS: Final = np.array(
    [[{1: 1.0, 2: 0.5}.get(min((i - j) % HOURS, (j - i) % HOURS), 0.0) for j in range(HOURS)] for i in range(HOURS)]
)
"""How much the hours around one on the clock face say about it."""
_TINY: Final = 1e-9


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
        expectation: what it says about other hours.
        weights: (topics, days, HOURS) what each hour of history counted; 0 where nothing was observed.
        fitted: (topics, days, HOURS) expected count of each hour of history.
        kept: (topics, days, HOURS) the share of each count's variance that the fit left in its residual.
    """

    expectation: Expectation
    weights: Floats
    fitted: Floats
    kept: Floats


def day_types(days: Ints) -> Ints:
    """Return 0 (weekday), 1 (Saturday) or 2 (Sunday) for each day since the epoch."""
    return np.clip((days + _EPOCH_WEEKDAY) % 7 - 4, 0, 2)


def recency(ages: Floats) -> Floats:
    """Return the weight of hours that lie `ages` hours back."""
    weights: Floats = np.exp2(-np.maximum(ages, 0.0) / (HALF_LIFE_DAYS * HOURS))
    return weights


def fit(counts: Floats, trust: Floats, kinds: Ints) -> Baseline:
    """Fit the model.

    Args:
        counts: (topics, days, HOURS) counts of whole hours.
        trust: (days, HOURS) weight of each hour, 0 for hours that say nothing: not observed, or outside of the history.
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
        common = _common_season(observed.sum(0), expected.sum(0), days)
        own = _own_season(observed, expected * common, days, dispersion)
        season = common * own.factor
        level = _level(observed, exposure * season)
        fitted = level[:, None, None] * season[:, kinds, :]
        inliers = _inlier_weights(powered, fitted, dispersion)
        kept = _kept_variance(expected, own, days)[:, kinds, :]
        dispersion = _dispersion(counts, fitted, trust * inliers**2, kept)
    weights = trust * inliers
    seen = (weights * counts).sum((1, 2))
    uncertainty = own.variance + _season_variance(days, _common_scatter(counts, fitted, weights)) + 1.0 / (seen + 1.0)[:, None, None]
    return Baseline(Expectation(level[:, None, None] * season, uncertainty), weights, fitted, kept)


def window_dispersion(counts: Floats, trust: Floats, model: Baseline, window_minutes: int) -> Floats:
    """Return (topics,) α of windows of this length.

    Hours scatter more than half days do, but less than if neighbouring hours were independent: news comes in stories. So α is measured on
    windows of the length that is judged, over history, at every hour. Past spikes count as little here as in the fit. Windows shorter
    than an hour get the α of hours, grown as for independent pieces.
    """
    length = max(round(window_minutes / 60), 1)
    shape = (counts.shape[0], -1)
    inliers = _ratio(model.weights, np.broadcast_to(trust, counts.shape))
    residual = (inliers * (counts - model.fitted) / np.sqrt(model.kept)).reshape(shape)
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


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    ratio: Floats = numerator / np.maximum(denominator, _TINY)
    return ratio


def _winsorised(counts: Floats, trust: Floats) -> Floats:
    """Return the counts cut to what a topic without any season would hardly exceed."""
    level = _ratio((trust * counts).sum((1, 2)), np.full(counts.shape[0], trust.sum()))[:, None, None]
    return np.minimum(counts, level + 4.0 * np.sqrt(level * (1.0 + _DISPERSION_PRIOR * level)))


def _level(observed: Floats, exposure: Floats) -> Floats:
    """Return the (topics,) count per ordinary hour, shrunk to that of an average topic so that silence is not taken for impossibility."""
    counts, hours = observed.sum((1, 2)), exposure.sum((1, 2))
    average = counts.sum() / max(float(hours.sum()), _TINY)
    level: Floats = (counts + _LEVEL_PRIOR_HOURS * average) / (hours + _LEVEL_PRIOR_HOURS)
    return level


def _common_season(observed: Floats, expected: Floats, days: Floats) -> Floats:
    """Return the (DAY_TYPES, HOURS) season of all topics together: clock profile × day type, each shrunk by what was seen."""
    day_hours, seen = days.sum(1), days.sum(0)
    overall = observed.sum() / max(float(expected.sum()), _TINY)
    ratio = np.ones(DAY_TYPES)
    profile = np.ones(HOURS)
    for _ in range(3):
        hourly = _ratio(observed.sum(0), (expected * ratio[:, None]).sum(0))
        around = (_NEIGHBOURS @ (hourly * seen) + 0.25 * overall) / (_NEIGHBOURS @ seen + 0.25)
        profile = (seen * hourly + _SLOT_PRIOR_DAYS * around) / (seen + _SLOT_PRIOR_DAYS)
        ratio = (day_hours * _ratio(observed.sum(1), (expected * profile).sum(1)) + _DAY_PRIOR_HOURS) / (day_hours + _DAY_PRIOR_HOURS)
    prior = ratio[:, None] * profile
    return (days * _ratio(observed, expected) + _SLOT_PRIOR_DAYS * prior) / (days + _SLOT_PRIOR_DAYS)


@dataclass(frozen=True, slots=True)
class _OwnSeason:
    """How a topic's season differs from the common one: (topics, DAY_TYPES, HOURS) factor, variance of its logarithm, and trust in it."""

    factor: Floats
    variance: Floats
    clock_trust: Floats
    day_trust: Floats


def _own_season(observed: Floats, expected: Floats, days: Floats, dispersion: Floats) -> _OwnSeason:
    """Return each topic's own clock profile × its own day types, each moved from the common one as far as its counts can be believed."""
    scatter = dispersion[:, None, None]
    clock_expected = expected.sum(1, keepdims=True)
    clock_trust = _trust(clock_expected, scatter / np.maximum(days.sum(0), _TINY))
    clock = 1.0 + clock_trust * (_ratio(observed.sum(1, keepdims=True), clock_expected) - 1.0)
    day_expected = (expected * clock).sum(2, keepdims=True)
    day_trust = _trust(day_expected, scatter / np.maximum(days.sum(1)[:, None], _TINY))
    day = 1.0 + day_trust * (_ratio(observed.sum(2, keepdims=True), day_expected) - 1.0)
    unknown = np.broadcast_to(1.0 - day_trust, (*day_trust.shape[:2], 1)) * np.array([1.0, 0.0, 0.0])[:, None]
    variance = _TOPIC_SEASON_VARIANCE * (1.0 - clock_trust + unknown)
    return _OwnSeason(clock * day, variance, clock_trust, day_trust)


def _trust(expected: Floats, scatter: Floats) -> Floats:
    """Return in [0, 1) how far a ratio of counts can be believed."""
    trust: Floats = _TOPIC_SEASON_VARIANCE / (_TOPIC_SEASON_VARIANCE + 1.0 / np.maximum(expected, _TINY) + scatter)
    return trust


def _kept_variance(expected: Floats, own: _OwnSeason, days: Floats) -> Floats:
    """Return (topics, DAY_TYPES, HOURS) the share of a count's variance that is left in its residual, because it was itself fitted to.

    Without this the scatter of a short history is taken for season, and the dispersion for nothing.
    """
    part = _ratio(expected, expected.sum(0))
    clock = (2.0 * own.clock_trust - own.clock_trust**2) / np.maximum(days.sum(0), 1.0)
    day = (2.0 * own.day_trust - own.day_trust**2) / np.maximum(days.sum(1)[:, None], 1.0)
    common = (1.0 - own.clock_trust) ** 2 * part / np.maximum(days, 1.0)
    kept: Floats = np.maximum(1.0 - clock - day - common, 0.1)
    return kept


def _season_variance(days: Floats, scatter: float) -> Floats:
    """Return (DAY_TYPES, HOURS) how uncertain the common season is where little was seen of it: a normal mean's posterior variance.

    Weekends are quieter than weekdays, so a weekend not seen yet is expected too busy, which is safe. A weekday not seen yet is not safe.
    """
    seen = np.stack([days[0], days.sum(0), days.sum(0)])
    slot: Floats = _SLOT_VARIANCE * scatter / (scatter + _SLOT_VARIANCE * seen)
    slot[0] += (_DAY_PRIOR_HOURS / (_DAY_PRIOR_HOURS + days[0].sum())) ** 2
    return slot


def _common_scatter(counts: Floats, fitted: Floats, weights: Floats) -> float:
    """Return the relative variance of all topics' sum around what was fitted, beyond chance, by moments: what moves all of them at once."""
    seen = weights.mean(0)
    total, expected = counts.sum(0), fitted.sum(0)
    square = seen * expected**2
    excess = float((seen * ((total - expected) ** 2 - expected)).sum())
    prior = _SLOT_SCATTER_HOURS * float(square.sum()) / max(float(seen.sum()), _TINY)
    return max((excess + _SLOT_SCATTER * prior) / max(float(square.sum()) + prior, _TINY), 1e-3)


def _dispersion(counts: Floats, fitted: Floats, weights: Floats, kept: Floats) -> Floats:
    """Return (topics,) α of hours by weighted moments."""
    excess = (weights * ((counts - fitted) ** 2 / kept - fitted)).sum((1, 2))
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
