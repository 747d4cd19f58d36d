"""Counts per entity over event time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from squall.core.records import EntityKind
from squall.storage.queries.base import Queries
from squall.storage.queries.entities.readings import COUNTED_ONCE
from squall.storage.queries.entities.rollup_rows import ALL, HOUR, both_spans, mean, pieces, rows_of, severity
from squall.storage.queries.spans import span, sql
from squall.storage.rows.counts import MinuteCounts
from squall.storage.rows.entities import EntityBucket, EntityCount, EntityName
from squall.storage.rows.minutes import unpack
from squall.storage.schema.table import utc, valid_text

Order = Literal["negative", "change", "volume", "gravest"]

_MINUTE: Final = timedelta(minutes=1)

_TOP = """
SELECT
    entity,
    toString(any(kind)) AS kind_now,
    sumIf(negative, now) AS negatives,
    sumIf(neutral, now) AS neutrals,
    sumIf(positive, now) AS positives,
    sumIf(score_sum, now) AS score_now,
    sumIf(relevance_sum, now) AS relevance_now,
    sumIf(negative, NOT now) AS negatives_before,
    sumIf($all, NOT now) AS documents_before,
    sumIf(score_sum, NOT now) AS score_before,
    sumIf(severities, now) AS severities_now,
    sumIf(grave, now) AS grave_now,
    sumIf(severity_sum, now) AS severity_now,
    maxIf(severity_max, now) AS gravest_now
FROM
(
    $now
    UNION ALL
    $before
)
GROUP BY entity
HAVING $having
ORDER BY $order, entity
LIMIT {limit:UInt32}
"""


_COLUMNS = "entity, kind, negative, neutral, positive, score_sum, relevance_sum, severities, grave, severity_sum, severity_max, $now AS now"
_WANTED = """
(empty({kinds:Array(String)}) OR has({kinds:Array(String)}, kind))
AND (empty({entities:Array(String)}) OR entity IN {entities:Array(String)})
"""


def _top(order: str, having: str = "negatives + neutrals + positives > 0") -> str:
    now, before = (rows_of(p, sql(_COLUMNS, now=is_now), _WANTED) for p, is_now in (("now", "1"), ("before", "0")))
    return sql(_TOP, now=now, before=before, all=ALL, order=order, having=having)


_CHANGE = "abs(toInt64(negatives) - toInt64(negatives_before)) / sqrt(negatives + negatives_before)"
_TOP_BY: Final[dict[Order, str]] = {
    "negative": _top("negatives DESC, score_now"),
    "change": _top(f"{_CHANGE} DESC", "negatives + negatives_before > 0"),
    "volume": _top("negatives + neutrals + positives DESC"),
    "gravest": _top("gravest_now DESC, grave_now DESC, negatives DESC"),
}
_BUCKETS = sql(
    """
SELECT
    intDiv(toUnixTimestamp(time), {seconds:UInt32}) * {seconds:UInt32} AS start,
    sum(negative) AS negatives, sum(neutral) AS neutrals, sum(positive) AS positives,
    sum(score_sum) AS score, sum(relevance_sum) AS relevance
FROM ($rows)
GROUP BY start
HAVING negatives + neutrals + positives > 0
ORDER BY start
""",
    rows=rows_of("now", "time, negative, neutral, positive, score_sum, relevance_sum", "entity IN {entities:Array(String)}"),
)
_NAMES = "SELECT entity, name, symbols FROM entity_names FINAL WHERE entity IN {entities:Array(String)}"
_SEARCH = sql(
    """
WITH
    lowerUTF8({text:String}) AS wanted,
    lowerUTF8({ticker:String}) AS ticker,
    found AS
    (
        SELECT entity, kind, name, symbols, last_published_at
        FROM entity_names FINAL
        WHERE (empty({kinds:Array(String)}) OR has({kinds:Array(String)}, kind))
          AND
          (
              startsWith(lowerUTF8(name), wanted)
              OR position(lowerUTF8(name), concat(' ', wanted)) > 0
              OR entity = wanted OR entity IN {known:Array(String)}
              OR position(concat('-', substring(entity, position(entity, ':') + 1)), concat('-', replaceAll(wanted, ' ', '-'))) > 0
              OR arrayExists(symbol -> ticker != '' AND startsWith(lowerUTF8(symbol), ticker), symbols)
          )
    )
SELECT entity, toString(kind), name, symbols, last_published_at, negatives, documents
FROM found
LEFT JOIN
(
    SELECT entity, sum(negative) AS negatives, sum($all) AS documents
    FROM ($rows)
    GROUP BY entity
) AS counted USING entity
ORDER BY documents DESC, last_published_at DESC, entity
LIMIT {limit:UInt32}
""",
    all=ALL,
    rows=rows_of("now", "entity, negative, neutral, positive", "entity IN (SELECT entity FROM found)"),
)
_NAME = "SELECT entity, toString(kind), name, symbols, last_published_at, 0, 0 FROM entity_names FINAL WHERE entity = {entity:String}"
_FIRST = "SELECT count(), toDateTime64(min(time), 3, 'UTC') FROM entity_rollup WHERE step = 3600"
_PER_MINUTE = sql(
    """
