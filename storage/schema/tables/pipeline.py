"""Tables of the pipeline: how far it has come, what it rejected, and how it performs."""

from __future__ import annotations

from typing import Any

from squall.core.items import DeadLetter, Origin, Progress
from squall.storage.backends.base import Cell
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample
from squall.storage.schema.table import VERSION, Column, Table


def _dead_letter(*, topic: str, partition: int, offset: int, **fields: Any) -> DeadLetter:
    return DeadLetter(origin=Origin(topic, partition, offset), **fields)


def _sample(**fields: Any) -> PipelineSample:
    published, collected = (
        Quantiles(*(fields.pop(f"{name}_{quantile}") for quantile in ("p50", "p99", "max"))) for name in ("published", "collected")
    )
    return PipelineSample(published=published, collected=collected, **fields)


PROGRESS = Table(
    "progress",
    Progress,
    (
        Column("stream", Cell.TEXT),
        Column("partition", Cell.UINT32),
        Column("position", Cell.INT64),
        Column("event_time", Cell.TIME),
        Column("caught_up", Cell.BOOL),
        Column("updated_at", Cell.TIME),
        Column("retired", Cell.BOOL, given=True),
        VERSION,
    ),
)
DEAD_LETTERS = Table(
    "dead_letters",
    _dead_letter,
    (
        Column("topic", Cell.TEXT, path="origin.topic"),
        Column("partition", Cell.UINT32, path="origin.partition"),
        Column("offset", Cell.INT64, path="origin.offset"),
        Column("stage", Cell.TEXT),
        Column("reason", Cell.TEXT),
        Column("detail", Cell.TEXT),
        Column("raw", Cell.BYTES),
        Column("at", Cell.TIME),
        VERSION,
    ),
)
PIPELINE_SAMPLES = Table(
    "pipeline_samples",
    _sample,
    (
        Column("at", Cell.TIME),
        Column("worker", Cell.TEXT),
        Column("seconds", Cell.FLOAT32),
        Column("stored", Cell.UINT32),
        Column("duplicates", Cell.UINT32),
        Column("rejected", Cell.UINT32),
        Column("reasons", Cell.TEXTS),
        Column("batches", Cell.UINT32),
        Column("largest_batch", Cell.UINT32),
        Column("retries", Cell.UINT32),
        Column("scoring_seconds", Cell.FLOAT32),
        Column("storing_seconds", Cell.FLOAT32),
        Column("published_p50", Cell.FLOAT32, path="published.p50"),
        Column("published_p99", Cell.FLOAT32, path="published.p99"),
        Column("published_max", Cell.FLOAT32, path="published.max"),
        Column("collected_p50", Cell.FLOAT32, path="collected.p50"),
        Column("collected_p99", Cell.FLOAT32, path="collected.p99"),
        Column("collected_max", Cell.FLOAT32, path="collected.max"),
        Column("lag", Cell.UINT64),
        Column("model_version", Cell.TEXT),
        Column("device", Cell.TEXT),
        Column("device_memory", Cell.UINT64),
    ),
)
