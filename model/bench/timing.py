"""Times candidates in interleaved rounds, so that other load on the machine slows all of them alike, and latencies of single calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

Score = Callable[[Sequence[str]], object]
Clock = Callable[[], float]


@dataclass
class Candidate:
    """Something that scores texts, and its measured rates.

    Args:
        name: in the table and in the JSON.
        kind: `base_pipelines` (a), `small_pipelines` (b) or `engine` (c).
        score: scores all texts it is given, and returns when they are done.
        least: fewest texts it scores at once: its batch size.
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


def fitting_count(candidate: Candidate, texts: Sequence[str], seconds: float, clock: Clock) -> int:
    """Return how many texts the candidate scores in about `seconds`: a multiple of its batch size, up to the texts there are."""
    sample = spread(texts, max(candidate.least, 8))
    candidate.score(sample)  # first calls allocate and generate code
    started = clock()
    candidate.score(sample)
    rate = len(sample) / max(clock() - started, 1e-6)
    count = int(min(rate * seconds, len(texts)))
    return max(candidate.least, count - count % candidate.least)


def run_rounds(
    candidates: Sequence[Candidate], texts: Sequence[str], rounds: int, seconds: float, clock: Clock, step: Callable[[str], None]
) -> None:
    """Fill in the candidates' rates: A B C, A B C, …

    Args:
        candidates: in the order of their turns.
        texts: what they score; each takes an even sample of as many as it manages in its turn.
        rounds: turns of each.
        seconds: length of a turn, about.
        clock: monotonic seconds.
        step: receives the candidate's name after each turn.
    """
    samples = [spread(texts, fitting_count(candidate, texts, seconds, clock)) for candidate in candidates]
    for _ in range(rounds):
        for candidate, sample in zip(candidates, samples, strict=True):
            started = clock()
            candidate.score(sample)
            candidate.rates.append(len(sample) / max(clock() - started, 1e-6))
            step(candidate.name)


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
