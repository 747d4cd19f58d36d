"""How grave documents are, and what happened: the gravest of a span, and counts over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from squall.storage.backends.base import Backend
from squall.storage.queries.base import Queries, Versions
from squall.storage.queries.documents import DocumentQueries
from squall.storage.queries.entities.mentions import MentionQueries
from squall.storage.queries.entities.readings import LATEST
from squall.storage.queries.entities.rollup_rows import HOUR, pieces, rows_of
from squall.storage.queries.spans import NEWEST_VERSION, SPAN, span, sql
from squall.storage.queries.words import EVERY_WORD
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.mentions import EntityDocument
from squall.storage.rows.severity import EventBucket, SeverityBucket
from squall.storage.schema.table import valid_text

_MINUTE: Final = timedelta(minutes=1)

_GRAVEST = sql(
    """
SELECT id, copies
FROM
(
    SELECT id, severity, published_at, fingerprint, topic, source, symbols, sentiment, kind, language, title, text, event_names,
           count() OVER (PARTITION BY fingerprint) - 1 AS copies
    FROM $span AND $newest_version
)
WHERE severity >= {at_least:Float64}
  AND ({topic:String} = '' OR topic = {topic:String})
  AND ({source:String} = '' OR source = {source:String})
  AND (empty({symbols:Array(String)}) OR hasAny(symbols, {symbols:Array(String)}))
  AND ({sentiment:String} = '' OR toString(sentiment) = {sentiment:String})
  AND ({kind:String} = '' OR kind = {kind:String})
  AND ({language:String} = '' OR language = {language:String})
  AND ({event:String} = '' OR has(event_names, {event:String}))
  AND $every_word
ORDER BY severity DESC, published_at DESC, id
LIMIT 1 BY fingerprint
LIMIT {limit:UInt32}
""",
    span=SPAN,
    newest_version=NEWEST_VERSION,
    every_word=EVERY_WORD,
)
# From the few documents that name the entity, which the projection by entity finds, to their last readings and current rows.
_NAMING = """
SELECT DISTINCT published_at, document_id FROM mentions
WHERE entity = {entity:String} AND first
  AND published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
"""
_GRAVEST_OF = sql(
    """
