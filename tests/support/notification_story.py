"""A notifier's story: alerts that come and go at given seconds, and what was sent about them."""

from datetime import UTC, datetime, timedelta

from squall.alerts.notification.content import DualTime
from squall.alerts.notification.policy import NotificationPolicy
from squall.core.config.alerts import AlertSettings
from squall.core.records import AlertState, SeriesKind
from squall.core.text import document_id
from squall.storage.rows.alerting import Silence
from tests.support.alert_mail import alert

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DESK = {"name": "desk", "to": ("desk@example.org",)}
OPS = {"name": "ops", "url": "https://ops.example.org/hook"}
MARKET = {"kind": SeriesKind.MARKET}


def moment(seconds=0.0, wall=None):
    return DualTime(START + timedelta(seconds=seconds), START + timedelta(seconds=seconds if wall is None else wall))


def firing(topic="Energy | Oil", **changes):
    return alert(id=document_id("test", topic), topic=topic, **changes)


def resolved(topic="Energy | Oil", **changes):
    return firing(topic, state=AlertState.RESOLVED, resolved_at=START + timedelta(hours=9), **changes)


class Story:
    """Updates and looks at given seconds; `sent` keeps what was sent."""

    def __init__(self, **changes):
        self.settings = AlertSettings(**changes)
        self.notifier = NotificationPolicy(self.settings)
        self.silences, self.acknowledged, self.sent = [], set(), []

    def update(self, seconds, *alerts, wall=None):
        for item in alerts:
            self.notifier.update(item, moment(seconds, wall))
        return self.look(seconds, wall)

    def look(self, seconds, wall=None):
        self.notifier = NotificationPolicy(self.settings, self.notifier.dump())  # a restart before every look
        notices = self.notifier.due(moment(seconds, wall), self.silences, self.acknowledged)
        self.sent += notices
        return notices


def said(notices):
    return [(notice.receiver, notice.reason, [item.topic for item in notice.alerts]) for notice in notices]


def silence(*matchers, start=0.0, end=3600.0):
    return Silence("s1", matchers, "ann", "planned", START + timedelta(seconds=start), START + timedelta(seconds=end))
