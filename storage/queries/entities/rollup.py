"""How the counts per entity are recounted; see `squall.storage.queries.rollups`."""

from __future__ import annotations

from typing import Final

from squall.core.gravity.levels import KEY
from squall.storage.queries.entities.levels import LEVEL, PAST_LEVELS, UNDATED
from squall.storage.queries.entities.readings import COUNTED
from squall.storage.queries.sentiment_rollup import DELETED, Rollup
from squall.storage.queries.severity.counts import COLUMNS, FRESH, KEPT, MOVED, NOW
from squall.storage.queries.spans import IS_COPY, sql

_COUNTS = ("negative", "neutral", "positive", "copies")
_SUMS = ("score_sum", "relevance_sum")

# Before the first update only mentions can tell what is to be counted; afterwards a document may come later than its mentions.
_FIRST = """
SELECT DISTINCT toDateTime64(toStartOfHour(at), 3, 'UTC') AS hour
FROM
(
    SELECT published_at AS at FROM mentions WHERE entity = '' AND stored_at >= {since:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT toDateTime64(time, 3, 'UTC') AS at FROM entity_rollup WHERE step = 3600
)
ORDER BY hour
"""
_DIRTY = sql(
    """
SELECT DISTINCT toDateTime64(toStartOfHour(at), 3, 'UTC') AS hour
FROM
(
    SELECT published_at AS at FROM mentions WHERE entity = '' AND stored_at >= {since:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT published_at AS at FROM documents WHERE written_at >= {since:DateTime64(3, 'UTC')}
    UNION ALL
    $deleted
)
ORDER BY hour
""",
    deleted=DELETED,
)
_COUNT = sql(
    """
INSERT INTO entity_rollup (step, bucket, entity, time, kind, $columns, dated_levels, $severity_columns, version)
SELECT
    step, if(step = 60, toStartOfHour(time), toStartOfDay(time)), entity, time, anyLast(kind),
    $now, sumForEachIf(dated_levels, fresh), $severity_now, {version:UInt64}
FROM
(
    SELECT
        arrayJoin([toUInt16(60), toUInt16(3600)]) AS step,
        toDateTime(intDiv(toUInt32(toUnixTimestamp(published_at)), step) * step, 'UTC') AS time,
        entity,
        any(kind) AS kind,
        countIf(sentiment = 'negative' AND NOT copy) AS negative,
        countIf(sentiment = 'neutral' AND NOT copy) AS neutral,
        countIf(sentiment = 'positive' AND NOT copy) AS positive,
        countIf(copy) AS copies,
        sumIf(score, NOT copy) AS score_sum,
        sumIf(relevance, NOT copy) AS relevance_sum,
        [$past_levels] AS dated_levels,
        $severity_fresh,
        1 AS fresh
    FROM
    (
        SELECT
            published_at, entity, kind, sentiment, score, relevance, p_negative, severity, event_names, $is_copy AS copy,
            if(copy OR $undated, -1, $level) AS level
        FROM $counted
    )
    GROUP BY step, time, entity
    UNION ALL
    SELECT step, time, entity, kind, $columns, CAST(dated_levels, 'Array(UInt64)') AS dated_levels, $severity_kept, 0 AS fresh
    FROM entity_rollup FINAL
    WHERE step IN (60, 3600) AND time >= {start:DateTime64(3, 'UTC')} AND time < {end:DateTime64(3, 'UTC')}
)
GROUP BY step, time, entity
HAVING ($counts_now) != ($counts_before) OR $moved OR $severity_moved
   OR sumForEachIf(dated_levels, fresh) != sumForEachIf(dated_levels, NOT fresh)
""",
    columns=", ".join(_COUNTS + _SUMS),
    now=", ".join(f"sumIf({column}, fresh)" for column in _COUNTS + _SUMS),
    counts_now=", ".join(f"sumIf({column}, fresh)" for column in _COUNTS),
    counts_before=", ".join(f"sumIf({column}, NOT fresh)" for column in _COUNTS),
    moved=" OR ".join(f"abs(sumIf({column}, fresh) - sumIf({column}, NOT fresh)) > 1e-3" for column in _SUMS),
    severity_columns=COLUMNS,
    severity_fresh=FRESH,
    severity_kept=KEPT,
    severity_now=NOW,
    severity_moved=MOVED,
    is_copy=IS_COPY,
    counted=COUNTED,
    level=LEVEL,
    past_levels=PAST_LEVELS,
    undated=UNDATED,
)
_NAME = sql(
    """
INSERT INTO entity_names (entity, kind, name, symbols, last_published_at, version)
SELECT entity, tupleElement(now, 1), tupleElement(now, 2), tupleElement(now, 3), at_now, {version:UInt64}
FROM
(
    SELECT
        entity,
        argMaxIf((kind, name, symbols), (at, id), fresh) AS now,
        maxIf(at, fresh) AS at_now,
        anyIf((kind, name, symbols), NOT fresh) AS before,
        maxIf(at, NOT fresh) AS at_before
    FROM
    (
        SELECT entity, toString(kind) AS kind, name, CAST(symbols, 'Array(String)') AS symbols, published_at AS at, id, 1 AS fresh
        FROM $counted
        UNION ALL
        SELECT entity, toString(kind) AS kind, name, symbols, last_published_at AS at, '' AS id, 0 AS fresh FROM entity_names FINAL
    )
    GROUP BY entity
)
WHERE at_now > at_before OR (at_now = at_before AND now != before)
""",
    counted=COUNTED,
)

ENTITIES: Final = Rollup(f"entities, levels {KEY}", _FIRST, _DIRTY, (("entity_rollup", _COUNT), ("entity_names", _NAME)))
