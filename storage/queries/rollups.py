"""Precomputed counts for dashboards, per minute and per hour, with the definitions of `squall.storage.queries.spans`.

Counts are not incremented, because a late document changes a past hour, a rescored document may leave its topic, and a
copy may arrive before its original. Instead each run recounts, from the documents, every hour of event time in which a
document was stored since the last run, and the day after that hour, in which copies of the document may lie. It writes
only rows that differ from the stored ones. An update is idempotent: the next run repeats one that was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from squall.storage.queries.base import Queries
from squall.storage.queries.spans import COPY_HOURS, EVERYTHING, IS_COPY, span, sql
from squall.storage.rows.documents import RollupPosition
from squall.storage.schema.table import utc
from squall.storage.schema.tables.documents import ROLLUP_POSITION

_NAME = "sentiment"
_ROLLUP = "sentiment_rollup"
_KEYS = "step, symbol, time, topic, kind, source, language"
_COUNTS = ("negative", "neutral", "positive", "copies")
_HOUR = timedelta(hours=1)
_COPY_WINDOW = timedelta(hours=COPY_HOURS)
_OVERLAP = timedelta(minutes=5)
"""A row says when it was stored before it can be read; longer than an insert may take."""
_SET_BACK = timedelta(days=1)
"""How long the detector may have been down when the store's clock was set back."""
_CHUNK = timedelta(days=2)
"""Event time counted in one statement: bounds memory, and the wait until a stop takes effect."""

_NOW = "SELECT now64(3, 'UTC')"
_POSITION = ROLLUP_POSITION.select("FINAL WHERE name = {name:String}")
_DIRTY = """
SELECT DISTINCT toDateTime64(toStartOfHour(published_at), 3, 'UTC') AS hour
FROM documents
WHERE stored_at >= {since:DateTime64(3, 'UTC')}
ORDER BY hour
"""
_ROLL = sql(
    """
INSERT INTO sentiment_rollup ($keys, negative, neutral, positive, copies, score_sum, version)
SELECT $keys, $now, sumIf(score_sum, fresh), {version:UInt64}
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
        sumIf(score, NOT copy) AS score_sum,
        1 AS fresh
    FROM (SELECT symbols, published_at, topic, kind, source, language, sentiment, score, $is_copy AS copy FROM $everything)
    GROUP BY $keys
    UNION ALL
    SELECT $keys, negative, neutral, positive, copies, score_sum, 0 AS fresh
    FROM sentiment_rollup FINAL
    WHERE step IN (60, 3600) AND time >= {start:DateTime64(3, 'UTC')} AND time < {end:DateTime64(3, 'UTC')}
)
GROUP BY $keys
HAVING ($now) != ($before) OR abs(sumIf(score_sum, fresh) - sumIf(score_sum, NOT fresh)) > 1e-3
""",
    keys=_KEYS,
    now=", ".join(f"sumIf({count}, fresh)" for count in _COUNTS),
    before=", ".join(f"sumIf({count}, NOT fresh)" for count in _COUNTS),
    is_copy=IS_COPY,
    everything=EVERYTHING,
)


@dataclass(frozen=True, slots=True)
class RollupUpdate:
    """What one update did: hours of event time recounted, and whether it was completed."""

    hours: int
    complete: bool


class RollupQueries(Queries):
    """Keeps `sentiment_rollup` in agreement with the documents."""

    def update(self, should_continue: Callable[[], bool] = lambda: True) -> RollupUpdate:
        """Recount the hours in which documents were stored since the last complete update.

        Args:
            should_continue: called before each part; False ends the update, and the next one starts from the same place.
        """
        now = utc(self._only(_NOW)[0])  # the clock that stamps `stored_at`
        known = next(iter(self._read(ROLLUP_POSITION, _POSITION, name=_NAME)), None)
        since = _since(known.until, now) if known else datetime(1971, 1, 1, tzinfo=now.tzinfo)
        hours = [utc(hour) for hour in self._select(_DIRTY, since=since).columns[0]]
        counted = 0
        for start, end in spans_of(hours):
            if not should_continue():
                return RollupUpdate(counted, complete=False)
            self._command(_ROLL, version=self._versions.next(_ROLLUP)[0], **span(start, end, copies=False))
            counted += int((end - start) / _HOUR)
        self._write(ROLLUP_POSITION, [RollupPosition(_NAME, now)])
        return RollupUpdate(counted, complete=True)


def _since(until: datetime, now: datetime) -> datetime:
    """Return from when on documents may have been stored that the update at `until` did not see.

    After the store's clock was set back, documents carry times before `until`.
    """
    return until - _OVERLAP if until <= now else now - _SET_BACK


def spans_of(hours: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """Return disjoint spans, none longer than two days, that cover each of the increasing `hours` and the day after it."""
    joined: list[tuple[datetime, datetime]] = []
    for hour in hours:
        end = hour + _HOUR + _COPY_WINDOW
        if joined and hour <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((hour, end))
    return [(at, min(at + _CHUNK, end)) for start, end in joined for at in _steps(start, end)]


def _steps(start: datetime, end: datetime) -> Iterable[datetime]:
    while start < end:
        yield start
        start += _CHUNK
