"""Counts over event time: every document id once, copies of a text once a day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from squall.storage.queries.base import StoreBase
from squall.storage.queries.spans import EVER, SPAN, span, sql
from squall.storage.rows.stored import Ints, MinuteCounts, SentimentCount, Totals, Volume

# One number per document, minute * 3 + sentiment: a million of them travel faster than half a million groups are made.
_COUNTS = """
SELECT $name AS name, groupArray(toUInt32(intDiv(toUnixTimestamp(published_at), 60) * 3 + toInt8(sentiment) + 1))
FROM $span AND $named
GROUP BY name
ORDER BY name
"""
_NAMED = "(empty({names:Array(String)}) OR has({names:Array(String)}, $name))"
_COUNTS_BY = {
    "topic": sql(_COUNTS, span=SPAN, name="topic", named=sql(_NAMED, name="topic")),
    "source": sql(_COUNTS, span=SPAN, name="source", named=sql(_NAMED, name="source")),
    "symbol": sql(
        _COUNTS,
        span=SPAN,
        name="arrayJoin(arrayFilter(symbol -> has({names:Array(String)}, symbol), symbols))",
        named="hasAny(symbols, {names:Array(String)})",
    ),
}
_SENTIMENTS = "countIf(sentiment = 'negative'), countIf(sentiment = 'neutral'), countIf(sentiment = 'positive')"
_BY_TOPIC = sql(
    "SELECT topic AS name, $sentiments, avg(score) FROM $span GROUP BY name ORDER BY count() DESC, name LIMIT {limit:UInt32}",
    span=SPAN,
    sentiments=_SENTIMENTS,
)
_STEP = "intDiv(toUnixTimestamp(published_at), {seconds:UInt32}) * {seconds:UInt32}"
_VOLUME = sql(
    "SELECT $step AS time, countIf(kind = 'news'), countIf(kind = 'social') FROM $span GROUP BY time ORDER BY time", span=SPAN, step=_STEP
)
_TOTALS = sql("SELECT count(), $sentiments FROM $span", span=SPAN, sentiments=_SENTIMENTS)
_ON_DISK = "SELECT (SELECT count() FROM documents), (SELECT count() FROM dead_letters FINAL)"


class CountQueries(StoreBase):
    """What the detector and the tables of the dashboards read.

    Spans are half-open, [start, end), in publication time. A document id counts once, as it was scored last. Unless said
    otherwise, a copy is not counted: a document whose fingerprint was published in the 24 hours before it, under any
    topic. What is counted for a moment does not depend on where the span starts.
    """

    def counts(
        self,
        start: datetime,
        end: datetime,
        *,
        copies: bool = False,
        as_of_model: str | None = None,
        by: Literal["topic", "symbol", "source"] = "topic",
        names: Collection[str] = (),
    ) -> MinuteCounts:
        """Count documents per group and minute by sentiment; the groups are the answer's `topics`.

        Args:
            as_of_model: count only what that model version scored.
            by: what makes a group; a document counts for each of its symbols.
            names: only these groups; empty: every topic or source, but no symbol.
        """
        query = _COUNTS_BY[by]
        groups, packed = self._select(query, names=list(names), **span(start, end, copies=copies, model_version=as_of_model)).columns
        return _unpack(groups, packed)

    def topic_sentiment(self, start: datetime, end: datetime, *, copies: bool = False, limit: int = 100) -> list[SentimentCount]:
        """Count sentiment per topic, largest first."""
        rows = self._select(_BY_TOPIC, limit=limit, **span(start, end, copies=copies))
        return [SentimentCount(name, int(minus), int(zero), int(plus), float(mean)) for name, minus, zero, plus, mean in rows]

    def volume(self, start: datetime, end: datetime, *, step: timedelta, copies: bool = True) -> list[Volume]:
        """Count documents per `step` (whole seconds) by kind, copies too; empty steps are left out."""
        rows = self._select(_VOLUME, seconds=_seconds(step), **span(start, end, copies=copies))
        return [Volume(_moment(time), int(news), int(social)) for time, news, social in rows]

    def totals(self) -> Totals:
        """Count everything the store holds."""
        everything, negative, neutral, positive = next(iter(self._select(_TOTALS, **span(*EVER, copies=True))))
        originals = next(iter(self._select(_TOTALS, **span(*EVER, copies=False))))[0]
        rows, letters = next(iter(self._select(_ON_DISK)))
        return Totals(everything, max(everything - originals, 0), negative, neutral, positive, rows, letters)


def _unpack(groups: Sequence[str], packed: Sequence[Sequence[int]]) -> MinuteCounts:
    """Turn numbers made of minute and sentiment, per group, into counts per group and minute."""
    columns: list[tuple[Ints, Ints]] = [_minutes(np.asarray(part, dtype=np.int64)) for part in packed]
    empty = np.empty(0, dtype=np.int64)
    minutes = np.concatenate([empty, *(minute for minute, _ in columns)])
    table = np.concatenate([empty.reshape(0, 3), *(counts for _, counts in columns)])
    codes = np.repeat(np.arange(len(groups), dtype=np.int64), [len(minute) for minute, _ in columns])
    return MinuteCounts(tuple(groups), codes, minutes, *(np.ascontiguousarray(table[:, sentiment]) for sentiment in range(3)))


def _minutes(numbers: Ints) -> tuple[Ints, Ints]:
    """Return the distinct minutes (n,) in `numbers` and their counts by sentiment (n, 3)."""
    values, counts = np.unique(numbers, return_counts=True)
    minutes, row = np.unique(values // 3, return_inverse=True)
    table = np.zeros((len(minutes), 3), dtype=np.int64)
    table[row, values % 3] = counts
    return minutes, table


def _seconds(step: timedelta) -> int:
    seconds = int(step.total_seconds())
    if seconds < 1 or step.microseconds:
        raise ValueError(f"step {step} is not a positive number of whole seconds")
    return seconds


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
