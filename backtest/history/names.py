"""The detector of names over history: mentions are read day by day in the order of their publication, one process, bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from squall.alerts.detection.names.watch import NameWatch
from squall.alerts.lifecycle import Change
from squall.alerts.names.lifecycle import NameAlerts
from squall.alerts.names.records import name_alert_record
from squall.alerts.names.sizes import catalogue_sizes
from squall.backtest.history.detection import EvaluatedSpan
from squall.core.config.settings import DetectorSettings
from squall.core.records import Alert
from squall.entities.catalogue.catalogue import Catalogue
from squall.storage.rows.mentions import CountedMention

_CHUNK_MINUTES: Final = 1440

LoadMentions = Callable[[int, int], Sequence[CountedMention]]
"""Takes minutes [start, end) since the epoch and returns what documents say of each name, in order of publication."""


def name_alerts(
    load: LoadMentions,
    settings: DetectorSettings,
    catalogue: Catalogue,
    span: EvaluatedSpan,
    known_since: int,
    progress: Callable[[float], None] = lambda _fraction: None,
) -> list[Alert]:
    """Return the alerts about names that fired in `span`, each in its last state, in the order of their firing.

    Args:
        load: reads a day.
        settings: of the detector; a budget of 0 finds nothing.
        catalogue: says how large companies are.
        span: what is evaluated; what is before it is history.
        known_since: the minute of the first document.
        progress: receives the completed share, 0 to 1.
    """
    if not settings.names_per_day:
        return []
    watch = NameWatch(catalogue_sizes(lambda: catalogue), known_since)
    alerts = NameAlerts(settings.names_per_day, known_since, settings.min_history_hours * 60)
    found: dict[str, Alert] = {}
    days = range(known_since // _CHUNK_MINUTES * _CHUNK_MINUTES, span.until, _CHUNK_MINUTES)
    for number, start in enumerate(days):
        changes = alerts.advance(watch.read(load(max(start, known_since), min(start + _CHUNK_MINUTES, span.until))))
        changes += alerts.end(min(start + _CHUNK_MINUTES, span.until))
        for change in changes:
            alert = change.alert
            if alert.fired is None or alert.fired < span.after:
                continue
            record = name_alert_record(change)
            if change.change is not Change.FIRED:  # the documents stay those that it fired for
                record = record.model_copy(update={"document_ids": found[record.id].document_ids})
            found[record.id] = record
        progress((number + 1) / len(days))
    return list(found.values())
