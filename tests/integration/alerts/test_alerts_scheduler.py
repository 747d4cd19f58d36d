"""The schedule around a detector."""

import threading
from datetime import UTC, datetime

from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import RunReport
from squall.core.clock import ManualClock, SystemClock
from squall.core.errors import StoreError
from squall.core.observability.health import Health


class Scripted:
    """A service that follows a script and counts the callers inside."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.inside = self.most = self.runs = 0
        self.released = False
        self.enough = threading.Event()
        self.stopped = threading.Event()

    def run_once(self):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.runs += 1
        try:
            outcome = self.outcomes.pop(0) if self.outcomes else RunReport()
            if not self.outcomes:
                self.enough.set()
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        finally:
            self.inside -= 1

    def release(self):
        self.released = True

    def stop(self):
        self.stopped.set()


def scheduled(service, interval_seconds, clock=None):
    clock = clock or SystemClock()
    return DetectorScheduler(service, interval_seconds, clock, Health(clock))


def test_runs_begin_at_once_never_overlap_and_stop_cleanly():
    service = Scripted(*[RunReport()] * 5)
    scheduler = scheduled(service, 0.02)
    scheduler.start()
    assert service.enough.wait(20)
    scheduler.stop()
    assert service.stopped.is_set()
    assert service.most == 1
    assert scheduler.status.last_run_at is not None
    runs = service.runs
    scheduler.stop()
    assert service.runs == runs


def test_a_failed_run_is_reported_and_does_not_end_the_schedule():
    service = Scripted(StoreError("broken"), RunReport(error="store away"))
    scheduler = scheduled(service, 3600)
    scheduler._run()
    assert scheduler.status.last_error == "StoreError: broken"
    scheduler._run()
    assert (scheduler.status.last_error, scheduler.status.failures) == ("store away", 2)
    scheduler._run()
    assert (scheduler.status.last_error, scheduler.status.failures) == ("", 0)


def test_the_injected_clock_paces_the_runs_and_stamps_them():
    clock = ManualClock(datetime(2011, 8, 8, tzinfo=UTC))

    class Long(Scripted):
        def run_once(self):
            clock.advance(3600)  # as if the run had taken the whole interval: the next one is due at once
            return super().run_once()

    service = Long(*[RunReport()] * 3)
    scheduler = scheduled(service, 3600, clock)
    scheduler.start()
    assert service.enough.wait(20)
    scheduler.stop()
    assert scheduler.status.last_run_at == clock.now()
    assert service.released
