"""Writing scored documents, and reading single ones and lists of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import xxhash

from squall.core.records import ScoredDocument
from squall.storage.queries.base import unique
from squall.storage.queries.entities.insertion import insert_readings
from squall.storage.queries.spans import EVER, NEWEST_VERSION, SPAN, span, sql
from squall.storage.queries.versions import VersionQueries
from squall.storage.queries.words import HAS_WORDS, word_parameters
from squall.storage.rows.documents import ModelVersion, NewestDocument, StoredDocument
from squall.storage.rows.latency import Latency, Quantiles
from squall.storage.rows.mentions import DocumentReading
from squall.storage.schema.table import utc
from squall.storage.schema.tables.documents import DOCUMENTS, REWRITTEN_DOCUMENTS

_VERSIONS = """
SELECT id FROM documents WHERE id = {first_id:String} OR revises = {first_id:String}
GROUP BY id ORDER BY max(published_at) DESC, id LIMIT {limit:UInt32}
"""
_EDGES = "SELECT count(), min(published_at), max(published_at) FROM documents"
_NEWEST = "SELECT published_at, stored_at FROM documents ORDER BY published_at DESC LIMIT 1"
_TOP = sql(
    """
SELECT id, copies
FROM
(
    SELECT id, topic, symbols, sentiment, published_at, fingerprint, p_negative, p_neutral, p_positive, severity,
           count() OVER (PARTITION BY fingerprint) - 1 AS copies
    FROM $span AND $newest_version
)
WHERE ({topic:String} = '' OR topic = {topic:String})
  AND (empty({symbols:Array(String)}) OR hasAny(symbols, {symbols:Array(String)}))
  AND toString(sentiment) = {sentiment:String}
ORDER BY if({gravest:UInt8}, ifNull(severity, 0), 0) DESC,
         multiIf(sentiment = 'negative', p_negative, sentiment = 'positive', p_positive, p_neutral) DESC, published_at, id
LIMIT 1 BY fingerprint
LIMIT {limit:UInt32}
""",
    span=SPAN,
    newest_version=NEWEST_VERSION,
)
# With `before_id` the span ends one millisecond after that document's time, and what was shown of that millisecond is left out.
_WANTED = sql(
    """
({before_id:String} = '' OR published_at < {end:DateTime64(3, 'UTC')} - INTERVAL 1 MILLISECOND OR id > {before_id:String})
  AND ({topic:String} = '' OR topic = {topic:String})
  AND ({source:String} = '' OR source = {source:String})
  AND ({symbol:String} = '' OR has(symbols, {symbol:String}))
  AND ({sentiment:String} = '' OR (toString(sentiment) = {sentiment:String} AND model_version != ''))
  AND ({kind:String} = '' OR kind = {kind:String})
  AND ({language:String} = '' OR language = {language:String})
  AND ({event:String} = '' OR has(event_names, {event:String}))
  AND $has_words
""",
    has_words=HAS_WORDS,
)
# Without FINAL and in the order of the table, so that it ends as soon as it has enough: the current rows that are wanted are among them.
_REACH = sql(
    """
SELECT id, published_at FROM documents
WHERE published_at < {end:DateTime64(3, 'UTC')} AND $wanted
ORDER BY published_at DESC LIMIT {rows:UInt32} WITH TIES
""",
    wanted=_WANTED,
)
_BETWEEN = "published_at >= {read_from:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}"
# The current row of each id, as `SPAN` chooses it, without looking at other documents. The projection by id finds where they lie.
_FETCH = sql(
    """
SELECT $columns
FROM
(
    SELECT * FROM documents
    WHERE (published_at, id) IN (SELECT published_at, id FROM documents WHERE id IN {ids:Array(String)} AND $between) AND $between
    ORDER BY scored_at DESC, published_at DESC, model_version DESC, written_at DESC
    LIMIT 1 BY id
)
WHERE published_at >= {start:DateTime64(3, 'UTC')}
""",
    columns=DOCUMENTS.selected,
    between=_BETWEEN,
)
_FETCH_WANTED = f"{_FETCH} AND {_WANTED}"
# In the order of the table, so that of many documents the newest are measured; of several rows of one the last scored counts.
_LATENCY = """
SELECT
    count(),
    quantilesExact(0.5, 0.99, 1)(dateDiff('millisecond', tupleElement(times, 2), tupleElement(times, 3))),
    quantilesExact(0.5, 0.99, 1)(dateDiff('millisecond', tupleElement(times, 1), tupleElement(times, 3)))
