"""Writing scored documents and reading them back one by one."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import xxhash

from squall.core.records import Document, ScoredDocument, Sentiment
from squall.storage.queries.base import StoreBase, unique, utc, valid_text
from squall.storage.queries.spans import EVER, SPAN, span, sql
from squall.storage.rows.stored import Latency, Quantiles, StoredDocument
from squall.storage.schema.tables import DOCUMENTS

_KNOWN = "SELECT DISTINCT id FROM documents WHERE id IN {ids:Array(String)} AND model_version = {model_version:String}"
_EDGES = "SELECT count(), min(published_at), max(published_at) FROM documents"
_TOP = sql(
    """
SELECT id, copies
FROM
(
    SELECT id, topic, symbols, sentiment, published_at, fingerprint, p_negative, p_neutral, p_positive,
           count() OVER (PARTITION BY fingerprint) - 1 AS copies
    FROM $span
)
WHERE ({topic:String} = '' OR topic = {topic:String})
  AND (empty({symbols:Array(String)}) OR hasAny(symbols, {symbols:Array(String)}))
  AND toString(sentiment) = {sentiment:String}
ORDER BY multiIf(sentiment = 'negative', p_negative, sentiment = 'positive', p_positive, p_neutral) DESC, published_at, id
LIMIT 1 BY fingerprint
LIMIT {limit:UInt32}
""",
    span=SPAN,
)
# With `before_id` the span ends one millisecond after that document's time, and what was shown of that millisecond is left out.
_WANTED = """
({before_id:String} = '' OR published_at < {end:DateTime64(3, 'UTC')} - INTERVAL 1 MILLISECOND OR id > {before_id:String})
  AND ({topic:String} = '' OR topic = {topic:String})
  AND ({source:String} = '' OR source = {source:String})
  AND ({symbol:String} = '' OR has(symbols, {symbol:String}))
  AND ({sentiment:String} = '' OR toString(sentiment) = {sentiment:String})
  AND ({kind:String} = '' OR kind = {kind:String})
  AND ({language:String} = '' OR language = {language:String})
  AND arrayAll(word -> positionCaseInsensitiveUTF8(concat(title, '\\n', text), word) > 0, {words:Array(String)})
"""
_NEWEST = sql("SELECT id FROM $span AND $wanted ORDER BY published_at DESC, id LIMIT {limit:UInt32}", span=SPAN, wanted=_WANTED)
# Without FINAL and in the order of the table, so that it ends as soon as it has enough: it sees at least what `_NEWEST` would.
_REACH = sql(
    """
SELECT count(), min(published_at)
FROM
(
    SELECT published_at FROM documents
    WHERE published_at < {end:DateTime64(3, 'UTC')} AND $wanted
    ORDER BY published_at DESC LIMIT {rows:UInt32}
)
""",
    wanted=_WANTED,
)
FIELDS = """id, kind, source, author, url, title, text, language, symbols, published_at, collected_at, topic, topic_probability,
       p_negative, p_neutral, p_positive, toString(sentiment), score, fingerprint, model_version, scored_at, stored_at"""
"""What `stored_document` reads."""
_FETCH = sql("SELECT $fields FROM $span AND id IN {ids:Array(String)}", fields=FIELDS, span=SPAN)
_LATENCY = sql(
    """
SELECT
    count(),
    quantilesExact(0.5, 0.99, 1)(dateDiff('millisecond', collected_at, stored_at)),
    quantilesExact(0.5, 0.99, 1)(dateDiff('millisecond', published_at, stored_at))