SELECT entity AS name, groupArray(toUInt32(intDiv(toUnixTimestamp(published_at), 60) * 3 + toInt8(sentiment) + 1))
FROM $counted AND (empty({names:Array(String)}) OR entity IN {names:Array(String)})
GROUP BY name
ORDER BY name
""",
    counted=COUNTED_ONCE,
)


class EntityQueries(Queries):
    """Counts of documents per entity, by the tone towards it.

    Spans are half-open, [since, until), in publication time and whole minutes (rounded down). A document counts once per entity, by its
    last reading; a copy of a text of the 24 hours before is not counted. But for `per_minute`, counts are those kept beside the
    documents (`squall.storage.queries.rollups`): while a detector runs they are a minute old at most.
    """

    def top(
        self,
        since: datetime,
        until: datetime,
        *,
        order: Order = "negative",
        limit: int = 20,
        kinds: Collection[EntityKind] = (),
        entities: Collection[str] = (),
    ) -> list[EntityCount]:
        """Return entities with their counts, and those of the span of equal length before.

        Args:
            order: `negative`: most negative documents first; `change`: largest rise or fall of them, measured in standard deviations;
                `volume`: most documents; `gravest`: largest severity towards it first.
            kinds: only of these; empty: all.
            entities: only these; empty: all.
        """
        filters = {"kinds": [kind.value for kind in kinds], "entities": list(entities), "limit": limit}
        rows = list(self._select(_TOP_BY[order], **filters, **both_spans(since, until)))
        names = {entity: (name, tuple(symbols)) for entity, name, symbols in self._select(_NAMES, entities=[row[0] for row in rows])}
        return [_count(row, *names.get(row[0], (row[0], ()))) for row in rows]

    def series(self, entity: str, since: datetime, until: datetime, *, step: timedelta) -> list[EntityBucket]:
        """Count the documents that name `entity` per `step` (whole minutes, from the epoch); empty steps are left out."""
        return self.sum_by([entity], since, until, step=step)

    def sum_by(self, entities: Collection[str], since: datetime, until: datetime, *, step: timedelta) -> list[EntityBucket]:
        """Add up the counts of `entities`, the companies of a sector for example, per `step` (whole minutes); empty steps are left out.

        A document that names several of them counts for each.
        """
        if step < _MINUTE or step % _MINUTE:
            raise ValueError(f"step {step} is not a positive number of whole minutes")
        seconds = int(step.total_seconds())
        span_pieces = pieces("now", since, until, hours=step % HOUR == timedelta(0))
        rows = self._select(_BUCKETS, seconds=seconds, entities=list(map(valid_text, entities)), **span_pieces)
        return [_bucket(*row) for row in rows]

    def search(
        self,
        text: str,
        since: datetime,
        until: datetime,
        *,
        kinds: Collection[EntityKind] = (),
        limit: int = 20,
        known: Collection[str] = (),
    ) -> list[EntityName]:
        """Return entities that occurred, most documents in [since, until) first, in any case of letters.

        Args:
            text: the beginning of the name, of a word in it, of a ticker or of a word of the entity's id; or the whole id.
                A ticker as texts write it too: `$AAPL`, `<F.N>`.
            kinds: only of these; empty: all.
            known: ids that it means as well, by a name that the store does not have (an alias).
        """
        words = {"text": valid_text(text), "ticker": valid_text(text).lstrip("$<").rstrip(">")}
        filters = words | {"kinds": [kind.value for kind in kinds], "limit": limit, "known": list(map(valid_text, known))}
        return [_name(*row) for row in self._select(_SEARCH, **filters, **pieces("now", since, until))]

    def name(self, entity: str) -> EntityName | None:
        """Return what an entity is called, without counts; None when it never occurred."""
        row = self._one(_NAME, entity=valid_text(entity))
        return _name(*row) if row else None

    def first_counted_at(self) -> datetime | None:
        """Return the first hour (its start) with a counted document that names anything, None when there is none."""
        count, first = self._only(_FIRST)
        return utc(first) if count else None

    def per_minute(
        self, start: datetime, end: datetime, *, entities: Collection[str] = (), copies: bool = False, as_of_model: str | None = None
    ) -> MinuteCounts:
        """Count documents per entity and minute, from the mentions themselves; the groups are the answer's `topics`.

        Args:
            entities: only these; empty: all.
            as_of_model: count only documents that this model version scored, with the mentions that it found.
        """
        names = list(map(valid_text, entities))
        groups, packed = self._select(_PER_MINUTE, names=names, **span(start, end, copies=copies, model_version=as_of_model)).columns
        return unpack(groups, packed)


def _count(row: Iterable[Any], name: str, symbols: tuple[str, ...]) -> EntityCount:
    entity, kind, negative, neutral, positive, score, relevance, negative_before, documents_before, score_before, *grave = row
    documents = int(negative) + int(neutral) + int(positive)
    return EntityCount(
        entity,
        EntityKind(kind),
        name,
        symbols,
        int(negative),
        int(neutral),
        int(positive),
        mean(score, documents),
        mean(relevance, documents),
        int(negative_before),
        int(documents_before),
        mean(score_before, int(documents_before)),
        *severity(*grave),
    )


def _bucket(seconds: int, negative: int, neutral: int, positive: int, score: float, relevance: float) -> EntityBucket:
    documents = int(negative) + int(neutral) + int(positive)
    time = datetime.fromtimestamp(int(seconds), UTC)
    return EntityBucket(time, int(negative), int(neutral), int(positive), mean(score, documents), mean(relevance, documents))


def _name(entity: str, kind: str, name: str, symbols: Iterable[str], at: datetime, negative: int, documents: int) -> EntityName:
    return EntityName(entity, EntityKind(kind), name, tuple(symbols), utc(at), int(negative), int(documents))
