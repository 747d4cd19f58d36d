"""Everything that is told of an alert besides its state: its documents, who drives it, its limit, its chart, and what is so now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np

from squall.alerts.counts import load_counts
from squall.alerts.detection.detector import BaselineCache
from squall.alerts.detection.methods import Method
from squall.alerts.facts.chart import alert_chart, chart_ticks
from squall.alerts.facts.current import current
from squall.alerts.facts.name_facts import NameFacts
from squall.alerts.minutes import minute_of
from squall.alerts.notification.content import MAX_DOCUMENTS
from squall.alerts.notification.email.chart import AlertChart
from squall.core.config.settings import Settings
from squall.core.formatting import window_minutes
from squall.core.records import Alert, AlertState, SeriesKind
from squall.core.series import NO_DATA
from squall.storage import Store
from squall.storage.queries.alerting.documents import documents_in_window
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.drivers import Drivers

_AlertWindow = tuple[str, datetime, datetime, tuple[str, ...]]
"""An alert's id and window, and of one about a name its documents: what is behind it, and its chart, are the same while these are."""
_MOST_OPEN: Final = 10_000
_OF_WINDOW: Final = ("document_ids", "limit", "lead", "lead_entity", "lead_documents", "named_documents", "stories", "events", "gravest")
"""What belongs to the window of an alert and is kept while that is the same."""


class AlertFacts:
    """Reads what is told of alerts; serves one run of the detector, and queries each window once.

    Args:
        store: of the documents.
        settings: of the detector.
        detector: what judged.
    """

    def __init__(self, store: Store, settings: Settings, detector: Method) -> None:
        self._store = store
        self._settings = settings.detector
        self._detector = detector
        self._baselines: list[BaselineCache] = []
        self._documents: dict[_AlertWindow, list[StoredDocument]] = {}
        self._drivers: dict[_AlertWindow, Drivers] = {}
        self._charts: dict[_AlertWindow, AlertChart | None] = {}
        self._of_window: dict[_AlertWindow, dict[str, Any]] = {}
        self._names = NameFacts(store, settings.detector)
        self._stored: Mapping[_AlertWindow, Alert] | None = None

    def use(self, baselines: BaselineCache | None) -> None:
        """Read counts and fits from `baselines` where they reach far enough back."""
        if baselines is not None:
            self._baselines = [baselines]
            self._names.begin(baselines.counts.end)

    def expect(self, alerts: Iterable[Alert]) -> None:
        """Read at once what several alerts about names need."""
        self._names.read(alerts)

    def documents(self, alert: Alert) -> list[StoredDocument]:
        """Return the documents behind an alert, gravest first, `MAX_DOCUMENTS` at most."""
        key = _window_of(alert)
        if key not in self._documents:
            self._documents[key] = documents_in_window(self._store.documents, alert, self._settings.sectors, MAX_DOCUMENTS)
        return self._documents[key]

    def drivers(self, alert: Alert) -> Drivers:
        """Return who and what drives an alert."""
        key = _window_of(alert)
        if key not in self._drivers:
            self._drivers[key] = self._store.drivers.of(alert, self._settings.sectors)
        return self._drivers[key]

    def complete(self, alert: Alert, at: datetime) -> Alert:
        """Return the alert as it is at the event time `at`, with what belongs to its window once it has fired."""
        if alert.test == NO_DATA:
            return alert
        if alert.kind is SeriesKind.ENTITY:
            alert = alert.model_copy(update=self._stories_of(alert)) if alert.fired_at else alert
            return self._names.now(alert, minute_of(at))
        if alert.fired_at is not None:
            alert = alert.model_copy(update=self._facts_of_window(alert))
        tick = minute_of(at)
        first = min(tick - self._detector.lookback, minute_of(alert.since or alert.opened_at))
        return current(self._detector, self._reaching(first, tick), alert, tick, self._settings)

    def chart(self, alert: Alert) -> AlertChart | None:
        """Return the chart of the alert's windows; None where its series is not counted, or its window is no longer one that is judged."""
        key = _window_of(alert)
        if key not in self._charts:
            self._charts[key] = self._read_chart(alert)
        return self._charts[key]

    def _facts_of_window(self, alert: Alert) -> dict[str, Any]:
        key = _window_of(alert)
        if key not in self._of_window:
            known = self._known(key)
            self._of_window[key] = {name: getattr(known, name) for name in _OF_WINDOW} if known else self._read_window(alert)
        return self._of_window[key]

    def _stories_of(self, alert: Alert) -> dict[str, Any]:
        """Return how many documents drive an alert about a name, and how many stories these tell."""
        drivers = self.drivers(alert)
        lead = drivers.lead
        return {"named_documents": drivers.documents, "lead_documents": lead.documents if lead else 0, "stories": drivers.story_count}

    def _known(self, key: _AlertWindow) -> Alert | None:
        """Return the alert as an earlier run stored it, if its window was the same and it had fired."""
        if self._stored is None:
            rows = self._store.alerts.latest((AlertState.FIRING,), _MOST_OPEN)
            self._stored = {_window_of(row): row for row in rows if row.current_minutes}
        return self._stored.get(key)

    def _read_window(self, alert: Alert) -> dict[str, Any]:
        drivers, lead = self.drivers(alert), self.drivers(alert).lead
        return {
            "document_ids": tuple(document.id for document in self.documents(alert)),
            "limit": self._limit(alert),
            "lead": lead.name if lead else "",
            "lead_entity": lead.entity if lead else "",
            "lead_documents": lead.documents if lead else 0,
            "named_documents": drivers.documents,
            "stories": drivers.story_count,
            "events": tuple(event.name for event in drivers.events),
            "gravest": drivers.gravest,
        }

    def _limit(self, alert: Alert) -> float:
        """Return the number of negative documents from which the alert's window is a breach; 0 where that is not known."""
        tick = minute_of(alert.window_end)
        baselines = self._reaching(tick - self._detector.lookback, tick)
        try:
            judged = self._detector.judge(baselines.counts, np.array([tick]), alert.topic, window_minutes(alert), baselines)
        except ValueError:  # the settings have changed since it was judged
            return 0.0
        return float(judged.limit[0]) if np.isfinite(judged.limit[0]) else 0.0

    def _read_chart(self, alert: Alert) -> AlertChart | None:
        if alert.test == NO_DATA:
            return None
        if alert.kind is SeriesKind.ENTITY:
            return self._names.chart(alert)
        tick, width = minute_of(alert.window_end), window_minutes(alert)
        baselines = self._reaching(int(chart_ticks(tick, width)[0]) - self._detector.lookback, tick)
        try:
            return alert_chart(self._detector, baselines, alert.topic, tick, width)
        except ValueError:
            return None

    def _reaching(self, first: int, until: int) -> BaselineCache:
        """Return baselines of counts that reach from minute `first` to `until`."""
        for known in self._baselines:
            if known.counts.start <= first and until <= known.counts.end:
                return known
        end = max([until, *(known.counts.end for known in self._baselines)])  # so that it serves whatever comes later as well
        self._baselines.append(BaselineCache(load_counts(self._store.counts, self._settings, first, end)))
        return self._baselines[-1]


def _window_of(alert: Alert) -> _AlertWindow:
    return alert.id, alert.window_start, alert.window_end, alert.document_ids if alert.kind is SeriesKind.ENTITY else ()
