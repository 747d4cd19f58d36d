"""Contestants timed in turns, so that a busy neighbour slows all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

Score = Callable[[Sequence[str]], object]
Clock = Callable[[], float]


@dataclass
class Contestant:
    """Something that scores texts, and what was measured of it.

    Args:
        name: for people and programs.
        kind: `base_pipelines` (a), `small_pipelines` (b) or `engine` (c).
        score: scores all texts it is given, and returns when they are done.
        least: texts below which it isn't itself: its batch size.
        rates: texts per second, a number per round.
    """

    name: str
    kind: str
    score: Score
    least: int = 1
    rates: list[float] = field(default_factory=list)

    @property
    def texts_per_second(self) -> float:
        """The median over the rounds."""
        return median(self.rates)


def spread(texts: Sequence[str], count: int) -> list[str]:
    """Return `count` of the texts, evenly spaced; all of them, repeated, if there are fewer."""
    if count <= len(texts):
        return [texts[position * len(texts) // count] for position in range(count)]
    return [texts[position % len(texts)] for position in range(count)]


def fitting_count(contestant: Contestant, texts: Sequence[str], seconds: float, clock: Clock) -> int:
    """Return how many texts the contestant scores in about `seconds`: a multiple of its batch size, up to the texts there are."""
    sample = spread(texts, max(contestant.least, 8))
    contestant.score(sample)  # first calls allocate and generate code
    started = clock()
    contestant.score(sample)
    rate = len(sample) / max(clock() - started, 1e-6)
    count = int(min(rate * seconds, len(texts)))
    return max(contestant.least, count - count % contestant.least)


def run_rounds(
    contestants: Sequence[Contestant], texts: Sequence[str], rounds: int, seconds: float, clock: Clock, step: Callable[[str], None]
) -> None:
    """Fill in the contestants' rates: A B C, A B C, …

    Args:
        contestants: in the order of their turns.
        texts: what they score; each takes an even sample of as many as it manages in its turn.
        rounds: turns of each.
        seconds: length of a turn, about.
        clock: monotonic seconds.
        step: is told the contestant's name after each turn.
    """
    samples = [spread(texts, fitting_count(contestant, texts, seconds, clock)) for contestant in contestants]
    for _ in range(rounds):
        for contestant, sample in zip(contestants, samples, strict=True):
            started = clock()
            contestant.score(sample)
            contestant.rates.append(len(sample) / max(clock() - started, 1e-6))
            step(contestant.name)


def latencies(score: Score, texts: Sequence[str], size: int, calls: int, clock: Clock) -> dict[str, float]:
    """Return p50 and p99 milliseconds of `calls` calls with `size` texts each, after one that doesn't count."""
    score(spread(texts, size))
    found = []
    for call in range(calls):
        batch = [texts[(call * size + position) % len(texts)] for position in range(size)]
        started = clock()
        score(batch)
        found.append((clock() - started) * 1000)
    return {"p50_ms": float(np.percentile(found, 50)), "p99_ms": float(np.percentile(found, 99))}
