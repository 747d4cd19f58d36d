"""`squall replay --in-process`: history through the processor and the detector of this process, no broker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from squall.alerts.scheduler import DetectorScheduler
from squall.app.node import alert_service, run_sources
from squall.app.pipeline import open_pipeline
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.ingest.source import Source
from squall.stream.processor import Tally

log = logging.getLogger("squall.replay")

TELL_SECONDS = 5.0


def replay_in_process(
    settings: Settings, clock: Clock, stop: threading.Event, source: Source, fraction: Callable[[], float]
) -> dict[str, Any]:
    """Store and judge everything `source` delivers; returns counts and the alerts that fired.

    Args:
        settings: store, model and detector.
        clock: stamps and paces.
        stop: ends it early; what was not stored is read again next time.
        source: closed at the end.
        fraction: how much of it was read, 0 to 1, for the progress lines in the log.

    Raises:
        StoreLockedError: a running node owns the embedded store.
        SquallError: store or source failed for good; what was stored is kept, running it again goes on.
    """
    with open_pipeline(settings, clock, stop) as pipeline:
        scheduler = DetectorScheduler(alert_service(pipeline), settings.detector.interval_seconds)
        scheduler.start()
        try:
            with _telling(pipeline.processor.tally, fraction):
                run_sources(pipeline, [source])
        finally:
            scheduler.stop()
        alert_service(pipeline).run_once()  # up to the last document, also when the source ended between two runs
        tally = pipeline.processor.tally
        fired = [alert for alert in pipeline.store.alerts.latest(limit=10_000) if alert.fired_at is not None]
        return {
            "stored": tally.stored,
            "duplicate": tally.duplicate,
            "dead_lettered": tally.rejected,
            "reasons": tally.reasons,
            "documents": pipeline.store.counts.totals().documents,
            "stopped": stop.is_set(),
            "alerts": [
                {"id": alert.id, "topic": alert.topic, "state": alert.state.value, "opened_at": alert.opened_at.isoformat()}
                for alert in sorted(fired, key=lambda alert: alert.opened_at)
            ],
        }


@contextmanager
def _telling(tally: Tally, fraction: Callable[[], float]) -> Iterator[None]:
    """Log how far it is, now and then."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(TELL_SECONDS):
            log.info(
                "%.0f%% read: %d stored, %d duplicates, %d dead letters", fraction() * 100, tally.stored, tally.duplicate, tally.rejected
            )

    teller = threading.Thread(target=tell, name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
