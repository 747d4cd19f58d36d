"""From transitions to queued messages: alerts are written, the notification policy decides, and what is due is rendered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import orjson

from squall.alerts.alert_chart import alert_chart, chart_ticks
from squall.alerts.counts import load_counts
from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import Method
from squall.alerts.lifecycle import Change, Transition, alert_record
from squall.alerts.minutes import instant, minute_of
from squall.alerts.notification.content import MAX_DOCUMENTS, DualTime, NotificationContent
from squall.alerts.notification.email.chart import AlertChart
from squall.alerts.notification.policy import NotificationPolicy
from squall.alerts.notification.receivers import render
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.formatting import size
from squall.core.records import Alert
from squall.core.series import NO_DATA
from squall.storage import Store
from squall.storage.queries.alerting.documents import documents_in_window
from squall.storage.rows.alerting import Notification
from squall.storage.rows.documents import StoredDocument

log = logging.getLogger(__name__)

_AlertWindow = tuple[str, datetime, datetime]
"""An alert's id and window: the documents behind it, and its chart, are the same while these are."""


class Dispatcher:
    """Writes alerts and the messages about them; its state goes to the store with the detector's position. Serves one run.

    Everything is done in event order: before a transition is taken in, the policy is asked at every moment at which a wait ended before it.
    So a day evaluated at once makes the messages that a day of one-minute runs would have made. A message that is already stored is left
    as it is.
    """

    def __init__(self, store: Store, settings: Settings, detector: Method, clock: Clock, reached: datetime, state: str) -> None:
        """Start from `state`, as `dump` gave it, and from the event time `reached`, up to which everything was dispatched."""
        self._store = store
        self._settings = settings
        self._detector = detector
        self._clock = clock
        self._reached = reached
        self._policy = NotificationPolicy(settings.alerts, state)
        self._documents: dict[_AlertWindow, list[StoredDocument]] = {}
        self._charts: dict[_AlertWindow, AlertChart | None] = {}
        self.in_history = 0
        """Alerts that fired in history, about which nothing is sent unless they still fire when event time has caught up."""

    def dump(self) -> str:
        """Return the state as JSON."""
        return self._policy.dump()

    def dispatch(self, transitions: Sequence[Transition], baselines: BaselineCache) -> None:
        """Write the alerts as they are after `transitions`, in order of time, and the messages that were due up to the last of them.

        Args:
            transitions: of ticks later than what was reached.
            baselines: counts and fits that the charts are drawn from, if they reach back far enough.
        """
        alerts = [(transition.tick, self._describe(transition)) for transition in transitions]
        if alerts:
            self._store.alerts.write([alert for _, alert in alerts])
        fired = [(tick, alert) for tick, alert in alerts if alert.fired_at is not None]
        self._count_history(transitions)
        for tick in sorted({tick for tick, _ in fired}):
            self._write(self._due(instant(tick), [alert for at, alert in fired if at == tick]), baselines)

    def flush(self, until: datetime, baselines: BaselineCache | None = None) -> None:
        """Write the messages that became due up to `until`, event time; also those due by the wall clock alone."""
        self._write(self._due(until), baselines)

    def _count_history(self, transitions: Sequence[Transition]) -> None:
        wall = self._clock.now()
        ticks = [transition.tick for transition in transitions if transition.change is Change.FIRED]
        found = sum(self._policy.is_history(DualTime(instant(tick), wall)) for tick in ticks)
        if found:
            log.info("%d alerts fired in history, about which nothing is sent (alerts.history_after_seconds, alerts.notify_history)", found)
        self.in_history += found

    def _due(self, until: datetime, alerts: Sequence[Alert] = ()) -> list[NotificationContent]:
        """Return what became due since the moment reached, up to `until`, with `alerts` arriving at its end."""
        wall = self._clock.now()
        watched = self._policy.alert_ids
        silences = self._store.silences.active(wall) if watched or alerts else []
        acknowledged = {row.alert_id for row in self._store.acknowledgements.of(watched)} if watched else set()
        contents: list[NotificationContent] = []
        moment = self._policy.next_due(self._reached)
        while moment is not None and moment < until:
            contents += self._policy.due(DualTime(moment, wall), silences, acknowledged)
            moment = self._policy.next_due(moment)
        for alert in alerts:
            self._policy.update(alert, DualTime(until, wall))
        self._reached = until
        return contents + self._policy.due(DualTime(until, wall), silences, acknowledged)

    def _describe(self, transition: Transition) -> Alert:
        alert = alert_record(transition, self._detector.name)
        if alert.fired_at is None:
            return alert
        log.info("%s: %s: %s", transition.change.value, alert.topic, size(alert), extra={"alert": alert.id})
        return alert.model_copy(update={"document_ids": tuple(document.id for document in self._documents_behind(alert))})

    def _documents_behind(self, alert: Alert) -> list[StoredDocument]:
        """Return the documents behind an alert; every alert's window is queried once, for its record and for all its messages."""
        key = _window_of(alert)
        if key not in self._documents:
            self._documents[key] = documents_in_window(self._store.documents, alert, self._settings.detector.sectors, MAX_DOCUMENTS)
        return self._documents[key]

    def _write(self, contents: Sequence[NotificationContent], baselines: BaselineCache | None) -> None:
        fresh = [content for content in contents if self._store.notifications.get(_identity(content)) is None]
        if fresh:
            self._store.notifications.write([self._compose(content, baselines) for content in fresh])

    def _compose(self, content: NotificationContent, baselines: BaselineCache | None) -> Notification:
        now, key, first = self._clock.now(), _identity(content), content.alerts[0]
        documents = {alert.id: self._documents_behind(alert) for alert in content.alerts}
        try:
            message = render(key, content, documents, lambda: self._chart(first, baselines), self._settings.alerts, now)
        except Exception:  # a message that can't be made of these documents must stop neither the others nor the detector
            log.exception("message %s can't be made with its documents and chart, and goes without them", key)
            message = render(key, content, {}, lambda: None, self._settings.alerts, now)
        return Notification(
            id=key,
            alert_id=content.group,
            event=content.reason.value,
            status="queued",
            attempts=0,
            last_error="",
            message=message,
            created_at=now,
            updated_at=now,
            receiver=content.receiver,
            alert_ids=tuple(alert.id for alert in content.alerts),
        )

    def _chart(self, alert: Alert, baselines: BaselineCache | None) -> AlertChart | None:
        """Return the chart of the alert's last day, None when its series is not counted."""
        key = _window_of(alert)
        if key not in self._charts:
            self._charts[key] = self._read_chart(alert, baselines)
        return self._charts[key]

    def _read_chart(self, alert: Alert, baselines: BaselineCache | None) -> AlertChart | None:
        if alert.test == NO_DATA:
            return None
        tick, limits = minute_of(alert.window_end), self._settings.detector
        needed = int(chart_ticks(tick, limits.window_minutes)[0]) - self._detector.lookback
        if baselines is None or baselines.counts.start > needed or baselines.counts.end < tick:
            baselines = BaselineCache(load_counts(self._store.counts, limits, needed, tick))
        if alert.topic not in baselines.counts.topics:
            return None
        return alert_chart(self._detector, baselines, alert.topic, tick, tick - minute_of(alert.window_start), limits)


def pack(lifecycle: str, policy: str) -> str:
    """Return the states of lifecycle and policy as one string, to be written with the position.

    The keys (`life`: the lifecycle) are a stored format: a node reads what the version before it wrote.
    """
    return orjson.dumps({"life": lifecycle, "notifier": policy}).decode()


def unpack(state: str) -> tuple[str, str]:
    """Return the states of lifecycle and policy; a state from before there were groups has none of the second."""
    found = orjson.loads(state) if state else {}
    return (found.get("life", ""), found.get("notifier", "")) if isinstance(found, dict) else (state, "")


def _window_of(alert: Alert) -> _AlertWindow:
    return alert.id, alert.window_start, alert.window_end


def _identity(content: NotificationContent) -> str:
    return f"{content.key}-{content.receiver}"
