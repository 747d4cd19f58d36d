"""Mentions of documents, and documents of entities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from squall.core.records import EntityKind
from squall.storage.backends.base import Backend, plain
from squall.storage.queries.base import Queries, Versions
from squall.storage.queries.documents import DocumentQueries
from squall.storage.queries.entities.insertion import insert_readings
from squall.storage.queries.entities.readings import LATEST, MENTIONED
from squall.storage.queries.spans import EVER, SPAN, span, sql
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.mentions import CountedMention, DocumentReading, EntityDocument, StoredMention
from squall.storage.schema.table import utc, valid_text
from squall.storage.schema.tables.mentions import MENTIONS

_GIVEN = """
SELECT toDateTime64(tupleElement(pair, 1), 3, 'UTC'), tupleElement(pair, 2)
FROM (SELECT arrayJoin(arrayZip({times:Array(String)}, {ids:Array(String)})) AS pair)
"""
_OF = sql("SELECT $columns FROM ($latest) ORDER BY start, entity", columns=MENTIONS.selected, latest=sql(LATEST, documents=_GIVEN))

# With `before_id` the span ends one millisecond after that document's time, as in `DocumentQueries.search`.
_WANTED = """
entity = {entity:String} AND first
AND ({before_id:String} = '' OR published_at < {end:DateTime64(3, 'UTC')} - INTERVAL 1 MILLISECOND OR document_id > {before_id:String})
AND ({sentiment:String} = '' OR toString(sentiment) = {sentiment:String})
"""
_NEWEST = sql(
    """
SELECT DISTINCT published_at, document_id FROM mentions
WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')} AND $wanted
ORDER BY published_at DESC, document_id LIMIT {rows:UInt32}
""",
    wanted=_WANTED,
)
_REACH = sql("SELECT count(), min(published_at) FROM ($newest)", newest=_NEWEST)
_FOUND = sql(
    "SELECT $columns FROM ($latest) WHERE $wanted ORDER BY published_at DESC, document_id",
    columns=MENTIONS.selected,
    latest=sql(LATEST, documents=_NEWEST),
    wanted=_WANTED,
)
_MORE = 4
"""How many times as many documents are looked through when too many of them were read again."""

_COUNTED = sql(
    """
SELECT id, published_at, headline, entity, kind_name, name, symbols, p_negative, severity, event_names
FROM
(
    SELECT id, published_at, entity, toString(kind) AS kind_name, name, symbols, p_negative, severity, event_names FROM $mentioned
) AS mentioned
INNER JOIN
(
    SELECT id, published_at, if(title = '', substringUTF8(text, 1, 200), title) AS headline FROM $span AND NOT undated
) AS documents USING (id, published_at)
ORDER BY published_at, id, entity
""",
    mentioned=MENTIONED,
    span=SPAN,
)

_KEY = "reinterpretAsUInt128(unhex($id))"
_UNREAD = sql(
    """
SELECT id, published_at FROM $span
  AND (published_at > {start:DateTime64(3, 'UTC')} OR id > {after_id:String}) AND ($document, published_at) NOT IN
