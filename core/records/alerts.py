"""Alerts, and the series that they watch."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from squall.core.records.fields import Probability, Record, Timestamp


class AlertState(StrEnum):
    """The lifecycle of an alert."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class SeriesKind(StrEnum):
    """What a watched series counts."""

    TOPIC = "topic"
    SYMBOL = "symbol"
    SECTOR = "sector"
    MARKET = "market"
    SOURCE = "source"


class Severity(StrEnum):
    """How urgent an alert is."""

    WARNING = "warning"
    CRITICAL = "critical"


class Alert(Record):
    """A spike of negative documents in one series, in one state of its lifecycle."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    topic: str = Field(description="name of the series: a topic, `$SYMBOL`, `Sector: …`, `All topics`, `Source: …`")
    kind: SeriesKind = SeriesKind.TOPIC
    test: str = Field("burst", description="burst (short windows), burn (long ones), no data")
    state: AlertState
    severity: Severity
    window_start: Timestamp
    window_end: Timestamp
    observed: int = Field(ge=0, description="negative documents in the window, copies counted once")
    expected: float = Field(ge=0)
    expected_low: float = Field(0.0, ge=0, description="with expected_high: what 90% of such windows hold")
    expected_high: float = Field(0.0, ge=0)
    p_value: Probability
    negative_share: Probability
    expected_share: Probability
    method: str
    document_ids: tuple[str, ...] = Field(default=(), description="the documents that drove it, gravest first, then strongest")
    opened_at: Timestamp = Field(description="event time of the first breach")
    fired_at: Timestamp | None = None
    resolved_at: Timestamp | None = None
    updated_at: Timestamp = Field(description="event time of the evaluation that wrote this state")
