"""The metrics of a process: one method per event, so that no name or label can be misspelt. No global state."""

from __future__ import annotations

import threading
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
from squall.core.observability import detector_metrics as detector
from squall.core.observability import pipeline_metrics as pipeline
from squall.core.observability import process_metrics as process
from squall.core.observability import store_metrics as store
from squall.core.observability.metric_spec import (
    AlertEvent,
    ArticleOutcome,
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
from squall.core.observability.source_activity import SourceSilence

Child = TypeVar("Child", Counter, Histogram)


@dataclass(frozen=True, slots=True)
class ModelReading:
    """Counters of a scoring engine: totals since it was opened, in tokens, texts, batches and seconds."""

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

    Counters and histograms are exported from the start, at 0, so that their first increase is seen; gauges once their value is known.

    Args:
        registry: where they are collected; a fresh one unless given.
        clock: for ages at the time of a scrape.
    """

    def __init__(self, registry: CollectorRegistry | None = None, clock: Clock | None = None) -> None:
        self.registry = registry or CollectorRegistry(auto_describe=False)
        self._clock = clock or SystemClock()
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._gauges: dict[str, Gauge] = {}
        self._registering = threading.Lock()
        self._moments: dict[str, datetime] = {}
        self._version = ""
        self._model: Callable[[], ModelReading] | None = None
        self._dependencies: Callable[[], Mapping[str, bool]] = dict
        self._sources: Callable[[], Mapping[str, SourceSilence]] = dict
        for metric in _COUNTED:
            self._counters[metric.name] = _with_every_label(
                Counter(metric.name, metric.help, metric.label_names, registry=self.registry), metric
            )
        for metric in _TIMED:
            histogram = Histogram(metric.name, metric.help, metric.label_names, buckets=metric.buckets, registry=self.registry)
            self._histograms[metric.name] = _with_every_label(histogram, metric)
        self.registry.register(_Readings(self._read))

    def batch(self, report: BatchReport) -> None:
        """Count one micro-batch."""
        for fate, count in (("stored", report.stored), ("duplicate", report.duplicates), ("rejected", report.rejected)):
            self._counters[pipeline.DOCUMENTS.name].labels(fate).inc(count)
        self._counters[pipeline.VERSIONS.name].labels("stored").inc(report.versions)
        self._counters[pipeline.VERSIONS.name].labels("left_out").inc(len(report.left_out))
        for language, count in report.unscored.items():
            self._counters[pipeline.UNSCORED.name].labels(pipeline.UNSCORED.labels[0].bounded(language)).inc(count)
        self._counters[pipeline.DELETED.name].inc(report.deleted)
        self.dead_letters("worker", report.reasons)
        self._observe(pipeline.PUBLISHED_AGE, report.published_ages)
        self._observe(pipeline.COLLECTED_AGE, report.collected_ages)
        if report.published_ages:
            self._set(pipeline.PUBLISHED_AGE_MAX, max(report.published_ages))
        self._observe(pipeline.BATCH_DOCUMENTS, [report.size])
        self._observe(pipeline.BATCH_FILL, [report.size / report.limit])
        self._counters[pipeline.SCORING_SECONDS.name].inc(report.scoring_seconds)
        self._set(pipeline.LAST_BATCH, self._clock.now().timestamp())

    def dead_letters(self, stage: Stage, reasons: Sequence[str]) -> None:
        """Count rejected items; a reason that is not in the catalogue counts as `other`."""
        _, known = pipeline.DEAD_LETTERS.labels
        for reason in reasons:
            self._counters[pipeline.DEAD_LETTERS.name].labels(stage, known.bounded(reason)).inc()

    def lag(self, messages: int) -> None:
        """Report the number of messages that wait on Kafka."""
        self._set(pipeline.KAFKA_LAG, messages)

    def retried(self, dependency: Dependency) -> None:
        """Count a failed attempt that is retried."""
        self._counters[pipeline.RETRIES.name].labels(dependency).inc()

    def source_documents(self, source: str, count: int) -> None:
        """Count documents published to Kafka, by kind of source; an unknown kind counts as `other`."""
        self._counters[pipeline.SOURCE_DOCUMENTS.name].labels(pipeline.SOURCE_DOCUMENTS.labels[0].bounded(source)).inc(count)

    def fetched(self, outcome: FetchOutcome) -> None:
        """Count a poll of a feed."""
        self._counters[pipeline.FETCHES.name].labels(outcome).inc()

    def article(self, outcome: ArticleOutcome) -> None:
        """Count an article behind an entry of a feed."""
        self._counters[pipeline.ARTICLES.name].labels(outcome).inc()

    def undated(self) -> None:
        """Count an entry of a feed whose date can't be used."""
        self._counters[pipeline.UNDATED.name].inc()

    def pushed(self, outcome: PushOutcome) -> None:
        """Count a request to push documents."""
        self._counters[pipeline.PUSHES.name].labels(outcome).inc()

    def store_call(self, operation: StoreOperation, outcome: CallOutcome, seconds: float) -> None:
        """Count a call of the store."""
        self._histograms[store.STORE_SECONDS.name].labels(operation).observe(seconds)
        self._counters[store.STORE_CALLS.name].labels(operation, outcome).inc()

    def detector_run(self, outcome: RunOutcome, seconds: float, *, leader: bool) -> None:
        """Count a run of the detector that ended now."""
        self._counters[detector.DETECTOR_RUNS.name].labels(outcome).inc()
        self._observe(detector.DETECTOR_SECONDS, [seconds])
        self._set(detector.DETECTOR_LAST_RUN, self._clock.now().timestamp())
        self._set(detector.DETECTOR_LEADER, int(leader))

    def evaluated(self, watermark: datetime | None, until: datetime | None) -> None:
        """Report up to which event time documents are stored and evaluated; None: unchanged."""
        for metric, moment in ((detector.WATERMARK_AGE, watermark), (detector.EVALUATED_AGE, until)):
            if moment is not None:
                self._moments[metric.name] = moment

    def stories(self, documents: int, until: datetime) -> None:
        """Count documents that were put into stories; `until`: up to which event time all are."""
        self._counters[detector.STORY_DOCUMENTS.name].inc(documents)
        self._moments[detector.STORIES_AGE.name] = until

    def stand_by(self) -> None:
        """Forget what only the active detector reports: another one holds the lease."""
        self._moments.clear()
        self.open_alerts(0)
        self.messages_waiting(0)

    def alert(self, event: AlertEvent) -> None:
        """Count an alert."""
        self._counters[detector.ALERTS.name].labels(event).inc()

    def open_alerts(self, count: int) -> None:
        """Report the number of firing alerts."""
        self._set(detector.OPEN_ALERTS, count)

    def message(self, outcome: MessageOutcome) -> None:
        """Count an attempt to deliver a message."""
        self._counters[detector.MESSAGES.name].labels(outcome).inc()

    def messages_waiting(self, count: int) -> None:
        """Report the number of messages that wait for delivery."""
        self._set(detector.MESSAGES_WAITING, count)

    def build(self, version: str) -> None:
        """Report the version of Squall; that of the model comes from `watch_model`."""
        self._version = version

    def watch_model(self, read: Callable[[], ModelReading]) -> None:
        """Call `read` at each scrape."""
        self._model = read

    def watch_dependencies(self, read: Callable[[], Mapping[str, bool]]) -> None:
        """Call `read` at each scrape: whether each dependency answered."""
        self._dependencies = read

    def watch_sources(self, read: Callable[[], Mapping[str, SourceSilence]]) -> None:
        """Call `read` at each scrape: how long each source has been silent."""
        self._sources = read

    def _observe(self, metric: Metric, values: Sequence[float]) -> None:
        histogram = self._histograms[metric.name]
        for value in values:
            histogram.observe(value)

    def _set(self, metric: Metric, value: float) -> None:
        with self._registering:
            gauge = self._gauges.get(metric.name)
            if gauge is None:
                gauge = self._gauges[metric.name] = Gauge(metric.name, metric.help, registry=None)
                gauge.set(value)
                self.registry.register(gauge)
        gauge.set(value)

    def _read(self) -> Iterator[Family]:
        for metric in (detector.WATERMARK_AGE, detector.EVALUATED_AGE, detector.STORIES_AGE):
            moment = self._moments.get(metric.name)
            if moment is not None:
                yield _family(metric, {(): (self._clock.now() - moment).total_seconds()})
        states: dict[tuple[str, ...], float] = {(name,): float(answered) for name, answered in self._dependencies().items()}
        if states:
            yield _family(process.DEPENDENCY_UP, states)
        silences = self._sources()
        if silences:
            yield _family(pipeline.DOCUMENT_AGE, {(name,): silence.document for name, silence in silences.items()})
            yield _family(pipeline.CONTACT_AGE, {(name,): silence.contact for name, silence in silences.items()})
            yield _family(pipeline.SOURCE_FAILING, {(name,): float(silence.failing) for name, silence in silences.items()})
            yield _family(pipeline.GAPS, {(name,): float(silence.gaps) for name, silence in silences.items()})
        reading = self._model() if self._model is not None else None
        if self._version:
            yield _family(process.BUILD, {(self._version, reading.version if reading else ""): 1.0})
        if reading is not None:
            yield from _model_families(reading)


class _Readings:
    """A collector that the registry calls at each scrape."""

    def __init__(self, read: Callable[[], Iterator[Family]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Family]:
        return self._read()


_COUNTED = (
    *(
        pipeline.DOCUMENTS,
        pipeline.VERSIONS,
        pipeline.UNSCORED,
        pipeline.DELETED,
        pipeline.DEAD_LETTERS,
        pipeline.SCORING_SECONDS,
        pipeline.RETRIES,
        pipeline.SOURCE_DOCUMENTS,
        pipeline.FETCHES,
        pipeline.ARTICLES,
        pipeline.UNDATED,
        pipeline.PUSHES,
    ),
    *(store.STORE_CALLS, detector.DETECTOR_RUNS, detector.ALERTS, detector.MESSAGES, detector.STORY_DOCUMENTS),
)
_TIMED = (
    *(pipeline.PUBLISHED_AGE, pipeline.COLLECTED_AGE, pipeline.BATCH_DOCUMENTS, pipeline.BATCH_FILL),
    *(store.STORE_SECONDS, detector.DETECTOR_SECONDS),
)


def _with_every_label(made: Child, metric: Metric) -> Child:
    for values in product(*(label.values for label in metric.labels)) if metric.labels else ():
        made.labels(*values)
    return made


def _model_families(reading: ModelReading) -> Iterator[Family]:
    padding = max(0, reading.computed_tokens - reading.tokens)
    values: tuple[tuple[Metric, dict[tuple[str, ...], float]], ...] = (
        (pipeline.DEVICE_SECONDS, {(): reading.device_seconds}),
        (pipeline.QUEUE_TOKENS, {(): reading.queued_tokens}),
        (pipeline.QUEUE_TEXTS, {(): reading.queued_texts}),
        (pipeline.MODEL_TEXTS, {(): reading.texts}),
        (pipeline.MODEL_TOKENS, {("text",): reading.tokens, ("padding",): padding}),
        (pipeline.MODEL_BATCHES, {(): reading.batches}),
        (pipeline.MODEL_OFFERED, {(): reading.offered_tokens}),
        (pipeline.MODEL_SPLITS, {(): reading.splits}),
        (pipeline.MODEL_FALLBACKS, {(): reading.fallbacks}),
        (pipeline.MODEL_FAILURES, {(): reading.failures}),
    )
    return (_family(metric, samples) for metric, samples in values)


def _family(metric: Metric, samples: Mapping[tuple[str, ...], float]) -> Family:
    kind = CounterMetricFamily if metric.type is MetricType.COUNTER else GaugeMetricFamily
    family: CounterMetricFamily | GaugeMetricFamily = kind(metric.name, metric.help, labels=metric.label_names)
    for values, value in samples.items():
        family.add_metric(values, value)
    return family
