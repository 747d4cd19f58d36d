"""The season of a baseline: how counts vary by the hour of the day and the type of day.

One season is common to all topics: a clock profile times a factor per day type, each shrunk by how often it was seen. A topic's own season
moves away from the common one as far as its counts can be believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Floats, Ints

HOURS: Final = 24
DAY_TYPES: Final = 3
"""Weekday, Saturday, Sunday."""
_EPOCH_WEEKDAY: Final = 3
"""1970-01-01 was a Thursday; Monday is 0."""
TINY: Final = 1e-9
"""In place of a denominator of 0."""
_SLOT_PRIOR_DAYS: Final = 1.0
"""A slot's own mean weighs as much as the estimate from its neighbours once it was seen on this many days."""
_DAY_PRIOR_HOURS: Final = 4.0
"""So many hours of a Saturday or Sunday must be seen before its own level outweighs 'like any other day'."""
_TOPIC_SEASON_VARIANCE: Final = 0.1
"""How much a topic's clock profile, and its day types, are thought to differ from the common ones (variance of the relative difference)."""
_SLOT_VARIANCE: Final = 0.25
"""Relative variance of the common season in a slot never seen."""
_NEIGHBOURS: Final = np.array(
    [[{1: 1.0, 2: 0.5}.get(min((i - j) % HOURS, (j - i) % HOURS), 0.0) for j in range(HOURS)] for i in range(HOURS)]
)
"""Weight of the neighbouring hours on the clock face in the estimate of an hour."""


def day_types(days: Ints) -> Ints:
    """Return 0 (weekday), 1 (Saturday) or 2 (Sunday) for each day since the epoch."""
    return np.clip((days + _EPOCH_WEEKDAY) % 7 - 4, 0, 2)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return the quotient of two arrays, whose denominator may be 0."""
    quotient: Floats = numerator / np.maximum(denominator, TINY)
    return quotient


def common_season(observed: Floats, expected: Floats, days: Floats) -> Floats:
    """Return the (DAY_TYPES, HOURS) season of all topics together: clock profile × day type, each shrunk by what was seen."""
    day_hours, seen = days.sum(1), days.sum(0)
    overall = observed.sum() / max(float(expected.sum()), TINY)
    factor = np.ones(DAY_TYPES)
    profile = np.ones(HOURS)
    for _ in range(3):
        hourly = ratio(observed.sum(0), (expected * factor[:, None]).sum(0))
        around = (_NEIGHBOURS @ (hourly * seen) + 0.25 * overall) / (_NEIGHBOURS @ seen + 0.25)
        profile = (seen * hourly + _SLOT_PRIOR_DAYS * around) / (seen + _SLOT_PRIOR_DAYS)
        factor = (day_hours * ratio(observed.sum(1), (expected * profile).sum(1)) + _DAY_PRIOR_HOURS) / (day_hours + _DAY_PRIOR_HOURS)
    prior = factor[:, None] * profile
    return (days * ratio(observed, expected) + _SLOT_PRIOR_DAYS * prior) / (days + _SLOT_PRIOR_DAYS)


@dataclass(frozen=True, slots=True)
class OwnSeason:
    """How a topic's season differs from the common one: (topics, DAY_TYPES, HOURS) factor, variance of its logarithm, and trust in it."""

    factor: Floats
    variance: Floats
    clock_trust: Floats
    day_trust: Floats


def own_season(observed: Floats, expected: Floats, days: Floats, dispersion: Floats) -> OwnSeason:
    """Return each topic's own clock profile × its own day types, each moved from the common one as far as its counts can be believed."""
    scatter = dispersion[:, None, None]
    clock_expected = expected.sum(1, keepdims=True)
    clock_trust = _trust(clock_expected, scatter / np.maximum(days.sum(0), TINY))
    clock = 1.0 + clock_trust * (ratio(observed.sum(1, keepdims=True), clock_expected) - 1.0)
    day_expected = (expected * clock).sum(2, keepdims=True)
    day_trust = _trust(day_expected, scatter / np.maximum(days.sum(1)[:, None], TINY))
    day = 1.0 + day_trust * (ratio(observed.sum(2, keepdims=True), day_expected) - 1.0)
    unknown = np.broadcast_to(1.0 - day_trust, (*day_trust.shape[:2], 1)) * np.array([1.0, 0.0, 0.0])[:, None]
    variance = _TOPIC_SEASON_VARIANCE * (1.0 - clock_trust + unknown)
    return OwnSeason(clock * day, variance, clock_trust, day_trust)


def _trust(expected: Floats, scatter: Floats) -> Floats:
    """Return in [0, 1) how far a ratio of counts can be believed."""
    trust: Floats = _TOPIC_SEASON_VARIANCE / (_TOPIC_SEASON_VARIANCE + 1.0 / np.maximum(expected, TINY) + scatter)
    return trust


def residual_variance(expected: Floats, own: OwnSeason, days: Floats) -> Floats:
    """Return (topics, DAY_TYPES, HOURS) the share of a count's variance left in its residual, because the fit follows the count.

    Without this the scatter of a short history would be mistaken for a season, and the dispersion would be 0.
    """
    part = ratio(expected, expected.sum(0))
    clock = (2.0 * own.clock_trust - own.clock_trust**2) / np.maximum(days.sum(0), 1.0)
    day = (2.0 * own.day_trust - own.day_trust**2) / np.maximum(days.sum(1)[:, None], 1.0)
    common = (1.0 - own.clock_trust) ** 2 * part / np.maximum(days, 1.0)
    left: Floats = np.maximum(1.0 - clock - day - common, 0.1)
    return left


def season_variance(days: Floats, scatter: float) -> Floats:
    """Return (DAY_TYPES, HOURS) how uncertain the common season is where little was seen of it: a normal mean's posterior variance.

    Weekends are quieter than weekdays, so a weekend not seen yet is expected too busy, which is safe. A weekday not seen yet is not safe.
    """
    seen = np.stack([days[0], days.sum(0), days.sum(0)])
    slot: Floats = _SLOT_VARIANCE * scatter / (scatter + _SLOT_VARIANCE * seen)
    slot[0] += (_DAY_PRIOR_HOURS / (_DAY_PRIOR_HOURS + days[0].sum())) ** 2
    return slot
