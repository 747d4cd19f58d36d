"""What the queries of the live page return: frozen rows, times aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from squall.core.records import SeriesKind


@dataclass(frozen=True, slots=True)
class Bucket:
    """Documents of one group published in one step of time; `time` is the step's start."""

    name: str
    time: datetime
    negative: int
    positive: int
    total: int


@dataclass(frozen=True, slots=True)
class KeptPoint:
    """What the detector saw of one series: negative documents in the `window_minutes` up to `time`, and what 90% of such windows hold."""

    time: datetime
    window_minutes: int
    observed: int
    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names that occur, most frequent first; `watched` are series that the detector reads beside the topics."""

    topics: tuple[str, ...]
    sources: tuple[str, ...]
    symbols: tuple[str, ...]
    languages: tuple[str, ...]
    watched: tuple[tuple[str, SeriesKind], ...]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was stored after a moment of the store's clock.

    Args:
        now: the store's clock when it was asked.
        stored: id and time of storing, last stored first; no more than asked for.
        total: how many there were.
    """

    now: datetime
    stored: tuple[tuple[str, datetime], ...]
    total: int


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """What worker processes told lately, wall time.

    Args:
        last_at: the last sample ever.
        workers: that told anything in the last half minute.
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


@dataclass(frozen=True, slots=True)
class DetectorReport:
    """The detector's last run: `at` is wall time, `evaluated_until` event time."""

    at: datetime
    seconds: float
    evaluated_until: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class LastDocument:
    """The document with the latest publication time."""

    published_at: datetime
    stored_at: datetime
