"""The state of the detector of names as one string, to be stored with its position.

It is bounded: of an alert and a candidate at most so many documents, of which each is written once, and of the budget so many scores.
Headlines are left out, because what was judged is not compared again. The keys are a stored format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from squall.alerts.detection.names.history import Said, Title
from squall.alerts.detection.names.reading import Name, NameReading
from squall.alerts.names.budget import BudgetState
from squall.alerts.names.lifecycle import NameAlert, NameAlertsState
from squall.core.records import EntityKind

_UNTOLD = Title("")


@dataclass(frozen=True, slots=True)
class NamesState:
    """What the detector of names goes on from.

    Args:
        known_since: the minute from which on documents are known.
        alerts: open alerts, candidates and the budget.
        judged: the adverse documents that may still be mistaken for late ones, in short (`short_id`), with their minutes.
    """

    known_since: int
    alerts: NameAlertsState
    judged: Mapping[str, int]


def short_id(document: str) -> str:
    """Return the beginning of a document's id: enough to tell it from those of the same hours."""
    return document[:10]


def dump(state: NamesState) -> str:
    """Return the state as JSON."""
    alerts, budget = state.alerts, state.alerts.budget
    places: dict[str, int] = {}
    rows = [_alert_row(alert, places) for alert in alerts.open]
    owners = {alert.name.entity: number for number, alert in enumerate(alerts.open)}
    drives = [[places.setdefault(document, len(places)), owners[entity]] for document, entity in alerts.drives.items()]
    judged: dict[str, list[str]] = {}
    for document, minute in state.judged.items():
        judged.setdefault(str(minute), []).append(document)
    found = {
        "since": state.known_since,
        "documents": list(places),
        "open": rows,
        "drives": drives,
        "budget": [budget.since, budget.limit, budget.hour, budget.ended],
        "judged": judged,
    }
    return orjson.dumps(found).decode()


def load(state: str) -> NamesState:
    """Read what `dump` wrote."""
    found = orjson.loads(state)
    documents: list[str] = found["documents"]
    alerts = tuple(_alert(row, documents) for row in found["open"])
    since, limit, hour, ended = found["budget"]
    return NamesState(
        known_since=found["since"],
        alerts=NameAlertsState(
            open=alerts,
            drives={documents[place]: alerts[owner].name.entity for place, owner in found["drives"]},
            budget=BudgetState(since, limit, hour, tuple((minute, score) for minute, score in ended)),
        ),
        judged={document: int(minute) for minute, row in found["judged"].items() for document in row},
    )


def _alert_row(alert: NameAlert, places: dict[str, int]) -> dict[str, Any]:
    def place(document: str) -> int:
        return places.setdefault(document, len(places))

    peak = alert.peak
    drivers = [[place(row.document), row.published_ms, row.severity, row.p_negative, row.events, row.level] for row in peak.drivers]
    return {
        "name": _name_row(alert.name),
        "opened": alert.opened,
        "last": alert.last,
        "fired": alert.fired,
        "wall": alert.fired_wall,
        "critical": alert.critical,
        "also": [_name_row(name) for name in alert.also.values()],
        "documents": [place(document) for document in alert.documents],
        "peak": [peak.minute, peak.score, peak.window, peak.observed, peak.expected, peak.p_value, peak.total, drivers],
    }


def _alert(row: dict[str, Any], documents: Sequence[str]) -> NameAlert:
    name = _name(row["name"])
    minute, score, window, observed, expected, p_value, total, drivers = row["peak"]
    told = tuple(
        Said(published_ms, documents[place], _UNTOLD, severity, negative, tuple(events), level)
        for place, published_ms, severity, negative, events, level in drivers
    )
    return NameAlert(
        name=name,
        opened=row["opened"],
        last=row["last"],
        peak=NameReading(name, minute, score, window, observed, expected, p_value, total, told),
        fired=row["fired"],
        also={other.entity: other for other in map(_name, row["also"])},
        documents=dict.fromkeys(documents[place] for place in row["documents"]),
        critical=row["critical"],
        fired_wall=row["wall"],
    )


def _name_row(name: Name) -> list[Any]:
    return [name.entity, name.kind.value, name.name, name.symbols, name.size]


def _name(row: Sequence[Any]) -> Name:
    entity, kind, name, symbols, size = row
    return Name(entity, EntityKind(kind), name, tuple(symbols), size)
