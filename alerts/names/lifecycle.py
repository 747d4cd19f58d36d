"""The lifecycle of alerts about names: a candidate fires when its evidence is worth an alert, and ends when nothing follows.

Pure: readings in, changes out. It fires by what is read now: what was read before there was history, or when the budget allowed less,
is known and is no news. One crisis is one alert: while most of what drives a name drives a candidate already, which has as much
evidence and is about somebody as specific, the name belongs to that one; what is said of a short form of the name that an alert is about
belongs to the alert; and whom an alert tells of already has one of its own only when something graver happens to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from squall.alerts.detection.names.reading import Name, NameReading
from squall.alerts.lifecycle import Change
from squall.alerts.names.budget import Budget, BudgetState
from squall.core.records import EntityKind

REST_MINUTES: Final = 720
"""A candidate ends, and an alert is resolved, so long after the last evidence."""
_LEAST: Final = 4.0
"""Readings with a lower score are no evidence."""
_WEAKER: Final = 1.0
"""Evidence that is weaker than the strongest by more does not prolong an alert."""
_SAME_SHARE: Final = 0.5
_MOST_ALSO: Final = 20
_MOST_DOCUMENTS: Final = 200
"""Of the documents of one alert these are remembered, so that what else they name is known to be the same."""
_MOST_OPEN: Final = 1000
"""Of more candidates the one with the least evidence ends."""
CRITICAL: Final = 0.75
"""An alert is critical from a document of this severity on: grave, as `docs/severity.md` has it; and stays so."""
_SPECIFIC: Final = (
    EntityKind.COMPANY,
    EntityKind.ORGANISATION,
    EntityKind.PERSON,
    EntityKind.OTHER,
    EntityKind.PLACE,
    EntityKind.CENTRAL_BANK,
    EntityKind.COMMODITY,
    EntityKind.CURRENCY,
    EntityKind.INDEX,
    EntityKind.COUNTRY,
)
"""Most specific first."""


@dataclass(slots=True)
class NameAlert:
    """An alert about a name, or a candidate for one.

    Args:
        name: whom it is about.
        opened: the minute of the first evidence.
        last: the last minute with evidence.
        peak: the reading with the most evidence so far.
        fired: the minute at which it became an alert; None: it is a candidate.
        also: others whom the same documents name, by entity, in the order in which they came.
        documents: ids of what drove it, in the order in which they came, the last ones of many.
        critical: whether what happened is, or was, grave.
        fired_wall: wall time at which it fired, in ISO format; empty: not known.
    """

    name: Name
    opened: int
    last: int
    peak: NameReading
    fired: int | None = None
    also: dict[str, Name] = field(default_factory=dict)
    documents: dict[str, None] = field(default_factory=dict)
    critical: bool = False
    fired_wall: str = ""


@dataclass(frozen=True, slots=True)
class NameChange:
    """A change of an alert at a minute, and the alert as it was then."""

    change: Change
    minute: int
    alert: NameAlert


@dataclass(frozen=True, slots=True)
class NameAlertsState:
    """What the alerts about names go on from.

    Args:
        open: alerts and candidates, in the order in which they began.
        drives: of each document that drives any of them, the entity that it is taken to be about.
        budget: what it has learnt.
    """

    open: tuple[NameAlert, ...]
    drives: Mapping[str, str]
    budget: BudgetState


class NameAlerts:
    """The open alerts about names, and the candidates.

    Args:
        per_day: the budget.
        known_since: the minute from which on documents are known.
        min_history_minutes: no alert before so much history.
        state: of before.
        wall: what fires, fires at this wall time.
        learns_from: the minute from which on the budget sees candidates, if there is no state; None: `known_since`.
    """

    def __init__(
        self,
        per_day: float,
        known_since: int,
        min_history_minutes: int,
        state: NameAlertsState | None = None,
        wall: datetime | None = None,
        learns_from: int | None = None,
    ) -> None:
        self._budget = Budget(per_day, known_since if learns_from is None else learns_from, state.budget if state else None)
        self._first = known_since + min_history_minutes
        self._wall = wall.isoformat() if wall else ""
        self._open = {alert.name.entity: alert for alert in state.open} if state else {}
        """By the entity that they are about."""
        self._by_document = {document: self._open[entity] for document, entity in state.drives.items()} if state else {}

    @property
    def state(self) -> NameAlertsState:
        """Everything that they go on from."""
        drives = {document: alert.name.entity for document, alert in self._by_document.items()}
        return NameAlertsState(tuple(self.open), drives, self._budget.state)

    @property
    def open(self) -> list[NameAlert]:
        """The alerts and candidates, in the order in which they began."""
        return list(self._open.values())

    def advance(self, readings: Iterable[NameReading]) -> list[NameChange]:
        """Take in readings, in order of time, and return what changed."""
        changes: list[NameChange] = []
        evidence = (reading for reading in readings if reading.score >= _LEAST)
        for _, told in groupby(evidence, key=lambda reading: reading.document):
            for reading in sorted(told, key=self._turn):
                changes += self._advance(reading)
        return changes

    def _turn(self, reading: NameReading) -> tuple[bool, bool, int, float]:
        """Order the names of one document: it belongs to an alert that is open before it makes another one."""
        alert = self._open.get(reading.name.entity)
        return alert is None or alert.fired is None, alert is None, _rank(reading.name), -reading.score

    def _advance(self, reading: NameReading) -> list[NameChange]:
        changes = self.end(reading.minute)
        limit = self._budget.limit(reading.minute, (alert.peak.score for alert in self.open))
        alert, higher = self._take(reading)
        graver = not alert.critical and alert.peak.gravest >= CRITICAL
        alert.critical = alert.critical or graver
        if alert.fired is None and reading.score >= limit and reading.minute >= self._first:
            crisis = self._same(reading, fired=True) or self._told_by(reading)
            if crisis is not None:
                self._hand_over(alert, crisis)
                return changes
            alert.fired, alert.fired_wall = reading.minute, self._wall
            changes.append(_change(Change.FIRED, reading.minute, alert))
        elif alert.fired is not None and higher:
            changes.append(_change(Change.ESCALATED if graver else Change.UPDATED, reading.minute, alert))
        return changes

    def end(self, minute: int) -> list[NameChange]:
        """Return the alerts that are over at `minute`, each with the minute at which it was; candidates end without a word."""
        over = [alert for alert in self.open if minute - alert.last > REST_MINUTES]
        if not over:
            return []
        self._close(over)
        return [_change(Change.RESOLVED, alert.last + REST_MINUTES, alert) for alert in over if alert.fired is not None]

    def _close(self, over: list[NameAlert]) -> None:
        gone = set(map(id, over))
        self._open = {entity: alert for entity, alert in self._open.items() if id(alert) not in gone}
        self._by_document = {document: alert for document, alert in self._by_document.items() if id(alert) not in gone}
        for alert in sorted(over, key=lambda alert: alert.last):
            self._budget.add(alert.last, alert.peak.score)

    def _take(self, reading: NameReading) -> tuple[NameAlert, bool]:
        """Return the alert or candidate that `reading` belongs to, and whether it is that one's peak now."""
        name = reading.name
        alert = self._open.get(name.entity)
        crisis = self._of_full_name(reading) if alert is None or alert.fired is None else None
        if crisis is not None:
            self._join(crisis, name)
            if alert is not None:
                self._hand_over(alert, crisis)
            alert = crisis
        if alert is None:
            other = self._same(reading)
            if other is not None:
                self._join(other, name)
                return other, False
            if len(self._open) >= _MOST_OPEN:
                self._end_weakest()
            alert = self._open[name.entity] = NameAlert(name, reading.minute, reading.minute, reading)
            self._absorb(alert, reading)
        self._remember(alert, reading)
        higher = reading.score > alert.peak.score
        if reading.score >= alert.peak.score - _WEAKER:
            alert.last = max(alert.last, reading.minute)
        if higher:
            alert.peak = replace(reading, name=alert.name)
        return alert, higher

    def _remember(self, alert: NameAlert, reading: NameReading) -> None:
        for document in (reading.document, *(said.document for said in reading.drivers)):
            alert.documents[document] = None
            self._by_document.setdefault(document, alert)
        while len(alert.documents) > _MOST_DOCUMENTS:
            document = next(iter(alert.documents))
            del alert.documents[document]
            if self._by_document.get(document) is alert:
                del self._by_document[document]

    def _end_weakest(self) -> None:
        candidates = [alert for alert in self.open if alert.fired is None]
        if candidates:
            self._close([min(candidates, key=lambda alert: alert.peak.score)])

    def _same(self, reading: NameReading, *, fired: bool = False) -> NameAlert | None:
        """Return what tells of the same: most of the drivers drive it, it is as specific, and it has as much evidence or has fired.

        Of a ticker and a name that it fits, one driver in common is enough; both are the same thing, whatever kind each was found as.

        Args:
            reading: of another name.
            fired: only an alert is wanted, no candidate.
        """
        found: dict[int, NameAlert] = {}
        common: dict[int, int] = {}
        for said in reading.drivers:
            alert = self._by_document.get(said.document)
            if alert is not None:
                found[id(alert)] = alert
                common[id(alert)] = common.get(id(alert), 0) + 1
        for key, alert in found.items():
            ticker = alert.name.fits_as_ticker(reading.name)
            enough = ticker or (common[key] >= _SAME_SHARE * len(reading.drivers) and _rank(alert.name) <= _rank(reading.name))
            strong = alert.fired is not None or (not fired and alert.peak.score >= reading.score)
            if enough and strong and alert.name.entity != reading.name.entity:
                return alert
        return None

    def _of_full_name(self, reading: NameReading) -> NameAlert | None:
        """Return the alert about what the name may be short for, unless that is not critical and the name's news graver: of another, then.

        The full name has an alert beside that of a short form: it says more.
        """
        for alert in self._open.values():
            if alert.fired and min(reading.gravest, CRITICAL) <= alert.peak.gravest and reading.name.may_be_short_for(alert.name):
                return alert
        return None

    def _told_by(self, reading: NameReading) -> NameAlert | None:
        """Return the alert that tells of the name already, if nothing graver has happened to the name than to whom the alert is about."""
        for alert in self._open.values():
            if alert.fired is None or reading.name.entity not in alert.also or _rank(alert.name) > _rank(reading.name):
                continue
            if reading.gravest <= alert.peak.gravest:
                return alert
        return None

    def _absorb(self, alert: NameAlert, reading: NameReading) -> None:
        """Let `alert`, which begins, take over the less specific candidates that its documents drive."""
        for said in reading.drivers:
            other = self._by_document.get(said.document)
            if other is None or other is alert or other.fired is not None or _rank(other.name) < _rank(alert.name):
                continue
            if sum(document in {row.document for row in reading.drivers} for document in other.documents) < _SAME_SHARE * len(
                other.documents
            ):
                continue
            self._hand_over(other, alert)

    def _join(self, alert: NameAlert, name: Name) -> None:
        if len(alert.also) < _MOST_ALSO:
            alert.also.setdefault(name.entity, name)

    def _hand_over(self, candidate: NameAlert, alert: NameAlert) -> None:
        """Let `candidate` be part of what `alert` is about."""
        alert.also[candidate.name.entity] = candidate.name
        self._open.pop(candidate.name.entity, None)
        self._by_document = {document: alert if held is candidate else held for document, held in self._by_document.items()}


def _change(change: Change, minute: int, alert: NameAlert) -> NameChange:
    return NameChange(change, minute, replace(alert, also=dict(alert.also), documents=dict(alert.documents)))


def _rank(name: Name) -> int:
    return _SPECIFIC.index(name.kind)
