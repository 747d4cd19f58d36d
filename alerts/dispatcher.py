"""From changes to queued messages: alerts are written, the notification policy decides, and what is due is rendered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import orjson

from squall.alerts.changes import AlertChange
from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import Method
from squall.alerts.facts.alert_facts import AlertFacts
from squall.alerts.lifecycle import Change
from squall.alerts.minutes import instant, minute_of
from squall.alerts.notification.content import DualTime, NotificationContent
from squall.alerts.notification.links import alert_links
from squall.alerts.notification.policy import NotificationPolicy
from squall.alerts.notification.receivers import render
from squall.alerts.notification.unmade import keep
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import StoreError, UnavailableError
from squall.core.formatting import size
from squall.core.records import Alert
from squall.storage import Store
from squall.storage.rows.alerting import Notification

log = logging.getLogger(__name__)


class Dispatcher:
    """Writes alerts and the messages about them; its state goes to the store with the detector's position. Serves one run.

    Everything is done in event order: before a change is taken in, the policy is asked at every moment at which a wait ended before it.
    So a day evaluated at once makes the messages that a day of one-minute runs would have made. A message that is already stored is left
    as it is.
    """

    def __init__(
        self, store: Store, settings: Settings, detector: Method, clock: Clock, reached: datetime, state: str, page: str = ""
    ) -> None:
        """Start from `state`, as `dump` gave it, and from the event time `reached`, up to which everything was dispatched.

        Args:
            store: of alerts, messages and documents.
            settings: of detector and notifications.
            detector: what judged.
            clock: wall time.
            reached: event time.
            state: of the notification policy.
            page: address of the live page, for links; empty: messages have none.
        """
        self._store = store
        self._settings = settings
        self._detector = detector
        self._clock = clock
        self._reached = reached
        self._page = page
        self._policy = NotificationPolicy(settings.alerts, state)
        self._facts = AlertFacts(store, settings, detector)
        self._updates: list[tuple[int, Alert]] = []
        self.in_history = 0
        """Alerts that fired in history, about which nothing is sent unless they still fire when event time has caught up."""

    def dump(self) -> str:
        """Return the state as JSON."""
        return self._policy.dump()

    def dispatch(self, changes: Sequence[AlertChange], baselines: BaselineCache) -> None:
        """Write the alerts as they are after `changes`, and the messages that were due up to the last of them.

        Args:
            changes: in order of time, of ticks later than what was reached.
            baselines: counts and fits that charts and current numbers are read from, if they reach back far enough.
        """
        self._facts.use(baselines)
        last = {row.alert.id: row for row in changes}
        self._facts.expect(row.alert for row in last.values())
        if last:
            self._store.alerts.write([self._told(row.alert, instant(row.tick)) for row in last.values()])
        fired = [row for row in changes if row.alert.fired_at is not None]
        self._updates += [(row.tick, row.alert) for row in fired if row.change is Change.UPDATED]
        changed = [row for row in fired if row.change is not Change.UPDATED]
        for row in changed:
            log.info("%s: %s: %s", row.change.value, row.alert.topic, size(row.alert), extra={"alert": row.alert.id})
        self._count_history(changes)
        for tick in sorted({row.tick for row in changed}):
            self._write(self._due(instant(tick), [self._told(row.alert, instant(tick)) for row in changed if row.tick == tick]))

    def flush(self, until: datetime, baselines: BaselineCache | None = None) -> None:
        """Write the messages that became due up to `until`, event time; also those due by the wall clock alone."""
        self._facts.use(baselines)
        self._write(self._due(until))

    def _count_history(self, changes: Sequence[AlertChange]) -> None:
        wall = self._clock.now()
        ticks = [row.tick for row in changes if row.change is Change.FIRED]
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
            self._refresh(moment)
            contents += self._policy.due(DualTime(moment, wall), silences, acknowledged)
            moment = self._policy.next_due(moment)
        self._refresh(until)
        for alert in alerts:
            self._policy.update(alert, DualTime(until, wall))
        self._reached = until
        return contents + self._policy.due(DualTime(until, wall), silences, acknowledged)

    def _refresh(self, until: datetime) -> None:
        """Hand the policy the numbers that alerts have at `until`."""
        reached = minute_of(until)
        for tick, alert in self._updates:
            if tick <= reached:
                self._policy.refresh(alert)
        self._updates = [(tick, alert) for tick, alert in self._updates if tick > reached]

    def _write(self, contents: Sequence[NotificationContent]) -> None:
        fresh = [content for content in contents if self._store.notifications.get(_identity(content)) is None]
        if fresh:
            self._store.notifications.write([self._compose(content) for content in fresh])

    def _compose(self, content: NotificationContent) -> Notification:
        now, key = self._clock.now(), _identity(content)
        return Notification(
            id=key,
            alert_id=content.group,
            event=content.reason.value,
            status="queued",
            attempts=0,
            last_error="",
            message=self._made(key, content, now),
            created_at=now,
            updated_at=now,
            receiver=content.receiver,
            alert_ids=tuple(alert.id for alert in content.alerts),
        )

    def _made(self, key: str, content: NotificationContent, now: datetime) -> bytes:
        """Return the message: with documents and chart, else without, else its content, from which it is made when it is tried again.

        Whatever one message raises, the others, their receivers and the detector go on.
        """
        try:
            told = self._complete(content)
            documents = {alert.id: self._facts.documents(alert) for alert in told.alerts}
            return render(key, told, documents, lambda: self._facts.chart(told.alerts[0]), self._settings.alerts, now)
        except UnavailableError:
            raise
        except Exception:
            log.exception("message %s to %s can't be made with its documents and chart, and goes without them", key, content.receiver)
        try:
            return render(key, content, {}, lambda: None, self._settings.alerts, now)
        except Exception:
            log.exception("message %s to %s can't be made; it is kept and tried again", key, content.receiver)
            return keep(content)

    def _told(self, alert: Alert, at: datetime) -> Alert:
        """Return the alert with everything that is told of it; without that where it can't be found out, so that the others are stored."""
        try:
            return self._facts.complete(alert, at)
        except (UnavailableError, StoreError):
            raise
        except Exception:
            log.exception("the facts of the alert about %s can't be found out, and it is stored without them", alert.topic)
            return alert

    def _complete(self, content: NotificationContent) -> NotificationContent:
        """Return the content with its alerts as they are when it is made, who drives them, and links to them."""
        alerts = tuple(self._facts.complete(alert, content.at.event) for alert in content.alerts)
        return replace(
            content,
            alerts=alerts,
            drivers={alert.id: self._facts.drivers(alert) for alert in alerts},
            links={alert.id: links for alert in alerts if (links := alert_links(self._page, alert.id))},
        )


class DetectorState(NamedTuple):
    """What is stored with the detector's position: the states of the lifecycle, the notification policy and the detector of names."""

    lifecycle: str = ""
    policy: str = ""
    names: str = ""


def pack(state: DetectorState) -> str:
    """Return the states as one string.

    The keys (`life`: the lifecycle) are a stored format: a node reads what the version before it wrote.
    """
    return orjson.dumps({"life": state.lifecycle, "notifier": state.policy, "names": state.names}).decode()


def unpack(state: str) -> DetectorState:
    """Return the states; one from before there were groups, or names, has none of these."""
    found = orjson.loads(state) if state else {}
    if not isinstance(found, dict):
        return DetectorState(state)
    return DetectorState(found.get("life", ""), found.get("notifier", ""), found.get("names", ""))


def _identity(content: NotificationContent) -> str:
    return f"{content.key}-{content.receiver}"
