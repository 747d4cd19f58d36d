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
    ENTITY = "entity"


class Severity(StrEnum):
    """How urgent an alert is."""

    WARNING = "warning"
    CRITICAL = "critical"


class Trend(StrEnum):
    """Where the negative documents of an alert are going: its current window against the one before."""

    UNKNOWN = ""
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


class Alert(Record):
    """A spike of negative documents in one series, in one state of its lifecycle.

    Times are event time but for those that end in `_wall`. `observed` to `expected_share` are of the window that was judged, the most
    improbable one so far; `current…`, `peak` and `documents_so_far` are as of `updated_at`.
    """

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    topic: str = Field(description="name of the series: a topic, `$SYMBOL`, `Sector: …`, `All topics`, `Source: …`; or of an entity")
    kind: SeriesKind = SeriesKind.TOPIC
    test: str = Field("burst", description="burst (short windows), burn (long ones), flash (one grave document), no data")
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
    total: int = Field(0, ge=0, description="documents of any sentiment in the window")
    limit: float = Field(0.0, ge=0, description="negative documents from which the window is a breach beside its others; 0: unknown")
    since: Timestamp | None = Field(
        None, description="start of the window of the first breach, `current_minutes` before `opened_at` at the latest"
    )
    documents_so_far: int = Field(0, ge=0, description="negative documents since `since`, copies counted once")
    current_minutes: int = Field(0, ge=0, description="length of the current window, which ends at `updated_at`; 0: not counted")
    current: int = Field(0, ge=0, description="negative documents in the current window")
    current_total: int = Field(0, ge=0, description="documents of any sentiment in the current window")
    current_expected: float = Field(0.0, ge=0, description="expected negative documents in the current window")
    trend: Trend = Field(Trend.UNKNOWN, description="rising, steady, falling; empty: not counted")
    peak: int = Field(0, ge=0, description="most negative documents in any `current_minutes` since it began")
    peaked_at: Timestamp | None = Field(None, description="end of those minutes")
    fired_wall: Timestamp | None = Field(None, description="wall time at which it fired")
    updated_wall: Timestamp | None = Field(None, description="wall time at which this state was written")
    lead: str = Field("", description="whom most of the window's negative documents name; empty: no name stands out")
    lead_entity: str = Field("", description="its id; of an alert about an entity that entity's")
    lead_documents: int = Field(0, ge=0, description="how many of `named_documents` name it")
    named_documents: int = Field(0, ge=0, description="negative documents of the window that were read for names and stories")
    stories: int = Field(0, ge=0, description="how many stories they tell: near-copies are one")
    events: tuple[str, ...] = Field(default=(), description="what happened, by the documents that name the lead, most frequent first")
    gravest: Probability | None = Field(None, description="highest severity among them; null: unknown")
