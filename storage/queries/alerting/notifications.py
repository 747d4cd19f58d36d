"""Messages about alerts, queued and sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from squall.storage.queries.base import Queries, newest
from squall.storage.rows.alerting import Notification, QueuedMessage
from squall.storage.schema.table import utc
from squall.storage.schema.tables.alerting import NOTIFICATIONS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WAITING = "SELECT receiver, count() FROM notifications FINAL WHERE status != 'sent' GROUP BY receiver ORDER BY receiver"
_NEXT = """
SELECT id, alert_id, attempts, last_error, created_at, updated_at
FROM
(
    SELECT id, alert_id, attempts, last_error, created_at, updated_at
    FROM notifications FINAL
    WHERE status != 'sent' AND receiver = {receiver:String}
    ORDER BY alert_id, toUInt64OrZero(splitByChar('-', id)[2]), created_at, id -- the number of a message in its group is in its id
    LIMIT 1 BY alert_id
)
WHERE (created_at, id) > ({after:DateTime64(3, 'UTC')}, {after_id:String})
ORDER BY created_at, id
LIMIT {limit:UInt32}
"""
_ABOUT = NOTIFICATIONS.select("FINAL WHERE alert_id = {alert_id:String} OR has(alert_ids, {alert_id:String}) ORDER BY created_at, id")
_NOTIFICATION = NOTIFICATIONS.select("FINAL WHERE id = {id:String}")


class NotificationQueries(Queries):
    """Notifications: the last state written of each wins."""

    def write(self, notifications: Sequence[Notification]) -> None:
        """Store the present state of messages; of two states of one the later in the sequence wins."""
        self._write(NOTIFICATIONS, newest(notifications, lambda notification: notification.id))

    def waiting(self) -> Mapping[str, int]:
        """Return how many messages are not sent yet, by receiver; only receivers that have some."""
        return {receiver: int(count) for receiver, count in self._select(_WAITING)}

    def next_in_groups(self, receiver: str, after: QueuedMessage | None, limit: int) -> list[QueuedMessage]:
        """Return the first unsent message of each of a receiver's groups, oldest first.

        Messages of a group are in the order of their numbers, which a clock that is set back does not change.

        Args:
            receiver: whose messages.
            after: the last message of the page before; None: the first page.
            limit: of messages.
        """
        at, after_id = (after.created_at, after.id) if after else (_EPOCH, "")
        rows = self._select(_NEXT, receiver=receiver, after=at, after_id=after_id, limit=limit)
        return [
            QueuedMessage(key, alert_id, int(attempts), error, utc(created_at), utc(updated_at))
            for key, alert_id, attempts, error, created_at, updated_at in rows
        ]

    def about(self, alert_id: str) -> list[Notification]:
        """Return the messages about one alert, oldest first."""
        return self._read(NOTIFICATIONS, _ABOUT, alert_id=alert_id)

    def get(self, notification_id: str) -> Notification | None:
        """Return one message in its newest state."""
        return next(iter(self._read(NOTIFICATIONS, _NOTIFICATION, id=notification_id)), None)
