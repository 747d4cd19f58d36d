"""The wording that all channels share: subject line, title, and the sentence that gives the reason of a message."""

from __future__ import annotations

from typing import Final

from squall.alerts.notification.content import NotificationContent, Reason
from squall.alerts.notification.sanitize import one_line
from squall.core.formatting import is_over, size, times
from squall.core.records import Alert, SeriesKind, Severity
from squall.core.series import NO_DATA

REASONS: Final = {
    Reason.FIRING: "Firing now.",
    Reason.MORE_FIRING: "Firing now, in addition to the alerts already reported.",
    Reason.ESCALATED: "Escalated from warning to critical.",
    Reason.RESOLVED: "Resolved.",
    Reason.REPEAT: "Still firing and unacknowledged. To acknowledge it, run: squall alerts ack ID",
    Reason.DIGEST: "Collected during quiet hours, or while the rate limit was reached.",
}
_MAX_SUBJECT: Final = 200
_TITLE_NAMES: Final = 3


def subject(content: NotificationContent) -> str:
    """Return the subject line: what is new, topic, direction, size."""
    alerts = _newest(content)
    first, over = alerts[0], content.reason is Reason.RESOLVED
    urgent = "CRITICAL: " if not over and any(is_critical(alert) for alert in alerts) else ""
    lead = {Reason.REPEAT: "still firing: ", Reason.ESCALATED: "now ", Reason.DIGEST: "digest: "}.get(content.reason, "") + urgent
    if len(alerts) == 1:
        peak = f"resolved, peak {size(first)}" if is_over(first) else size(first)
        return one_line(f"Squall: {lead}{first.topic}: {peak}", _MAX_SUBJECT)
    noun = "topics" if all(alert.kind is SeriesKind.TOPIC for alert in alerts) else "alerts"
    parts = [f"{alert.topic} {alert.observed} negative{f' ({times(alert)})' if times(alert) else ''}" for alert in alerts]
    return one_line(f"Squall: {lead}{len(alerts)} {noun}{' resolved' if over else ''}: {', '.join(parts)}", _MAX_SUBJECT)


def title(content: NotificationContent) -> str:
    """Return the heading of the message."""
    alerts = _newest(content)
    if len(alerts) > 1:
        names = ", ".join(one_line(alert.topic) for alert in alerts[:_TITLE_NAMES])
        more = f" and {len(alerts) - _TITLE_NAMES} more" if len(alerts) > _TITLE_NAMES else ""
        return f"{names}{more}: {'back to normal' if all(map(is_over, alerts)) else f'{len(alerts)} alerts'}"
    topic = one_line(alerts[0].topic)
    if is_over(alerts[0]):
        return f"{topic}: back to normal"
    return f"{topic}: no documents arriving" if alerts[0].test == NO_DATA else f"{topic}: unusually many negative documents"


def is_critical(alert: Alert) -> bool:
    """Return whether the alert is critical and not resolved."""
    return alert.severity is Severity.CRITICAL and not is_over(alert)


def _newest(content: NotificationContent) -> tuple[Alert, ...]:
    return content.alerts[: content.new_count] or content.alerts
