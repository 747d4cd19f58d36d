"""What one run of the detector did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from squall.alerts.lifecycle import Change
from squall.alerts.minutes import instant
from squall.storage.rows.detector import DetectorRun


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did. Times are event time.

    The delivery loop sends messages apart from the runs: a message that a run queues is sent right after it, and counted by the next run.
    Without the loop (`squall detect --once`, the end of a replay) a run reports after every message was tried.
    """

    watermark: datetime | None = None
    evaluated_until: datetime | None = None
    ticks: int = 0
    fired: int = 0
    in_history: int = 0
    """Of those that fired, the ones so far behind the wall clock that nothing is sent about them."""
    resolved: int = 0
    sent: int = 0
    """Messages that receivers accepted since the run before."""
    waiting: int = 0
    """Messages in the queue at the end: those of this run that were not tried yet, and those that are tried again."""
    standby: bool = False
    """Another detector runs on this store; this one waits to take over."""
    error: str = ""
    """What was unavailable, and why messages wait; the next run continues where this one stopped."""


@dataclass(slots=True)
class RunTotals:
    """Running totals of one run; `until` is the minute since the epoch up to which everything was evaluated."""

    watermark: datetime | None = None
    until: int | None = None
    ticks: int = 0
    in_history: int = 0
    changes: list[Change] = field(default_factory=list)

    def report(self) -> RunReport:
        """Return what the run did so far."""
        return RunReport(
            watermark=self.watermark,
            evaluated_until=None if self.until is None else instant(self.until),
            ticks=self.ticks,
            fired=self.changes.count(Change.FIRED),
            in_history=self.in_history,
            resolved=self.changes.count(Change.RESOLVED),
        )


def detector_run(report: RunReport, error: str, at: datetime, seconds: float) -> DetectorRun:
    """Return the row that is stored of a run that ended at the wall time `at`."""
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
