"""A receiver whose messages can't be made, or can't be sent, holds up no other; its messages are kept and go out once they can be made."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from squall import storage
from squall.alerts.notification.receivers import open_receivers
from squall.alerts.service import DETECTOR, AlertService
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.storage.rows.alerting import Notification
from tests.support.alert_stream import CRISIS, END, documents, progress
from tests.support.migrated_stores import open_migrated

pytestmark = pytest.mark.slow

WALL = datetime(2100, 1, 1, tzinfo=UTC)
BROKEN = "first"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[storage.Store]:
    opened = open_migrated(tmp_path / "store")
    opened.progress.write([progress(END, caught_up=False, updated_at=WALL - timedelta(hours=1))])
    opened.documents.insert(documents(), token="all")
    yield opened
    opened.close()


def chosen(tmp_path: Path, address: str = "") -> Settings:
    """Two receivers of mail; the first gets an `address` that no settings file could hold."""
    receivers = [{"name": name, "to": [f"{name}@example.org"]} for name in (BROKEN, "second")]
    routes = [{"receiver": BROKEN, "continue": True}, {"receiver": "second"}]
    settings = Settings(
        data_dir=tmp_path,
        detector={"history_days": 14, "resolve_minutes": 30},
        alerts={"receivers": receivers, "routes": routes, "notify_history": True},
    )
    if not address:
        return settings
    first, second = settings.alerts.receivers
    alerts = settings.alerts.model_copy(update={"receivers": (first.model_copy(update={"to": (address,)}), second)})
    return settings.model_copy(update={"alerts": alerts})


def mails(tmp_path: Path, address: str) -> int:
    found = [message_from_bytes(file.read_bytes()) for file in (tmp_path / "outbox").glob("*.eml")]
    return sum(mail["To"] == address for mail in found)


def test_messages_that_can_not_be_made_are_kept_and_the_next_receiver_gets_its_own(
    store: storage.Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, broken = ManualClock(WALL), chosen(tmp_path, "risk@ü..de")
    store.detector.write_position(DETECTOR, CRISIS - timedelta(hours=3), "")
    with caplog.at_level(logging.WARNING):
        report = AlertService(store, broken, clock, open_receivers(broken, clock)).run_once()
    others = mails(tmp_path, "second@example.org")
    assert others == report.sent > 0
    assert store.notifications.waiting() == {BROKEN: report.waiting}
    assert report.waiting > 0
    assert f"to {BROKEN} can't be made; it is kept" in caplog.text
    assert "risk@ü..de" in report.error
    clock.advance(3601)
    mended = chosen(tmp_path)
    AlertService(store, mended, clock, open_receivers(mended, clock)).run_once()
    assert store.notifications.waiting() == {}
    assert (mails(tmp_path, "first@example.org"), mails(tmp_path, "second@example.org")) == (others, others)


@pytest.mark.parametrize("error", [UnicodeEncodeError("ascii", "ü", 0, 1, "odd")])
def test_whatever_a_sender_raises_its_messages_wait_and_the_others_are_sent(store: storage.Store, tmp_path: Path, error: Exception) -> None:
    clock, settings = ManualClock(WALL), chosen(tmp_path)
    receivers = open_receivers(settings, clock)

    class Sender:
        def send(self, notification: Notification) -> None:
            if notification.receiver == BROKEN:
                raise error
            receivers.send(notification)

        def describe(self) -> str:
            return receivers.describe()

    store.detector.write_position(DETECTOR, CRISIS - timedelta(hours=3), "")
    report = AlertService(store, settings, clock, Sender()).run_once()
    assert report.sent == mails(tmp_path, "second@example.org") > 0
    assert list(store.notifications.waiting()) == [BROKEN]
    assert str(error) in report.error
