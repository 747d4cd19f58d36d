"""Results of a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from squall.core.records import SeriesKind


@dataclass(frozen=True, slots=True)
class BacktestRun:
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
class BacktestAlert:
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
class BacktestEvent:
    """A known event, how many alerts matched it and how late the first one was; None: missed."""

    name: str
    starts_at: datetime
    ends_at: datetime
    topics: tuple[str, ...]
    alerts: int
    delay_minutes: float | None


@dataclass(frozen=True, slots=True)
class BacktestReading:
    """One series in one hour of a backtest: negative documents, and what 90% of such hours hold."""

    series: str
    time: datetime
    observed: float
    expected: float
    expected_low: float
    expected_high: float
