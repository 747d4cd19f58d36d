"""When the synthetic stream has texts, on which topic and with which sentiment: daily rhythm, chance, a crisis and a surge."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

DAILY = 2_420
"""Originals of an ordinary day; copies, noise, the surge and the crisis come on top."""
UNEVENNESS = 18.0
"""Shape of the gamma factor of every topic and hour: the count's spread beyond Poisson's is 1/shape of its square."""


@dataclass(frozen=True, slots=True)
class TopicRate:
    """The share of a topic in the stream, its shares of sentiment, and the hours by which its daily rhythm is shifted."""

    weight: float
    negative: float
    positive: float
    shift: float = 0.0


RATES: dict[str, TopicRate] = {
    "Analyst Update": TopicRate(4.0, 0.22, 0.24, -1),
    "Fed | Central Banks": TopicRate(6.0, 0.12, 0.06, 1),
    "Company | Product News": TopicRate(12.5, 0.07, 0.08),
    "Treasuries | Corporate Debt": TopicRate(3.5, 0.14, 0.08),
    "Dividend": TopicRate(3.5, 0.04, 0.16, 1),
    "Earnings": TopicRate(7.0, 0.10, 0.12),
    "Energy | Oil": TopicRate(5.0, 0.20, 0.16, -1),
    "Financials": TopicRate(5.5, 0.24, 0.34),
    "Currencies": TopicRate(3.5, 0.18, 0.14, -2),
    "General News | Opinion": TopicRate(9.0, 0.13, 0.05),
    "Gold | Metals | Materials": TopicRate(3.0, 0.18, 0.16, -1),
    "IPO": TopicRate(2.0, 0.14, 0.14),
    "Legal | Regulation": TopicRate(5.0, 0.18, 0.06, 1),
    "M&A | Investments": TopicRate(5.0, 0.08, 0.10),
    "Macro": TopicRate(8.5, 0.18, 0.14, -1),
    "Markets": TopicRate(5.0, 0.24, 0.22, 1),
    "Politics": TopicRate(4.5, 0.12, 0.04),
    "Personnel Change": TopicRate(4.0, 0.05, 0.03),
    "Stock Commentary": TopicRate(9.0, 0.13, 0.16, 2),
    "Stock Movement": TopicRate(7.5, 0.32, 0.36, 1),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One original text to be written."""

    at: datetime
    topic: str
    sentiment: str


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of time with `documents` texts about one event (copies not counted)."""

    start: datetime
    end: datetime
    documents: int


def rhythm(hour: float) -> float:
    """Return the relative intensity at `hour` of the day (UTC): a European and an American working day over a quiet night."""
    europe = 0.9 * math.exp(-(((hour - 9.5) / 2.6) ** 2) / 2)
    america = 1.1 * math.exp(-(((hour - 15.5) / 2.6) ** 2) / 2)
    return 0.16 + europe + america


_DAY = sum(rhythm(hour + 0.5) for hour in range(24))


def poisson(rng: random.Random, mean: float) -> int:
    """Return a Poisson count, by waiting times; `random.Random` has none."""
    count, waited = 0, rng.expovariate(1.0)
    while waited < mean:
        count += 1
        waited += rng.expovariate(1.0)
    return count


def ordinary(rng: random.Random, start: datetime, days: int) -> Iterator[Slot]:
    """Yield the ordinary texts of `days` days, unsorted."""
    total = sum(rate.weight for rate in RATES.values())
    for topic, rate in RATES.items():
        for hour in range(days * 24):
            share = rhythm((hour + 0.5 - rate.shift) % 24) / _DAY
            uneven = rng.gammavariate(UNEVENNESS, 1 / UNEVENNESS)
            for _ in range(poisson(rng, DAILY * rate.weight / total * share * uneven)):
                yield Slot(start + timedelta(hours=hour, seconds=rng.uniform(0, 3600)), topic, _sentiment(rng, rate))


def _sentiment(rng: random.Random, rate: TopicRate) -> str:
    drawn = rng.random()
    if drawn < rate.negative:
        return "negative"
    return "positive" if drawn < rate.negative + rate.positive else "neutral"


def crisis(start: datetime) -> Episode:
    """Return the crisis: day 3, 13:00 to 17:00."""
    return Episode(start + timedelta(days=2, hours=13), start + timedelta(days=2, hours=17), 330)


def surge(start: datetime) -> Episode:
    """Return the surge: day 2, 14:00 to 17:00, about five times the topic's usual volume."""
    return Episode(start + timedelta(days=1, hours=14), start + timedelta(days=1, hours=17), 330)


def crisis_times(rng: random.Random, episode: Episode) -> Iterator[datetime]:
    """Yield the times of the texts about the crisis: few at first, a peak in the middle, then fewer."""
    for _ in range(episode.documents):
        yield episode.start + rng.betavariate(2.6, 2.4) * (episode.end - episode.start)


def surge_times(rng: random.Random, episode: Episode) -> Iterator[datetime]:
    """Yield the times of the texts about the surge: evenly, fewer at both ends."""
    for _ in range(episode.documents):
        yield episode.start + rng.betavariate(1.2, 1.2) * (episode.end - episode.start)
