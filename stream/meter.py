"""What this process did in the last seconds, written to the store for dashboards: a sample every `EVERY_SECONDS`, busy or idle.

Nothing waits for it: while the store is down the sample grows, and what a crash loses is numbers about work, not work.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from squall.core.clock import Clock
from squall.core.errors import SquallError
from squall.core.observability.metrics import Metrics
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample

log = logging.getLogger("squall.worker")

EVERY_SECONDS = 10.0
_LEAVE_SECONDS = 2.0
_MOST_AGES = 50_000
_MOST_REASONS = 10_000
_NOTHING = Quantiles(0.0, 0.0, 0.0)


class SampleStore(Protocol):
    """What the meter needs of the store: `store.pipeline`."""

    def write_samples(self, samples: Sequence[PipelineSample]) -> None: ...


@dataclass(frozen=True, slots=True)
class Device:
    """Where the model runs; memory in bytes, None on a CPU."""

    name: str
    memory: int | None = None


@dataclass(frozen=True)
class BatchReport:
    """One micro-batch: what became of it, seconds in the model and in the store, and how old what was stored had become (seconds)."""

    items: int
    stored: int = 0
    duplicates: int = 0
    reasons: tuple[str, ...] = ()
    retries: int = 0
    scoring_seconds: float = 0.0
    storing_seconds: float = 0.0
    published_ages: tuple[float, ...] = ()
    collected_ages: tuple[float, ...] = ()
    model_version: str = ""


@dataclass
class _Sum:
    began: float
    stored: int = 0
    duplicates: int = 0
    retries: int = 0
    batches: int = 0
    largest_batch: int = 0
    scoring_seconds: float = 0.0
    storing_seconds: float = 0.0
    reasons: list[str] = field(default_factory=list)
    rejected: int = 0
    published: list[float] = field(default_factory=list)
    collected: list[float] = field(default_factory=list)

    def add(self, report: BatchReport) -> None:
        self.stored += report.stored
        self.duplicates += report.duplicates
        self.rejected += len(report.reasons)
        self.retries += report.retries
        self.batches += 1
        self.largest_batch = max(self.largest_batch, report.items)
        self.scoring_seconds += report.scoring_seconds
        self.storing_seconds += report.storing_seconds
        self.reasons += report.reasons[: _MOST_REASONS - len(self.reasons)]
        self.published += report.published_ages[: _MOST_AGES - len(self.published)]
        self.collected += report.collected_ages[: _MOST_AGES - len(self.collected)]


class PipelineMeter:
    """Adds up batches and writes samples. Thread-safe.

    Args:
        store: where samples go.
        clock: stamps and times them.
        device: asked at every sample.
        worker: names this process.
        metrics: told of each batch as well.
        limit: most documents in a micro-batch.
    """

    def __init__(
        self,
        store: SampleStore,
        clock: Clock,
        device: Callable[[], Device],
        worker: str = "",
        metrics: Metrics | None = None,
        limit: int = 512,
    ) -> None:
        self._store = store
        self._clock = clock
        self._device = device
        self._metrics = metrics or Metrics(clock=clock)
        self._limit = limit
        self._worker = worker or f"{socket.gethostname()}-{os.getpid()}"
        self._lock = threading.Lock()
        self._sum = _Sum(clock.monotonic())
        self._model_version = ""
        self.lag: int | None = None
        """Messages that wait in Kafka for this process; set by the driver that knows."""

    def observe(self, report: BatchReport) -> None:
        """Add one micro-batch."""
        with self._lock:
            self._sum.add(report)
            self._model_version = report.model_version or self._model_version
        self._metrics.batch(
            items=report.items,
            limit=self._limit,
            stored=report.stored,
            duplicates=report.duplicates,
            reasons=report.reasons,
            published_ages=report.published_ages,
            collected_ages=report.collected_ages,
            scoring_seconds=report.scoring_seconds,
        )

    def note_lag(self, messages: int) -> None:
        """Tell how many messages wait in Kafka for this process."""
        self.lag = messages
        self._metrics.lag(messages)

    def write(self) -> None:
        """Write what was added since the last time; a store that does not answer is told it later."""
        with self._lock:
            taken, self._sum = self._sum, _Sum(self._clock.monotonic())
        try:
            self._store.write_samples([self._sample(taken)])
        except SquallError as error:
            log.debug("no sample was written: %s", error)
            with self._lock:
                self._sum = _joined(taken, self._sum)

    def _sample(self, taken: _Sum) -> PipelineSample:
        device = self._device()
        return PipelineSample(
            at=self._clock.now(),
            worker=self._worker,
            seconds=self._clock.monotonic() - taken.began,
            stored=taken.stored,
            duplicates=taken.duplicates,
            rejected=taken.rejected,
            reasons=tuple(taken.reasons),
            batches=taken.batches,
            largest_batch=taken.largest_batch,
            retries=taken.retries,
            scoring_seconds=taken.scoring_seconds,
            storing_seconds=taken.storing_seconds,
            published=_quantiles(taken.published),
            collected=_quantiles(taken.collected),
            lag=self.lag,
            model_version=self._model_version,
            device=device.name,
            device_memory=device.memory,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Write every `EVERY_SECONDS` on a thread while the block runs, and once at its end."""
        ended = threading.Event()

        def work() -> None:
            while not ended.wait(EVERY_SECONDS):
                self.write()

        thread = threading.Thread(target=work, name="pipeline-meter", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(_LEAVE_SECONDS)
            if not thread.is_alive():  # else the store hangs, and would hold up the end of the process
                self.write()


def _joined(earlier: _Sum, later: _Sum) -> _Sum:
    """Return both as one, that began when the earlier did."""
    return replace(
        earlier,
        stored=earlier.stored + later.stored,
        duplicates=earlier.duplicates + later.duplicates,
        retries=earlier.retries + later.retries,
        batches=earlier.batches + later.batches,
        largest_batch=max(earlier.largest_batch, later.largest_batch),
        scoring_seconds=earlier.scoring_seconds + later.scoring_seconds,
        storing_seconds=earlier.storing_seconds + later.storing_seconds,
        rejected=earlier.rejected + later.rejected,
        reasons=(earlier.reasons + later.reasons)[:_MOST_REASONS],
        published=(earlier.published + later.published)[:_MOST_AGES],
        collected=(earlier.collected + later.collected)[:_MOST_AGES],
    )


def _quantiles(seconds: Sequence[float]) -> Quantiles:
    if not seconds:
        return _NOTHING
    p50, p99, largest = np.quantile(np.asarray(seconds), (0.5, 0.99, 1.0))
    return Quantiles(float(p50), float(p99), float(largest))
