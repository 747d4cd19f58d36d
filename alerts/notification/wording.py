"""The wording that all channels share: subject line, title, and the sentence that gives the reason of a message."""

from __future__ import annotations

from typing import Final

from squall.alerts.notification.content import NotificationContent, Reason
from squall.alerts.notification.sanitize import one_line
from squall.core.formatting import driver, duration, happened, is_over, size, times, tone, who, window_minutes
from squall.core.records import Alert, SeriesKind, Severity
from squall.core.series import NO_DATA

REASONS: Final = {
    Reason.FIRING: "Firing now.",
    Reason.MORE_FIRING: "Firing now, in addition to the alerts already reported.",
    Reason.ESCALATED: "Escalated from warning to critical.",
    Reason.RESOLVED: "Resolved.",
    Reason.REPEAT: "Still firing and unacknowledged.",
    Reason.ACKNOWLEDGED: "Acknowledged.",
    Reason.DIGEST: "Collected during quiet hours, or while the rate limit was reached.",
}
MAX_SUBJECT: Final = 110
"""A phone shows about so many characters of a subject."""
_LONG: Final = 1000
_TITLE_NAMES: Final = 3


def subject(content: NotificationContent) -> str:
    """Return the subject line: what is new, whom it is about, what happened, how bad; short enough for a phone to show whole."""
    alerts = _newest(content)
    first, over = alerts[0], content.reason is Reason.RESOLVED
    urgent = "CRITICAL: " if not over and any(is_critical(alert) for alert in alerts) else ""
    lead = {Reason.REPEAT: "still firing: ", Reason.ESCALATED: "now ", Reason.DIGEST: "digest: "}.get(content.reason, "") + urgent
    if len(alerts) == 1:
        return _fitted(f"Squall: {lead}", *_names(first), _sizes(first, content.reason), happened(first, 1))
    noun = "topics" if all(alert.kind is SeriesKind.TOPIC for alert in alerts) else "alerts"
    parts = [f"{alert.topic} {_short(alert)}" for alert in alerts]
    whom = f"{first.lead}: " if first.lead and first.lead != first.topic and not over else ""
    return one_line(f"Squall: {lead}{whom}{len(alerts)} {noun}{' resolved' if over else ''}: {', '.join(parts)}", MAX_SUBJECT)


def _short(alert: Alert) -> str:
    """Return how much of it there is, beside others."""
    if alert.kind is SeriesKind.ENTITY:
        return happened(alert, 1) or size(alert)
    return f"{alert.observed} negative{f' ({times(alert)})' if times(alert) else ''}"


def _names(alert: Alert) -> tuple[str, str]:
    """Return whom a subject names, in full and in short."""
    return who(alert), alert.lead or alert.topic


def _sizes(alert: Alert, reason: Reason) -> tuple[str, str]:
    """Return how bad it is, in full and in short: now and peak where it was reported before, else what was judged."""
    if is_over(alert):
        most = f"{alert.peak} {tone(alert)} in {alert.current_minutes} min" if alert.current_minutes else size(alert)
        lasted = f", lasted {duration(alert.opened_at, alert.resolved_at)}" if alert.current_minutes and alert.resolved_at else ""
        return f"resolved, peak {most}{lasted}", f"resolved, peak {most}"
    if reason is Reason.REPEAT and alert.current_minutes:
        present = f"{alert.current} {tone(alert)} in the last {alert.current_minutes} min"
        trend = f", {alert.trend.value}" if alert.trend.value else ""
        return f"{present}{trend}, peak {alert.peak}", f"{present}, peak {alert.peak}"
    if alert.test == NO_DATA or alert.kind is SeriesKind.ENTITY:
        return size(alert), size(alert)
    return size(alert), f"{alert.observed} negative in {window_minutes(alert)} min"


def _fitted(lead: str, whom: str, whom_short: str, sizes: tuple[str, str], what: str) -> str:
    """Return the fullest subject that is short enough: what happened goes last, before it the series beside a name, and the ratio."""
    events = f"{what}; " if what else ""
    forms = [(name, event, numbers) for event in dict.fromkeys((events, "")) for numbers in sizes for name in (whom, whom_short)]
    for name, event, numbers in forms:
        line = one_line(f"{lead}{name}: {event}{numbers}", _LONG)
        if len(line) <= MAX_SUBJECT:
            return line
    name, _, numbers = forms[-1]
    room = max(MAX_SUBJECT - len(one_line(f"{lead}: {numbers}", _LONG)), 1)
    return one_line(f"{lead}{one_line(name, room)}: {numbers}", MAX_SUBJECT)


def title(content: NotificationContent) -> str:
    """Return the heading of the message."""
    alerts = _newest(content)
    if len(alerts) > 1:
        names = ", ".join(one_line(alert.topic) for alert in alerts[:_TITLE_NAMES])
        more = f" and {len(alerts) - _TITLE_NAMES} more" if len(alerts) > _TITLE_NAMES else ""
        return f"{names}{more}: {'back to normal' if all(map(is_over, alerts)) else f'{len(alerts)} alerts'}"
    topic = one_line(alerts[0].lead or alerts[0].topic)
    if is_over(alerts[0]):
        return f"{topic}: back to normal"
    if driver(alerts[0]) and alerts[0].lead:
        return one_line(driver(alerts[0]))
    return f"{topic}: no documents arriving" if alerts[0].test == NO_DATA else f"{topic}: unusually many negative documents"


def is_critical(alert: Alert) -> bool:
    """Return whether the alert is critical and not resolved."""
    return alert.severity is Severity.CRITICAL and not is_over(alert)


def _newest(content: NotificationContent) -> tuple[Alert, ...]:
    return content.alerts[: content.new_count] or content.alerts
