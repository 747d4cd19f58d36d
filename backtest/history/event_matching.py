"""Alerts matched with known events.

An alert matches an event if it fired within [start, end] and the event names no topics, or the alert's series among them, or the
alert is about the whole market. An alert about an entity matches an event that is about the same, or that says neither topics nor whom it
is about. Nothing else matches: an alert that fired a minute before the event is a false alarm. Only fired
alerts are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from squall.alerts.lifecycle import Transition, alert_id, alert_record
from squall.alerts.minutes import instant
from squall.backtest.history.events import Event
from squall.core.records import Alert, SeriesKind


@dataclass(frozen=True, slots=True)
class Found:
    """An event, and the alerts that match it, in order of firing."""

    event: Event
    alerts: tuple[Alert, ...]

    @property
    def delay_minutes(self) -> float | None:
        """Minutes from the event's start to the first alert; None when it was missed."""
        if not self.alerts or self.alerts[0].fired_at is None:
            return None
        return (self.alerts[0].fired_at - self.event.start).total_seconds() / 60


@dataclass(frozen=True, slots=True)
class Scorecard:
    """How the alerts of one run compare with the events.

    Attributes:
        found: every event that the evaluated span overlaps.
        outside: events that it does not; they are neither matched nor missed.
        false: alerts that match no event.
        topic_days: watched series × days, of those with documents.
    """

    found: tuple[Found, ...]
    outside: tuple[Event, ...]
    false: tuple[Alert, ...]
    topic_days: float

    @property
    def matched(self) -> tuple[Found, ...]:
        """The events that were found."""
        return tuple(found for found in self.found if found.alerts)

    @property
    def missed(self) -> tuple[Found, ...]:
        """The events that were not."""
        return tuple(found for found in self.found if not found.alerts)

    @property
    def detection(self) -> float | None:
        """Share of the events that were found; None without events."""
        return len(self.matched) / len(self.found) if self.found else None

    @property
    def false_per_topic_day(self) -> float:
        """False alarms per watched series and day."""
        return len(self.false) / self.topic_days if self.topic_days else 0.0

    @property
    def median_delay_minutes(self) -> float | None:
        """Of the events that were found; None when none was."""
        delays = [found.delay_minutes for found in self.matched if found.delay_minutes is not None]
        return median(delays) if delays else None


def fired_alerts(transitions: Sequence[Transition], method: str) -> list[Alert]:
    """Return the alerts that fired in their last state, in order of firing; `method` is recorded in them."""
    last = {alert_id(transition.alert): transition for transition in transitions if transition.alert.fired is not None}
    return sorted((alert_record(transition, method) for transition in last.values()), key=in_order_of_firing)


def in_order_of_firing(alert: Alert) -> tuple[datetime, str]:
    """Return the key by which alerts are sorted: the event time at which they fired, then their topic."""
    return alert.fired_at or alert.opened_at, alert.topic


def matches(alert: Alert, event: Event) -> bool:
    """Return whether `alert` matches `event`."""
    if alert.fired_at is None or not event.start <= alert.fired_at <= event.end:
        return False
    if alert.kind is SeriesKind.ENTITY:
        return event.is_about(alert.lead_entity, alert.topic) or not (event.topics or event.names)
    return not event.topics or alert.topic in event.topics or alert.kind is SeriesKind.MARKET


def compare(alerts: Sequence[Alert], events: Sequence[Event], after: int, until: int, series: int) -> Scorecard:
    """Compare `alerts` with `events` over the evaluated minutes (after, until] of `series` watched series with documents."""
    first, last = instant(after), instant(until)
    inside = [event for event in events if _overlaps(event, first, last)]
    found = tuple(Found(event, tuple(alert for alert in alerts if matches(alert, event))) for event in inside)
    false = tuple(alert for alert in alerts if not any(matches(alert, event) for event in events))
    outside = tuple(event for event in events if event not in inside)
    return Scorecard(found, outside, false, series * (until - after) / 1440)


def _overlaps(event: Event, first: datetime, last: datetime) -> bool:
    return event.end > first and event.start <= last
