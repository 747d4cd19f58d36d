"""The documents behind an alert."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from squall.core.records import Alert, SeriesKind
from squall.core.series import SECTOR_PREFIX, SYMBOL_PREFIX
from squall.storage.rows.stored import StoredDocument

_NEAR = 10
"""Times as many documents as wanted are looked through in the alert's window before single ones are looked for everywhere."""


class DocumentStore(Protocol):
    """The part of `squall.storage.Store` that is asked."""

    def top_documents(
        self, topic: str, start: datetime, end: datetime, *, symbols: Collection[str] = (), sentiment: str = "negative", limit: int = 10
    ) -> list[StoredDocument]:
        """Return the strongest documents of a window, copies collapsed."""


class WholeStore(DocumentStore, Protocol):
    """A store that finds single documents too."""

    def document(self, document_id: str) -> StoredDocument | None:
        """Return one document."""


def driving_documents(store: DocumentStore, alert: Alert, sectors: Mapping[str, Collection[str]], limit: int) -> list[StoredDocument]:
    """Return what drove an alert, strongest first; nothing for a source that fell silent.

    Args:
        sectors: the symbols of each watched sector; one that is no longer watched has no documents.
    """
    symbols: Collection[str] = ()
    if alert.kind is SeriesKind.SYMBOL:
        symbols = (alert.topic.removeprefix(SYMBOL_PREFIX),)
    elif alert.kind is SeriesKind.SECTOR:
        symbols = sectors.get(alert.topic.removeprefix(SECTOR_PREFIX), ())
    if alert.kind is SeriesKind.SOURCE or (alert.kind is SeriesKind.SECTOR and not symbols):
        return []
    topic = alert.topic if alert.kind is SeriesKind.TOPIC else ""
    return store.top_documents(topic, alert.window_start, alert.window_end, symbols=symbols, limit=limit)


def documents_behind(store: WholeStore, alert: Alert, sectors: Mapping[str, Collection[str]], limit: int) -> list[StoredDocument]:
    """Return the documents an alert names, in its order; where it names none that are still stored, what drove it.

    They are found in the alert's own window, and elsewhere only those that are not there: that reads everything.
    """
    found = driving_documents(store, alert, sectors, limit=_NEAR * limit)
    near = {row.id: row for row in found}
    named = [near.get(key) or store.document(key) for key in alert.document_ids[:limit]]
    return [row for row in named if row is not None] or found[:limit]
