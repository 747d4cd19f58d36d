"""The result of a backtest, and its form as JSON and CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from squall.alerts.minutes import instant
from squall.backtest.history.chart_data import ReportChartData
from squall.backtest.history.detection import EvaluatedSpan
from squall.backtest.history.event_matching import Found, Scorecard, matches
from squall.backtest.history.scoring import Scored
from squall.backtest.history.subjects import Subject
from squall.backtest.history.sweep import Variant
from squall.core.config.settings import DetectorSettings
from squall.core.display import spreadsheet_cell
from squall.core.records import Alert
from squall.storage.rows.documents import ModelVersion, StoredDocument

_CSV = (
    "id",
    "topic",
    "kind",
    "test",
    "severity",
    "opened_at",
    "fired_at",
    "resolved_at",
    "observed",
    "expected",
    "p_value",
    "events",
    "subject",
)

_HEADLINE = 200


@dataclass(frozen=True)
class SweepResult:
    """One variant of a sweep: how many alerts fired, and how they compare with the events."""

    variant: Variant
    alerts: int
    card: Scorecard

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"settings": dict(self.variant.changes), "alerts": self.alerts, **_card(self.card)}


@dataclass(frozen=True)
class Result:
    """Everything that is reported."""

    alerts: list[Alert]
    subjects: dict[str, Subject]
    """Of each alert, by its id."""
    documents_of: dict[str, list[StoredDocument]]
    """Those that drove each alert, by its id."""
    card: Scorecard
    compared: bool
    """Whether a file of events was given; without one no event is matched or missed and no alert is false."""
    trials: list[SweepResult]
    charts: ReportChartData
    model: ModelVersion
    scored: Scored
    span: EvaluatedSpan
    settings: DetectorSettings
    path: str
    seconds: float

    def events_of(self, alert: Alert) -> list[str]:
        """Return the names of the events that `alert` matches."""
        return [found.event.name for found in self.card.found if matches(alert, found.event)]

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints. Times are ISO 8601 in UTC, delays minutes."""
        return {
            "alerts": [self._alert(alert) for alert in self.alerts],
            "events": [_event(found) for found in self.card.found],
            "events_outside": [event.name for event in self.card.outside],
            **(_card(self.card) if self.compared else {}),
            "documents": self.model.documents,
            "scored": self.scored.scored,
            "duplicate": self.scored.duplicate,
            "dead_lettered": self.scored.rejected,
            "reasons": self.scored.reasons,
            "damaged": self.scored.damaged,
            "model_version": self.model.version,
            "evaluated_from": instant(self.span.after).isoformat(),
            "evaluated_to": instant(self.span.until).isoformat(),
            "sweep": [trial.as_dict() for trial in self.trials],
            "seconds": round(self.seconds, 3),
        }

    def _alert(self, alert: Alert) -> dict[str, Any]:
        return {
            "id": alert.id,
            "subject": self.subjects[alert.id].name,
            "names": list(self.subjects[alert.id].names),
            "topic": alert.topic,
            "kind": alert.kind.value,
            "test": alert.test,
            "severity": alert.severity.value,
            "opened_at": alert.opened_at.isoformat(),
            "fired_at": alert.fired_at.isoformat() if alert.fired_at else None,
            "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
            "observed": alert.observed,
            "expected": round(alert.expected, 3),
            "p_value": alert.p_value,
            "events": self.events_of(alert),
            "documents": [
                {"title": headline(document), "published_at": document.published_at.isoformat()} for document in self.documents_of[alert.id]
            ],
        }

    def alerts_csv(self) -> str:
        """Return the alerts as CSV with a header; names of events are separated by `;`; no cell is a formula."""
        text = io.StringIO()
        table = csv.DictWriter(text, _CSV, lineterminator="\n")
        table.writeheader()
        for alert in self.as_dict()["alerts"]:
            row = alert | {"events": ";".join(alert["events"])}
            table.writerow({name: spreadsheet_cell(row[name]) for name in _CSV})
        return text.getvalue()


def headline(document: StoredDocument) -> str:
    """Return the title of a document, of one without a title the beginning of its text."""
    return document.title or " ".join(document.text[:_HEADLINE].split())


def _card(card: Scorecard) -> dict[str, Any]:
    return {
        "matched_events": [_event(found) for found in card.matched],
        "missed_events": [_event(found) for found in card.missed],
        "detection": card.detection,
        "false_alarms": len(card.false),
        "false_alarms_per_topic_day": card.false_per_topic_day,
        "topic_days": round(card.topic_days, 3),
        "median_delay_minutes": card.median_delay_minutes,
    }


def _event(found: Found) -> dict[str, Any]:
    event = found.event
    return {
        "name": event.name,
        "start": event.start.isoformat(),
        "end": event.end.isoformat(),
        "topics": list(event.topics),
        "alert": found.alerts[0].id if found.alerts else None,
        "alerts": len(found.alerts),
        "delay_minutes": found.delay_minutes,
    }
