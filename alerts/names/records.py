"""Alerts about names as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from squall.alerts.changes import AlertChange
from squall.alerts.lifecycle import Change
from squall.alerts.minutes import instant
from squall.alerts.names.lifecycle import NameAlert, NameChange
from squall.core.records import Alert, AlertState, SeriesKind, Severity
from squall.core.series import BURST, FLASH
from squall.core.text import document_id

METHOD: Final = "names"
MOST_DOCUMENTS: Final = 20


def name_alert_id(alert: NameAlert) -> str:
    """Return the deterministic id of an alert: of whom it is about, and when its evidence began."""
    return document_id(f"alert:{alert.name.entity}", instant(alert.opened).isoformat())


def name_alert_record(change: NameChange, wall: datetime | None = None) -> Alert:
    """Return the alert as stored after `change`; window and counts are those of the most evidence so far.

    `wall` is the wall time at which it is stored.
    """
    alert, peak = change.alert, change.alert.peak
    resolved = change.change is Change.RESOLVED
    observed = peak.observed
    first = min((said.minute for said in peak.drivers), default=alert.opened)
    events: dict[str, int] = {}
    for said in peak.drivers:
        for event in said.events:
            events[event] = events.get(event, 0) + 1
    negative = sum(said.p_negative for said in peak.drivers) / max(1, len(peak.drivers))
    return Alert(
        id=name_alert_id(alert),
        topic=alert.name.name,
        kind=SeriesKind.ENTITY,
        test=BURST if observed > 1 else FLASH,
        state=AlertState.RESOLVED if resolved else AlertState.FIRING,
        severity=Severity.CRITICAL if alert.critical else Severity.WARNING,
        window_start=instant(peak.minute - peak.window),
        window_end=instant(peak.minute + 1),
        observed=observed,
        expected=peak.expected,
        p_value=peak.p_value,
        negative_share=min(1.0, negative),
        expected_share=0.0,
        method=METHOD,
        document_ids=tuple(said.document for said in peak.drivers)[:MOST_DOCUMENTS],
        opened_at=instant(alert.opened),
        fired_at=None if alert.fired is None else instant(alert.fired),
        resolved_at=instant(change.minute) if resolved else None,
        updated_at=instant(change.minute),
        total=peak.total,
        since=instant(min(first, alert.opened)),
        documents_so_far=len(alert.documents),
        lead=alert.name.name,
        lead_entity=alert.name.entity,
        lead_documents=observed,
        named_documents=observed,
        stories=len(peak.drivers),
        events=tuple(sorted(events, key=lambda event: (-events[event], event))),
        gravest=peak.gravest,
        fired_wall=datetime.fromisoformat(alert.fired_wall) if alert.fired_wall else None,
        updated_wall=wall,
    )


def name_alert_changes(changes: Iterable[NameChange], wall: datetime) -> list[AlertChange]:
    """Return changes of alerts as they are stored at the wall time `wall`; what a document of a minute changes is known at its end."""
    return [AlertChange(change.change, change.minute + 1, name_alert_record(change, wall)) for change in changes]
