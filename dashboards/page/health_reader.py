"""Reads the health of pipeline and detector from their latest reports in the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from squall.core.clock import Clock
from squall.dashboards.page.schemas.health import ComponentState, DetectorView, HealthView, LastDocumentView, PipelineView
from squall.storage import Store
from squall.storage.queries.workers.pipeline import REPORT_SECONDS

_MIN_DETECTOR_SECONDS: Final = 180.0
_INTERVALS: Final = 3


class HealthReader:
    """Reads the latest reports of pipeline and detector.

    Args:
        store: where worker processes and the detector report.
        clock: wall time, to recognise what has stopped.
        interval_seconds: interval between runs of the detector.
    """

    def __init__(self, store: Store, clock: Clock, interval_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._detector_seconds = max(_INTERVALS * interval_seconds, _MIN_DETECTOR_SECONDS)

    def read(self) -> HealthView:
        """Query the store."""
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
            return PipelineView(state=ComponentState.UNKNOWN)
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
            return DetectorView(state=ComponentState.UNKNOWN)
        return DetectorView(
            state=_state(run.at, now, self._detector_seconds),
            last_run_at=run.at,
            seconds=run.seconds,
            evaluated_until=run.evaluated_until,
            error=run.error,
        )


def _state(last: datetime, now: datetime, max_age_seconds: float) -> ComponentState:
    return ComponentState.RUNNING if now - last <= timedelta(seconds=max_age_seconds) else ComponentState.STOPPED
