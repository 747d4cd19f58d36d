"""The production detector over history: chunks of event time, evaluated in parallel, with the alert lifecycle advanced in order.

A reading depends on the counts of the detector's lookback and on nothing else, so chunks can be evaluated by any process and in any
order. Only the lifecycle of alerts has to be advanced in order, and that is cheap. At most `workers` + 1 chunks are in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Final

from squall.alerts.detection.methods import open_method
from squall.alerts.detection.readings import Counts, Readings
from squall.alerts.lifecycle import Lifecycle, Transition
from squall.backtest.history.chart_data import ReportChartData
from squall.core.config.settings import DetectorSettings

CHUNK_MINUTES: Final = 7 * 1440
"""Event time read at once. A chunk is loaded with its lookback before it, so that shorter ones read more of the store in total."""
_FEW_CHUNKS: Final = 3
"""Up to this many chunks are evaluated in this process: starting worker processes takes longer."""

Load = Callable[[int, int], Counts]
"""Takes minutes [start, end) since the epoch and returns their counts, from a full hour on."""


Submit = Callable[[DetectorSettings, Counts, int, int], Future[Readings]]
"""Schedules the evaluation of the ticks in (after, until]."""


@dataclass
class Evaluation:
    """The result of one set of settings over the history."""

    settings: DetectorSettings
    transitions: list[Transition] = field(default_factory=list)
    charts: ReportChartData | None = None
    """Data of the report's charts; None when they are not wanted."""

    @property
    def method(self) -> str:
        """The name of the method that was run."""
        return open_method(self.settings).name


@dataclass(frozen=True, slots=True)
class EvaluatedSpan:
    """What is evaluated: ticks in (after, until], minutes since the epoch."""

    after: int
    until: int

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Yield consecutive (after, until]."""
        for after in range(self.after, self.until, CHUNK_MINUTES):
            yield after, min(after + CHUNK_MINUTES, self.until)


def lookback_of(variants: Sequence[DetectorSettings]) -> int:
    """Return the minutes of history that the readings of any of `variants` may depend on."""
    return max(open_method(settings).lookback for settings in variants)


def evaluate(
    load: Load,
    variants: Sequence[DetectorSettings],
    span: EvaluatedSpan,
    *,
    workers: int = 2,
    charts: bool = False,
    has_documents: Callable[[int, int], bool] = lambda _start, _end: True,
    progress: Callable[[float], None] = lambda _fraction: None,
) -> list[Evaluation]:
    """Run every variant over `span`; the first is the run itself, the others are its sweep.

    Args:
        load: returns the counts of a chunk and of the lookback before it.
        variants: settings of the detector.
        span: what is evaluated; no alert is open before it.
        workers: processes that evaluate chunks; 0: this process.
        charts: record the data of the report's charts, for the first variant.
        has_documents: whether anything was published in minutes [start, end); chunks without documents are skipped.
        progress: receives the completed share, 0 to 1.

    Returns:
        An evaluation per variant, in order; their transitions are in order of time.
    """
    runs = [Evaluation(settings, charts=ReportChartData() if charts and number == 0 else None) for number, settings in enumerate(variants)]
    lifecycles = [Lifecycle(settings) for settings in variants]
    lookback = lookback_of(variants)
    chunks = [chunk for chunk in span.chunks() if has_documents(chunk[0] - lookback, chunk[1])]
    waiting: deque[tuple[int, int, Counts, Future[Readings]]] = deque()
    total, done = len(chunks) * len(runs), 0

    def collect(until_left: int) -> None:
        nonlocal done
        while len(waiting) > until_left:
            number, after, counts, future = waiting.popleft()
            readings = future.result()
            runs[number].transitions += lifecycles[number].advance(readings)
            charts = runs[number].charts
            if charts is not None:
                charts.add(counts, readings, after)
            done += 1
            progress(done / total)

    with _readers(workers if total > _FEW_CHUNKS else 0) as submit:
        for after, until in chunks:
            counts = load(after - lookback, until)
            for number, settings in enumerate(variants):
                collect(workers)
                waiting.append((number, after, counts, submit(settings, counts, after, until)))
        collect(0)
    return runs


def _read(settings: DetectorSettings, counts: Counts, after: int, until: int) -> Readings:
    """Evaluate one chunk; runs in a worker process."""
    return open_method(settings).read(counts, after, until)


@contextmanager
def _readers(workers: int) -> Iterator[Submit]:
    """Open worker processes, or evaluate in this process; when an error leaves the block, what still waits is cancelled."""
    if not workers:
        yield _read_here
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"))  # not forked: the embedded store and the engine have threads
    try:
        yield lambda settings, counts, after, until: pool.submit(_read, settings, counts, after, until)
    finally:
        pool.shutdown(cancel_futures=True)


def _read_here(settings: DetectorSettings, counts: Counts, after: int, until: int) -> Future[Readings]:
    done: Future[Readings] = Future()
    done.set_result(_read(settings, counts, after, until))
    return done
