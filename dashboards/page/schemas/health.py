"""What the JSON API says about the health of pipeline and detector, and the events of the stream."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from squall.dashboards.page.schemas.documents import DocumentView, View


class Running(StrEnum):
    """Whether a part of Squall tells anything of itself."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class PipelineView(View):
    """The processes that score and store. Running: one told something in the last 30 s; unknown: none ever did."""

    state: Running
    last_report_at: datetime | None = None
    workers: int = 0
    rate_per_second: float = Field(0.0, description="documents stored in the last minute")
    published_p50: float | None = Field(None, description="seconds from publication to storage, last 5 minutes; null: nothing was stored")
    published_p99: float | None = Field(None, description="as published_p50, of the slowest sample")
    collected_p50: float | None = Field(None, description="seconds from collection to storage: what matters in a replay")
    collected_p99: float | None = None
    lag: int | None = Field(None, description="messages waiting in Kafka; null without Kafka")
    duplicates: int = Field(0, description="items in the last 5 minutes that were stored already")
    rejected: int = Field(0, description="items refused in the last 5 minutes")


class DetectorView(View):
    """The detector. Running: it ran in the last three intervals or 180 s."""

    state: Running
    last_run_at: datetime | None = None
    seconds: float | None = Field(None, description="how long the last run took")
    evaluated_until: datetime | None = Field(None, description="event time")
    error: str = ""


class LastDocumentView(View):
    """The document with the latest publication time."""

    published_at: datetime
    stored_at: datetime


class HealthView(View):
    """Is text arriving, and does anybody watch it? Wall time."""

    now: datetime
    pipeline: PipelineView
    detector: DetectorView
    last_document: LastDocumentView | None


class MigrationView(View):
    """One migration of the schema."""

    number: int
    name: str
    applied_at: datetime | None = Field(description="null: not applied")


class StoreView(View):
    """The store and the state of its schema."""

    version: str = Field(description="ClickHouse's version")
    migrations: list[MigrationView] = Field(description="all migrations that this version of Squall has")


class HelloEvent(View):
    """First of all; the cursor resumes here."""

    cursor: str
    interval: float = Field(description="seconds between two looks at the store")


class DocumentsEvent(View):
    """Stored since the last event, newest publication first."""

    documents: list[DocumentView]
    skipped: int = Field(description="stored as well, and left out because there were too many")


class TroubleEvent(View):
    """The store does not answer."""

    detail: str
