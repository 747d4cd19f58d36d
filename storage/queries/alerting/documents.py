"""The documents behind an alert."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from squall.core.records import Alert
from squall.storage.queries.alerting.scope import scope_of
from squall.storage.rows.documents import StoredDocument

_NEAR = 10
"""Times as many documents as wanted are looked through in the alert's window before single ones are looked for everywhere."""


class WindowDocuments(Protocol):
    """The part of `store.documents` that finds documents of a window."""

    def top(
        self,
        topic: str,
        start: datetime,
        end: datetime,
        *,
        symbols: Collection[str] = (),
        sentiment: str = "negative",
        limit: int = 10,
        gravest: bool = False,
    ) -> list[StoredDocument]:
        """Return the strongest documents of a window, or the gravest, copies collapsed."""

    def fetch(self, copies: Mapping[str, int], start: datetime, end: datetime) -> list[StoredDocument]:
        """Return the documents published in [start, end), in the order of `copies`, a mapping of id to number of copies."""


class AnyDocuments(WindowDocuments, Protocol):
    """The part of `store.documents` that finds documents by their ids as well."""

    def get_many(self, document_ids: Collection[str]) -> list[StoredDocument]:
        """Return the documents that are stored, in the order of `document_ids`."""


def documents_in_window(
    documents: WindowDocuments, alert: Alert, sectors: Mapping[str, Collection[str]], limit: int
) -> list[StoredDocument]:
    """Return the negative documents that an alert counted, gravest first, then strongest; none for a source without documents.

    Of an alert about a name they are those that drive it.

    Args:
        sectors: the symbols of each watched sector; one that is no longer watched has no documents.
    """
    scope = scope_of(alert, sectors)
    if scope is None:
        return []
    start, end = scope.span
    if scope.documents:
        return documents.fetch(dict.fromkeys(scope.documents[:limit], 0), start, end)
    return documents.top(scope.topic, start, end, symbols=scope.symbols, limit=limit, gravest=True)


def documents_behind(documents: AnyDocuments, alert: Alert, sectors: Mapping[str, Collection[str]], limit: int) -> list[StoredDocument]:
    """Return the documents that an alert names, in its order; where it names none that are still stored, those of its window.

    They are looked for in the alert's own window first, and only the others everywhere: that reads all of event time.
    """
    near = documents_in_window(documents, alert, sectors, limit=_NEAR * limit)
    named = alert.document_ids[:limit]
    found = {row.id: row for row in near if row.id in named}
    missing = [key for key in named if key not in found]
    if missing:
        found |= {row.id: row for row in documents.get_many(missing)}
    return [found[key] for key in named if key in found] or near[:limit]
