"""Alerts, documents and notifications for the tests of e-mail."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

from squall.alerts.delivery.loop import Delivery
from squall.alerts.lease import Lease
from squall.core.config.settings import AlertSettings
from squall.core.records import Alert, AlertState, Sentiment, Severity
from squall.storage.rows.alerting import Notification, QueuedMessage
from squall.storage.rows.documents import StoredDocument
from tests.support.stepping import ClaimStore

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
SETTINGS = AlertSettings(
    sender="Squall <squall@example.org>", to=("risk@example.org", "desk@example.org"), link_base="https://dash.example.org/"
)


def alert(**changes):
    fields = {
        "id": "ab" * 16,
        "topic": "Financials",
        "state": AlertState.FIRING,
        "severity": Severity.WARNING,
        "window_start": NOW - timedelta(hours=1),
        "window_end": NOW,
        "observed": 42,
        "expected": 5.04,
        "p_value": 3.2e-9,
        "negative_share": 0.7,
        "expected_share": 0.21,
        "method": "test",
        "opened_at": NOW - timedelta(minutes=5),
        "fired_at": NOW,
        "updated_at": NOW,
    }
    return Alert(**{**fields, **changes})


def stored(title="Bank fails", url="https://news.example.org/1", copies=0, source="wire"):
    return StoredDocument(
        id="cd" * 16,
        kind="news",
        source=source,
        author="",
        url=url,
        title=title,
        text="",
        language="en",
        symbols=(),
        published_at=NOW,
        collected_at=NOW,
        topic="Financials",
        topic_probability=0.9,
        p_negative=0.9,
        p_neutral=0.05,
        p_positive=0.05,
        sentiment=Sentiment.NEGATIVE,
        score=-0.85,
        fingerprint=1,
        model_version="test",
        scored_at=NOW,
        stored_at=NOW,
        copies=copies,
    )


def notification(number=0, alert_id="", message=b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nhello\r\n", at=NOW):
    return Notification(f"n{number}", alert_id or f"a{number}", "firing", "queued", 0, "", message, at, at)


class MemoryOutbox:
    """An outbox that keeps the last state of each message; thread-safe."""

    def __init__(self, *notifications):
        self.rows = {row.id: row for row in notifications}
        self.lock = threading.Lock()

    def queued(self):
        with self.lock:
            return sorted((row for row in self.rows.values() if row.status != "sent"), key=lambda row: (row.created_at, row.id))

    def waiting(self):
        return dict(Counter(row.receiver for row in self.queued()))

    def next_in_groups(self, receiver, after, limit):
        first = {}
        for row in self.queued():
            if row.receiver == receiver:
                first.setdefault(row.alert_id, row)
        found = [row for row in first.values() if after is None or (row.created_at, row.id) > (after.created_at, after.id)]
        return [
            QueuedMessage(row.id, row.alert_id, row.attempts, row.last_error, row.created_at, row.updated_at)
            for row in sorted(found, key=lambda row: (row.created_at, row.id))[:limit]
        ]

    def get(self, notification_id):
        return self.rows.get(notification_id)

    def write(self, notifications):
        with self.lock:
            self.rows |= {row.id: row for row in notifications}


def held_lease(clock, seconds=180.0, store=None):
    """Return a lease that is held."""
    lease = Lease(store or ClaimStore(), "detector", "this process", seconds, clock)
    assert lease.hold()
    return lease


def deliver(queue, sender, clock, health=None):
    """Try everything in the queue that is due, as a process does that has just started."""
    return Delivery(queue, sender, held_lease(clock), 180.0, clock, health).flush(60)
