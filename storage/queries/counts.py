"""Counts over event time: every document id once, copies of a text once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from squall.core.gravity.severities import GRAVE_FROM
from squall.core.records import SeriesKind
from squall.storage.queries.minutes import MinuteQueries
from squall.storage.queries.spans import EVER, SPAN, span, sql
from squall.storage.rows.counts import Bucket, KnownNames, SentimentCount, Totals, UnscoredLanguage, Volume

_HOUR_SECONDS: Final = 3600
_SENTIMENTS = (
    "countIf(sentiment = 'negative') AS negatives, countIf(sentiment = 'neutral') AS neutrals, countIf(sentiment = 'positive') AS positives"
)
_BY_TOPIC = sql(
    """
SELECT topic AS name, $sentiments, avg(score) AS mean,
       max(severity) AS gravest, avg(severity) AS mean_severity, countIf(ifNull(severity, 0) >= $grave_from) AS grave
FROM $span GROUP BY name ORDER BY count() DESC, name LIMIT {limit:UInt32}
""",
    span=SPAN,
    sentiments=_SENTIMENTS,
    grave_from=str(GRAVE_FROM),
)
_STEP = "intDiv(toUnixTimestamp(published_at), {seconds:UInt32}) * {seconds:UInt32}"
_VOLUME = sql(
    "SELECT $step AS time, countIf(kind = 'news'), countIf(kind = 'social') FROM $span GROUP BY time ORDER BY time", span=SPAN, step=_STEP
)
_BUCKETS = """
SELECT $name AS name, intDiv(toUnixTimestamp(published_at), {seconds:UInt32}) * {seconds:UInt32} AS bucket,
       countIf(sentiment = 'negative') AS negatives, countIf(sentiment = 'positive') AS positives, count() AS total
FROM $span
  AND ({topic:String} = '' OR topic = {topic:String})
  AND ({symbol:String} = '' OR has(symbols, {symbol:String}))
GROUP BY name, bucket ORDER BY name, bucket
"""
_BUCKETS_BY_TOPIC = sql(_BUCKETS, name="topic", span=SPAN)
_BUCKETS_OF_ALL = sql(_BUCKETS, name="''", span=SPAN)
# Whole hours over a long span: as the detector's process counted them, a minute old at most while it runs.
_ROLLED_BUCKETS = """
SELECT $name AS name, intDiv(toUnixTimestamp(time), {seconds:UInt32}) * {seconds:UInt32} AS bucket,
       sum(negative) AS negatives, sum(positive) AS positives, sum(negative + neutral + positive) AS total
FROM sentiment_rollup FINAL
WHERE step = 3600 AND symbol = {symbol:String} AND ({topic:String} = '' OR topic = {topic:String})
  AND time >= {start:DateTime64(3, 'UTC')} AND time < {end:DateTime64(3, 'UTC')}
GROUP BY name, bucket HAVING total > 0 ORDER BY name, bucket
"""
_ROLLED_BY_TOPIC = sql(_ROLLED_BUCKETS, name="topic")
_ROLLED_OF_ALL = sql(_ROLLED_BUCKETS, name="''")
_IS_ROLLED = "SELECT count() FROM rollup_position"
# Without FINAL: a name that only an older scoring gave does no harm in a list to choose from.
_LATELY = "FROM documents WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')} GROUP BY name"
_NAMES = sql(
    """
