"""Alerts, documents and notifications for the tests of e-mail."""

from datetime import UTC, datetime, timedelta

from squall.core.config.settings import AlertSettings
from squall.core.records import Alert, AlertState, Sentiment, Severity
from squall.storage.rows.alerting import Notification
from squall.storage.rows.documents import StoredDocument

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
    """An outbox that keeps every state it was given."""

    def __init__(self, *notifications):
        self.rows = {row.id: row for row in notifications}

    def pending(self):
        return sorted((row for row in self.rows.values() if row.status != "sent"), key=lambda row: (row.created_at, row.id))

    def write(self, notifications):
        self.rows |= {row.id: row for row in notifications}
