"""What the detector did and what it saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from squall.core.records import SeriesKind


@dataclass(frozen=True, slots=True)
class DetectorPosition:
    """Up to which event time the detector `name` has evaluated, and its state as JSON."""

    name: str
    evaluated_until: datetime
    state: str


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
    """Negative documents of one series in the `window_minutes` before `time`, and how many were expected.

    90% of such windows hold `expected_low` to `expected_high`; `expected_share` is the expected share of negative documents.
    """

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
