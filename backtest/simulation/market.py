"""Simulated markets with injected outbreaks, surges and turns of mood, after Noufaily et al. (2013) and Unkel et al. (2012).

A market is twenty series that share a season (hour of the day, quiet weekends) and differ in level, trend and dispersion. The number
of negative documents per bucket is negative binomial around that season; the other documents are drawn beside it. Outbreaks add negative
documents: their size is in standard deviations of the series' own count in an ordinary bucket of that hour, averaged over the length of
the outbreak. A surge multiplies everything that is published and leaves the mood as it is. A turn of mood changes the negative share and
leaves the volume.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from squall.alerts.detection.readings import Counts, Floats, Ints
from squall.backtest.simulation.scenarios import Scenario, ScenarioKind

BUCKET_MINUTES: Final = 5
DAY_BUCKETS: Final = 1440 // BUCKET_MINUTES
SERIES: Final = 20
HISTORY_DAYS: Final = 28
_START_DAY: Final = 20_517
"""2026-03-05, a Thursday."""
_SHARE: Final = 0.3
_MOOD_SIZE: Final = 100.0
"""The negative share of a bucket is beta distributed with these many pseudo-documents: documents resemble each other a little."""
_CALM_DAYS: Final = 5
"""One event per series in each of these."""


@dataclass(frozen=True, slots=True)
class Market:
    """A simulated market.

    Attributes:
        counts: documents per series and minute; a bucket's stand in its first minute.
        calm: the same without the events to find: the false alarms of a detector are counted on it.
        judged_from: bucket at which the history ends.
        events: (row, first bucket, buckets) of each event after it.
    """

    counts: Counts
    calm: Counts
    judged_from: int
    events: tuple[tuple[int, int, int], ...]


def simulate(scenario: Scenario, seed: int, days: int = 30) -> Market:
    """Return a market with `HISTORY_DAYS` of history and `days` to judge."""
    rng = np.random.default_rng([seed, *scenario.name.encode()])
    buckets = (HISTORY_DAYS + days) * DAY_BUCKETS
    levels = np.geomspace(*scenario.levels, SERIES)[:, None]
    mean = levels * _season(buckets, scenario.weekend) * (1.0 + scenario.trend * np.arange(buckets) / (30 * DAY_BUCKETS))
    total = rng.poisson(mean / _SHARE * rng.gamma(1.0 / scenario.dispersion, scenario.dispersion, mean.shape))
    mood = rng.beta(_SHARE * _MOOD_SIZE, (1.0 - _SHARE) * _MOOD_SIZE, mean.shape)
    negative = rng.binomial(total, mood)
    volume = total - negative
    deviation = np.sqrt(mean + scenario.dispersion * mean**2)
    judged_from = HISTORY_DAYS * DAY_BUCKETS
    events = _events(rng, 0 if scenario.polluted else judged_from, buckets, scenario.minutes // BUCKET_MINUTES)
    calm = _Documents(negative, volume)
    history = [event for event in events if event[1] < judged_from]
    judged = [event for event in events if event[1] >= judged_from]
    _inject(rng, scenario, calm, history, mean, deviation)
    eventful = _Documents(negative.copy(), volume.copy())
    _inject(rng, scenario, eventful, judged, mean, deviation)
    return Market(_counts(eventful), _counts(calm), judged_from, tuple(judged))


@dataclass(frozen=True, slots=True)
class _Documents:
    """(series, buckets) each."""

    negative: Ints
    other: Ints


def _inject(
    rng: np.random.Generator, scenario: Scenario, into: _Documents, events: list[tuple[int, int, int]], mean: Floats, deviation: Floats
) -> None:
    for row, first, length in events:
        span = slice(first, first + length)
        _INJECT[scenario.kind](rng, scenario, into.negative[row, span], into.other[row, span], mean[row, span], deviation[row, span])


def _season(buckets: int, weekend: float) -> Floats:
    """Return the factor of each bucket: two humps in the day, quiet weekends; about 1 on a weekday's average."""
    index = np.arange(buckets)
    clock = index % DAY_BUCKETS / DAY_BUCKETS
    day = (index // DAY_BUCKETS + _START_DAY + 3) % 7
    profile = 0.35 + np.exp(-(((clock - 0.58) / 0.16) ** 2)) + 0.5 * np.exp(-(((clock - 0.33) / 0.08) ** 2))
    season: Floats = profile / 0.78 * np.where(day >= 5, weekend, 1.0)
    return season


def _events(rng: np.random.Generator, begin: int, end: int, length: int) -> list[tuple[int, int, int]]:
    """Return one event per series in each stretch of `_CALM_DAYS`, far enough from its edges that two never meet."""
    stretch = _CALM_DAYS * DAY_BUCKETS
    return [
        (row, first + int(rng.integers(DAY_BUCKETS, stretch - DAY_BUCKETS - length)), length)
        for row in range(SERIES)
        for first in range(begin, end - stretch + 1, stretch)
    ]


def _outbreak(rng: np.random.Generator, scenario: Scenario, negative: Ints, _other: Ints, _mean: Floats, deviation: Floats) -> None:
    place = (np.arange(negative.size) + 0.5) / negative.size
    form = {"step": np.ones_like(place), "ramp": 2.0 * place, "decay": np.exp(-3.0 * place) * 3.0 / (1.0 - np.exp(-3.0))}[scenario.shape]
    negative += rng.poisson(scenario.size * deviation * form)


def _surge(rng: np.random.Generator, scenario: Scenario, negative: Ints, other: Ints, mean: Floats, _deviation: Floats) -> None:
    extra = (scenario.size - 1.0) * mean
    negative += rng.poisson(extra)
    other += rng.poisson(extra * (1.0 - _SHARE) / _SHARE)


def _turn(rng: np.random.Generator, scenario: Scenario, negative: Ints, other: Ints, _mean: Floats, _deviation: Floats) -> None:
    share = (scenario.size - 1.0) * _SHARE / (1.0 - _SHARE)
    moved = rng.binomial(other, share)
    negative += moved
    other -= moved


_INJECT: Final[dict[ScenarioKind, Callable[[np.random.Generator, Scenario, Ints, Ints, Floats, Floats], None]]] = {
    "outbreak": _outbreak,
    "surge": _surge,
    "turn": _turn,
}


def _counts(documents: _Documents) -> Counts:
    def minutes(values: Ints) -> Ints:
        spread = np.zeros((*values.shape, BUCKET_MINUTES), dtype=np.int64)
        spread[:, :, 0] = values
        return spread.reshape(values.shape[0], -1)

    names = tuple(f"series {row}" for row in range(SERIES))
    return Counts(names, _START_DAY * 1440, minutes(documents.negative), minutes(documents.negative + documents.other))
