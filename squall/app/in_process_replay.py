"""`squall replay --in-process`: history through the processor and the detector of this process, without a broker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from squall.alerts.run_report import RunReport
from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import AlertService
from squall.app.node import alert_service
from squall.app.pipeline import open_pipeline
from squall.app.sources import run_sources
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.ingest.source import Source
from squall.stream.totals import RunningTotals

PROGRESS_SECONDS = 0.5

log = logging.getLogger("squall.replay")


def replay_in_process(
    settings: Settings, clock: Clock, stop: threading.Event, source: Source, on_progress: Callable[[str], None], *, notify: bool = False
) -> dict[str, Any]:
    """Store and evaluate everything that `source` delivers; returns counts, the alerts that fired, and the last error of the detector.

    Args:
        settings: store, model and detector.
        clock: stamps and paces.
        stop: ends it early; what was not stored is read again by the next run.
        source: closed at the end.
        on_progress: called from another thread with the counts so far, as text.
        notify: send messages about the alerts; else whatever is replayed counts as history, however recent it is.

    Raises:
        StoreLockedError: a running node owns the embedded store.
        SquallError: store or source failed permanently; what was stored stays, and another run continues.
    """
    update: dict[str, object] = {"notify_history": True} if notify else {"history_after_seconds": 0.0}
    settings = settings.model_copy(update={"alerts": settings.alerts.model_copy(update=update)})
    with open_pipeline(settings, clock, stop) as pipeline:
        detector = alert_service(pipeline)
        scheduler = DetectorScheduler(detector, settings.detector.interval_seconds, pipeline.clock, pipeline.health)
        scheduler.start()
        try:
            with _reporting(pipeline.processor.totals, on_progress):
                run_sources(pipeline, [source])
        finally:
            scheduler.stop()
        last = _run_to_the_end(detector, stop)
        totals = pipeline.processor.totals
        fired = [alert for alert in pipeline.store.alerts.latest(limit=10_000) if alert.fired_at is not None]
        return {
            "stored": totals.stored,
            "unscored": dict(totals.unscored),
            "duplicate": totals.duplicates,
            "dead_lettered": totals.rejected,
            "reasons": totals.reasons,
            "documents": pipeline.store.counts.totals().documents,
            "stopped": stop.is_set(),
            "notified": settings.alerts.notify_history,
            "evaluated_until": last.evaluated_until.isoformat() if last.evaluated_until else None,
            "detector_error": last.error,
            "alerts": [
                {"id": alert.id, "topic": alert.topic, "state": alert.state.value, "opened_at": alert.opened_at.isoformat()}
                for alert in sorted(fired, key=lambda alert: alert.opened_at)
            ],
        }


def _run_to_the_end(detector: AlertService, stop: threading.Event) -> RunReport:
    """Evaluate up to the last document, also when the source ended between two runs, deliver, and release the lease."""
    try:
        report = detector.run_once(stop)
    finally:
        detector.release()
    if report.standby:
        report = replace(report, error="another detector runs on this store")
    if report.error:
        log.warning("the last run of the detector was not complete: %s", report.error)
    return report


@contextmanager
def _reporting(totals: RunningTotals, on_progress: Callable[[str], None]) -> Iterator[None]:
    """Report the counts regularly, from a thread, while the block runs."""
    done = threading.Event()

    def report() -> None:
        while not done.wait(PROGRESS_SECONDS):
            on_progress(f"{totals.stored:,} stored, {totals.duplicates:,} duplicates, {totals.rejected:,} dead letters")

    thread = threading.Thread(target=report, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