FROM
(
    SELECT id, argMax((published_at, collected_at, stored_at), scored_at) AS times
    FROM
    (
        SELECT id, published_at, collected_at, stored_at, scored_at FROM documents
        WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')} AND model_version != ''
        ORDER BY published_at DESC LIMIT {rows:UInt32}
    )
    GROUP BY id
)
"""
_MEASURED = 20_000
_NOW = "SELECT now64(3, 'UTC')"
_MODELS = """
SELECT model_version, uniqExact(id) AS ids, min(published_at) AS earliest, max(published_at) AS latest, max(scored_at) AS last_scored
FROM documents WHERE model_version != '' GROUP BY model_version ORDER BY last_scored DESC, model_version
"""
_MORE = 4
"""How many times as many rows are looked through when too many of them were not the current ones."""


class DocumentQueries(VersionQueries):
    """Documents in and out. Spans are half-open, [start, end), in publication time."""

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None:
        """Store one batch: its mentions in one acknowledged insert, then its documents in another.

        Idempotent by row identity (document id and model version) however rows are batched again, and by `token`. The
        store joins a digest of the rows to the token, so one used again for other rows does not drop them. Mentions without their
        document, which a process that was killed in between leaves behind, count nothing; when the batch is delivered again, the
        documents are scored again and their new mentions replace those.

        Raises:
            StoreUnavailableError: not acknowledged; the batch may or may not be stored. Insert it again.
        """
        if rows:
            identity = [[row.document.id for row in rows], [row.model_version for row in rows], [row.scored_at for row in rows]]
            digest = xxhash.xxh3_128_hexdigest(repr(identity).encode())
            insert_readings(self._backend, [DocumentReading.of(row) for row in rows if row.catalogue_version or row.mentions], token)
            revisions = {"revision": [row.document.revision for row in rows]}
            self._backend.insert(DOCUMENTS.block(rows, revisions), f"{token}:{digest}")

    def rewrite(self, rows: Sequence[StoredDocument], *, token: str) -> None:
        """Store `rows`, read before and changed but for id, times, model and scoring, in place of what they were read as.

        They stay stored since then, so that nobody takes them for new ones. A row that was scored again meanwhile keeps its place before
        them. Idempotent, as `insert`.

        Raises:
            StoreUnavailableError: not acknowledged; some may be stored. Do it again.
        """
        if rows:
            now = utc(self._only(_NOW)[0])  # by the clock that stamps `stored_at`
            said = [(row.id, row.model_version, row.scored_at, row.severity, row.events) for row in rows]
            digest = xxhash.xxh3_128_hexdigest(repr(said).encode("utf-8", "replace"))
            given: dict[str, Sequence[Any]] = {"written_at": [now] * len(rows), "revision": [row.revision for row in rows]}
            self._backend.insert(REWRITTEN_DOCUMENTS.block(rows, given), f"{token}:{digest}:rewritten")

    def versions(self, document_id: str, *, limit: int = 100) -> list[StoredDocument]:
        """Return every version of a document, newest first, `limit` at most.

        Args:
            document_id: of any version; none are returned where it is not stored.
        """
        known = self.get(document_id)
        if known is None:
            return []
        return self.get_many(self._select(_VERSIONS, first_id=known.first_id, limit=limit).columns[0])

    def first_published_at(self) -> datetime | None:
        """Return the earliest publication time stored, None when the store is empty."""
        count, first, _ = self._only(_EDGES)
        return utc(first) if count else None

    def last_published_at(self) -> datetime | None:
        """Return the latest publication time stored, None when the store is empty."""
        count, _, last = self._only(_EDGES)
        return utc(last) if count else None

    def newest(self) -> NewestDocument | None:
        """Return when the document published last was published and stored, None when the store is empty."""
        for published_at, stored_at in self._select(_NEWEST):
            return NewestDocument(utc(published_at), utc(stored_at))
        return None

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
        """Return documents of one sentiment, most certain of that sentiment first.

        Documents with the same fingerprint are one; `copies` says how many more of them were published in the span.

        Args:
            topic: only this one; empty: all.
            symbols: only documents about any of these; empty: all.
            gravest: the gravest first instead; those whose severity no model has read stand last.
        """
        filters = {"topic": topic, "symbols": list(symbols), "sentiment": sentiment, "limit": limit, "gravest": gravest}
        found = self._select(_TOP, **filters, **span(start, end, copies=True))
        return self.fetch(dict(found), start, end)

    def search(
        self,
        *,
        limit: int = 100,
        before: datetime | None = None,
        before_id: str = "",
        topic: str = "",
        source: str = "",
        symbol: str = "",
        sentiment: str = "",
        kind: str = "",
        language: str = "",
        event: str = "",
        words: Sequence[str] = (),
    ) -> list[StoredDocument]:
        """Return documents newest first, those of one millisecond by id, copies too; an empty filter lets everything through.

        Documents that no model has read, because of their language, are among them unless a topic, a sentiment or an event is asked for.

        Args:
            before: only what was published before this moment.
            before_id: together with `before`: only what comes after the document with this id and time, in the order above.
            words: title or text must hold every one of them somewhere, in any case; nothing in a word is a pattern.
        """
        end = min(before, EVER[1]) if before else EVER[1]
        before_id = before_id if before else ""
        if before_id:
            end += timedelta(milliseconds=1)
        filters = {"topic": topic, "source": source, "symbol": symbol, "sentiment": sentiment, "kind": kind, "language": language}
        wanted = {**filters, "event": event, **word_parameters(words), "before_id": before_id}
        rows = limit
        while rows > 0:
            ids, times = self._select(_REACH, **wanted, end=end, rows=rows).columns
            if not ids:
                break
            within = span(utc(min(times)), end, copies=True)
            current = self._read(DOCUMENTS, _FETCH_WANTED, ids=unique(ids), **wanted, **within)
            found = sorted(self.newest_versions(current), key=lambda row: row.id)
            if len(found) >= limit or len(ids) < rows:
                return sorted(found, key=lambda row: row.published_at, reverse=True)[:limit]
            rows *= _MORE
        return []

    def get(self, document_id: str) -> StoredDocument | None:
        """Return one document as it was scored last."""
        return next(iter(self.get_many([document_id])), None)

    def get_many(self, document_ids: Collection[str]) -> list[StoredDocument]:
        """Return the documents that are stored, in the order of `document_ids`, as they were scored last. Reads all of event time."""
        return self.fetch(dict.fromkeys(document_ids, 0), *EVER)

    def fetch(self, copies: Mapping[str, int], start: datetime, end: datetime) -> list[StoredDocument]:
        """Return the current documents published in [start, end), in the order of `copies`, a mapping of id to number of copies."""
        if not copies:
            return []
        rows = {row.id: row for row in self._read(DOCUMENTS, _FETCH, ids=list(copies), **span(start, end, copies=True))}
        return [rows[key].with_copies(int(count)) for key, count in copies.items() if key in rows]

    def latency(self, start: datetime, end: datetime) -> Latency:
        """Measure from collection and from publication to storage; of more than 20,000 documents in the span the newest are measured."""
        count, collected, published = self._only(_LATENCY, start=start, end=end, rows=_MEASURED)
        return Latency(int(count), _quantiles(collected), _quantiles(published))

    def model_versions(self) -> list[ModelVersion]:
        """Return every model version with rows in the store, the one that scored last first."""
        return [
            ModelVersion(row["model_version"], int(row["ids"]), utc(row["earliest"]), utc(row["latest"]), utc(row["last_scored"]))
            for row in self._select(_MODELS).by_name()
        ]


def _quantiles(milliseconds: Sequence[float]) -> Quantiles:
    p50, p99, largest = (0.0 if math.isnan(value) else float(value) / 1000 for value in milliseconds)
    return Quantiles(p50, p99, largest)
