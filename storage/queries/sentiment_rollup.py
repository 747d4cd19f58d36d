"""Counts per topic, symbol, source and language, and what any such counts are kept by; see `squall.storage.queries.rollups`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from squall.storage.queries.severity.counts import COLUMNS, FRESH, KEPT, MOVED, NOW
from squall.storage.queries.spans import EVERYTHING, IS_COPY, sql

_KEYS = "step, symbol, time, topic, kind, source, language"
_UNDATED = ("undated_negative", "undated_neutral", "undated_positive")
_COUNTS = ("negative", "neutral", "positive", "copies", *_UNDATED)

DELETED: Final = (
    "SELECT toDateTime64(arrayJoin(hours), 3, 'UTC') AS at FROM deletions FINAL WHERE written_at >= {since:DateTime64(3, 'UTC')}"
)
"""Hours of documents that were deleted since: no row of theirs tells."""
_DIRTY = sql(
    """
SELECT DISTINCT toDateTime64(toStartOfHour(at), 3, 'UTC') AS hour
FROM
(
    SELECT published_at AS at FROM documents WHERE written_at >= {since:DateTime64(3, 'UTC')}
    UNION ALL
    $deleted
)
ORDER BY hour
""",
    deleted=DELETED,
)
# What has no documents any more is counted anew as well.
_FIRST = """
SELECT DISTINCT toDateTime64(toStartOfHour(at), 3, 'UTC') AS hour
FROM
(
    SELECT published_at AS at FROM documents WHERE written_at >= {since:DateTime64(3, 'UTC')}
    UNION ALL
    SELECT toDateTime64(time, 3, 'UTC') AS at FROM sentiment_rollup WHERE step = 3600
)
ORDER BY hour
"""
_ROLL = sql(
    """
INSERT INTO sentiment_rollup ($keys, $counts, score_sum, $severity_columns, version)
SELECT $keys, $now, sumIf(score_sum, fresh), $severity_now, {version:UInt64}
FROM
(
    SELECT
        arrayJoin([toUInt16(60), toUInt16(3600)]) AS step,
        arrayJoin(arrayConcat([''], symbols)) AS symbol,
        toDateTime(intDiv(toUInt32(toUnixTimestamp(published_at)), step) * step, 'UTC') AS time,
        topic, kind, source, language,
        countIf(sentiment = 'negative' AND NOT copy) AS negative,
        countIf(sentiment = 'neutral' AND NOT copy) AS neutral,
        countIf(sentiment = 'positive' AND NOT copy) AS positive,
        countIf(copy) AS copies,
        countIf(sentiment = 'negative' AND undated AND NOT copy) AS undated_negative,
        countIf(sentiment = 'neutral' AND undated AND NOT copy) AS undated_neutral,
        countIf(sentiment = 'positive' AND undated AND NOT copy) AS undated_positive,
        sumIf(score, NOT copy) AS score_sum,
        $severity_fresh,
        1 AS fresh
    FROM
    (
        SELECT symbols, published_at, undated, topic, kind, source, language, sentiment, score, severity, event_names, $is_copy AS copy
        FROM $everything
    )
    GROUP BY $keys
    UNION ALL
    SELECT $keys, $counts, score_sum, $severity_kept, 0 AS fresh
    FROM sentiment_rollup FINAL
    WHERE step IN (60, 3600) AND time >= {start:DateTime64(3, 'UTC')} AND time < {end:DateTime64(3, 'UTC')}
)
GROUP BY $keys
HAVING ($now) != ($before) OR abs(sumIf(score_sum, fresh) - sumIf(score_sum, NOT fresh)) > 1e-3 OR $severity_moved
""",
    keys=_KEYS,
    counts=", ".join(_COUNTS),
    now=", ".join(f"sumIf({count}, fresh)" for count in _COUNTS),
    before=", ".join(f"sumIf({count}, NOT fresh)" for count in _COUNTS),
    severity_columns=COLUMNS,
    severity_fresh=FRESH,
    severity_kept=KEPT,
    severity_now=NOW,
    severity_moved=MOVED,
    is_copy=IS_COPY,
    everything=EVERYTHING,
)


@dataclass(frozen=True, slots=True)
class Rollup:
    """Tables of counts that are kept in agreement with what they count.

    Args:
        name: under which the position is stored; another one has everything counted anew.
        first: query of the hours to count at the first update, with the parameter `since`, increasing.
        dirty: the same for later updates: the hours in which something was stored since.
        recount: table and statement, in order; each writes what differs in a span (`squall.storage.queries.spans.span`), with `version`.
    """

    name: str
    first: str
    dirty: str
    recount: tuple[tuple[str, str], ...]


SENTIMENT: Final = Rollup("sentiment, undated apart", _FIRST, _DIRTY, (("sentiment_rollup", _ROLL),))
