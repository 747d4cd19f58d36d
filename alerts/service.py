"""Runs the detector: progress → watermark → ticks → transitions → alerts and messages, resumable at any point."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import Final

from squall.alerts.changes import alert_changes
from squall.alerts.counts import load_counts, load_sources
from squall.alerts.deletions import DeletionPacing
from squall.alerts.delivery.loop import Delivery, DeliveryReport
from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import open_method
from squall.alerts.detection.no_data import NoDataDetector, blackout
from squall.alerts.detection.readings import Counts, Ints, Readings
from squall.alerts.dispatcher import DetectorState, Dispatcher, pack, unpack
from squall.alerts.interfaces import Sender
from squall.alerts.lease import Lease, owner_of
from squall.alerts.lifecycle import Change, Lifecycle
from squall.alerts.minutes import instant, minute_of
from squall.alerts.names.detector import NameDetector
from squall.alerts.names.records import name_alert_changes
from squall.alerts.names.sizes import catalogue_sizes
from squall.alerts.notification.links import page_address
from squall.alerts.recorded_readings import readings_to_record
from squall.alerts.rollup_pacing import RollupPacing
from squall.alerts.run_report import RunReport, RunTotals, detector_run
from squall.alerts.stories.forming import StoryForming
from squall.alerts.watermark import watermark
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import UnavailableError
from squall.core.observability.health import Health
from squall.core.observability.metric_spec import AlertEvent, RunOutcome
from squall.core.records import SeriesKind
from squall.core.series import kind_of
from squall.entities.catalogue.catalogue import Catalogue
from squall.storage import Store

log = logging.getLogger(__name__)

DETECTOR: Final = "negative-spikes"
"""The name under which position and state are stored."""
LIVENESS_PART: Final = "detector"
"""Its name in `squall.core.observability.health.Liveness`."""
_EVENTS: Final[dict[Change, AlertEvent]] = {Change.FIRED: "fired", Change.ESCALATED: "escalated", Change.RESOLVED: "resolved"}
FLUSH_SECONDS: Final = 300.0
"""Longest wait of a run without the delivery loop until its messages were tried."""
_CHUNK_MINUTES: Final = 1440
"""Event time between two writes of the position: bounds memory, and what is evaluated again after a crash."""


class AlertService:
    """Evaluates event time up to the watermark and sends the messages about it. One at a time per store: by a lease, others stand by.

    The order of writes in a chunk is alerts, messages (queued), position with state. After a crash in between the chunk is evaluated again;
    ids are made of event time, so the same rows are written, and a message that is already stored is left as it is, sent or not.

    After `start` messages are sent by a loop of its own, which a receiver that hangs does not hold up beyond its own messages; a run only
    queues them. Otherwise a run waits until every message was tried.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Clock,
        sender: Sender,
        health: Health | None = None,
        page_url: Callable[[], str] = lambda: "",
        catalogue: Callable[[], Catalogue] | None = None,
    ) -> None:
        """Serve one process.

        Args:
            store: read and written.
            settings: of detector, notifications and page.
            clock: wall time.
            sender: of finished messages.
            health: of the process.
            page_url: gives the address of the live page that this process serves; empty: none.
            catalogue: gives what is known of names; None: what the settings say is read when it is needed.
        """
        self._store = store
        self._settings = settings
        self._clock = clock
        self._health = health or Health(clock)
        self._page_url = page_url
        self._detector = open_method(settings.detector)
        self._no_data = NoDataDetector(settings.detector)
        self._lease = Lease(store.leases, DETECTOR, owner_of(settings.store_url), settings.detector.lease_seconds, clock)
        self._delivery = Delivery(store.notifications, sender, self._lease, settings.detector.lease_seconds, clock, self._health)
        self._rollups = RollupPacing(store, clock)
        self._deletions = DeletionPacing(store, clock)
        self._stories = StoryForming(store, settings.detector, self._lease, clock, self._health.metrics)
        sizes = catalogue_sizes(catalogue or cache(partial(Catalogue.open, settings.entities)))
        self._names = NameDetector(store, settings.detector, sizes)
        self._stopping = threading.Event()
        self._standing_by = False

    @property
    def delivered(self) -> bool:
        """Whether every message queued so far was tried, as far as its receiver answers."""
        return self._delivery.idle

    def start(self) -> None:
        """Start the delivery loop."""
        self._delivery.start()

    def stop(self) -> None:
        """Make a run in progress end after its present chunk, with the position written."""
        self._stopping.set()

    def release(self) -> None:
        """End delivery within `squall.alerts.delivery.loop.STOP_SECONDS`, and give up the lease, so that another detector can take over.

        A later run takes the lease again, and is not stopped. The store may be closed after this.
        """
        self._delivery.stop()
        self._stopping.clear()
        try:
            self._lease.release()
        except UnavailableError as error:
            log.warning("the lease was not released and expires in %.0f s: %s", self._settings.detector.lease_seconds, error)

    def run_once(self, stop: threading.Event | None = None) -> RunReport:
        """Evaluate up to the watermark. Without the delivery loop, also wait until every queued message was tried, `FLUSH_SECONDS` at most.

        An unavailable store or receiver is reported, and tried again next time.

        Args:
            stop: when set, the wait for deliveries ends soon.

        Raises:
            StoreError: the store answers with an error that a retry will not fix.
        """
        began = self._clock.monotonic()
        outcome: RunOutcome = "failed"
        try:
            report = self._run(began, stop)
            outcome = "standby" if report.standby else "waiting" if report.error else "ok"
            return report
        finally:
            self._health.metrics.detector_run(outcome, self._clock.monotonic() - began, leader=self._lease.held)
            self._health.liveness.touch(LIVENESS_PART)

    def _run(self, began: float, stop: threading.Event | None) -> RunReport:
        run, errors = RunTotals(), list[str]()
        try:
            if not self._lease.hold():
                self._stand_by()
                return RunReport(standby=True)
            self._standing_by = False
            self._evaluate(run)
        except UnavailableError as error:
            log.warning("the detector run ended early and continues next time: %s", error)
            errors.append(str(error))
        report = run.report()
        self._health.metrics.evaluated(report.watermark, report.evaluated_until)
        if not self._lease.held:  # the evaluation took longer than the lease: another detector may be sending
            return replace(report, error="; ".join(errors))
        try:
            delivery = self._deliver(stop)
            report = replace(report, sent=delivery.sent, waiting=delivery.waiting)
            errors += [delivery.last_error] if delivery.last_error else []
        except UnavailableError as error:
            errors.append(str(error))
        return self._update_dashboards(report, errors, began)

    def _deliver(self, stop: threading.Event | None) -> DeliveryReport:
        if not self._delivery.running:
            return self._delivery.flush(FLUSH_SECONDS, stop)
        self._delivery.notify()
        return self._delivery.report()

    def _update_dashboards(self, report: RunReport, errors: list[str], began: float) -> RunReport:
        """Bring what dashboards read up to date; return the report with what went wrong."""
        seconds = self._clock.monotonic() - began
        try:
            self._deletions.update(always=not self._delivery.running)
            self._rollups.update(self._may_go_on, always=not self._delivery.running)
            self._stories.catch_up(report.watermark, self._may_go_on, always=not self._delivery.running)
            self._store.detector.write_run(detector_run(report, "; ".join(errors), self._clock.now(), seconds))
        except UnavailableError as error:
            errors.append(str(error))
        return replace(report, error="; ".join(dict.fromkeys(errors)))

    def _may_go_on(self) -> bool:
        return not self._stopping.is_set() and self._lease.hold()

    def _goes_on(self) -> bool:
        """As `_may_go_on`, between parts of what takes minutes."""
        self._health.liveness.touch(LIVENESS_PART)
        return self._may_go_on()

    def _stand_by(self) -> None:
        """Log once that another detector is running."""
        if not self._standing_by:
            log.warning("standing by: another detector holds the lease of this store (%.0f s)", self._settings.detector.lease_seconds)
        self._standing_by = True
        self._health.metrics.stand_by()

    def _evaluate(self, run: RunTotals) -> None:
        limits = self._settings.detector
        idle, settle = timedelta(seconds=limits.idle_seconds), timedelta(seconds=limits.settle_seconds)
        run.watermark = watermark(self._store.progress.all(), self._clock.now(), idle, settle)
        if run.watermark is None:
            return
        self._stories.top_up(run.watermark, self._may_go_on, always=not self._delivery.running)
        start = self._position()
        if start is None:
            return
        position, state = start
        run.until, goal = position, minute_of(run.watermark)
        known, wall = unpack(state), self._clock.now()
        lifecycle = Lifecycle(limits, known.lifecycle, wall)
        self._names.resume(position, known.names, wall)
        page = page_address(self._settings.web, self._page_url())
        dispatcher = Dispatcher(self._store, self._settings, self._detector, self._clock, instant(position), known.policy, page)
        if position >= goal:
            dispatcher.flush(instant(position))  # a stream that stalls is still reported, by the wall clock
            if dispatcher.dump() != known.policy:
                self._write_position(position, lifecycle, dispatcher)
        late = limits.grace_minutes
        while position < goal and self._names.ready(self._goes_on) and self._may_go_on():
            until = min(position + _CHUNK_MINUTES, goal)
            counts = load_counts(self._store.counts, limits, position - late - self._detector.lookback, until)
            if not counts.total.any() and not lifecycle.open and not self._names.open:
                dispatcher.flush(instant(until))
                position = self._skip(until, goal)
                self._names.skip(position)
            else:
                self._evaluate_chunk(lifecycle, dispatcher, counts, (position - late, position, until), run)
                position, late = until, 0
            self._write_position(position, lifecycle, dispatcher)
            run.until, run.in_history = position, dispatcher.in_history
            self._health.liveness.touch(LIVENESS_PART)
        self._health.metrics.open_alerts(sum(alert.fired is not None for alert in lifecycle.open) + len(self._names.open))

    def _write_position(self, position: int, lifecycle: Lifecycle, dispatcher: Dispatcher) -> None:
        """Store how far everything was evaluated. Delivery is told first: who sees the position knows that no message was overlooked."""
        self._delivery.notify()
        state = DetectorState(lifecycle.dump(), dispatcher.dump(), self._names.dump())
        self._store.detector.write_position(DETECTOR, instant(position), pack(state))

    def _position(self) -> tuple[int, str] | None:
        """Return the minute up to which everything was evaluated, and the state; before the first document when there is none."""
        known = self._store.detector.position(DETECTOR)
        if known is not None:
            return minute_of(known.evaluated_until), known.state
        first = self._store.documents.first_published_at()
        return None if first is None else (minute_of(first), "")

    def _skip(self, empty_until: int, goal: int) -> int:
        """Return where to continue when nothing was published for a whole history: at the next document, or at the goal."""
        days = self._store.counts.volume(instant(empty_until), instant(goal), step=timedelta(days=1)) if empty_until < goal else []
        busy = [minute_of(day.time) for day in days if day.news + day.social]
        return min(max(min(busy), empty_until), goal) if busy else goal

    def _evaluate_chunk(
        self, lifecycle: Lifecycle, dispatcher: Dispatcher, counts: Counts, span: tuple[int, int, int], run: RunTotals
    ) -> None:
        """Evaluate (after, until] and write what changed; evaluate (again, after] once more, where documents may have arrived late."""
        again, after, until = span
        cache = BaselineCache(counts)  # both calls use the same hours
        readings = self._detector.read(counts, after, until, cache)
        transitions = []
        if readings.ticks.size:
            transitions += lifecycle.reevaluate(self._detector.read(counts, again, after, cache), int(readings.ticks[0]))
        stopped = [alert.topic for alert in lifecycle.open if kind_of(alert.topic) is SeriesKind.SOURCE]
        sources = self._sources(after, until, readings.ticks, stopped)
        if sources is not None:
            readings = replace(readings, elevated=readings.elevated | blackout(sources))  # missing data does not resolve an alert
            transitions += lifecycle.advance(sources)
        transitions += lifecycle.advance(readings)
        wall = self._clock.now()
        changes = alert_changes([*transitions, *lifecycle.updates(until)], self._detector.name, wall)
        changes += name_alert_changes([*self._names.evaluate(after, until, after - again), *self._names.updates(until)], wall)
        dispatcher.dispatch(sorted(changes, key=lambda row: row.tick), cache)
        dispatcher.flush(instant(until), cache)
        window = self._settings.detector.window_minutes
        self._store.detector.write_readings(readings_to_record(self._detector, counts, after, until, window, cache))
        run.ticks += readings.ticks.size
        run.changes += [row.change for row in changes]
        for event in (_EVENTS.get(row.change) for row in changes):
            if event:
                self._health.metrics.alert(event)

    def _sources(self, after: int, until: int, ticks: Ints, stopped: Sequence[str]) -> Readings | None:
        """Return readings of all sources, the `stopped` ones included; None when there are none, or the test is switched off."""
        if not self._settings.detector.no_data_p_value or not ticks.size:
            return None
        counts = load_sources(self._store.counts, after - self._no_data.lookback, until, stopped)
        return self._no_data.read(counts, ticks) if counts.topics else None
