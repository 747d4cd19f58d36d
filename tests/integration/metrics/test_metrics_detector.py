"""What the detector exports after a real run over chDB, and what the one that stands by does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from squall.alerts.interfaces import DeliveryUnavailableError
from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.scheduler import DetectorScheduler
from squall.alerts.service import LIVENESS_PART, AlertService
from squall.core.clock import ManualClock
from squall.core.config.settings import DetectorSettings, Settings
from squall.core.errors import StoreError
from squall.core.observability.health import Health
from squall.storage import Store
from squall.storage.rows.alerting import Claim, Notification
from tests.support.alert_stream import END, documents, progress
from tests.support.migrated_stores import open_migrated

pytestmark = pytest.mark.slow

WALL = END + timedelta(days=30)
SETTINGS = Settings(
    detector=DetectorSettings(history_days=14, min_history_hours=24, step_minutes=5, market=False), alerts={"notify_history": True}
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_migrated(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(WALL)


class BrokenStore:
    """The real store, but for one table that is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def progress(self) -> Any:
        raise StoreError("no such table")


class DeadMailer:
    """No mail can be sent."""

    def send(self, notification: Notification) -> None:
        raise DeliveryUnavailableError("connection refused")

    def describe(self) -> str:
        return "dead"


def stuck(health: Health) -> list[str]:
    """The parts that make no progress; the delivery loop's time is the real one."""
    return [line.partition(":")[0] for line in health.liveness.stuck()]


def test_alerts_mails_and_ages_are_what_the_run_reports(store: Store, clock: ManualClock, tmp_path: Path) -> None:
    store.documents.insert(documents(), token="all")
    store.progress.write([progress(END, False, WALL - timedelta(hours=1))])
    health = Health(clock)
    report = AlertService(store, SETTINGS, clock, FolderSender(tmp_path / "outbox"), health).run_once()
    value = health.metrics.registry.get_sample_value
    assert (report.fired, report.resolved) == (1, 1)
    assert value("squall_alerts_total", {"event": "fired"}) == report.fired
    assert value("squall_alerts_total", {"event": "resolved"}) == report.resolved
    assert value("squall_messages_total", {"outcome": "sent"}) == report.sent == len(list((tmp_path / "outbox").glob("*.eml")))
    assert value("squall_messages_waiting") == value("squall_open_alerts") == 0
    assert value("squall_detector_runs_total", {"outcome": "ok"}) == value("squall_detector_leader") == 1
    assert report.evaluated_until
    assert report.watermark
    assert value("squall_detector_evaluated_age_seconds") == (WALL - report.evaluated_until).total_seconds()
    assert value("squall_detector_watermark_age_seconds") == (WALL - report.watermark).total_seconds()
    assert value("squall_dependency_up", {"dependency": "receivers"}) == 1


def test_waiting_mails_are_counted_and_their_server_is_named(store: Store, clock: ManualClock) -> None:
    store.documents.insert(documents(), token="all")
    store.progress.write([progress(END, False, WALL - timedelta(hours=1))])
    health = Health(clock)
    report = AlertService(store, SETTINGS, clock, DeadMailer(), health).run_once()
    value = health.metrics.registry.get_sample_value
    assert value("squall_messages_waiting") == report.waiting > 0
    assert value("squall_messages_total", {"outcome": "unavailable"}) == 1
    assert value("squall_detector_runs_total", {"outcome": "waiting"}) == 1
    assert health.dependencies.missing() == ["receivers"]


def test_one_that_stands_by_does_not_lead_and_exports_no_age(store: Store, tmp_path: Path) -> None:
    clock = ManualClock(datetime.now(UTC))  # old claims are dropped by the store's own clock
    store.leases.write(Claim("negative-spikes", "another", clock.now() + timedelta(minutes=2)))
    health = Health(clock)
    assert AlertService(store, SETTINGS, clock, FolderSender(tmp_path), health).run_once().standby
    value = health.metrics.registry.get_sample_value
    assert value("squall_detector_runs_total", {"outcome": "standby"}) == 1
    assert value("squall_detector_leader") == 0
    assert value("squall_detector_evaluated_age_seconds") is None


def test_a_run_that_fails_is_counted_and_is_progress_and_none_at_all_is_not(store: Store, clock: ManualClock, tmp_path: Path) -> None:
    health = Health(clock, patience_seconds=60)
    broken: Any = BrokenStore(store)
    scheduler = DetectorScheduler(AlertService(broken, SETTINGS, clock, FolderSender(tmp_path), health), 3600, clock, health)
    scheduler.start()
    assert scheduler.wait_for_run(20)
    clock.advance(3 * 3600)
    assert LIVENESS_PART not in stuck(health), "it has three intervals"
    clock.advance(1)
    assert LIVENESS_PART in stuck(health)
    scheduler.stop()
    assert health.liveness.stuck() == []
    assert health.metrics.registry.get_sample_value("squall_detector_runs_total", {"outcome": "failed"}) == 1
