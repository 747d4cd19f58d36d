"""Alerts and the messages about them."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from squall.core.records import Alert, AlertState, SeriesKind, Severity
from squall.storage.queries.base import StoreBase, optional_utc, utc, valid_text
from squall.storage.rows.stored import Notification
from squall.storage.schema.tables import ALERTS, NOTIFICATIONS

_ALERT_FIELDS = """
SELECT id, topic, kind, test, state, severity, window_start, window_end, observed, expected, expected_low, expected_high, p_value,
       negative_share, expected_share, method, document_ids, opened_at, fired_at, resolved_at, updated_at
FROM alerts FINAL
"""
_ALERTS = f"""{_ALERT_FIELDS}
WHERE (empty({{states:Array(String)}}) OR has({{states:Array(String)}}, state))
  AND NOT (state = 'resolved' AND fired_at IS NULL)
ORDER BY opened_at DESC, id
LIMIT {{limit:UInt32}}
"""
_ALERT = f"{_ALERT_FIELDS} WHERE id = {{id:String}}"
_NOTIFICATION_FIELDS = """
SELECT id, alert_id, event, status, attempts, last_error, base64Encode(message), created_at, updated_at, receiver, alert_ids
FROM notifications FINAL
"""
_PENDING = f"{_NOTIFICATION_FIELDS} WHERE status != 'sent' ORDER BY created_at, id"
_ABOUT = f"""{_NOTIFICATION_FIELDS}
WHERE alert_id = {{alert_id:String}} OR has(alert_ids, {{alert_id:String}})
ORDER BY created_at, id
"""
_NOTIFICATION = f"{_NOTIFICATION_FIELDS} WHERE id = {{id:String}}"


class AlertQueries(StoreBase):
    """Alerts and notifications: the last version written of each wins."""

    def write_alerts(self, alerts: Sequence[Alert]) -> None:
        """Store the present state of alerts; of two states of one alert the later in the sequence wins."""
        version = self._next_version()
        newest = {alert.id: alert for alert in alerts}
        self._insert(ALERTS, [(*_alert_values(alert), version) for alert in newest.values()])

    def alerts(self, states: Collection[AlertState] | None = None, limit: int = 100) -> list[Alert]:
        """Return alerts in their newest state, last opened first; only those now in `states` when given.

        One that was pending and went away never was an alert to anybody: it is left out, and `alert` still finds it.
        """
        wanted = [state.value for state in states or ()]
        if states is not None and not wanted:
            return []
        return _alerts(self._select(_ALERTS, states=wanted, limit=limit))

    def alert(self, alert_id: str) -> Alert | None:
        """Return one alert in its newest state."""
        return next(iter(_alerts(self._select(_ALERT, id=alert_id))), None)

    def write_notifications(self, notifications: Sequence[Notification]) -> None:
        """Store the present state of messages; of two states of one the later in the sequence wins."""
        version = self._next_version()
        newest = {notification.id: notification for notification in notifications}
        self._insert(NOTIFICATIONS, [(*_notification_values(notification), version) for notification in newest.values()])

    def pending_notifications(self) -> list[Notification]:
        """Return messages not sent yet, oldest first."""
        return _notifications(self._select(_PENDING))

    def notifications(self, alert_id: str) -> list[Notification]:
        """Return the messages that tell of one alert, oldest first."""
        return _notifications(self._select(_ABOUT, alert_id=alert_id))

    def notification(self, notification_id: str) -> Notification | None:
        """Return one message in its newest state."""
        return next(iter(_notifications(self._select(_NOTIFICATION, id=notification_id))), None)


def _alert_values(alert: Alert) -> tuple[Any, ...]:
    return (
        alert.id,
        alert.topic,
        alert.kind.value,
        alert.test,
        alert.state.value,
        alert.severity.value,
        alert.window_start,
        alert.window_end,
        alert.observed,
        alert.expected,
        alert.expected_low,
        alert.expected_high,
        alert.p_value,
        alert.negative_share,
        alert.expected_share,
        alert.method,
        list(alert.document_ids),
        alert.opened_at,
        alert.fired_at,
        alert.resolved_at,
        alert.updated_at,
    )


def _alerts(rows: Iterable[tuple[Any, ...]]) -> list[Alert]:
    return [
        Alert(
            id=row[0],
            topic=row[1],
            kind=SeriesKind(row[2]),
            test=row[3],
            state=AlertState(row[4]),
            severity=Severity(row[5]),
            window_start=utc(row[6]),
            window_end=utc(row[7]),
            observed=row[8],
            expected=row[9],
            expected_low=row[10],
            expected_high=row[11],
            p_value=row[12],
            negative_share=row[13],
            expected_share=row[14],
            method=row[15],
            document_ids=tuple(row[16]),
            opened_at=utc(row[17]),
            fired_at=optional_utc(row[18]),
            resolved_at=optional_utc(row[19]),
            updated_at=utc(row[20]),
        )
        for row in rows
    ]


def _notification_values(notification: Notification) -> tuple[Any, ...]:
    return (
        notification.id,
        notification.alert_id,
        notification.event,
        notification.status,
        notification.attempts,
        valid_text(notification.last_error),
        notification.message,
        notification.created_at,
        notification.updated_at,
        notification.receiver,
        list(notification.alert_ids),
    )


def _notifications(rows: Iterable[tuple[Any, ...]]) -> list[Notification]:
    return [
        Notification(
            id=row[0],
            alert_id=row[1],
            event=row[2],
            status=row[3],
            attempts=row[4],
            last_error=row[5],
            message=base64.b64decode(row[6]),
            created_at=utc(row[7]),
            updated_at=utc(row[8]),
            receiver=row[9],
            alert_ids=tuple(row[10]),
        )
        for row in rows
    ]
