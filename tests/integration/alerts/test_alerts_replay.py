"""The detector of an in-process replay: one service, on the replay's clock, that lets go of its lease."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from squall.alerts.lease import Lease
from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import DETECTOR
from squall.app import in_process_replay
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.core.errors import StoreUnavailableError
from squall.core.observability.health import Health
from squall.stream.totals import RunningTotals
from tests.support.alert_stream import CRISIS, END, documents, progress
from tests.support.migrated_stores import open_migrated
from tests.support.watched_store import WatchedStore

pytestmark = pytest.mark.slow

WALL = datetime(2100, 1, 1, tzinfo=UTC)  # claims of a lease long over are dropped by the store, whose clock is the real one


@pytest.fixture
def store(tmp_path):
    opened = open_migrated(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture
def run(store, tmp_path, monkeypatch):
    """Runs a replay whose source stores the crisis, through `store` or what a test puts in its place."""
    settings = Settings(data_dir=tmp_path, detector={"history_days": 14, "step_minutes": 5, "market": False})
    clock = ManualClock(WALL)

    def start(wrapped=store):
        totals = RunningTotals()
        processor = SimpleNamespace(totals=totals)
        pipeline = SimpleNamespace(settings=settings, clock=clock, store=wrapped, health=Health(clock), processor=processor)

        @contextmanager
        def opened(*_arguments):
            yield pipeline

        def fed(_pipeline, _sources):
            store.documents.insert(documents(), token="all")
            store.progress.write([progress(END, caught_up=False, updated_at=WALL - timedelta(hours=1))])
            store.detector.write_position(DETECTOR, CRISIS - timedelta(hours=1), "")

        monkeypatch.setattr(in_process_replay, "open_pipeline", opened)
        monkeypatch.setattr(in_process_replay, "run_sources", fed)
        return in_process_replay.replay_in_process(settings, clock, threading.Event(), SimpleNamespace(), lambda _line: None)

    return SimpleNamespace(start=start, clock=clock)


def test_a_replay_evaluates_to_its_end_and_releases_the_lease(run, store):
    summary = run.start()
    assert [alert["topic"] for alert in summary["alerts"]] == ["Financials"]
    assert (summary["evaluated_until"][:10], summary["detector_error"]) == (f"{END - timedelta(minutes=5):%Y-%m-%d}", "")
    assert Lease(store.leases, DETECTOR, "another machine", 180, run.clock).hold()


def test_what_the_last_run_could_not_do_is_in_the_report_of_the_replay(run, store):
    def before(_group, method, _args):
        if method == "write_readings":
            raise StoreUnavailableError("the store went away")

    assert "the store went away" in run.start(WatchedStore(store, before))["detector_error"]


def test_another_detector_on_the_store_is_reported(run, store):
    assert Lease(store.leases, DETECTOR, "another machine", 180, run.clock).hold()
    assert "another detector" in run.start()["detector_error"]


def test_the_scheduled_runs_are_on_the_clock_of_the_replay(run, monkeypatch):
    opened = []

    class Recorded(DetectorScheduler):
        def stop(self):
            opened.append(self)
            super().stop()

    monkeypatch.setattr(in_process_replay, "DetectorScheduler", Recorded)
    run.start()
    [scheduler] = opened
    assert scheduler.status.last_run_at in {None, WALL}
    assert scheduler._clock is run.clock
