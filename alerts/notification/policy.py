"""From alerts to messages: routed, grouped, muted, held back, repeated. Pure: alerts, clocks and silences in, notices out.

Small stages after Alertmanager's: an alert is *routed* to receivers, whose *groups* wait `group_wait` for more, then tell all at once,
and again no sooner than `group_interval`. On the way a *silence* or an *inhibition* keeps an alert out, *quiet hours* and the *rate
limit* hold it for a digest. What was told is remembered with the group: nothing is told twice, and nothing unknown is told to be over.

It differs from Alertmanager where people would be told too little: a market-wide alert inhibits only for receivers that get to see it, and
something new in an old group waits `group_wait`, not for the next turn of a timer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from squall.alerts.notification.groups import Entry, Group, Memory, Moment, Notice, Reason
from squall.alerts.notification.quiet_hours import is_quiet
from squall.alerts.notification.routing import routes
from squall.alerts.notification.silences import is_silenced, silences_in_force
from squall.core.config.alerts import AlertSettings
from squall.core.matchers import Matcher
from squall.core.records import Alert, SeriesKind, Severity
from squall.core.series import NO_DATA
from squall.core.text import document_id
from squall.storage.rows.alerting import Silence

_INHIBITED_KINDS: Final = frozenset({SeriesKind.TOPIC, SeriesKind.SECTOR, SeriesKind.SYMBOL})
_HOUR_SECONDS: Final = 3600.0


@dataclass(slots=True)
class _View:
    """What a receiver may see of a group at one moment."""

    group: Group
    shown: list[Entry] = field(default_factory=list)
    inhibited: list[Entry] = field(default_factory=list)
    silenced: int = 0

    @property
    def news(self) -> list[Entry]:
        return [entry for entry in self.shown if entry.is_news]

    @property
    def held(self) -> bool:
        return any(entry.held for entry in self.news)


class NotificationPolicy:
    """Decides what to send, to whom, and when."""

    def __init__(self, settings: AlertSettings, state: str = "") -> None:
        """Start from `state`, as `dump` gave it; empty: nobody was told anything. Groups of receivers that are gone are forgotten."""
        self._settings = settings
        self._memory = Memory.load(state)
        known = settings.by_name
        self._memory.groups = {key: group for key, group in self._memory.groups.items() if group.receiver in known}
        self._memory.sent = {name: times for name, times in self._memory.sent.items() if name in known}

    def dump(self) -> str:
        """Return the state as JSON."""
        return self._memory.dump()

    @property
    def alert_ids(self) -> set[str]:
        """The alerts that may still be told of."""
        return {alert_id for group in self._memory.groups.values() for alert_id in group.entries}

    def update(self, alert: Alert, at: Moment) -> None:
        """Take note of an alert that fired, became critical, or resolved. One that resolves before anybody was told of it is forgotten."""
        holders = {group.receiver for group in self._memory.groups.values() if alert.id in group.entries}
        for receiver in sorted({*routes(self._settings, alert), *holders}):
            group = self._memory.group(receiver, tuple(str(getattr(alert, label)) for label in self._settings.group_by))
            entry = group.entries.setdefault(alert.id, Entry(alert))
            entry.alert = alert
            if entry.resolved and not entry.told and not entry.held:
                del group.entries[alert.id]
            elif entry.is_news and group.changed is None:
                group.changed = at

    def due(self, at: Moment, silences: Sequence[Silence], acknowledged: Collection[str]) -> list[Notice]:
        """Return what to send now, by receiver, and mark it as sent.

        Args:
            at: never before an earlier call's on the event clock.
            silences: those not in force at `at.wall` are ignored.
            acknowledged: ids of alerts that somebody has taken up: they are not repeated.
        """
        muted = silences_in_force(silences, at.wall)
        receivers = sorted({group.receiver for group in self._memory.groups.values()})
        return [notice for receiver in receivers for notice in self._due_to(receiver, at, muted, acknowledged)]

    def next_due(self, after: datetime) -> datetime | None:
        """Return the next event time after `after` at which a wait ends, so that a caller with a stretch of event time can stop there."""
        settings, ends = self._settings, []
        for group in self._memory.groups.values():
            if group.changed:
                ends.append(group.changed.event + timedelta(seconds=settings.group_wait_seconds))
            if group.sent:
                pause = settings.group_interval_seconds if group.changed else settings.repeat_interval_seconds
                ends.append(group.sent.event + timedelta(seconds=pause))
        ends += [times[0].event + timedelta(seconds=_HOUR_SECONDS) for name, times in self._memory.sent.items() if self._room(name) == 0]
        return min((end for end in ends if end > after), default=None)

    def _room(self, receiver: str) -> int:
        """Return how many messages may still go to the receiver within the hour."""
        most = self._settings.by_name[receiver].max_per_hour or self._settings.max_per_hour
        return max(most - len(self._memory.sent.get(receiver, [])), 0)

    def _due_to(self, receiver: str, at: Moment, muted: list[Sequence[Matcher]], acknowledged: Collection[str]) -> list[Notice]:
        self._memory.sent[receiver] = [sent for sent in self._memory.sent.get(receiver, []) if not at.waited(sent, _HOUR_SECONDS)]
        ready = [view for view in self._look(receiver, at, muted) if self._is_ready(view, at, acknowledged)]
        digest = [view for view in ready if view.held]
        batches = [digest] if digest else []
        batches += [[view] for view in ready if not view.held]
        notices = []
        for batch in batches:
            if self._room(receiver):
                notices.append(_tell(batch, at))
                self._memory.sent[receiver].append(at)
            else:
                _hold(entry for view in batch for entry in view.news)
        return notices

    def _look(self, receiver: str, at: Moment, muted: list[Sequence[Matcher]]) -> list[_View]:
        """Return what of the receiver's groups may be told, and drop what has become idle to tell."""
        views = [_View(group) for _, group in sorted(self._memory.groups.items()) if group.receiver == receiver]
        for view in views:
            for entry in list(view.group.entries.values()):
                if is_silenced(entry.alert, muted):
                    view.silenced += 1
                    if entry.resolved:
                        del view.group.entries[entry.alert.id]
                elif self._is_quiet(receiver, entry.alert, at):
                    entry.held = entry.held or entry.is_news
                else:
                    view.shown.append(entry)
        if any(entry.alert.kind is SeriesKind.MARKET and not entry.resolved for view in views for entry in view.shown):
            for view in views:
                _inhibit(view)
        return views

    def _is_quiet(self, receiver: str, alert: Alert, at: Moment) -> bool:
        hours = routes(self._settings, alert).get(receiver)
        passes = hours is None or (hours.critical_passes and alert.severity is Severity.CRITICAL)
        return hours is not None and not passes and is_quiet(hours, at.wall)

    def _is_ready(self, view: _View, at: Moment, acknowledged: Collection[str]) -> bool:
        settings, group = self._settings, view.group
        if view.news:
            group.changed = group.changed or at  # a silence, an inhibition or quiet hours ended
            rested = group.sent is None or at.waited(group.sent, settings.group_interval_seconds)
            return rested and at.waited(group.changed, settings.group_wait_seconds)
        group.changed = None
        waiting = any(entry.alert.id not in acknowledged for entry in view.shown)
        return waiting and group.sent is not None and at.waited(group.sent, settings.repeat_interval_seconds)


