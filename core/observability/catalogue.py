"""All metrics that Squall exports, in groups: what each means, and what to do when it changes. `docs/metrics.md` is generated from this."""

from __future__ import annotations

from typing import Final

from squall.core.observability import detector_metrics as detector
from squall.core.observability import pipeline_metrics as pipeline
from squall.core.observability import process_metrics as process
from squall.core.observability import store_metrics as store
from squall.core.observability.metric_spec import Metric, MetricGroup

CATALOGUE: Final = (
    MetricGroup(
        "Documents",
        "`squall worker`, `squall up`, `squall demo`",
        (
            pipeline.DOCUMENTS,
            pipeline.VERSIONS,
            pipeline.UNSCORED,
            pipeline.DELETED,
            pipeline.DEAD_LETTERS,
            pipeline.PUBLISHED_AGE,
            pipeline.PUBLISHED_AGE_MAX,
            pipeline.COLLECTED_AGE,
            pipeline.KAFKA_LAG,
            pipeline.LAST_BATCH,
            pipeline.BATCH_DOCUMENTS,
            pipeline.BATCH_FILL,
            pipeline.SCORING_SECONDS,
        ),
    ),
    MetricGroup(
        "Model",
        "`squall worker`, `squall up`, `squall demo`",
        (
            pipeline.DEVICE_SECONDS,
            pipeline.QUEUE_TOKENS,
            pipeline.QUEUE_TEXTS,
            pipeline.MODEL_TEXTS,
            pipeline.MODEL_TOKENS,
            pipeline.MODEL_BATCHES,
            pipeline.MODEL_OFFERED,
            pipeline.MODEL_SPLITS,
            pipeline.MODEL_FALLBACKS,
            pipeline.MODEL_FAILURES,
        ),
    ),
    MetricGroup(
        "Sources",
        "`squall ingest`; `squall up` exports all but the documents",
        (
            pipeline.SOURCE_DOCUMENTS,
            pipeline.DOCUMENT_AGE,
            pipeline.CONTACT_AGE,
            pipeline.SOURCE_FAILING,
            pipeline.GAPS,
            pipeline.FETCHES,
            pipeline.ARTICLES,
            pipeline.UNDATED,
            pipeline.PUSHES,
        ),
    ),
    MetricGroup(
        "Detector",
        "`squall detect`, `squall up`, `squall demo`",
        (
            detector.DETECTOR_RUNS,
            detector.DETECTOR_SECONDS,
            detector.DETECTOR_LAST_RUN,
            detector.DETECTOR_LEADER,
            detector.EVALUATED_AGE,
            detector.WATERMARK_AGE,
            detector.ALERTS,
            detector.OPEN_ALERTS,
            detector.MESSAGES,
            detector.MESSAGES_WAITING,
            detector.STORY_DOCUMENTS,
            detector.STORIES_AGE,
        ),
    ),
    MetricGroup(
        "Store and other dependencies",
        "every process",
        (store.STORE_SECONDS, store.STORE_CALLS, pipeline.RETRIES, process.DEPENDENCY_UP, process.BUILD),
    ),
)
METRICS: Final[dict[str, Metric]] = {metric.name: metric for group in CATALOGUE for metric in group.metrics}
