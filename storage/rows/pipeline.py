"""What processes write about their own work, and what the detector saw: rows of tables that dashboards read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from squall.core.records import SeriesKind
from squall.storage.rows.stored import Quantiles


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
class DetectorRun:
    """One run of the detector: `at` and `seconds` are wall time, `watermark` and `evaluated_until` event time."""

    at: datetime
    seconds: float
    watermark: datetime | None
    evaluated_until: datetime | None
    ticks: int
    fired: int
    resolved: int
    sent: int
    waiting: int
    error: str


@dataclass(frozen=True, slots=True)
class SeriesReading:
    """Negative documents of one series in the `window_minutes` before `time`, with what history let expect."""

    series: str
    kind: SeriesKind
    time: datetime
    window_minutes: int
    observed: int
    total: int
    expected: float
    expected_low: float
    expected_high: float
    expected_share: float
    p_value: float


@dataclass(frozen=True, slots=True)
class KeptBacktest:
    """The head of a backtest's results; `settings` is JSON, `seconds` how long it took."""

    id: str
    name: str
    run_at: datetime
    method: str
    model_version: str
    evaluated_from: datetime
    evaluated_to: datetime
    documents: int
    alerts: int
    compared: bool
    matched_events: int
    missed_events: int
    false_alarms: int
    topic_days: float
    median_delay_minutes: float | None
    settings: str
    seconds: float


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert that a backtest raised, with the names of the events it matches."""

    id: str
    series: str
    kind: SeriesKind
    test: str
    severity: str
    opened_at: datetime
    fired_at: datetime | None
    resolved_at: datetime | None
    observed: int
    expected: float
    p_value: float
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """A known event, how many alerts matched it and how late the first one was; None: missed."""

    name: str
    starts_at: datetime
    ends_at: datetime
    topics: tuple[str, ...]
    alerts: int
    delay_minutes: float | None


@dataclass(frozen=True, slots=True)
class KeptReading:
    """One series in one hour of a backtest: negative documents, and what 90% of such hours hold."""

    series: str
    time: datetime
    observed: float
    expected: float
    expected_low: float
    expected_high: float
