"""What this process did in the last seconds, written to the store for dashboards: a sample every `EVERY_SECONDS`, busy or idle.

Nothing waits for it: while the store is down the sample grows, and a crash loses statistics only.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

import numpy as np

from squall.core.batch_report import BatchReport
from squall.core.clock import Clock
from squall.core.errors import SquallError
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample
from squall.stream.totals import RunningTotals

log = logging.getLogger("squall.processor")

EVERY_SECONDS: Final = 10.0
LOG_SECONDS: Final = 60.0
"""Between two lines of the log that say what became of the items, as long as there are some."""
_JOIN_SECONDS: Final = 2.0
_MAX_AGES: Final = 50_000
_MAX_REASONS: Final = 10_000
_TOLD: Final = 5
"""Reasons, and languages, that a line of the log has one by one."""


class SampleStore(Protocol):
    """What the meter needs of the store: `store.pipeline`."""

    def write_samples(self, samples: Sequence[PipelineSample]) -> None: ...


@dataclass(frozen=True, slots=True)
class Device:
    """Where the model runs; memory in bytes, None on a CPU."""

    name: str
    memory: int | None = None


@dataclass
class _Window:
    """What was done since `began`, a reading of the monotonic clock."""

    began: float
    totals: RunningTotals = field(default_factory=RunningTotals)
    published_ages: list[float] = field(default_factory=list)
    collected_ages: list[float] = field(default_factory=list)

    def add_batch(self, report: BatchReport) -> None:
        self.totals.add_batch(report)
        self._add_ages(report)

    def append(self, later: _Window) -> None:
        """Add a window that began when this one ended."""
        self.totals.add_totals(later.totals)
        self._add_ages(later)

    def _add_ages(self, part: BatchReport | _Window) -> None:
        self.published_ages += part.published_ages[: _MAX_AGES - len(self.published_ages)]
        self.collected_ages += part.collected_ages[: _MAX_AGES - len(self.collected_ages)]


class PipelineMeter:
    """Adds up micro-batches and writes samples. Thread-safe.

    Args:
        store: where samples go.
        clock: stamps and times them.
        device: asked at every sample.
        worker: names this process.
    """

    def __init__(self, store: SampleStore, clock: Clock, device: Callable[[], Device], worker: str = "") -> None:
        self._store = store
        self._clock = clock
        self._device = device
        self._worker = worker or f"{socket.gethostname()}-{os.getpid()}"
        self._lock = threading.Lock()
        self._window = _Window(clock.monotonic())
        self._unlogged = _Window(clock.monotonic())
        self._model_version = ""
        self.lag: int | None = None
        """Messages of this process' partitions that are not stored yet; set by the driver that knows."""

    def add_batch(self, report: BatchReport) -> None:
        """Add one micro-batch."""
        with self._lock:
            self._window.add_batch(report)
            self._unlogged.totals.add_batch(report)
            self._model_version = report.model_version or self._model_version

    def set_lag(self, messages: int) -> None:
        """Note how many messages of this process' partitions are not stored yet."""
        self.lag = messages

    def write(self) -> None:
        """Write what was added since the last time; what a store that does not answer missed goes into the next sample."""
        with self._lock:
            window, self._window = self._window, _Window(self._clock.monotonic())
        try:
            self._store.write_samples([self._sample(window)])
        except SquallError as error:
            log.debug("no sample was written: %s", error)
            with self._lock:
                window.append(self._window)
                self._window = window

    def log_counts(self, *, now: bool = False) -> None:
        """Log what became of the items since the last such line, after `LOG_SECONDS` or `now`: none gets lost without a line."""
        with self._lock:
            totals = self._unlogged.totals
            if not totals.items or not (now or self._clock.monotonic() - self._unlogged.began >= LOG_SECONDS):
                return
            self._unlogged = _Window(self._clock.monotonic())
        why = f" ({_most(totals.reasons, 'for other reasons')})" if totals.reasons else ""
        waiting = "" if self.lag is None else f"; {self.lag:,} wait in Kafka"
        unscored = sum(totals.unscored.values())
        languages = _most(totals.unscored, "in others")
        apart = f" ({unscored:,} without a score, in languages that the model does not know: {languages})" if unscored else ""
        taken_back = f", {totals.deleted:,} deleted" if totals.deleted else ""
        counts = f"{totals.stored:,} stored{apart}, {totals.duplicates:,} duplicates, {totals.rejected:,} dead-lettered{why}{taken_back}"
        log.info("%d items read: %s%s", totals.items, counts, waiting)

    def _sample(self, window: _Window) -> PipelineSample:
        device, totals = self._device(), window.totals
        return PipelineSample(
            at=self._clock.now(),
            worker=self._worker,
            seconds=self._clock.monotonic() - window.began,
            stored=totals.stored,
            duplicates=totals.duplicates,
            rejected=totals.rejected,
            reasons=tuple(islice(totals.reasons.elements(), _MAX_REASONS)),
            batches=totals.batches,
            largest_batch=totals.largest_batch,
            retries=totals.retries,
            scoring_seconds=totals.scoring_seconds,
            storing_seconds=totals.storing_seconds,
            published=_quantiles(window.published_ages),
            collected=_quantiles(window.collected_ages),
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
                self.log_counts()

        thread = threading.Thread(target=work, name="pipeline-meter", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            self.log_counts(now=True)
            thread.join(_JOIN_SECONDS)
            if not thread.is_alive():  # else the store hangs, and would hold up the end of the process
                self.write()


def _quantiles(seconds: Sequence[float]) -> Quantiles:
    if not seconds:
        return Quantiles(0.0, 0.0, 0.0)
    p50, p99, largest = np.quantile(np.asarray(seconds), (0.5, 0.99, 1.0))
    return Quantiles(float(p50), float(p99), float(largest))


def _most(counts: Counter[str], rest: str) -> str:
    """Return the largest of `counts` in words, and what all others add up to."""
    shown = counts.most_common(_TOLD)
    others = counts.total() - sum(count for _, count in shown)
    return ", ".join([*(f"{count:,} {name}" for name, count in shown), *([f"{others:,} {rest}"] if others else [])])
