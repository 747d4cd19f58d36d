"""What one run asks the store, and fits, only once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from squall.alerts.detection.detector import Detector
from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.service import DETECTOR, AlertService
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from tests.support.alert_stream import CRISIS, END, documents, progress
from tests.support.migrated_stores import open_migrated
from tests.support.watched_store import WatchedStore

pytestmark = pytest.mark.slow

WALL = END + timedelta(days=30)
SETTINGS = Settings(
    detector={"history_days": 14, "min_history_hours": 24, "step_minutes": 5, "market": False},
    alerts={
        "notify_history": True,
        "receivers": [{"name": "desk", "to": ["desk@example.org"]}],
        "routes": [{"receiver": "desk", "continue": True}, {"receiver": "default"}],
    },
)
"""Two receivers of e-mail get every alert."""


@pytest.fixture
def store(tmp_path):
    opened = open_migrated(tmp_path / "store")
    opened.documents.insert(documents(), token="all")
    opened.progress.write([progress(END, caught_up=False, updated_at=WALL - timedelta(hours=1))])
    opened.detector.write_position(DETECTOR, CRISIS - timedelta(hours=1), "")
    yield opened
    opened.close()


def test_the_documents_behind_an_alert_are_queried_once_for_its_record_and_all_its_mails(store, tmp_path):
    asked = Counter()

    def before(group, method, args):
        if (group, method) == ("documents", "top"):
            asked[args] += 1

    report = AlertService(WatchedStore(store, before), SETTINGS, ManualClock(WALL), FolderSender(tmp_path / "outbox")).run_once()
    assert report.error == ""
    assert report.sent >= 4  # firing and resolved, to two receivers
    assert asked
    assert set(asked.values()) == {1}


def test_the_baseline_of_an_hour_is_fitted_once_for_all_reads_of_the_same_counts(store, tmp_path, monkeypatch):
    fitted = Counter()
    fit_hour = Detector.hour_model

    def counted(self, hourly, documents, hour, *rest):
        fitted[hourly.start, hourly.total.shape, hour] += 1
        return fit_hour(self, hourly, documents, hour, *rest)

    monkeypatch.setattr(Detector, "hour_model", counted)
    AlertService(store, SETTINGS, ManualClock(WALL), FolderSender(tmp_path / "outbox")).run_once()
    assert len(fitted) > 10
    assert set(fitted.values()) == {1}
