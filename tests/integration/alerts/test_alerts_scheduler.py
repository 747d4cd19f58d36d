"""The schedule around a detector."""

import threading
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from squall.alerts.run_report import RunReport
from squall.alerts.scheduler import AtOnceThenEvery, DetectorScheduler
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

    def start(self):
        self.started = True

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


def test_the_status_is_stamped_by_the_injected_clock_and_the_lease_released_at_the_end():
    clock = ManualClock(datetime(2011, 8, 8, tzinfo=UTC))
    service = Scripted(RunReport())
    scheduler = scheduled(service, 3600, clock)
    scheduler.start()
    assert service.enough.wait(20)
    scheduler.stop()
    assert scheduler.status.last_run_at == clock.now()
    assert service.released


@given(st.integers(1, 5_000), st.integers(0, 1_000_000))
def test_the_first_run_is_due_at_once_and_missed_ones_are_skipped(interval, late):
    trigger, now = AtOnceThenEvery(interval), datetime(2026, 3, 2, tzinfo=UTC)
    assert trigger.get_next_fire_time(None, now) == now
    due = trigger.get_next_fire_time(now, now + timedelta(seconds=late))
    assert timedelta(0) < due - (now + timedelta(seconds=late)) <= timedelta(seconds=interval)
    assert (due - now) % timedelta(seconds=interval) == timedelta(0)