(
    SELECT $mentioned, published_at FROM mentions
    WHERE entity = '' AND published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
      AND model_version = {read_by:String} AND catalogue_version = {catalogue_version:String}
)
ORDER BY published_at, id
LIMIT {limit:UInt32}
""",
    span=SPAN,
    document=sql(_KEY, id="id"),
    mentioned=sql(_KEY, id="document_id"),
)
_DAYS = """
SELECT toUnixTimestamp(day), sum(documents) AS stored, sum(readings) AS read
FROM
(
    SELECT toStartOfDay(published_at) AS day, count() AS documents, 0 AS readings FROM documents WHERE model_version != '' GROUP BY day
    UNION ALL
    SELECT toStartOfDay(published_at) AS day, 0 AS documents, count() AS readings FROM mentions
    WHERE entity = '' AND model_version = {model_version:String} AND catalogue_version = {catalogue_version:String}
    GROUP BY day
)
GROUP BY day
HAVING stored > 0
ORDER BY day
"""


class MentionQueries(Queries):
    """Mentions in and out. Spans are half-open, [since, until), in publication time.

    Args:
        backend: where the SQL runs.
        versions: shared by all queries of a store.
        documents: finds the documents.
    """

    def __init__(self, backend: Backend, versions: Versions, documents: DocumentQueries) -> None:
        super().__init__(backend, versions)
        self._documents = documents

    def insert(self, readings: Sequence[DocumentReading], *, token: str) -> None:
        """Store what was read of documents that are stored already. Idempotent, as `DocumentQueries.insert`, which calls it for new ones.

        Raises:
            StoreUnavailableError: not acknowledged; some may be stored. Insert them again.
        """
        insert_readings(self._backend, readings, token)

    def of(self, documents: Collection[StoredDocument]) -> dict[str, tuple[StoredMention, ...]]:
        """Return the mentions of each document by its id, in the order of their start; none where it names none, or was never read."""
        found: dict[str, list[StoredMention]] = {document.id: [] for document in documents}
        if found:
            times = [str(plain(document.published_at)) for document in documents]
            for mention in self._read(MENTIONS, _OF, times=times, ids=[document.id for document in documents]):
                found[mention.document_id].append(mention)
        return {key: tuple(mentions) for key, mentions in found.items()}

    def counted(self, since: datetime, until: datetime, *, model_version: str = "") -> list[CountedMention]:
        """Return what documents say of each entity that they name, in the order of publication, document and entity.

        Copies do not count, nor documents without a time of their own.

        Args:
            model_version: only what this model read; empty: whatever read last.
        """
        rows = self._select(_COUNTED, **span(since, until, copies=False, model_version=model_version))
        return [
            CountedMention(key, utc(at), title, entity, EntityKind(kind), name, tuple(symbols), negative, severity, tuple(events))
            for key, at, title, entity, kind, name, symbols, negative, severity, events in rows
        ]

    def documents(
        self,
        entity: str,
        since: datetime,
        until: datetime,
        *,
        limit: int = 100,
        before: datetime | None = None,
        before_id: str = "",
        sentiment: str = "",
    ) -> list[EntityDocument]:
        """Return the documents that name `entity`, newest first, those of one millisecond by id, copies too, of each its newest version.

        Args:
            before: only what was published before this moment.
            before_id: together with `before`: only what comes after the document with this id and time, in the order above.
            sentiment: the tone towards the entity; empty: any.
        """
        end = min(until, before) if before else until
        before_id = before_id if before is not None and before <= until else ""
        if before_id:
            end += timedelta(milliseconds=1)
        wanted = {"entity": valid_text(entity), "before_id": before_id, "sentiment": sentiment, "start": since, "end": end}
        rows = limit
        while rows > 0:
            seen, first = self._only(_REACH, **wanted, rows=rows)
            if not seen:
                break
            mentions = self._read(MENTIONS, _FOUND, **wanted, rows=rows)
            ids = dict.fromkeys((mention.document_id for mention in mentions), 0)
            newest = self._documents.newest_versions(self._documents.fetch(ids, utc(first), end))
            current = {(row.id, row.published_at): row for row in newest}
            places = [(mention.document_id, mention.published_at) for mention in mentions]
            found = [EntityDocument(current[place], mention) for place, mention in zip(places, mentions, strict=True) if place in current]
            if len(found) >= limit or seen < rows:
                return found[:limit]
            rows *= _MORE
        return []

    def unread(
        self, since: datetime, until: datetime, *, model_version: str, catalogue_version: str, limit: int, after_id: str = ""
    ) -> list[tuple[str, datetime]]:
        """Return id and publication time of documents that were not read by this model with this catalogue, oldest first, then by id.

        Args:
            after_id: of those published at `since` only the ones with a larger id.
        """
        reader = {"read_by": model_version, "catalogue_version": catalogue_version, "after_id": after_id}
        rows = self._select(_UNREAD, **reader, **span(since, min(until, EVER[1]), copies=True), limit=limit)
        return [(key, utc(published_at)) for key, published_at in rows]

    def days(self, model_version: str, catalogue_version: str) -> list[tuple[datetime, int, int]]:
        """Return every day with documents, how many, and how many this model has read with this catalogue; rows are counted as they lie."""
        rows = self._select(_DAYS, model_version=model_version, catalogue_version=catalogue_version)
        return [(datetime.fromtimestamp(int(day), UTC), int(stored), int(read)) for day, stored, read in rows]
