"""Health of the store, the pipeline and the detector."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from squall.dashboards.page.schemas.base import View


class PingView(View):
    """The store answers."""

    status: str


class ComponentState(StrEnum):
    """Whether a component of Squall reports."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class PipelineView(View):
    """The workers that score and store. Running: one reported in the last 30 s; unknown: none has ever reported."""

    state: ComponentState
    last_report_at: datetime | None = None
    workers: int = 0
    rate_per_second: float = Field(0.0, description="documents stored per second, over the last minute")
    published_p50: float | None = Field(None, description="seconds from publication to storage, last 5 minutes; null: nothing was stored")
    published_p99: float | None = Field(None, description="as published_p50, of the slowest sample")
    collected_p50: float | None = Field(None, description="seconds from collection to storage: the relevant latency in a replay")
    collected_p99: float | None = None
    lag: int | None = Field(None, description="messages waiting in Kafka; null without Kafka")
    duplicates: int = Field(0, description="items in the last 5 minutes that were already stored")
    rejected: int = Field(0, description="items rejected in the last 5 minutes")


class DetectorView(View):
    """The detector. Running: its last run is at most three intervals, or 180 s, ago."""

    state: ComponentState
    last_run_at: datetime | None = None
    seconds: float | None = Field(None, description="duration of the last run")
    evaluated_until: datetime | None = Field(None, description="event time")
    error: str = ""


class LastDocumentView(View):
    """The document with the latest publication time."""

    published_at: datetime
    stored_at: datetime


class HealthView(View):
    """Whether text arrives and whether the detector watches it. Wall time."""

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
