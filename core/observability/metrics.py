"""What a process measures: one method per thing that happens, so that no name or label can be misspelt. No global state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family

from squall.core.batch_report import BatchReport
from squall.core.clock import Clock, SystemClock
from squall.core.observability import catalogue_monitoring as watch
from squall.core.observability import catalogue_pipeline as work
from squall.core.observability.metric_spec import (
    AlertEvent,
    CallOutcome,
    Dependency,
    FetchOutcome,
    MessageOutcome,
    Metric,
    MetricType,
    PushOutcome,
    RunOutcome,
    Stage,
    StoreOperation,
)

Child = TypeVar("Child", Counter, Histogram)


@dataclass(frozen=True, slots=True)
class ModelReading:
    """What a scoring engine says of itself; totals since it was opened, in tokens, texts, batches and seconds."""

    version: str
    texts: int
    tokens: int
    computed_tokens: int
    batches: int
    offered_tokens: int
    device_seconds: float
    queued_texts: int
    queued_tokens: int
    splits: int
    fallbacks: int
    failures: int


class Metrics:
    """The metrics of one process. Thread-safe.

    Counters and histograms are told from the start, at 0, so that their first step is seen; gauges once they are known.

    Args:
        registry: where they are collected; a fresh one unless given.
        clock: for ages at the moment of a scrape.
    """

    def __init__(self, registry: CollectorRegistry | None = None, clock: Clock | None = None) -> None:
        self.registry = registry or CollectorRegistry(auto_describe=False)
        self._clock = clock or SystemClock()
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._gauges: dict[str, Gauge] = {}
        self._moments: dict[str, datetime] = {}
        self._version = ""
        self._model: Callable[[], ModelReading] | None = None
        self._dependencies: Callable[[], Mapping[str, bool]] = dict
        for metric in _COUNTED:
            self._counters[metric.name] = _with_every_label(
                Counter(metric.name, metric.means, metric.label_names, registry=self.registry), metric
            )
        for metric in _TIMED:
            histogram = Histogram(metric.name, metric.means, metric.label_names, buckets=metric.buckets, registry=self.registry)
            self._histograms[metric.name] = _with_every_label(histogram, metric)
        self.registry.register(_Readings(self._read))

    def batch(self, report: BatchReport) -> None:
        """Count one micro-batch."""
        for fate, count in (("stored", report.stored), ("duplicate", report.duplicates), ("rejected", report.rejected)):
            self._counters[work.DOCUMENTS.name].labels(fate).inc(count)
        self.dead_letters("worker", report.reasons)
        self._observe(work.PUBLISHED_AGE, report.published_ages)
        self._observe(work.COLLECTED_AGE, report.collected_ages)
        if report.published_ages:
            self._set(work.PUBLISHED_AGE_MAX, max(report.published_ages))
        self._observe(work.BATCH_DOCUMENTS, [report.size])
        self._observe(work.BATCH_FILL, [report.size / report.limit])
        self._counters[work.SCORING_SECONDS.name].inc(report.scoring_seconds)
        self._set(work.LAST_BATCH, self._clock.now().timestamp())

    def dead_letters(self, stage: Stage, reasons: Sequence[str]) -> None:
        """Count rejected items; a reason that is not in the catalogue counts as `other`."""
        _, known = work.DEAD_LETTERS.labels
        for reason in reasons:
            self._counters[work.DEAD_LETTERS.name].labels(stage, known.bounded(reason)).inc()

    def lag(self, messages: int) -> None:
        """Tell how many messages wait."""
        self._set(work.KAFKA_LAG, messages)

    def retried(self, dependency: Dependency) -> None:
        """Count a failed try."""
        self._counters[work.RETRIES.name].labels(dependency).inc()

    def source_documents(self, source: str, count: int) -> None:
        """Count documents that are on Kafka, by kind of source; an unknown one counts as `other`."""
        self._counters[work.SOURCE_DOCUMENTS.name].labels(work.SOURCE_DOCUMENTS.labels[0].bounded(source)).inc(count)

    def fetched(self, outcome: FetchOutcome) -> None:
        """Count a poll of a feed."""
        self._counters[work.FETCHES.name].labels(outcome).inc()

    def pushed(self, outcome: PushOutcome) -> None:
        """Count a request to push documents."""
        self._counters[work.PUSHES.name].labels(outcome).inc()

    def store_call(self, operation: StoreOperation, outcome: CallOutcome, seconds: float) -> None:
        """Count a call of the store."""
        self._histograms[watch.STORE_SECONDS.name].labels(operation).observe(seconds)
        self._counters[watch.STORE_CALLS.name].labels(operation, outcome).inc()

    def detector_run(self, outcome: RunOutcome, seconds: float, *, leader: bool) -> None:
        """Count a run of the detector that ended now."""
        self._counters[watch.DETECTOR_RUNS.name].labels(outcome).inc()
        self._observe(watch.DETECTOR_SECONDS, [seconds])
        self._set(watch.DETECTOR_LAST_RUN, self._clock.now().timestamp())
        self._set(watch.DETECTOR_LEADER, int(leader))

    def evaluated(self, watermark: datetime | None, until: datetime | None) -> None:
        """Tell how far event time is stored, and evaluated; None: nothing new is known."""
        for metric, moment in ((watch.WATERMARK_AGE, watermark), (watch.EVALUATED_AGE, until)):
            if moment is not None:
                self._moments[metric.name] = moment

    def stand_by(self) -> None:
        """Forget what only the detector that works can tell: another one does."""
        self._moments.clear()
        self.open_alerts(0)
        self.messages_waiting(0)

    def alert(self, event: AlertEvent) -> None:
        """Count an alert."""
        self._counters[watch.ALERTS.name].labels(event).inc()

    def open_alerts(self, count: int) -> None:
        """Tell how many alerts are firing."""
        self._set(watch.OPEN_ALERTS, count)

    def message(self, outcome: MessageOutcome) -> None:
        """Count a try to deliver a message."""
        self._counters[watch.MESSAGES.name].labels(outcome).inc()

    def messages_waiting(self, count: int) -> None:
        """Tell how many messages wait."""
        self._set(watch.MESSAGES_WAITING, count)

    def build(self, version: str) -> None:
        """Tell which version of Squall this process runs; that of its model is read with the rest of `watch_model`."""
        self._version = version

    def watch_model(self, read: Callable[[], ModelReading]) -> None:
        """Ask `read` at each scrape."""
        self._model = read

    def watch_dependencies(self, read: Callable[[], Mapping[str, bool]]) -> None:
        """Ask `read` at each scrape whether each dependency answered."""
        self._dependencies = read

    def _observe(self, metric: Metric, values: Sequence[float]) -> None:
        histogram = self._histograms[metric.name]
        for value in values:
            histogram.observe(value)

    def _set(self, metric: Metric, value: float) -> None:
        if metric.name not in self._gauges:
            self._gauges[metric.name] = Gauge(metric.name, metric.means, registry=None)
            self.registry.register(self._gauges[metric.name])
        self._gauges[metric.name].set(value)

    def _read(self) -> Iterator[Family]:
        for metric in (watch.WATERMARK_AGE, watch.EVALUATED_AGE):
            moment = self._moments.get(metric.name)
            if moment is not None:
                yield _family(metric, {(): (self._clock.now() - moment).total_seconds()})
        states: dict[tuple[str, ...], float] = {(name,): float(answered) for name, answered in self._dependencies().items()}
        if states:
            yield _family(watch.DEPENDENCY_UP, states)
        reading = self._model() if self._model is not None else None
        if self._version:
            yield _family(watch.BUILD, {(self._version, reading.version if reading else ""): 1.0})
        if reading is not None:
            yield from _model_families(reading)


class _Readings:
    """Asked by the registry at each scrape."""

    def __init__(self, read: Callable[[], Iterator[Family]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Family]:
        return self._read()


_COUNTED = (
    *(work.DOCUMENTS, work.DEAD_LETTERS, work.SCORING_SECONDS, work.RETRIES, work.SOURCE_DOCUMENTS, work.FETCHES, work.PUSHES),
    *(watch.STORE_CALLS, watch.DETECTOR_RUNS, watch.ALERTS, watch.MESSAGES),
)
_TIMED = (
    *(work.PUBLISHED_AGE, work.COLLECTED_AGE, work.BATCH_DOCUMENTS, work.BATCH_FILL),
    *(watch.STORE_SECONDS, watch.DETECTOR_SECONDS),
)


def _with_every_label(made: Child, metric: Metric) -> Child:
    for values in product(*(label.values for label in metric.labels)) if metric.labels else ():
        made.labels(*values)
    return made


def _model_families(reading: ModelReading) -> Iterator[Family]:
    padding = max(0, reading.computed_tokens - reading.tokens)
    values: tuple[tuple[Metric, dict[tuple[str, ...], float]], ...] = (
        (work.DEVICE_SECONDS, {(): reading.device_seconds}),
        (work.QUEUE_TOKENS, {(): reading.queued_tokens}),
        (work.QUEUE_TEXTS, {(): reading.queued_texts}),
        (work.MODEL_TEXTS, {(): reading.texts}),
        (work.MODEL_TOKENS, {("text",): reading.tokens, ("padding",): padding}),
        (work.MODEL_BATCHES, {(): reading.batches}),
        (work.MODEL_OFFERED, {(): reading.offered_tokens}),
        (work.MODEL_SPLITS, {(): reading.splits}),
        (work.MODEL_FALLBACKS, {(): reading.fallbacks}),
        (work.MODEL_FAILURES, {(): reading.failures}),
    )
    return (_family(metric, samples) for metric, samples in values)


def _family(metric: Metric, samples: Mapping[tuple[str, ...], float]) -> Family:
    kind = CounterMetricFamily if metric.kind is MetricType.COUNTER else GaugeMetricFamily
    family: CounterMetricFamily | GaugeMetricFamily = kind(metric.name, metric.means, labels=metric.label_names)
    for values, value in samples.items():
        family.add_metric(values, value)
    return family
