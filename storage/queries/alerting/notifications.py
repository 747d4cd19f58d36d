"""Messages about alerts, queued and sent."""

from __future__ import annotations

from collections.abc import Sequence

from squall.storage.queries.base import Queries, newest
from squall.storage.rows.alerting import Notification
from squall.storage.schema.tables.alerting import NOTIFICATIONS

_PENDING = NOTIFICATIONS.select("FINAL WHERE status != 'sent' ORDER BY created_at, id")
_ABOUT = NOTIFICATIONS.select("FINAL WHERE alert_id = {alert_id:String} OR has(alert_ids, {alert_id:String}) ORDER BY created_at, id")
_NOTIFICATION = NOTIFICATIONS.select("FINAL WHERE id = {id:String}")


class NotificationQueries(Queries):
    """Notifications: the last state written of each wins."""

    def write(self, notifications: Sequence[Notification]) -> None:
        """Store the present state of messages; of two states of one the later in the sequence wins."""
        self._write(NOTIFICATIONS, newest(notifications, lambda notification: notification.id))

    def pending(self) -> list[Notification]:
        """Return messages not sent yet, oldest first."""
        return self._read(NOTIFICATIONS, _PENDING)

    def about(self, alert_id: str) -> list[Notification]:
        """Return the messages about one alert, oldest first."""
        return self._read(NOTIFICATIONS, _ABOUT, alert_id=alert_id)

    def get(self, notification_id: str) -> Notification | None:
        """Return one message in its newest state."""
        return next(iter(self._read(NOTIFICATIONS, _NOTIFICATION, id=notification_id)), None)
