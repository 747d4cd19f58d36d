"""What was stored since a moment, for the live page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from squall.storage.queries.base import Queries
from squall.storage.rows.documents import Arrivals, StoredDocument
from squall.storage.schema.table import utc
from squall.storage.schema.tables.documents import DOCUMENTS

_NOW = "SELECT now64(3, 'UTC')"
_ARRIVED = """
SELECT id, at, count() OVER () AS total
FROM
(
    SELECT id, max(stored_at) AS at FROM documents
    WHERE stored_at > {since:DateTime64(3, 'UTC')} AND stored_at <= {now:DateTime64(3, 'UTC')}  -- later: from before the clock was set back
    GROUP BY id
)
ORDER BY at DESC, id
LIMIT {limit:UInt32}
"""
_DOCUMENTS = DOCUMENTS.select(
    """
WHERE stored_at > {since:DateTime64(3, 'UTC')} AND id IN {ids:Array(String)}
ORDER BY scored_at DESC, published_at DESC, written_at DESC
LIMIT 1 BY id"""
)


class ArrivalQueries(Queries):
    """Documents by when they were stored, in the store's own clock."""

    def now(self) -> datetime:
        """Return the store's own clock, by which `stored_at` is written."""
        return utc(self._only(_NOW)[0])

    def since(self, moment: datetime, *, limit: int) -> Arrivals:
        """Return which documents were stored after `moment`, by the store's clock; one scored again has arrived again.

        A row may become visible a little after its `stored_at`: query again from a few seconds before the last query.
        """
        now = self.now()
        rows = [(key, utc(at), int(total)) for key, at, total in self._select(_ARRIVED, since=moment, now=now, limit=limit)]
        return Arrivals(now, tuple((key, at) for key, at, _ in rows), max((total for *_, total in rows), default=0))

    def documents(self, ids: Collection[str], since: datetime) -> list[StoredDocument]:
        """Return these documents, stored after `since`, as they were scored last; newest publication first."""
        if not ids:
            return []
        rows = self._read(DOCUMENTS, _DOCUMENTS, ids=list(ids), since=since)
        return sorted(rows, key=lambda row: (row.published_at, row.id), reverse=True)
