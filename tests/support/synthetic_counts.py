"""Seasonal, overdispersed counts with known spikes, for the detector's tests."""

from datetime import UTC, datetime

import numpy as np

from squall.alerts.detection.readings import Counts

MONDAY = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) // 60
DAY = 1440


def season(minutes, weekend=0.25):
    clock = minutes % DAY
    day = (minutes // DAY + 3) % 7
    return (0.3 + 0.7 * np.exp(-(((clock - 840) / 240) ** 2))) * np.where(day >= 5, weekend, 1.0)


def simulate(seed, days, topics=4, negative_per_hour=6.0, neutral_per_hour=24.0, dispersion=0.1, start=MONDAY, weekend=0.25):
    """Return counts of `days`; each hour's rate is gamma distributed with variance `dispersion`."""
    rng = np.random.default_rng(seed)
    minutes = np.arange(start, start + days * DAY)
    shape = season(minutes, weekend)

    def draw(rate):
        mood = rng.gamma(1 / dispersion, dispersion, (topics, days * 24)) if dispersion else np.ones((topics, days * 24))
        return rng.poisson(rate / 60 * shape * np.repeat(mood, 60, axis=1))

    negative = draw(negative_per_hour)
    return Counts(tuple(f"T{i}" for i in range(topics)), start, negative, negative + draw(neutral_per_hour))


def with_burst(counts, topic, begin, minutes, extra, negative=True, seed=1):
    """Return `counts` with `extra` more documents in `minutes` from minute `begin` after the start."""
    rng = np.random.default_rng(seed)
    more = rng.multinomial(extra, np.ones(minutes) / minutes)
    neg, total = counts.negative.copy(), counts.total.copy()
    total[topic, begin : begin + minutes] += more
    if negative:
        neg[topic, begin : begin + minutes] += more
    return Counts(counts.topics, counts.start, neg, total)
