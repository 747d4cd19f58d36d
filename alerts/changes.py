"""Changes of alerts as they are stored, whatever detected them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from squall.alerts.lifecycle import Change, Transition, alert_record
from squall.core.records import Alert


@dataclass(frozen=True, slots=True)
class AlertChange:
    """A change, and the alert as it is after it; `tick` is event time in minutes since the epoch."""

    change: Change
    tick: int
    alert: Alert


def alert_changes(transitions: Iterable[Transition], method: str, wall: datetime) -> list[AlertChange]:
    """Return changes of alerts about series, found by `method`, as they are stored at the wall time `wall`."""
    return [AlertChange(row.change, row.tick, alert_record(row, method, wall)) for row in transitions]