FROM $span
""",
    span=SPAN,
)
_MORE = 4
"""How many times as many rows are looked through when too many of them were not the current ones."""


class DocumentQueries(StoreBase):
    """Documents in and out."""

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None:
        """Store one batch in one acknowledged insert.

        Idempotent by row identity (document id and model version) however rows are batched again, and by `token`. The
        store joins a digest of the rows to the token, so one used again for other rows does not drop them.

        Raises:
            StoreUnavailableError: not acknowledged; the batch may or may not be stored. Insert it again.
        """
        if rows:
            columns = _columns(rows)
            digest = xxhash.xxh3_128_hexdigest(repr((columns[0], columns[-2:])).encode())
            self._backend.insert(DOCUMENTS, columns, f"{token}:{digest}")

    def known_ids(self, documents: Sequence[Document], model_version: str) -> set[str]:
        """Return the ids among `documents` that are stored with this model version already."""
        if not documents:
            return set()
        ids = unique(document.id for document in documents)
        return set(self._select(_KNOWN, ids=ids, model_version=model_version).columns[0])

    def first_published_at(self) -> datetime | None:
        """Return the earliest publication time stored, None when the store is empty."""
        count, first, _ = next(iter(self._select(_EDGES)))
        return utc(first) if count else None

    def last_published_at(self) -> datetime | None:
        """Return the latest publication time stored, None when the store is empty."""
        count, _, last = next(iter(self._select(_EDGES)))
        return utc(last) if count else None

    def top_documents(
        self,
        topic: str,
        start: datetime,
        end: datetime,
        *,
        symbols: Collection[str] = (),
        sentiment: str = "negative",
        limit: int = 10,
    ) -> list[StoredDocument]:
        """Return documents of one sentiment published in [start, end), most certain of that sentiment first.

        Documents with the same fingerprint are one; `copies` says how many more of them were published in the span.

        Args:
            topic: only this one; empty: all.
            symbols: only documents about any of these; empty: all.
        """
        filters = {"topic": topic, "symbols": list(symbols), "sentiment": sentiment, "limit": limit}
        found = self._select(_TOP, **filters, **span(start, end, copies=True))
        return self._fetch(dict(found), start, end)

    def documents(
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
        words: Sequence[str] = (),
    ) -> list[StoredDocument]:
        """Return documents newest first, those of one millisecond by id, copies too; an empty filter lets everything through.

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
        wanted = {**filters, "words": [valid_text(word) for word in words], "before_id": before_id}
        rows = limit
        while rows > 0:
            found, first = next(iter(self._select(_REACH, **wanted, end=end, rows=rows)))
            if not found:
                break
            start = utc(first)
            ids = self._select(_NEWEST, **wanted, **span(start, end, copies=True), limit=limit).columns[0]
            if len(ids) >= limit or found < rows:
                return self._fetch(dict.fromkeys(ids, 0), start, end)
            rows *= _MORE
        return []

    def document(self, document_id: str) -> StoredDocument | None:
        """Return one document as it was scored last."""
        return next(iter(self._fetch({document_id: 0}, *EVER)), None)

    def _fetch(self, copies: dict[str, int], start: datetime, end: datetime) -> list[StoredDocument]:
        """Return whole documents in the order of `copies`, a mapping of id to number of copies."""
        if not copies:
            return []
        rows = {row[0]: row for row in self._select(_FETCH, ids=list(copies), **span(start, end, copies=True))}
        return [stored_document(rows[key], int(count)) for key, count in copies.items() if key in rows]

    def latency(self, start: datetime, end: datetime) -> Latency:
        """Measure from collection and from publication to storage, of documents published in [start, end)."""
        count, collected, published = next(iter(self._select(_LATENCY, **span(start, end, copies=True))))
        return Latency(int(count), _quantiles(collected), _quantiles(published))


def _quantiles(milliseconds: Sequence[float]) -> Quantiles:
    p50, p99, largest = (0.0 if math.isnan(value) else float(value) / 1000 for value in milliseconds)
    return Quantiles(p50, p99, largest)


def stored_document(row: Sequence[Any], copies: int) -> StoredDocument:
    """Turn a row of `FIELDS` into a document with `copies` later copies."""
    return StoredDocument(
        id=row[0],
        kind=row[1],
        source=row[2],
        author=row[3],
        url=row[4],
        title=row[5],
        text=row[6],
        language=row[7],
        symbols=tuple(row[8]),
        published_at=utc(row[9]),
        collected_at=utc(row[10]),
        topic=row[11],
        topic_probability=row[12],
        p_negative=row[13],
        p_neutral=row[14],
        p_positive=row[15],
        sentiment=Sentiment(row[16]),
        score=row[17],
        fingerprint=row[18],
        model_version=row[19],
        scored_at=utc(row[20]),
        stored_at=utc(row[21]),
        copies=copies,
    )


def _columns(rows: Sequence[ScoredDocument]) -> list[list[Any]]:
    """Return `rows` as the columns of `DOCUMENTS`."""
    documents = [row.document for row in rows]
    return [
        [document.id for document in documents],
        [document.kind.value for document in documents],
        [document.source for document in documents],
        [document.author for document in documents],
        [document.url for document in documents],
        [document.title for document in documents],
        [document.text for document in documents],
        [document.language for document in documents],
        [list(document.symbols) for document in documents],
        [document.published_at for document in documents],
        [document.collected_at for document in documents],
        [row.topic for row in rows],
        [row.topic_probability for row in rows],
        [row.p_negative for row in rows],
        [row.p_neutral for row in rows],
        [row.p_positive for row in rows],
        [row.sentiment.value for row in rows],
        [row.score for row in rows],
        [row.fingerprint for row in rows],
        [row.model_version for row in rows],
        [row.scored_at for row in rows],
    ]
