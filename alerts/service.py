"""The detector at work: progress → watermark → ticks → transitions → alerts and e-mails, resumable at any point."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from squall.alerts.counts import load_counts, load_sources
from squall.alerts.detection.methods import open_method
from squall.alerts.detection.no_data import AbsenceDetector, blackout
from squall.alerts.detection.readings import Counts, Ints, Readings
from squall.alerts.dispatcher import Dispatcher, pack, unpack
from squall.alerts.interfaces import Sender
from squall.alerts.lease import Lease, owner_of
from squall.alerts.lifecycle import Change, Lifecycle, instant, minute_of
from squall.alerts.notification.delivery import deliver
from squall.alerts.recorded_readings import readings_to_keep
from squall.alerts.watermark import watermark
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import UnavailableError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import AlertEvent, RunOutcome
from squall.core.records import SeriesKind
from squall.core.series import kind_of
from squall.storage import Store
from squall.storage.rows.detector import DetectorRun

log = logging.getLogger(__name__)

DETECTOR: Final = "negative-spikes"
"""The name under which position and state are kept."""
PART: Final = "detector"
"""Its name in `squall.core.observability.health.Progress`."""
_EVENTS: Final[dict[Change, AlertEvent]] = {Change.FIRED: "fired", Change.ESCALATED: "escalated", Change.RESOLVED: "resolved"}
_CHUNK_MINUTES: Final = 1440
"""Event time between two writes of the position: bounds memory, and what a crash does again."""


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
    standby: bool = False
    """Another detector works on this store; this one waits to take over."""
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
    """Evaluates event time up to the watermark and sends what follows from it. One at a time per store: by a lease, others stand by.

    The order of writes in a chunk is alerts, e-mails (queued), position with state. A crash in between evaluates the chunk again, and ids
    made of event time make the second time write the same rows; an e-mail that is known already is left as it is. Queued e-mails are
    sent afterwards, so nothing is mailed that a restart could think of differently.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock, mailer: Sender, health: Health | None = None) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._mailer = mailer
        self._health = health or Health(clock)
        self._detector = open_method(settings.detector)
        self._absence = AbsenceDetector(settings.detector)
        self._lease = Lease(store.leases, DETECTOR, owner_of(settings.store_url), settings.detector.lease_seconds, clock)
        self._stopping = threading.Event()
        self._standing_by = False

    def stop(self) -> None:
        """Make a run in progress end after its present chunk; the position is safe."""
        self._stopping.set()

    def release(self) -> None:
        """Let another detector take over at once; the next run asks for the lease again."""
        try:
            self._lease.release()
        except UnavailableError as error:
            log.warning("the lease was not given back, it runs out in %.0f s: %s", self._settings.detector.lease_seconds, error)

    def run_once(self) -> RunReport:
        """Evaluate up to the watermark, then send queued e-mails. An unavailable store or server is reported, and tried again next time.

        Raises:
            StoreError: the store answers with an error that trying again will not mend.
        """
        began = self._clock.monotonic()
        outcome: RunOutcome = "failed"
        try:
            report = self._run(began)
            outcome = "standby" if report.standby else "waiting" if report.error else "ok"
            return report
        finally:
            self._health.metrics.detector_run(outcome, self._clock.monotonic() - began, leader=self._lease.held)
            self._health.liveness.touch(PART)

    def _run(self, began: float) -> RunReport:
        run, errors = _Run(), list[str]()
        try:
            if not self._lease.hold():
                self._stand_by()
                return RunReport(standby=True)
            self._standing_by = False
            self._evaluate(run)
        except UnavailableError as error:
            log.warning("the detector waits: %s", error)
            errors.append(str(error))
        report = RunReport(watermark=run.watermark, ticks=run.ticks, evaluated_until=None if run.until is None else instant(run.until))
        self._health.metrics.evaluated(report.watermark, report.evaluated_until)
        report = replace(report, fired=run.changes.count(Change.FIRED), resolved=run.changes.count(Change.RESOLVED))
        if not self._lease.held:  # the evaluation took longer than the lease: somebody else may be sending
            return replace(report, error="; ".join(errors))
        try:
            delivery = deliver(self._store.notifications, self._mailer, self._clock, self._health)
            report = replace(report, sent=delivery.sent, waiting=delivery.waiting)
            errors += [delivery.last_error] if delivery.last_error else []
        except UnavailableError as error:
            errors.append(str(error))
        return self._tell_dashboards(report, errors, began)

    def _tell_dashboards(self, report: RunReport, errors: list[str], began: float) -> RunReport:
        """Bring what dashboards read up to date, after everything that warns people; return the report with what went wrong."""
        seconds = self._clock.monotonic() - began
        try:
            self._store.rollups.update(lambda: not self._stopping.is_set() and self._lease.hold())
            self._store.detector.write_run(_row(report, "; ".join(errors), self._clock.now(), seconds))
        except UnavailableError as error:
            errors.append(str(error))
        return replace(report, error="; ".join(dict.fromkeys(errors)))

    def _stand_by(self) -> None:
        """Tell once that another detector is at work."""
        if not self._standing_by:
            log.warning("another detector works on this store, or died within %.0f s: standing by", self._settings.detector.lease_seconds)
        self._standing_by = True
        self._health.metrics.stand_by()

    def _evaluate(self, run: _Run) -> None:
        limits = self._settings.detector
        idle, settle = timedelta(seconds=limits.idle_seconds), timedelta(seconds=limits.settle_seconds)
        run.watermark = watermark(self._store.progress.all(), self._clock.now(), idle, settle)
        if run.watermark is None:
            return
        start = self._position()
        if start is None:
            return
        position, state = start
        run.until, goal = position, minute_of(run.watermark)
        life_state, told = unpack(state)
        life = Lifecycle(limits, life_state)
        announcer = Dispatcher(self._store, self._settings, self._detector, self._clock, instant(position), told)
        if position >= goal:
            announcer.flush(instant(position))  # a stream that stalls is still told of, by the wall clock
            if announcer.dump() != told:
                self._store.detector.write_position(DETECTOR, instant(position), pack(life.dump(), announcer.dump()))
        late = limits.grace_minutes
        while position < goal and not self._stopping.is_set() and self._lease.hold():
            until = min(position + _CHUNK_MINUTES, goal)
            counts = load_counts(self._store.counts, limits, position - late - self._detector.lookback, until)
            if not counts.total.any() and not life.open:
                announcer.flush(instant(until))
                position = self._skip(until, goal)
            else:
                self._live(life, announcer, counts, (position - late, position, until), run)
                position, late = until, 0
            self._store.detector.write_position(DETECTOR, instant(position), pack(life.dump(), announcer.dump()))
            run.until = position
            self._health.liveness.touch(PART)
        self._health.metrics.open_alerts(sum(alert.fired is not None for alert in life.open))

    def _position(self) -> tuple[int, str] | None:
        """Return the minute up to which everything was evaluated, and the state; before the first document when there is none."""
        known = self._store.detector.position(DETECTOR)
        if known is not None:
            return minute_of(known.evaluated_until), known.state
        first = self._store.documents.first_published_at()
        return None if first is None else (minute_of(first), "")

    def _skip(self, empty_until: int, goal: int) -> int:
        """Return where to go on when nothing was published for a whole history: at the next document, or at the goal."""
        days = self._store.counts.volume(instant(empty_until), instant(goal), step=timedelta(days=1)) if empty_until < goal else []
        busy = [minute_of(day.time) for day in days if day.news + day.social]
        return min(max(min(busy), empty_until), goal) if busy else goal

    def _live(self, life: Lifecycle, announcer: Dispatcher, counts: Counts, span: tuple[int, int, int], run: _Run) -> None:
        """Evaluate (after, until] and write what changed; look once more at (again, after], where text may have come in late."""
        again, after, until = span
        readings = self._detector.read(counts, after, until)
        transitions = life.look_again(self._detector.read(counts, again, after), int(readings.ticks[0])) if readings.ticks.size else []
        stopped = [alert.topic for alert in life.open if kind_of(alert.topic) is SeriesKind.SOURCE]
        sources = self._sources(after, until, readings.ticks, stopped)
        if sources is not None:
            readings = replace(readings, elevated=readings.elevated | blackout(sources))  # nothing is resolved by silence
            transitions += life.advance(sources)
        transitions = sorted([*transitions, *life.advance(readings)], key=lambda transition: transition.tick)
        announcer.announce(transitions, counts)
        announcer.flush(instant(until), counts)
        self._store.detector.write_readings(readings_to_keep(self._detector, counts, after, until, self._settings.detector.window_minutes))
        run.ticks += readings.ticks.size
        run.changes += [transition.change for transition in transitions]
        for event in (_EVENTS.get(transition.change) for transition in transitions):
            if event:
                self._health.metrics.alert(event)

    def _sources(self, after: int, until: int, ticks: Ints, stopped: Sequence[str]) -> Readings | None:
        """Return whether sources have stopped, and the `stopped` ones still have; None when there are none, or nobody wants to know."""
        if not self._settings.detector.no_data_p_value or not ticks.size:
            return None
        counts = load_sources(self._store.counts, after - self._absence.lookback, until, stopped)
        return self._absence.read(counts, ticks) if counts.topics else None


def _row(report: RunReport, error: str, at: datetime, seconds: float) -> DetectorRun:
    return DetectorRun(
        at=at,
        seconds=seconds,
        watermark=report.watermark,
        evaluated_until=report.evaluated_until,
        ticks=report.ticks,
        fired=report.fired,
        resolved=report.resolved,
        sent=report.sent,
        waiting=report.waiting,
        error=error,
    )
