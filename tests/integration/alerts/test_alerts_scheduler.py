"""The schedule around a detector."""

import threading

from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import RunReport
from squall.core.errors import StoreError


class Scripted:
    """A service that does as told and counts who is inside."""

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


def test_runs_begin_at_once_never_overlap_and_stop_cleanly():
    service = Scripted(*[RunReport()] * 5)
    scheduler = DetectorScheduler(service, 0.02)
    scheduler.start()
    assert service.enough.wait(20)
    scheduler.stop()
    assert service.stopped.is_set()
    assert service.most == 1
    assert scheduler.status.last_run_at is not None
    runs = service.runs
    scheduler.stop()
    assert service.runs == runs


def test_a_failed_run_is_told_and_does_not_end_the_schedule():
    service = Scripted(StoreError("broken"), RunReport(error="store away"))
    scheduler = DetectorScheduler(service, 3600)
    scheduler._run()
    assert scheduler.status.last_error == "StoreError: broken"
    scheduler._run()
    assert (scheduler.status.last_error, scheduler.status.failures) == ("store away", 2)
    scheduler._run()
    assert (scheduler.status.last_error, scheduler.status.failures) == ("", 0)
