"""Runs the detector on its interval, in a thread, never twice at once."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

from squall.alerts.service import PART, AlertService, RunReport
from squall.core.clock import Clock, SystemClock
from squall.core.observability.health import Health

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SchedulerStatus:
    """How the detector fares. `last_error` is that of the last run, empty when it went well."""

    last_run_at: datetime | None = None
    last_error: str = ""
    failures: int = 0
    """Runs in a row that did not go well."""
    report: RunReport | None = None


class DetectorScheduler:
    """A BackgroundScheduler around `AlertService.run_once`.

    Args:
        service: what to run.
        interval_seconds: wall time between two starts; a run that takes longer delays the next one.
        clock: stamps the health.
        health: the service's; a run is expected every interval.
    """

    def __init__(self, service: AlertService, interval_seconds: float, clock: Clock | None = None, health: Health | None = None) -> None:
        self._service = service
        self._interval = interval_seconds
        self._clock = clock or SystemClock()
        self._liveness = (health or Health(self._clock)).liveness
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._status = SchedulerStatus()
        self._ran = threading.Event()

    @property
    def status(self) -> SchedulerStatus:
        """The outcome of the last run."""
        return self._status

    def start(self) -> None:
        """Run now, and then every interval."""
        self._liveness.expect(PART, 3 * self._interval)
        self._scheduler.add_job(
            self._run,
            "interval",
            seconds=self._interval,
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    def wait_for_run(self, timeout: float) -> bool:
        """Wait until a run has ended; return False when none did within `timeout` seconds."""
        return self._ran.wait(timeout)

    def stop(self) -> None:
        """Let a run in progress end after its present chunk, stop, and let another detector take over."""
        self._service.stop()
        self._liveness.done(PART)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            self._service.release()

    def _run(self) -> None:
        try:
            report = self._service.run_once()
        except Exception as error:  # one bad run must not end the schedule; health tells
            log.error("the detector failed, and tries again in %.0f s: %s", self._interval, error, exc_info=True)
            self._note(replace(self._status, last_error=f"{type(error).__name__}: {error}"))
        else:
            self._note(replace(self._status, last_error=report.error, report=report))
        finally:
            self._ran.set()

    def _note(self, status: SchedulerStatus) -> None:
        failures = self._status.failures + 1 if status.last_error else 0
        self._status = replace(status, last_run_at=self._clock.now(), failures=failures)
