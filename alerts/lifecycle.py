"""The lifecycle of an alert: pending → firing → resolved, one at a time per topic. Pure: readings in, transitions out.

- A first breach opens a *pending* alert. It fires at the first breach that comes `for_minutes` or more after it (longer for the slow
  window, by as much as that window is longer), if no pause between breaches was longer than `for_minutes`; otherwise it is dropped
  without a message.
- A *firing* alert becomes critical when a reading is, and stays so.
- It is *resolved* once `resolve_minutes` passed without an elevated reading. Elevated is easier to meet than breach (hysteresis).

The state is a few numbers per topic and goes to the store as JSON with the position, so a restart continues where the last run stopped.
Ids are made of topic and opening time: evaluating the same ticks again gives the same alerts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

import numpy as np
import orjson

from squall.alerts.detection.readings import Reading, Readings
from squall.alerts.detection.tails import interval
from squall.alerts.minutes import instant
from squall.core.config.settings import DetectorSettings
from squall.core.records import Alert, AlertState, SeriesKind, Severity
from squall.core.series import BURN, BURST, NO_DATA, kind_of
from squall.core.text import document_id


class Change(StrEnum):
    """What happened to an alert at a tick."""

    OPENED = "opened"
    DROPPED = "dropped"
    FIRED = "firing"
    ESCALATED = "escalated"
    UPDATED = "updated"
    """Its peak is higher, or time has passed: it is in the same state, with other numbers."""
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Peak:
    """The most improbable breach of an alert so far."""

    tick: int
    window_minutes: int
    observed: int
    expected: float
    p_value: float
    share: float
    expected_share: float
    dispersion: float = 0.0
    test: str = BURST
    total: int = 0

    @staticmethod
    def of(reading: Reading, burst_minutes: int) -> Peak:
        """Return the peak that `reading` is; windows of up to `burst_minutes` belong to the burst test."""
        test = NO_DATA if kind_of(reading.topic) is SeriesKind.SOURCE else BURST if reading.window_minutes <= burst_minutes else BURN
        return Peak(
            tick=reading.tick,
            window_minutes=reading.window_minutes,
            observed=reading.observed,
            expected=reading.expected,
            p_value=reading.p_value,
            share=reading.share,
            expected_share=reading.expected_share,
            dispersion=reading.dispersion,
            test=test,
            total=reading.total,
        )

    def higher(self, other: Peak) -> Peak:
        """Return the more improbable of the two, the earlier one when equal."""
        return other if (other.p_value, -other.observed) < (self.p_value, -self.observed) else self


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert that is pending or firing. Times are minutes since the epoch, `fired_wall` is wall time in ISO format."""

    topic: str
    opened: int
    last_breach: int
    last_elevated: int
    peak: Peak
    critical: bool = False
    fired: int | None = None
    first_minutes: int = 0
    """Length of the window of the first breach, and of the longest of the burst test at least."""
    fired_wall: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change, and the alert after it."""

    change: Change
    tick: int
    alert: ActiveAlert


class Lifecycle:
    """The open alerts of all topics and the rules that move them."""

    def __init__(self, settings: DetectorSettings, state: str = "", wall: datetime | None = None) -> None:
        """Start from `state`, as `dump` gave it; empty: no open alerts. What fires, fires at the wall time `wall`."""
        self._settings = settings
        self._wall = wall.isoformat() if wall else ""
        self._peaks: list[Transition] = []
        self._open: dict[str, ActiveAlert] = {}
        found = orjson.loads(state) if state else {}
        rows, closed = (found, {}) if isinstance(found, list) else (found.get("open", []), found.get("closed", {}))
        self._closed: dict[str, int] = closed
        """By series: the minute at which its last alert was closed."""
        for row in rows:
            alert = ActiveAlert(**{**row, "peak": Peak(**row["peak"])})
            self._open[alert.topic] = alert

    @property
    def open(self) -> tuple[ActiveAlert, ...]:
        """The pending and firing alerts, by topic."""
        return tuple(self._open[topic] for topic in sorted(self._open))

    def updates(self, tick: int) -> list[Transition]:
        """Return what changed in the numbers of alerts that fire since the last call, oldest first, and every open alert as of `tick`."""
        peaks, self._peaks = self._peaks, []
        return [*sorted(peaks, key=lambda update: update.tick), *(Transition(Change.UPDATED, tick, alert) for alert in self.open)]

    def dump(self) -> str:
        """Return the state as JSON."""
        return orjson.dumps({"open": [asdict(alert) for alert in self.open], "closed": dict(sorted(self._closed.items()))}).decode()

    def reevaluate(self, readings: Readings, now: int) -> list[Transition]:
        """Evaluate ticks again that were evaluated before, because documents may have arrived late; return what is new.

        Only series without an alert in that time are evaluated: whatever they show now, they did not show then. What opened, or fired,
        does so at minute `now`; the alert is dated to when it began.
        """
        second = Lifecycle(self._settings)
        second.advance(readings.of([row for row, name in enumerate(readings.topics) if self._had_no_alert(name, readings)]))
        changes: list[Transition] = []
        for alert in second.open:
            fired = replace(alert, fired=now, fired_wall=self._wall) if alert.fired is not None else alert
            self._open[alert.topic] = fired
            changes.append(Transition(Change.OPENED, now, replace(fired, fired=None)))
            changes += [Transition(Change.FIRED, now, fired)] if fired.fired is not None else []
        return changes

    def _had_no_alert(self, topic: str, readings: Readings) -> bool:
        return bool(readings.ticks.size) and topic not in self._open and self._closed.get(topic, 0) < readings.ticks[0]

    def advance(self, readings: Readings) -> list[Transition]:
        """Advance through `readings` and return what changed, in order of time, then topic."""
        changes: list[Transition] = []
        for row in range(len(readings.topics)):
            changes += self._advance_topic(readings, row)
        return sorted(changes, key=lambda change: change.tick)  # stable: a topic's changes at one tick keep their order

    def _advance_topic(self, readings: Readings, row: int) -> list[Transition]:
        changes: list[Transition] = []
        topic = readings.topics[row]
        breaches = np.flatnonzero(readings.breach[row])
        column = 0
        while column < readings.ticks.size:
            if topic not in self._open:  # nothing happens before the next breach
                upcoming = np.searchsorted(breaches, column)
                if upcoming == breaches.size:
                    break
                column = int(breaches[upcoming])
            changes += self.step(readings.at(row, column))
            column += 1
        return changes

    def step(self, reading: Reading) -> list[Transition]:
        """Advance by one reading of one topic."""
        alert = self._open.get(reading.topic)
        if alert is None:
            return self._open_pending(reading) if reading.breach else []
        if reading.breach:
            critical = alert.critical or reading.severity is Severity.CRITICAL
            escalated = critical and not alert.critical
            lapsed = alert.fired is None and reading.tick - alert.last_breach > self._longest_pause
            if lapsed:
                return [self._close(Change.DROPPED, reading.tick, alert), *self._open_pending(reading)]
            peak = alert.peak.higher(self._peak(reading))
            alert = replace(alert, last_breach=reading.tick, last_elevated=reading.tick, peak=peak, critical=critical)
            self._open[alert.topic] = alert
            if alert.fired is None:
                return self._fire_if_due(alert, reading)
            if peak.tick == reading.tick and not escalated:
                self._peaks.append(Transition(Change.UPDATED, reading.tick, alert))
            return [Transition(Change.ESCALATED, reading.tick, alert)] if escalated else []
        if alert.fired is None:
            return [self._close(Change.DROPPED, reading.tick, alert)] if reading.tick - alert.last_breach > self._longest_pause else []
        if reading.elevated:
            self._open[alert.topic] = replace(alert, last_elevated=reading.tick)
            return []
        calm = reading.tick - alert.last_elevated
        return [self._close(Change.RESOLVED, reading.tick, alert)] if calm >= self._settings.resolve_minutes else []

    def _peak(self, reading: Reading) -> Peak:
        return Peak.of(reading, self._settings.window_minutes)

    @property
    def _longest_pause(self) -> int:
        """Longest pause between the breaches of a pending alert, in minutes."""
        return max(self._settings.for_minutes, self._settings.step_minutes)

    def _open_pending(self, reading: Reading) -> list[Transition]:
        critical = reading.severity is Severity.CRITICAL
        tick, first = reading.tick, max(reading.window_minutes, self._settings.window_minutes)  # no peak begins before
        alert = ActiveAlert(reading.topic, tick, tick, tick, self._peak(reading), critical, first_minutes=first)
        self._open[alert.topic] = alert
        return [Transition(Change.OPENED, reading.tick, alert), *self._fire_if_due(alert, reading)]

    def _fire_if_due(self, alert: ActiveAlert, reading: Reading) -> list[Transition]:
        wait = self._settings.for_minutes * max(reading.window_minutes / self._settings.window_minutes, 1.0)
        if reading.tick - alert.opened < wait:
            return []
        alert = replace(alert, fired=reading.tick, fired_wall=self._wall)
        self._open[alert.topic] = alert
        return [Transition(Change.FIRED, reading.tick, alert)]

    def _close(self, change: Change, tick: int, alert: ActiveAlert) -> Transition:
        del self._open[alert.topic]
        self._closed[alert.topic] = tick
        return Transition(change, tick, alert)


def alert_id(alert: ActiveAlert) -> str:
    """Return the deterministic id of an alert."""
    return document_id(f"alert:{alert.topic}", instant(alert.opened).isoformat())


def alert_record(transition: Transition, method: str, wall: datetime | None = None) -> Alert:
    """Return the alert as stored after `transition`, found by `method`; window and counts are those of its most improbable breach so far.

    `wall` is the wall time at which it is stored.
    """
    alert, peak = transition.alert, transition.alert.peak
    low, high = interval(peak.expected, peak.dispersion)
    closed = transition.change in {Change.RESOLVED, Change.DROPPED}
    state = AlertState.RESOLVED if closed else AlertState.PENDING if alert.fired is None else AlertState.FIRING
    return Alert(
        id=alert_id(alert),
        topic=alert.topic,
        kind=kind_of(alert.topic),
        test=peak.test,
        state=state,
        severity=Severity.CRITICAL if alert.critical else Severity.WARNING,
        window_start=instant(peak.tick - peak.window_minutes),
        window_end=instant(peak.tick),
        observed=peak.observed,
        expected=peak.expected,
        expected_low=low,
        expected_high=high,
        p_value=peak.p_value,
        negative_share=peak.share,
        expected_share=peak.expected_share,
        method=method,
        opened_at=instant(alert.opened),
        fired_at=None if alert.fired is None else instant(alert.fired),
        resolved_at=instant(transition.tick) if closed else None,
        updated_at=instant(transition.tick),
        total=peak.total,
        since=instant(alert.opened - (alert.first_minutes or peak.window_minutes)),
        fired_wall=datetime.fromisoformat(alert.fired_wall) if alert.fired_wall else None,
        updated_wall=wall,
    )
