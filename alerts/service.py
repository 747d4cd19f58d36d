"""The detector at work: progress → watermark → ticks → transitions → alerts and e-mails, resumable at any point."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from alerts import mail
from alerts.chart import chart_ticks, draw
from alerts.detector import Detector
from alerts.life import Change, Life, Transition, instant, minute_of, record
from alerts.outbox import deliver
from alerts.ports import AlertStore, Mailer
from alerts.readings import Counts
from alerts.watermark import watermark
from core.clock import Clock
from core.errors import UnavailableError
from core.records import TOPICS, Alert
from core.settings import Settings
from storage.rows import Notification, StoredDocument

log = logging.getLogger(__name__)

DETECTOR: Final = "negative-spikes"
"""The name under which position and state are kept."""
_CHUNK_MINUTES: Final = 1440
"""Event time between two writes of the position: bounds memory, and what a crash does again."""
_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did. Times are event time."""

    watermark: datetime | None = None
    evaluated_until: datetime | None = None
    ticks: int = 0
    fired: int = 0
    resolved: int = 0
    sent: int = 0
    waiting: int = 0
    """E-mails kept to be tried again."""
    error: str = ""
    """What was unavailable; the next run goes on where this one stopped."""


@dataclass(slots=True)
class _Run:
    """Running totals of one run."""

    watermark: datetime | None = None
    until: int | None = None
    ticks: int = 0
    changes: list[Change] = field(default_factory=list)


