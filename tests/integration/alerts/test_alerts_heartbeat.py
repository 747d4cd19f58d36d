"""The sign of life, over real HTTP: requested while the detector runs well, withheld when it does not."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from squall.alerts.heartbeat import open_heartbeat
from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import LIVENESS_PART, RunReport
from squall.core.clock import ManualClock, SystemClock
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.observability.health import Health
from tests.support.alert_mail import NOW
from tests.support.watchdog import KEY, TOKEN, Watchdog

SOON = 20.0
"""Seconds within which something happens on a busy machine."""


@pytest.fixture
def watchdog():
    with Watchdog() as running:
        yield running


def settings(url, **more):
    return Settings(alerts={"heartbeat": {"url": url, "interval_seconds": 0.05, "timeout_seconds": 5, **more}})


def heartbeat(watchdog, path=f"/{TOKEN}", **more):
    return open_heartbeat(settings(watchdog.base + path, **more))


def never():
    return False


class Detector:
    """A service whose runs end as told."""

    def __init__(self):
        self.outcome = RunReport()
        self.ran = threading.Semaphore(0)

    def run_once(self):
        try:
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome
        finally:
            self.ran.release()

    def start(self):
        pass

    def stop(self):
        pass

    def release(self):
        pass


def test_without_a_url_there_is_no_heartbeat():
    assert open_heartbeat(Settings()) is None


def test_the_url_is_requested_and_the_answer_counts(watchdog):
    assert heartbeat(watchdog).beat("", never)
    assert watchdog.beats == [f"/{TOKEN}"]


def test_opsgenie_gets_its_key(watchdog):
    assert heartbeat(watchdog, "/v2/heartbeats/squall/ping", authorization=KEY).beat("", never)
    assert not heartbeat(watchdog, "/v2/heartbeats/squall/ping", authorization="GenieKey other").beat("", never)


def test_trouble_is_told_once_and_so_is_its_end_and_no_secret_is(watchdog, caplog):
    caplog.set_level(logging.DEBUG)
    sign = heartbeat(watchdog, authorization=KEY)
    watchdog.status = 503
    assert [sign.beat("", never) for _ in range(3)] == [False] * 3
    watchdog.status = 200
    assert [sign.beat("", never) for _ in range(2)] == [True] * 2
    told = [record.message for record in caplog.records if record.name == "squall.alerts.heartbeat"]
    assert [line.partition(":")[0] for line in told] == ["the heartbeat is refused", "the heartbeat reaches the watchdog again"]
    assert "503" in told[0]
    assert "hunter2" not in caplog.text


def test_while_there_is_trouble_nothing_is_requested(watchdog, caplog):
    caplog.set_level(logging.WARNING)
    assert not heartbeat(watchdog).beat("the store does not answer", never)
    assert watchdog.beats == []
    assert "withheld: the store does not answer" in caplog.text


def test_a_watchdog_that_is_gone_is_trouble_and_no_crash(watchdog):
    gone = open_heartbeat(settings(f"http://127.0.0.1:1/{TOKEN}"))
    assert not gone.beat("", never)


def test_a_watchdog_on_another_machine_is_not_asked_in_plaintext():
    with pytest.raises(ConfigurationError, match=r"the heartbeat at hc\.example would be reached in plaintext") as caught:
        open_heartbeat(settings(f"http://hc.example/{TOKEN}"))
    assert TOKEN not in str(caught.value)


def scheduled(watchdog, detector, health=None):
    clock = SystemClock()
    return DetectorScheduler(detector, 0.05, clock, health or Health(clock), heartbeat(watchdog))


def test_a_detector_that_runs_well_is_heard_of_again_and_again(watchdog):
    scheduler = scheduled(watchdog, Detector())
    scheduler.start()
    assert all(watchdog.heard.acquire(timeout=SOON) for _ in range(3))
    scheduler.stop()


@pytest.mark.parametrize("outcome", [RunReport(error="the mail server does not answer"), RunReport(standby=True), ZeroDivisionError("x")])
def test_a_detector_in_trouble_falls_silent_and_is_heard_of_after_it(watchdog, outcome):
    detector = Detector()
    detector.outcome = outcome
    scheduler = scheduled(watchdog, detector)
    scheduler.start()
    assert all(detector.ran.acquire(timeout=SOON) for _ in range(5))
    assert watchdog.beats == []
    detector.outcome = RunReport()
    assert watchdog.heard.acquire(timeout=SOON)
    scheduler.stop()


def test_a_detector_that_hangs_is_in_trouble():
    clock = ManualClock(NOW)
    health = Health(clock)
    scheduler = DetectorScheduler(Detector(), 60.0, clock, health)
    assert scheduler.trouble == "no run has ended yet"
    scheduler._run()
    assert scheduler.trouble == ""
    health.liveness.expect(LIVENESS_PART)
    clock.advance(301)
    assert scheduler.trouble.startswith("detector: no progress")


def test_a_watchdog_that_does_not_answer_holds_up_no_stop(watchdog):
    watchdog.wait.clear()
    detector = Detector()
    clock = SystemClock()
    sign = open_heartbeat(settings(f"{watchdog.base}/{TOKEN}", timeout_seconds=30))
    scheduler = DetectorScheduler(detector, 0.05, clock, Health(clock), sign)
    scheduler.start()
    assert all(detector.ran.acquire(timeout=SOON) for _ in range(3))
    began = time.monotonic()
    scheduler.stop()
    assert time.monotonic() - began < 10
