"""Runs the detector on its interval, in a thread, never twice at once."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from squall.alerts.heartbeat import Heartbeat
from squall.alerts.run_report import RunReport
from squall.alerts.service import LIVENESS_PART, AlertService
from squall.core.clock import Clock
from squall.core.observability.health import Health
from squall.core.observability.process_memory import give_back_memory

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SchedulerStatus:
    """The outcome of the last run. `last_error` is empty when it succeeded."""

    last_run_at: datetime | None = None
    last_error: str = ""
    failures: int = 0
    """Consecutive runs that failed."""
    report: RunReport | None = None


class AtOnceThenEvery(BaseTrigger):  # type: ignore[misc]  # APScheduler is untyped
    """APScheduler's trigger of the detector: the first run is due at once, the others every interval; missed ones are skipped.

    Its times come from the scheduler, so that no wall clock is read here.

    Args:
        seconds: the interval.
    """

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return when the next run is due, given the previous one and the present."""
        if previous_fire_time is None:
            return now
        missed = max((now - previous_fire_time) // self._interval, 0)
        return previous_fire_time + (missed + 1) * self._interval


class DetectorScheduler:
    """A BackgroundScheduler around `AlertService.run_once`.

    Args:
        service: what to run.
        interval_seconds: time between two starts; a run that takes longer delays the next one.
        clock: stamps the status.
        health: the service's; a run is expected every interval.
        heartbeat: is told at its own interval whether the detector runs well; None: nobody is.
    """

    def __init__(
        self, service: AlertService, interval_seconds: float, clock: Clock, health: Health, heartbeat: Heartbeat | None = None
    ) -> None:
        self._service = service
        self._interval = interval_seconds
        self._clock = clock
        self._liveness = health.liveness
        self._status = SchedulerStatus()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._ran = threading.Event()
        self._heartbeat = heartbeat
        self._stopping = threading.Event()

    @property
    def status(self) -> SchedulerStatus:
        """The outcome of the last run."""
        return self._status

    def start(self) -> None:
        """Run now, and then every interval; messages are sent in between, by the delivery loop."""
        self._liveness.expect(LIVENESS_PART, 3 * self._interval)
        self._scheduler.add_job(self._run, AtOnceThenEvery(self._interval), max_instances=1, coalesce=True, misfire_grace_time=None)
        self._service.start()
        self._scheduler.start()

    def wait_for_run(self, timeout: float) -> bool:
        """Wait until a run has ended; return False when none did within `timeout` seconds."""
        return self._ran.wait(timeout)

    def stop(self) -> None:
        """Let a run in progress end after its present chunk, end delivery, and let another detector take over."""
        self._stopping.set()
        self._service.stop()
        self._liveness.done(LIVENESS_PART)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            self._service.release()

    @property
    def trouble(self) -> str:
        """Why the detector does not run well, or alerts do not reach their receivers; empty: all is well, as of the last run."""
        stuck, status = self._liveness.stuck(), self._status
        if stuck:
            return "; ".join(stuck)
        if status.report is None:
            return status.last_error or "no run has ended yet"
        return status.last_error or ("this detector stands by" if status.report.standby else "")

    def _beat(self, heartbeat: Heartbeat) -> None:
        heartbeat.beat(self.trouble, self._stopping.is_set)

    def _start_beating(self, heartbeat: Heartbeat) -> None:
        trigger = AtOnceThenEvery(heartbeat.interval_seconds)
        self._scheduler.add_job(self._beat, trigger, (heartbeat,), max_instances=1, coalesce=True, misfire_grace_time=None)

    def _run(self) -> None:
        try:
            report = self._service.run_once()
        except Exception as error:  # one failed run must not end the schedule; the status reports it
            log.error("the detector failed and runs again in %.0f s: %s", self._interval, error, exc_info=True)
            self._note(replace(self._status, last_error=f"{type(error).__name__}: {error}"))
        else:
            self._note(replace(self._status, last_error=report.error, report=report))
        finally:
            give_back_memory()  # a run reads weeks of counts, and the next one is due in a while
            if self._heartbeat is not None and not self._ran.is_set():  # the first request follows the first run
                self._start_beating(self._heartbeat)
            self._ran.set()

    def _note(self, status: SchedulerStatus) -> None:
        failures = self._status.failures + 1 if status.last_error else 0
        self._status = replace(status, last_run_at=self._clock.now(), failures=failures)