def _inhibit(view: _View) -> None:
    """Take out what a market-wide alert covers. Receivers that were told of an alert hear of its end once the market has calmed down."""
    view.inhibited = [entry for entry in view.shown if entry.alert.kind in _INHIBITED_KINDS and entry.alert.test != NO_DATA]
    view.shown = [entry for entry in view.shown if entry not in view.inhibited]
    for entry in view.inhibited:
        if entry.resolved and not entry.told:
            del view.group.entries[entry.alert.id]
    view.inhibited = [entry for entry in view.inhibited if not entry.resolved]


def _hold(entries: Iterable[Entry]) -> None:
    for entry in entries:
        entry.held = True


def _reason(views: Sequence[_View]) -> Reason:
    news = [entry for view in views for entry in view.news]
    if any(entry.held for entry in news):
        return Reason.DIGEST
    if not news:
        return Reason.REPEAT
    if all(entry.resolved for entry in news):
        return Reason.RESOLVED
    if all(entry.told for entry in news):
        return Reason.ESCALATED
    known = any(entry.told and not entry.resolved for view in views for entry in view.shown)
    return Reason.MORE_FIRING if known else Reason.FIRING


def _tell(views: Sequence[_View], at: Moment) -> Notice:
    """Return the message about the groups and remember that it was told."""
    first, reason = views[0].group, _reason(views)
    shown = sorted((entry for view in views for entry in view.shown), key=_weight)
    news = [entry for entry in shown if entry.is_news]
    rest = [entry for entry in shown if not entry.is_news]
    first.number += 1
    content = ";".join(f"{entry.alert.id} {entry.label}" for entry in news or rest)
    notice = Notice(
        key=f"{first.key}-{first.number}-{document_id(f'notice:{reason.value}', content)[:8]}",
        receiver=first.receiver,
        reason=reason,
        alerts=tuple(entry.alert for entry in (*news, *rest)),
        at=at,
        group=first.key,
        fresh=len(news),
        inhibited=tuple(entry.alert for view in views for entry in sorted(view.inhibited, key=_weight)),
        silenced=sum(view.silenced for view in views),
    )
    for view in views:
        _remember(view, at)
    return notice


def _remember(view: _View, at: Moment) -> None:
    group = view.group
    for entry in view.shown:
        entry.told, entry.held = entry.label, False
        if entry.resolved:
            del group.entries[entry.alert.id]
    group.changed = None
    group.sent = at if group.entries else None


def _weight(entry: Entry) -> tuple[bool, bool, bool, float, str]:
    """Order by: still firing, market-wide, critical, improbable."""
    alert = entry.alert
    return entry.resolved, alert.kind is not SeriesKind.MARKET, alert.severity is not Severity.CRITICAL, alert.p_value, alert.topic
