"""From transitions to messages in the outbox: alerts are written, the notifier is asked, what is due is put into words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

import orjson

from squall.alerts.counts import load_counts
from squall.alerts.detection.methods import Method
from squall.alerts.detection.readings import Counts
from squall.alerts.lifecycle import Transition, instant, minute_of, record
from squall.alerts.notification.email import message as mail
from squall.alerts.notification.email.chart import chart_ticks, draw
from squall.alerts.notification.groups import Moment, Notice
from squall.alerts.notification.policy import NotificationPolicy
from squall.alerts.notification.webhook import payload
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


class Dispatcher:
    """Writes alerts and the messages about them; its state goes to the store with the detector's position.

    Everything is done in event order: before a transition is taken note of, the notifier is asked at every moment at which a wait ended
    before it. So a day evaluated at once makes the messages that a day of one-minute runs would have made. A message that is known
    already is left as it is.
    """

    def __init__(self, store: Store, settings: Settings, detector: Method, clock: Clock, reached: datetime, state: str) -> None:
        """Start from `state`, as `dump` gave it, and from the event time `reached`, up to which everything was announced."""
        self._store = store
        self._settings = settings
        self._detector = detector
        self._clock = clock
        self._reached = reached
        self._found: dict[tuple[str, datetime, datetime], list[StoredDocument]] = {}
        self._notifier = NotificationPolicy(settings.alerts, state)

    def dump(self) -> str:
        """Return the state as JSON."""
        return self._notifier.dump()

    def announce(self, transitions: Sequence[Transition], counts: Counts) -> None:
        """Write the alerts as they are after `transitions`, in order of time, and the messages that were due up to the last of them.

        Args:
            transitions: of ticks later than what was reached.
            counts: what the charts are drawn from, if they reach back far enough.
        """
        alerts = [(transition.tick, self._describe(transition)) for transition in transitions]
        if alerts:
            self._store.alerts.write([alert for _, alert in alerts])
        told = [(tick, alert) for tick, alert in alerts if alert.fired_at is not None]
        for tick in sorted({tick for tick, _ in told}):
            self._write(self._due(instant(tick), [alert for at, alert in told if at == tick]), counts)

    def flush(self, until: datetime, counts: Counts | None = None) -> None:
        """Write the messages that became due up to `until`, event time; also those due by the wall clock alone."""
        self._write(self._due(until), counts)
        self._found.clear()

    def _due(self, until: datetime, alerts: Sequence[Alert] = ()) -> list[Notice]:
        """Return the notices due since the moment reached, up to `until`, with `alerts` arriving at its end."""
        wall = self._clock.now()
        watched = self._notifier.alert_ids
        silences = self._store.silences.active(wall) if watched or alerts else []
        acknowledged = {row.alert_id for row in self._store.acknowledgements.of(watched)} if watched else set()
        notices: list[Notice] = []
        moment = self._notifier.next_due(self._reached)
        while moment is not None and moment < until:
            notices += self._notifier.due(Moment(moment, wall), silences, acknowledged)
            moment = self._notifier.next_due(moment)
        for alert in alerts:
            self._notifier.update(alert, Moment(until, wall))
        self._reached = until
        return notices + self._notifier.due(Moment(until, wall), silences, acknowledged)

    def _describe(self, transition: Transition) -> Alert:
        alert = record(transition, self._detector.name)
        if alert.fired_at is None:
            return alert
        log.info("%s: %s: %s", transition.change.value, alert.topic, size(alert), extra={"alert": alert.id})
        return alert.model_copy(update={"document_ids": tuple(document.id for document in self._documents(alert))})

    def _documents(self, alert: Alert) -> list[StoredDocument]:
        """Return the documents of the alert's window; queried once until the next `flush` ends, for the alert and its messages."""
        key = (alert.id, alert.window_start, alert.window_end)
        if key not in self._found:
            self._found[key] = documents_in_window(self._store.documents, alert, self._settings.detector.sectors, mail.MAX_DOCUMENTS)
        return self._found[key]

    def _write(self, notices: Sequence[Notice], counts: Counts | None) -> None:
        fresh = [notice for notice in notices if self._store.notifications.get(_identity(notice)) is None]
        if fresh:
            self._store.notifications.write([self._compose(notice, counts) for notice in fresh])

    def _compose(self, notice: Notice, counts: Counts | None) -> Notification:
        settings, now, key = self._settings.alerts, self._clock.now(), _identity(notice)
        documents = {alert.id: self._documents(alert) for alert in notice.alerts}
        if settings.by_name[notice.receiver].url:
            message = payload.build(key, notice, documents, settings.link_base)
        else:
            message = mail.build(key, notice, documents, self._chart(notice.alerts[0], counts), settings, now)
        return Notification(
            id=key,
            alert_id=notice.group,
            event=notice.reason.value,
            status="queued",
            attempts=0,
            last_error="",
            message=message,
            created_at=now,
            updated_at=now,
            receiver=notice.receiver,
            alert_ids=tuple(alert.id for alert in notice.alerts),
        )

    def _chart(self, alert: Alert, counts: Counts | None) -> bytes:
        """Return a PNG of the alert's last day, empty when its series is not counted."""
        tick, limits = minute_of(alert.window_end), self._settings.detector
        needed = int(chart_ticks(tick, limits.window_minutes)[0]) - self._detector.lookback
        if counts is None or counts.start > needed or counts.end < tick:  # the chart begins a day earlier than the readings do
            counts = load_counts(self._store.counts, limits, needed, tick)
        if alert.test == NO_DATA or alert.topic not in counts.topics:
            return b""
        return draw(self._detector, counts, alert.topic, tick, tick - minute_of(alert.window_start), limits)


def pack(life: str, announcer: str) -> str:
    """Return the states of life and announcer as one string, to be written with the position."""
    return orjson.dumps({"life": life, "notifier": announcer}).decode()


def unpack(state: str) -> tuple[str, str]:
    """Return the states of life and announcer; a state from before there were groups has none of the second."""
    found = orjson.loads(state) if state else {}
    return (found.get("life", ""), found.get("notifier", "")) if isinstance(found, dict) else (state, "")


def _identity(notice: Notice) -> str:
    return f"{notice.key}-{notice.receiver}"
