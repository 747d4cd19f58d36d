"""Documents per minute, as the detectors count them: long spans from the kept counts, where they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Final, Literal

from squall.storage.queries.kept import KEPT, KeptCountQueries, Parts
from squall.storage.queries.sentiment_rollup import SENTIMENT
from squall.storage.queries.spans import SPAN, span, sql
from squall.storage.rows.counts import MinuteCounts
from squall.storage.rows.minutes import MinuteArrivals, arrivals, joined, tabulate, unpack

Group = Literal["topic", "symbol", "source"]

_COUNTED = """
SELECT $name AS name, groupArray(toUInt32(intDiv(toUnixTimestamp(published_at), 60) * 3 + toInt8(sentiment) + 1)) AS packed
FROM $span AND $named AND ({undated:UInt8} OR NOT undated)
GROUP BY name
ORDER BY name
"""
_NAMED = "(empty({names:Array(String)}) OR has({names:Array(String)}, $name))"
_COUNTED_BY = {
    "topic": sql(_COUNTED, span=SPAN, name="topic", named=sql(_NAMED, name="topic")),
    "source": sql(_COUNTED, span=SPAN, name="source", named=sql(_NAMED, name="source")),
    "symbol": sql(
        _COUNTED,
        span=SPAN,
        name="arrayJoin(arrayFilter(symbol -> has({names:Array(String)}, symbol), symbols))",
        named="hasAny(symbols, {names:Array(String)})",
    ),
}
_KEPT = """
SELECT name, groupArray(minute), groupArray(negatives), groupArray(neutrals), groupArray(positives)
FROM
(
    SELECT
        $name AS name, toUInt32(intDiv(toUnixTimestamp(time), 60)) AS minute,
        toUInt32(sum(negative) - if({undated:UInt8}, 0, sum(undated_negative))) AS negatives,
        toUInt32(sum(neutral) - if({undated:UInt8}, 0, sum(undated_neutral))) AS neutrals,
        toUInt32(sum(positive) - if({undated:UInt8}, 0, sum(undated_positive))) AS positives
    FROM sentiment_rollup FINAL
    WHERE step = 60 AND $symbol AND $kept
    GROUP BY name, minute
    HAVING negatives + neutrals + positives > 0
    ORDER BY name, minute
)
WHERE $named
GROUP BY name
ORDER BY name
"""
_OF_ALL: Final = "symbol = ''"
_KEPT_BY = {
    "topic": sql(_KEPT, kept=KEPT, name="topic", symbol=_OF_ALL, named=sql(_NAMED, name="name")),
    "source": sql(_KEPT, kept=KEPT, name="source", symbol=_OF_ALL, named=sql(_NAMED, name="name")),
    "symbol": sql(_KEPT, kept=KEPT, name="symbol", symbol="symbol IN {names:Array(String)} AND symbol != ''", named="1"),
}
_ALL_OF_SOURCES = """
SELECT source AS name, toUInt64(sum(negative + neutral + positive + copies)) AS documents
FROM sentiment_rollup FINAL
WHERE step = 60 AND symbol = '' AND $kept
GROUP BY name
HAVING documents > 0
"""
_ARRIVED_KEPT = """
SELECT name, groupArray(minute), groupArray(documents)
FROM
(
    SELECT
        source AS name, toUInt32(intDiv(toUnixTimestamp(time), 60)) AS minute,
        toUInt32(sum(negative + neutral + positive + copies)) AS documents
    FROM sentiment_rollup FINAL
    WHERE step = 60 AND symbol = '' AND source IN {names:Array(String)} AND $kept
    GROUP BY name, minute
    HAVING documents > 0
)
GROUP BY name
"""
_SOURCES = sql(_ALL_OF_SOURCES, kept=KEPT)
_ARRIVED = sql(_ARRIVED_KEPT, kept=KEPT)


class MinuteQueries(KeptCountQueries):
    """Documents per minute of publication; spans are half-open, [start, end).

    Of a span of a day or more, hours of which the kept counts hold are read from these, the others from the documents: a month of ten
    million documents a day has a row of counts for 17 documents.
    """

    def per_minute(
        self,
        start: datetime,
        end: datetime,
        *,
        copies: bool = False,
        undated: bool = True,
        as_of_model: str | None = None,
        by: Group = "topic",
        names: Collection[str] = (),
    ) -> MinuteCounts:
        """Count documents per group and minute by sentiment; the groups are the answer's `topics`.

        Args:
            undated: count documents without a time of their own too, at the time when they were collected.
            as_of_model: count only what that model version scored.
            by: what makes a group; a document counts for each of its symbols.
            names: only these groups; empty: every topic or source, but no symbol.
        """
        chosen = {"names": list(names), "undated": undated}
        parts = Parts.of_documents(start, end) if copies or as_of_model else self._parts(SENTIMENT, start, end)
        found = [
            unpack(*self._select(_COUNTED_BY[by], **chosen, **span(since, until, copies=copies, model_version=as_of_model)).columns)
            for since, until in parts.counted
        ]
        if parts.any_kept:
            found.append(tabulate(*self._select(_KEPT_BY[by], **chosen, **parts.kept).columns))
        return joined(found)

    def arrived_per_minute(self, start: datetime, end: datetime, *, limit: int, first: Collection[str] = ()) -> MinuteArrivals:
        """Count all documents per source and minute, copies too.

        Args:
            limit: most sources; those with the most documents stay.
            first: sources that stay before larger ones.
        """
        parts = self._parts(SENTIMENT, start, end)
        every = {"names": [], "undated": True}
        counted = joined(
            [
                unpack(*self._select(_COUNTED_BY["source"], **every, **span(since, until, copies=True)).columns)
                for since, until in parts.counted
            ]
        )
        totals = Counter(dict.fromkeys(counted.topics, 0))
        for code, documents in zip(counted.topic.tolist(), (counted.negative + counted.neutral + counted.positive).tolist(), strict=True):
            totals[counted.topics[code]] += documents
        if parts.any_kept:
            for name, documents in self._select(_SOURCES, **parts.kept):
                totals[name] += int(documents)
        chosen = sorted(totals, key=lambda name: (name not in first, -totals[name], name))[:limit]
        kept = self._select(_ARRIVED, names=chosen, **parts.kept) if parts.any_kept else ()
        return arrivals(counted, {name: (minutes, documents) for name, minutes, documents in kept}, sorted(chosen))