SELECT id, copies
FROM
(
    SELECT id, published_at, severity, tone, fingerprint, count() OVER (PARTITION BY fingerprint) - 1 AS copies
    FROM
    (
        SELECT document_id AS id, published_at, severity, toString(sentiment) AS tone FROM ($latest)
        WHERE entity = {entity:String} AND first
    ) AS named
    INNER JOIN
    (
        SELECT id, published_at, fingerprint FROM documents
        WHERE published_at >= {read_from:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
          AND id IN (SELECT document_id FROM ($naming)) AND $newest_version
        ORDER BY scored_at DESC, published_at DESC, model_version DESC, written_at DESC
        LIMIT 1 BY id
    ) AS current USING (id, published_at)
)
WHERE isNotNull(severity) AND ({sentiment:String} = '' OR tone = {sentiment:String})
ORDER BY severity DESC, published_at DESC, id
LIMIT 1 BY fingerprint
LIMIT {limit:UInt32}
""",
    latest=sql(LATEST, documents=_NAMING),
    naming=_NAMING,
    newest_version=NEWEST_VERSION,
)
_PER_STEP = "intDiv(toUnixTimestamp(time), {seconds:UInt32}) * {seconds:UInt32} AS start"
_SEVERITIES = """
SELECT name, $per_step, sum(severities) AS documents, sum(grave), sum(severity_sum) / documents, max(severity_max)
FROM ($rows)
GROUP BY name, start HAVING documents > 0 ORDER BY start, name
"""
_EVENTS = """
SELECT event, $per_step, sum(number)
FROM ($rows) ARRAY JOIN CAST(event_names, 'Array(String)') AS event, event_counts AS number
GROUP BY event, start ORDER BY start, event
"""
# A minute's rows, or an hour's: the parameter `row_seconds`.
_TOPIC_ROWS = """
SELECT time, toString(topic) AS name, severities, grave, severity_sum, severity_max, event_names, event_counts
FROM sentiment_rollup FINAL
WHERE step = {row_seconds:UInt16} AND symbol = {symbol:String} AND ({topic:String} = '' OR topic = {topic:String})
  AND time >= {start:DateTime64(3, 'UTC')} AND time < {end:DateTime64(3, 'UTC')}
"""
_ENTITY_ROWS = rows_of(
    "now",
    "time, entity AS name, severities, grave, severity_sum, severity_max, event_names, event_counts",
    "entity IN {entities:Array(String)}",
)
_BY_TOPIC = sql(_SEVERITIES, per_step=_PER_STEP, rows=_TOPIC_ROWS)
_BY_ENTITY = sql(_SEVERITIES, per_step=_PER_STEP, rows=_ENTITY_ROWS)
_EVENTS_OF_TOPICS = sql(_EVENTS, per_step=_PER_STEP, rows=_TOPIC_ROWS)
_EVENTS_OF_ENTITIES = sql(_EVENTS, per_step=_PER_STEP, rows=_ENTITY_ROWS)


class SeverityQueries(Queries):
    """Spans are half-open, [since, until), in publication time. What no model read for severity is in no answer.

    Counts over time are those kept beside the documents (`squall.storage.queries.rollups`), copies once: while a detector runs they are a
    minute old at most. Steps are whole minutes, from the epoch; empty ones are left out.

    Args:
        backend: where the SQL runs.
        versions: shared by all queries of a store.
        documents: finds the documents.
        mentions: finds who they name.
    """

    def __init__(self, backend: Backend, versions: Versions, documents: DocumentQueries, mentions: MentionQueries) -> None:
        super().__init__(backend, versions)
        self._documents = documents
        self._mentions = mentions

    def gravest(
        self,
        since: datetime,
        until: datetime,
        *,
        limit: int = 20,
        at_least: float = 0.0,
        event: str = "",
        topic: str = "",
        source: str = "",
        symbols: Sequence[str] = (),
        sentiment: str = "",
        kind: str = "",
        language: str = "",
        words: Sequence[str] = (),
    ) -> list[StoredDocument]:
        """Return the gravest documents, of equally grave ones the newest first; an empty filter lets everything through.

        Documents with the same fingerprint are one; `copies` says how many more of them were published in the span.

        Args:
            at_least: only of this severity or more.
            event: only those that say that this happened.
            symbols: only documents about any of these.
            words: title or text must hold every one of them somewhere, in any case; nothing in a word is a pattern.
        """
        filters = {"topic": topic, "source": source, "sentiment": sentiment, "kind": kind, "language": language, "event": event}
        lists = {"symbols": list(map(valid_text, symbols)), "words": list(map(valid_text, words))}
        found = self._select(_GRAVEST, **filters, **lists, at_least=at_least, limit=limit, **span(since, until, copies=True))
        return self._documents.fetch(dict(found), since, until)

    def gravest_of(self, entity: str, since: datetime, until: datetime, *, limit: int = 20, sentiment: str = "") -> list[EntityDocument]:
        """Return the documents that are gravest for `entity`, of equally grave ones the newest first.

        Documents with the same fingerprint are one; `copies` says how many more of them that name it were published in the span.

        Args:
            sentiment: the tone towards the entity; empty: any.
        """
        entity = valid_text(entity)
        wanted = {"entity": entity, "sentiment": sentiment, "limit": limit}
        found = self._select(_GRAVEST_OF, **wanted, **span(since, until, copies=True))
        rows = self._documents.fetch(dict(found), since, until)
        mentions = self._mentions.of(rows)
        pairs = [(row, next((each for each in mentions[row.id] if each.first and each.entity == entity), None)) for row in rows]
        return [EntityDocument(row, mention) for row, mention in pairs if mention]  # None: it was read again since

    def by_topic(self, since: datetime, until: datetime, *, step: timedelta, topic: str = "", symbol: str = "") -> list[SeverityBucket]:
        """Return how grave the documents of each topic are per `step`.

        Args:
            topic: only this one; empty: all.
            symbol: only documents with this ticker; empty: all.
        """
        return [_severity(*row) for row in self._select(_BY_TOPIC, topic=topic, symbol=symbol, **_topic_span(since, until, step))]

    def by_entity(self, entities: Sequence[str], since: datetime, until: datetime, *, step: timedelta) -> list[SeverityBucket]:
        """Return how grave what happened is for each of `entities` per `step`."""
        return [_severity(*row) for row in self._select(_BY_ENTITY, **_entity_span(entities, since, until, step))]

    def events(self, since: datetime, until: datetime, *, step: timedelta, topic: str = "", symbol: str = "") -> list[EventBucket]:
        """Count documents by what happened per `step`; one with two events counts for both.

        Args:
            topic: only this one; empty: all.
            symbol: only documents with this ticker; empty: all.
        """
        return [_event(*row) for row in self._select(_EVENTS_OF_TOPICS, topic=topic, symbol=symbol, **_topic_span(since, until, step))]

    def events_of(self, entities: Sequence[str], since: datetime, until: datetime, *, step: timedelta) -> list[EventBucket]:
        """Count the documents that name any of `entities` by what happened per `step`; one that names two of them counts for each."""
        return [_event(*row) for row in self._select(_EVENTS_OF_ENTITIES, **_entity_span(entities, since, until, step))]


def _topic_span(since: datetime, until: datetime, step: timedelta) -> dict[str, Any]:
    seconds = _seconds(step)
    start, end = since.replace(second=0, microsecond=0), until.replace(second=0, microsecond=0)
    hours = step % HOUR == timedelta(0) and not any(at.minute for at in (start, end))
    return {"seconds": seconds, "row_seconds": 3600 if hours else 60, "start": start, "end": end}


def _entity_span(entities: Sequence[str], since: datetime, until: datetime, step: timedelta) -> dict[str, Any]:
    listed = {"seconds": _seconds(step), "entities": list(map(valid_text, entities))}
    return {**listed, **pieces("now", since, until, hours=step % HOUR == timedelta(0))}


def _seconds(step: timedelta) -> int:
    if step < _MINUTE or step % _MINUTE:
        raise ValueError(f"step {step} is not a positive number of whole minutes")
    return int(step.total_seconds())


def _severity(name: str, seconds: int, documents: int, grave: int, mean: float, gravest: float) -> SeverityBucket:
    return SeverityBucket(name, datetime.fromtimestamp(int(seconds), UTC), int(documents), int(grave), float(mean), float(gravest))


def _event(name: str, seconds: int, documents: int) -> EventBucket:
    return EventBucket(name, datetime.fromtimestamp(int(seconds), UTC), int(documents))