class AlertService:
    """Evaluates event time up to the watermark and sends what follows from it. One at a time per store.

    The order of writes in a chunk is alerts, e-mails (queued), position with state. A crash in between evaluates the chunk again, and ids
    made of event time make the second time write the same rows; an e-mail that is known already is left as it is. Queued e-mails are
    sent afterwards, so nothing is mailed that a restart could think of differently.
    """

    def __init__(self, store: AlertStore, settings: Settings, clock: Clock, mailer: Mailer) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._mailer = mailer
        self._detector = Detector(settings.detector)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Make a run in progress end after its present chunk; the position is safe."""
        self._stopping.set()

    def run_once(self) -> RunReport:
        """Evaluate up to the watermark, then send queued e-mails. An unavailable store or server is reported, and tried again next time.

        Raises:
            StoreError: the store answers with an error that trying again will not mend.
        """
        run, errors = _Run(), []
        try:
            self._evaluate(run)
        except UnavailableError as error:
            log.warning("the detector waits: %s", error)
            errors.append(str(error))
        report = RunReport(watermark=run.watermark, ticks=run.ticks, evaluated_until=None if run.until is None else instant(run.until))
        report = replace(report, fired=run.changes.count(Change.FIRED), resolved=run.changes.count(Change.RESOLVED))
        try:
            delivery = deliver(self._store, self._mailer, self._clock)
            report = replace(report, sent=delivery.sent, waiting=delivery.waiting)
            errors += [delivery.last_error] if delivery.last_error else []
        except UnavailableError as error:
            errors.append(str(error))
        return replace(report, error="; ".join(dict.fromkeys(errors)))

    def _evaluate(self, run: _Run) -> None:
        limits = self._settings.detector
        idle, settle = timedelta(seconds=limits.idle_seconds), timedelta(seconds=limits.settle_seconds)
        run.watermark = watermark(self._store.progress(), self._clock.now(), idle, settle)
        if run.watermark is None:
            return
        start = self._position()
        if start is None:
            return
        position, state = start
        run.until, goal = position, minute_of(run.watermark)
        life = Life(limits, state)
        while position < goal and not self._stopping.is_set():
            until = min(position + _CHUNK_MINUTES, goal)
            counts = self._load(position - self._detector.lookback, until)
            if not counts.total.any() and not life.open:
                position = self._skip(until, goal)
            else:
                self._live(life, counts, position, until, run)
                position = until
            self._store.write_detector_position(DETECTOR, instant(position), life.dump())
            run.until = position

    def _position(self) -> tuple[int, str] | None:
        """Return the minute up to which everything was evaluated, and the state; before the first document when there is none."""
        known = self._store.detector_position(DETECTOR)
        if known is not None:
            return minute_of(known[0]), known[1]
        first = self._store.first_published_at()
        return None if first is None else (minute_of(first), "")

    def _skip(self, empty_until: int, goal: int) -> int:
        """Return where to go on when nothing was published for a whole history: at the next document, or at the goal."""
        days = self._store.volume(instant(empty_until), instant(goal), step=timedelta(days=1)) if empty_until < goal else []
        busy = [minute_of(day.time) for day in days if day.news + day.social]
        return min(max(min(busy), empty_until), goal) if busy else goal

    def _load(self, start: int, end: int) -> Counts:
        """Return the counts of [start, end), from a full hour on."""
        start = start // _HOUR * _HOUR
        stored = self._store.counts(instant(start), instant(end), copies=False)
        topics = (*TOPICS, *sorted(set(stored.topics) - set(TOPICS)))
        negative = np.zeros((len(topics), end - start), dtype=np.int64)
        total = np.zeros_like(negative)
        if stored.topics:
            rows = np.array([topics.index(topic) for topic in stored.topics], dtype=np.int64)[stored.topic]
            columns = stored.minutes - start
            np.add.at(negative, (rows, columns), stored.negative)
            np.add.at(total, (rows, columns), stored.negative + stored.neutral + stored.positive)
        return Counts(topics, start, negative, total)

    def _live(self, life: Life, counts: Counts, after: int, until: int, run: _Run) -> None:
        """Evaluate one chunk and write what changed."""
        readings = self._detector.read(counts, after, until)
        transitions = life.advance(readings)
        alerts, notifications = self._describe(transitions, counts)
        if alerts:
            self._store.write_alerts(alerts)
        fresh = [notification for notification in notifications if self._store.notification(notification.id) is None]
        if fresh:
            self._store.write_notifications(fresh)
        run.ticks += readings.ticks.size
        run.changes += [transition.change for transition in transitions]

    def _describe(self, transitions: Sequence[Transition], counts: Counts) -> tuple[list[Alert], list[Notification]]:
        """Return the alerts as they are after `transitions`, and the e-mails to send about them."""
        alerts: list[Alert] = []
        notifications: list[Notification] = []
        for transition in transitions:
            alert = record(transition)
            if transition.alert.fired is not None:
                documents = self._store.top_documents(alert.topic, alert.window_start, alert.window_end, limit=mail.MAX_DOCUMENTS)
                alert = alert.model_copy(update={"document_ids": tuple(document.id for document in documents)})
                if transition.change in {Change.FIRED, Change.RESOLVED}:
                    notifications.append(self._compose(alert, transition, documents, counts))
                log.info("%s: %s", transition.change.value, mail.subject(alert, transition.change), extra={"alert": alert.id})
            alerts.append(alert)
        return alerts, notifications

    def _compose(self, alert: Alert, transition: Transition, documents: Sequence[StoredDocument], counts: Counts) -> Notification:
        tick, window = minute_of(alert.window_end), transition.alert.peak.window_minutes
        limits = self._settings.detector
        needed = int(chart_ticks(tick, limits.window_minutes)[0]) - self._detector.lookback
        if counts.start > needed:  # the chart begins a day earlier than the readings do
            counts = self._load(needed, tick)
        chart = draw(self._detector, counts, alert.topic, tick, window, limits)
        key = mail.notification_key(alert.id, transition.change)
        now = self._clock.now()
        message = mail.build(key, alert, transition.change, documents, chart, self._settings.alerts, now)
        return Notification(
            id=key,
            alert_id=alert.id,
            event=transition.change.value,
            status="queued",
            attempts=0,
            last_error="",
            message=message,
            created_at=now,
            updated_at=now,
        )
