"""The notification policy: routes, groups, mutes, holds back and repeats alerts. Pure: alerts, clocks and silences in, content out.

Its stages follow Alertmanager's: an alert is *routed* to receivers, whose *groups* wait `group_wait` for more, then report everything in
one message, and the next one no sooner than `group_interval`. On the way a *silence* or an *inhibition* keeps an alert out, *quiet hours*
and the *rate limit* hold it for a digest. While event time is far behind the wall clock, what is read is *history*, and everything is
silenced: nobody is woken about last year. The *notification log* remembers what was sent: nothing is sent twice, and no alert that was
never reported is reported as resolved.

It differs from Alertmanager where receivers would learn too little: an alert inhibits others only for receivers that get to see it, and
something new in an old group waits `group_wait`, not for the next tick of a timer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.groups import FilteredGroup, GroupedAlert
from squall.alerts.notification.inhibition import inhibit
from squall.alerts.notification.intervals import interval_ends, is_acknowledged, is_due
from squall.alerts.notification.notification_log import NotificationLog
from squall.alerts.notification.quiet_hours import holds_back
from squall.alerts.notification.rate_limit import is_exhausted, limit_ends, within_hour
from squall.alerts.notification.routing import routes
from squall.alerts.notification.silences import active_silences, is_silenced
from squall.core.config.alerts import AlertSettings
from squall.core.matchers import Matcher
from squall.core.records import Alert, SeriesKind, Severity
from squall.core.text import document_id
from squall.storage.rows.alerting import Silence

INCIDENTS: Final = frozenset({"pagerduty", "opsgenie"})
"""Channels to services that keep an incident for each group, which can be acknowledged."""
_DRIVEN: Final = ("document_ids", "lead", "lead_entity", "lead_documents", "named_documents")


class NotificationPolicy:
    """Decides what to send, to whom, and when."""

    def __init__(self, settings: AlertSettings, state: str = "") -> None:
        """Start from `state`, as `dump` gave it; empty: nothing was sent yet. Groups of receivers that are gone are dropped."""
        self._settings = settings
        self._log = NotificationLog.load(state)
        self._log.forget_receivers_except(settings.by_name)

    def dump(self) -> str:
        """Return the state as JSON."""
        return self._log.dump()

    @property
    def alert_ids(self) -> set[str]:
        """The alerts that may still be reported."""
        return {alert_id for group in self._log.groups.values() for alert_id in group.alerts}

    def update(self, alert: Alert, at: DualTime) -> None:
        """Add an alert that fired, became critical, or resolved. One that resolves before any receiver was notified is dropped."""
        holders = {group.receiver for group in self._log.groups.values() if alert.id in group.alerts}
        for receiver in sorted({*routes(self._settings, alert), *holders}):
            group = self._log.group(receiver, tuple(str(getattr(alert, label)) for label in self._settings.group_by))
            grouped = group.alerts.setdefault(alert.id, GroupedAlert(alert))
            grouped.alert = alert
            if grouped.resolved and not grouped.notified and not grouped.held:
                del group.alerts[alert.id]
            elif grouped.is_new and group.changed is None:
                group.changed = at

    def refresh(self, alert: Alert) -> None:
        """Replace the numbers of an alert that is in the same state, wherever it may still be reported.

        Who led it, and which documents drove it, stay as they were when it was handed over, if `alert` does not say.
        """
        for group in self._log.groups.values():
            if alert.id in group.alerts:
                known = group.alerts[alert.id].alert
                driven = {name: getattr(known, name) for name in _DRIVEN} if not alert.named_documents else {}
                group.alerts[alert.id].alert = alert.model_copy(update=driven)

    def due(self, at: DualTime, silences: Sequence[Silence], acknowledged: Collection[str]) -> list[NotificationContent]:
        """Return what to send now, by receiver, and log it as sent.

        Args:
            at: never before an earlier call's on the event clock.
            silences: those not active at `at.wall` are ignored.
            acknowledged: ids of acknowledged alerts, which are not repeated. Services that keep incidents are told of them once, at once.
        """
        muted = active_silences(silences, at.wall)
        receivers = sorted({group.receiver for group in self._log.groups.values()})
        return [content for receiver in receivers for content in self._due_to(receiver, at, muted, acknowledged)]

    def next_due(self, after: datetime) -> datetime | None:
        """Return the next event time after `after` at which a wait ends, so that a caller with a stretch of event time can stop there."""
        ends = [end for group in self._log.groups.values() for end in interval_ends(group, self._settings)]
        ends += [limit_ends(sent) for receiver, sent in self._log.sent.items() if is_exhausted(receiver, sent, self._settings)]
        return min((end for end in ends if end > after), default=None)

    def _due_to(
        self, receiver: str, at: DualTime, muted: list[Sequence[Matcher]], acknowledged: Collection[str]
    ) -> list[NotificationContent]:
        self._log.sent[receiver] = sent = within_hour(self._log.sent.get(receiver, []), at)
        groups = self._filter(receiver, at, muted)
        due = [group for group in groups if is_due(group, at, acknowledged, self._settings)]
        digest = [group for group in due if group.held]
        batches = [digest] if digest else []
        batches += [[group] for group in due if not group.held]
        contents = []
        for batch in batches:
            if is_exhausted(receiver, sent, self._settings):
                for grouped in (row for group in batch for row in group.new):
                    grouped.held = True
            else:
                contents.append(_content(batch, at))
                sent.append(at)
        if self._settings.by_name[receiver].channel in INCIDENTS:
            told = [group for group in groups if not group.group.acknowledged and is_acknowledged(group, acknowledged)]
            contents += [_acknowledgement(group, at) for group in told]
        return contents

    def is_history(self, at: DualTime) -> bool:
        """Return whether event time is so far behind the wall clock that nothing is sent about it."""
        return not self._settings.notify_history and (at.wall - at.event).total_seconds() >= self._settings.history_after_seconds

    def _filter(self, receiver: str, at: DualTime, muted: list[Sequence[Matcher]]) -> list[FilteredGroup]:
        """Return the receiver's groups after silences, quiet hours and inhibition; drop resolved ones that a silence or history muted."""
        history = self.is_history(at)
        groups = [FilteredGroup(group) for _, group in sorted(self._log.groups.items()) if group.receiver == receiver]
        for filtered in groups:
            for grouped in list(filtered.group.alerts.values()):
                if history or is_silenced(grouped.alert, muted):
                    filtered.silenced += 1
                    if grouped.resolved:
                        del filtered.group.alerts[grouped.alert.id]
                elif holds_back(routes(self._settings, grouped.alert).get(receiver), grouped.alert, at.wall):
                    grouped.held = grouped.held or grouped.is_new
                else:
                    filtered.shown.append(grouped)
        inhibit(groups)
        return groups


