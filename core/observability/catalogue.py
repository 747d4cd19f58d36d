"""Every metric Squall tells: what it means, and what to do when it moves. `docs/metrics.md` is made of this."""

from __future__ import annotations

from typing import Final

from squall.core.observability import catalogue_monitoring as watch
from squall.core.observability import catalogue_pipeline as work
from squall.core.observability.metric_spec import Metric, Part

CATALOGUE: Final = (
    Part(
        "Documents",
        "`squall worker`, `squall up`, `squall demo`",
        (
            work.DOCUMENTS,
            work.DEAD_LETTERS,
            work.PUBLISHED_AGE,
            work.PUBLISHED_AGE_MAX,
            work.COLLECTED_AGE,
            work.KAFKA_LAG,
            work.LAST_BATCH,
            work.BATCH_DOCUMENTS,
            work.BATCH_FILL,
            work.SCORING_SECONDS,
        ),
    ),
    Part(
        "Model",
        "`squall worker`, `squall up`, `squall demo`",
        (
            work.DEVICE_SECONDS,
            work.QUEUE_TOKENS,
            work.QUEUE_TEXTS,
            work.MODEL_TEXTS,
            work.MODEL_TOKENS,
            work.MODEL_BATCHES,
            work.MODEL_OFFERED,
            work.MODEL_SPLITS,
            work.MODEL_FALLBACKS,
            work.MODEL_FAILURES,
        ),
    ),
    Part(
        "Sources",
        "`squall ingest`; of `squall up` the fetches and what is pushed to it",
        (work.SOURCE_DOCUMENTS, work.FETCHES, work.PUSHES),
    ),
    Part(
        "Detector",
        "`squall detect`, `squall up`, `squall demo`",
        (
            watch.DETECTOR_RUNS,
            watch.DETECTOR_SECONDS,
            watch.DETECTOR_LAST_RUN,
            watch.DETECTOR_LEADER,
            watch.EVALUATED_AGE,
            watch.WATERMARK_AGE,
            watch.ALERTS,
            watch.OPEN_ALERTS,
            watch.MESSAGES,
            watch.MESSAGES_WAITING,
        ),
    ),
    Part(
        "Store and other dependencies",
        "every process",
        (watch.STORE_SECONDS, watch.STORE_CALLS, work.RETRIES, watch.DEPENDENCY_UP, watch.BUILD),
    ),
)
METRICS: Final[dict[str, Metric]] = {metric.name: metric for part in CATALOGUE for metric in part.metrics}
