"""Whether text arrives, whether anybody watches it, whether the store answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, HTTPException

from squall.core.clock import Clock
from squall.core.errors import SquallError
from squall.dashboards.page.schemas.documents import PingView
from squall.dashboards.page.schemas.health import (
    DetectorView,
    HealthView,
    LastDocumentView,
    MigrationView,
    PipelineView,
    Running,
    StoreView,
)
from squall.dashboards.page.shared_answers import SharedAnswers
from squall.storage import Store
from squall.storage.queries.pipeline import REPORT_SECONDS

_LEAST_DETECTOR_SECONDS: Final = 180.0
_INTERVALS: Final = 3


class HealthDesk:
    """Reads the health of everything.

    Args:
        store: where worker processes and the detector report.
        clock: wall time, to say what has stopped.
        interval_seconds: between two runs of the detector.
    """

    def __init__(self, store: Store, clock: Clock, interval_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._detector_seconds = max(_INTERVALS * interval_seconds, _LEAST_DETECTOR_SECONDS)

    def read(self) -> HealthView:
        """Ask the store for the last reports."""
        now = self._clock.now()
        last = self._store.documents.newest()
        return HealthView(
            now=now,
            pipeline=self._pipeline(now),
            detector=self._detector(now),
            last_document=LastDocumentView.model_validate(last) if last else None,
        )

    def _pipeline(self, now: datetime) -> PipelineView:
        report = self._store.pipeline.report(now)
        if report is None:
            return PipelineView(state=Running.UNKNOWN)
        return PipelineView(
            state=_state(report.last_at, now, REPORT_SECONDS),
            last_report_at=report.last_at,
            workers=report.workers,
            rate_per_second=report.rate_per_second,
            published_p50=report.published_p50,
            published_p99=report.published_p99,
            collected_p50=report.collected_p50,
            collected_p99=report.collected_p99,
            lag=report.lag,
            duplicates=report.duplicates,
            rejected=report.rejected,
        )

    def _detector(self, now: datetime) -> DetectorView:
        run = self._store.detector.last_run()
        if run is None:
            return DetectorView(state=Running.UNKNOWN)
        return DetectorView(
            state=_state(run.at, now, self._detector_seconds),
            last_run_at=run.at,
            seconds=run.seconds,
            evaluated_until=run.evaluated_until,
            error=run.error,
        )


def _state(last: datetime, now: datetime, patience_seconds: float) -> Running:
    return Running.RUNNING if now - last <= timedelta(seconds=patience_seconds) else Running.STOPPED


def _store_view(store: Store) -> StoreView:
    migrations = [MigrationView(number=row.number, name=row.name, applied_at=row.applied_at) for row in store.schema.status()]
    return StoreView(version=store.ping(), migrations=migrations)


def health_routes(store: Store, answers: SharedAnswers, desk: HealthDesk) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/healthz")
    def ping() -> PingView:
        """Say whether the store answers; needs no token and names nothing."""
        try:
            answers.get("ping", store.ping)
        except SquallError:
            raise HTTPException(503, "the store does not answer") from None
        return PingView(status="ok")

    @routes.get("/api/health")
    def health() -> HealthView:
        """Say what pipeline and detector told of themselves last."""
        return answers.get("health", desk.read)

    @routes.get("/api/store")
    def store_status() -> StoreView:
        """Return ClickHouse's version and the state of the schema."""
        return answers.get("store", lambda: _store_view(store))

    return routes
