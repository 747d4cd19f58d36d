"""Notes when documents are stored, and how old they are by then."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from squall.core.batch_report import BatchReport
from squall.core.clock import Clock


@dataclass(frozen=True)
class Latency:
    """Seconds from publication to storage."""

    p50: float
    p99: float
    documents: int


class Recorder:
    """Receives the report of each micro-batch; sets `done` once `documents` are stored. Thread-safe.

    Args:
        documents: how many will come.
        clock: times the reports.
        done: set at the last one.
    """

    def __init__(self, documents: int, clock: Clock, done: threading.Event) -> None:
        self._documents = documents
        self._clock = clock
        self._done = done
        self._stored: list[tuple[float, int]] = []
        self._ages: list[float] = []

    @property
    def stored(self) -> int:
        """Number of documents stored so far."""
        return sum(documents for _, documents in self._stored)

    def add_batch(self, report: BatchReport) -> None:
        """Note one micro-batch."""
        self._ages += report.published_ages
        self._stored.append((self._clock.monotonic(), report.stored))
        if self.stored >= self._documents:
            self._done.set()

    def rate(self, began: float | None = None) -> float:
        """Return documents a second from `began`, or from when the first micro-batch was stored, which does not count then; 0: too few."""
        if began is None:
            (began, _), counted = self._stored[0] if self._stored else (0.0, 0), self._stored[1:]
        else:
            counted = self._stored
        seconds = counted[-1][0] - began if counted else 0.0
        return sum(documents for _, documents in counted) / seconds if seconds > 0 else 0.0

    def quarters(self) -> Sequence[float]:
        """Return documents a second of each quarter of the micro-batches, in their order; empty if there are fewer than eight."""
        if len(self._stored) < 8:
            return ()
        edges = [round(part * (len(self._stored) - 1) / 4) for part in range(5)]
        found = []
        for first, last in pairwise(edges):
            documents = sum(each for _, each in self._stored[first + 1 : last + 1])
            found.append(documents / max(1e-9, self._stored[last][0] - self._stored[first][0]))
        return found

    def latency(self, skip: int) -> Latency:
        """Return the quantiles of the ages, but for the first `skip` documents."""
        ages = np.asarray(self._ages[skip:])
        if not len(ages):
            return Latency(0.0, 0.0, 0)
        p50, p99 = np.quantile(ages, (0.5, 0.99))
        return Latency(float(p50), float(p99), len(ages))