def _reason(groups: Sequence[FilteredGroup]) -> Reason:
    new = [row for group in groups for row in group.new]
    if any(row.held for row in new):
        return Reason.DIGEST
    if not new:
        return Reason.REPEAT
    if all(row.resolved for row in new):
        return Reason.RESOLVED
    if all(row.notified for row in new):
        return Reason.ESCALATED
    known = any(row.notified and not row.resolved for group in groups for row in group.shown)
    return Reason.MORE_FIRING if known else Reason.FIRING


def _content(groups: Sequence[FilteredGroup], at: DualTime) -> NotificationContent:
    """Return the content of one message about the groups, and log it as sent."""
    first, reason = groups[0].group, _reason(groups)
    shown = sorted((row for group in groups for row in group.shown), key=_rank)
    new = [row for row in shown if row.is_new]
    known = [row for row in shown if not row.is_new]
    first.number += 1
    digest = ";".join(f"{row.alert.id} {row.label}" for row in new or known)
    content = NotificationContent(
        key=f"{first.key}-{first.number}-{document_id(f'notice:{reason.value}', digest)[:8]}",
        receiver=first.receiver,
        reason=reason,
        alerts=tuple(row.alert for row in (*new, *known)),
        at=at,
        group=first.key,
        new_count=len(new),
        inhibited=tuple(row.alert for group in groups for row in sorted(group.inhibited, key=_rank)),
        silenced=sum(group.silenced for group in groups),
        groups=tuple((group.group.key, tuple(row.alert.id for row in group.shown)) for group in groups if group.shown),
    )
    for group in groups:
        _log_sent(group, at)
    return content


def _acknowledgement(filtered: FilteredGroup, at: DualTime) -> NotificationContent:
    """Return the message that a group is acknowledged, and log it as sent. It counts for no interval and no rate limit."""
    group, alerts = filtered.group, tuple(row.alert for row in sorted(filtered.shown, key=_rank))
    group.acknowledged = True
    digest = document_id(f"notice:{Reason.ACKNOWLEDGED.value}", ";".join(alert.id for alert in alerts))[:8]
    return NotificationContent(f"{group.key}-{group.number}-{digest}", group.receiver, Reason.ACKNOWLEDGED, alerts, at, group.key)


def _log_sent(filtered: FilteredGroup, at: DualTime) -> None:
    group = filtered.group
    group.acknowledged = group.acknowledged and not filtered.new
    for grouped in filtered.shown:
        grouped.notified, grouped.held = grouped.label, False
        if grouped.resolved:
            del group.alerts[grouped.alert.id]
    group.changed = None
    group.sent = at if group.alerts else None


def _rank(grouped: GroupedAlert) -> tuple[bool, bool, bool, bool, float, str]:
    """Order by: still firing, market-wide, critical, about a name, p-value."""
    alert = grouped.alert
    kinds = alert.kind is not SeriesKind.MARKET, alert.severity is not Severity.CRITICAL, alert.kind is not SeriesKind.ENTITY
    return grouped.resolved, *kinds, alert.p_value, alert.topic