SELECT what, name
FROM
(
    SELECT 'topic' AS what, toString(topic) AS name, count() AS documents $lately
    UNION ALL SELECT 'source' AS what, toString(source) AS name, count() AS documents $lately
    UNION ALL SELECT 'language' AS what, toString(language) AS name, count() AS documents $lately
    UNION ALL SELECT 'event' AS what, toString(arrayJoin(event_names)) AS name, count() AS documents $lately
    UNION ALL SELECT 'symbol' AS what, toString(arrayJoin(symbols)) AS name, count() AS documents $lately
)
WHERE name != ''
ORDER BY documents DESC, name
LIMIT {limit:UInt32} BY what
""",
    lately=_LATELY,
)
_WATCHED = """
SELECT series, toString(any(kind)) FROM readings
WHERE time >= {start:DateTime64(3, 'UTC')} AND time <= {end:DateTime64(3, 'UTC')} AND kind IN ('symbol', 'sector')
GROUP BY series ORDER BY sum(observed) DESC, series LIMIT {limit:UInt32}
"""
_TOTALS = sql("SELECT count() AS total, $sentiments FROM $span", span=SPAN, sentiments=_SENTIMENTS)
# Few rows unless foreign sources are read: they are found first, and what became of these documents since by the primary key.
_UNSCORED = """
SELECT name, count() AS documents
FROM
(
    SELECT id, argMax(language, (scored_at, published_at)) AS name, argMax(model_version, (scored_at, published_at)) AS reader
    FROM documents
    WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')} AND (published_at, id) IN
    (
        SELECT published_at, id FROM documents
        WHERE model_version = '' AND published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
    )
    GROUP BY id
)
WHERE reader = ''
GROUP BY name
ORDER BY documents DESC, name
"""
_ON_DISK = "SELECT (SELECT count() FROM documents), (SELECT count() FROM dead_letters FINAL)"


class CountQueries(MinuteQueries):
    """Counts that the detector, the live page and the dashboards read.

    Spans are half-open, [start, end), in publication time. A document id counts once, as it was scored last. Unless said
    otherwise, a copy is not counted: a document whose fingerprint was published in the 24 hours before it, under any
    topic. What is counted for a moment does not depend on where the span starts.
    """

    def by_topic(self, start: datetime, end: datetime, *, copies: bool = False, limit: int = 100) -> list[SentimentCount]:
        """Count sentiment and severity per topic, largest first."""
        rows = self._select(_BY_TOPIC, limit=limit, **span(start, end, copies=copies))
        return [
            SentimentCount(
                name=row["name"],
                negative=int(row["negatives"]),
                neutral=int(row["neutrals"]),
                positive=int(row["positives"]),
                mean_score=float(row["mean"]),
                gravest=row["gravest"],
                mean_severity=row["mean_severity"],
                grave=int(row["grave"]),
            )
            for row in rows.by_name()
        ]

    def volume(self, start: datetime, end: datetime, *, step: timedelta, copies: bool = True) -> list[Volume]:
        """Count documents per `step` (whole seconds) by kind, copies too; empty steps are left out."""
        rows = self._select(_VOLUME, seconds=_seconds(step), **span(start, end, copies=copies))
        return [Volume(_moment(time), int(news), int(social)) for time, news, social in rows]

    def buckets_by_topic(self, start: datetime, end: datetime, *, step: timedelta) -> list[Bucket]:
        """Count documents per topic and `step` (whole seconds, from the epoch); empty buckets are left out."""
        return self._buckets(_BUCKETS_BY_TOPIC, _ROLLED_BY_TOPIC, start, end, step, topic="", symbol="")

    def buckets(self, start: datetime, end: datetime, *, step: timedelta, topic: str = "", symbol: str = "") -> list[Bucket]:
        """Count documents per `step`, of a topic, of a symbol, or of all when neither is given; empty buckets are left out."""
        return self._buckets(_BUCKETS_OF_ALL, _ROLLED_OF_ALL, start, end, step, topic=topic, symbol=symbol)

    def _buckets(self, counted: str, rolled: str, start: datetime, end: datetime, step: timedelta, **chosen: str) -> list[Bucket]:
        """Count documents, or add up hours that are counted already: on ten million documents a month takes 0.1 s instead of 3 s."""
        seconds = _seconds(step)
        if seconds % _HOUR_SECONDS == 0 and self._only(_IS_ROLLED)[0]:
            rows = self._select(rolled, seconds=seconds, start=start, end=end, **chosen)
        else:
            rows = self._select(counted, seconds=seconds, **chosen, **span(start, end, copies=False))
        return [
            Bucket(row["name"], _moment(row["bucket"]), int(row["negatives"]), int(row["positives"]), int(row["total"]))
            for row in rows.by_name()
        ]

    def names(self, start: datetime, end: datetime, *, limit: int = 200) -> KnownNames:
        """Return the names that occur in documents published in the span, at most `limit` of each sort."""
        found: dict[str, list[str]] = {"topic": [], "source": [], "symbol": [], "language": [], "event": []}
        for what, name in self._select(_NAMES, start=start, end=end, limit=limit):
            found[what].append(name)
        watched = tuple((name, SeriesKind(kind)) for name, kind in self._select(_WATCHED, start=start, end=end, limit=limit))
        return KnownNames(
            tuple(found["topic"]), tuple(found["source"]), tuple(found["symbol"]), tuple(found["language"]), watched, tuple(found["event"])
        )

    def unscored(self, start: datetime, end: datetime) -> list[UnscoredLanguage]:
        """Count the documents that no model has read, because of their language: by language, most documents first, copies too."""
        return [UnscoredLanguage(name, int(documents)) for name, documents in self._select(_UNSCORED, start=start, end=end)]

    def totals(self) -> Totals:
        """Count everything the store holds."""
        every = self._only_by_name(_TOTALS, **span(*EVER, copies=True))
        originals = self._only_by_name(_TOTALS, **span(*EVER, copies=False))
        copies = max(every["total"] - originals["total"], 0)
        return self._with_rows(every["total"], copies, (originals["negatives"], originals["neutrals"], originals["positives"]))

    def _with_rows(self, scored: int, copies: int, tones: tuple[int, int, int]) -> Totals:
        unscored = sum(each.documents for each in self.unscored(*EVER))
        rows, letters = self._only(_ON_DISK)
        return Totals(scored + unscored, copies, *tones, rows, letters, unscored)


def _seconds(step: timedelta) -> int:
    seconds = int(step.total_seconds())
    if seconds < 1 or step.microseconds:
        raise ValueError(f"step {step} is not a positive number of whole seconds")
    return seconds


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
