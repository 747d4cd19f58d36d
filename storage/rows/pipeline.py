"""How the processes of the pipeline perform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from squall.storage.rows.latency import Quantiles


@dataclass(frozen=True, slots=True)
class PipelineSample:
    """What one worker process did in the `seconds` up to `at`, wall time.

    Args:
        reasons: why items were rejected, one entry each.
        batches: micro-batches; `largest_batch` is the most items of one.
        retries: tries repeated because a dependency was unavailable.
        scoring_seconds: time in the model; `storing_seconds`: time in the store.
        published: seconds from publication to storage of what was stored; `collected`: from collection.
        lag: messages that wait in Kafka; None where there is none.
        device: where the model runs, for example `cpu`; `device_memory` in bytes, None on a CPU.
    """

    at: datetime
    worker: str
    seconds: float
    stored: int
    duplicates: int
    rejected: int
    reasons: tuple[str, ...]
    batches: int
    largest_batch: int
    retries: int
    scoring_seconds: float
    storing_seconds: float
    published: Quantiles
    collected: Quantiles
    lag: int | None
    model_version: str
    device: str
    device_memory: int | None


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """The latest samples of all workers, summed up; wall time.

    Args:
        last_at: time of the newest sample.
        workers: how many wrote a sample in the last half minute.
        rate_per_second: documents stored in the last minute, per second.
        published_p50: seconds from publication to storage in the last five minutes, None when nothing was stored.
        published_p99: of the slowest sample in that time.
        collected_p50: with collected_p99, the same from collection: what the pipeline itself takes, in a replay too.
        lag: messages waiting in Kafka, None where there is none.
        duplicates: items skipped in the last five minutes because they were stored already; `rejected`: items refused.
    """

    last_at: datetime
    workers: int
    rate_per_second: float
    published_p50: float | None
    published_p99: float | None
    collected_p50: float | None
    collected_p99: float | None
    lag: int | None
    duplicates: int
    rejected: int
