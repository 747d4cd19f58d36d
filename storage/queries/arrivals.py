"""What the live page asks for beside counts and documents."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from squall.core.records import SeriesKind
from squall.storage.queries.base import StoreBase, optional_utc, utc
from squall.storage.queries.documents import FIELDS, stored_document
from squall.storage.queries.spans import SPAN, span, sql
from squall.storage.rows.live import Arrivals, Bucket, DetectorReport, KeptPoint, KnownNames, LastDocument, PipelineReport
from squall.storage.rows.stored import StoredDocument

REPORT_SECONDS: Final = 30
"""A worker that told nothing for so long has stopped: it tells something about every ten seconds."""
_RECENT: Final = timedelta(minutes=5)
_NAMES: Final = 200
_HOUR_SECONDS: Final = 3600

_BUCKETS = """
SELECT $name AS name, intDiv(toUnixTimestamp(published_at), {seconds:UInt32}) * {seconds:UInt32} AS time,
       countIf(sentiment = 'negative'), countIf(sentiment = 'positive'), count()
FROM $span
  AND ({topic:String} = '' OR topic = {topic:String})
  AND ({symbol:String} = '' OR has(symbols, {symbol:String}))
GROUP BY name, time ORDER BY name, time
"""
_BY_TOPIC = sql(_BUCKETS, name="topic", span=SPAN)
_TOGETHER = sql(_BUCKETS, name="''", span=SPAN)
# Whole hours over a long span: as the detector's process counted them, a minute old at most while it runs.
_ROLLED_BUCKETS = """
SELECT $name AS name, intDiv(toUnixTimestamp(time), {seconds:UInt32}) * {seconds:UInt32} AS bucket,
       sum(negative), sum(positive), sum(negative + neutral + positive) AS total
FROM sentiment_rollup FINAL
WHERE step = 3600 AND symbol = {symbol:String} AND ({topic:String} = '' OR topic = {topic:String})
  AND time >= {start:DateTime64(3, 'UTC')} AND time < {end:DateTime64(3, 'UTC')}
GROUP BY name, bucket HAVING total > 0 ORDER BY name, bucket
"""
_ROLLED_BY_TOPIC = sql(_ROLLED_BUCKETS, name="topic")
_ROLLED_TOGETHER = sql(_ROLLED_BUCKETS, name="''")
_IS_ROLLED = "SELECT count() FROM rollup_position"
_POINTS = """
SELECT toUnixTimestamp(time), window_minutes, observed, expected, expected_low, expected_high
FROM readings FINAL
WHERE series = {series:String} AND time >= {start:DateTime64(3, 'UTC')} AND time <= {end:DateTime64(3, 'UTC')}
  AND toUnixTimestamp(time) % {every:UInt32} = 0
ORDER BY time
"""
# Without FINAL: a name that only an older scoring gave is no harm in a list to choose from.
_LATELY = "FROM documents WHERE published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')} GROUP BY name"
_KNOWN = sql(
    """
SELECT what, name
FROM
(
    SELECT 'topic' AS what, toString(topic) AS name, count() AS documents $lately
    UNION ALL SELECT 'source' AS what, toString(source) AS name, count() AS documents $lately
    UNION ALL SELECT 'language' AS what, toString(language) AS name, count() AS documents $lately
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
_ARRIVED = """
SELECT id, at, count() OVER () AS total
FROM (SELECT id, max(stored_at) AS at FROM documents WHERE stored_at > {since:DateTime64(3, 'UTC')} GROUP BY id)
ORDER BY at DESC, id
LIMIT {limit:UInt32}
"""
_NOW = "SELECT now64(3, 'UTC')"
_NEW = sql(
    """
SELECT $fields FROM documents
WHERE stored_at > {since:DateTime64(3, 'UTC')} AND id IN {ids:Array(String)}
ORDER BY scored_at DESC, published_at DESC
LIMIT 1 BY id
""",
    fields=FIELDS,
)
_LAST = "SELECT published_at, stored_at FROM documents ORDER BY published_at DESC LIMIT 1"
_LAST_REPORT = "SELECT at FROM pipeline_samples ORDER BY at DESC LIMIT 1"
_REPORTS = """
SELECT uniqExactIf(worker, at > {alive:DateTime64(3, 'UTC')}),
       sumIf(stored, at > {minute:DateTime64(3, 'UTC')}),
       sum(stored),
       quantileExactWeightedIf(0.5)(published_p50, stored, stored > 0),
       maxIf(published_p99, stored > 0),
       quantileExactWeightedIf(0.5)(collected_p50, stored, stored > 0),
       maxIf(collected_p99, stored > 0),
       sum(duplicates),
       sum(rejected)
FROM pipeline_samples
WHERE at > {recent:DateTime64(3, 'UTC')} AND at <= {now:DateTime64(3, 'UTC')}
"""
_LAG = """
SELECT sum(waiting)
FROM (SELECT argMax(lag, at) AS waiting FROM pipeline_samples WHERE at > {alive:DateTime64(3, 'UTC')} GROUP BY worker)
"""
_RUN = "SELECT at, seconds, evaluated_until, error FROM detector_runs ORDER BY at DESC LIMIT 1"
_CHANGES = """
SELECT (SELECT max(version) FROM alerts), (SELECT max(version) FROM acknowledgements), (SELECT max(version) FROM silences),
       (SELECT count() FROM silences FINAL WHERE starts_at <= {now:DateTime64(3, 'UTC')} AND {now:DateTime64(3, 'UTC')} < ends_at)
"""


class LiveQueries(StoreBase):
    """Queries of the live page. Spans are half-open, [start, end), in publication time; a copy of a text is not counted."""

    def mood(self, start: datetime, end: datetime, *, step: timedelta) -> list[Bucket]:
        """Count documents per topic and `step` (whole seconds, from the epoch); empty buckets are left out."""
        return self._buckets(_BY_TOPIC, _ROLLED_BY_TOPIC, start, end, step, topic="", symbol="")

    def series_counts(self, start: datetime, end: datetime, *, step: timedelta, topic: str = "", symbol: str = "") -> list[Bucket]:
        """Count documents per `step`, of a topic, of a symbol, or of all when neither is given; empty buckets are left out."""
        return self._buckets(_TOGETHER, _ROLLED_TOGETHER, start, end, step, topic=topic, symbol=symbol)

    def _buckets(self, counted: str, rolled: str, start: datetime, end: datetime, step: timedelta, **chosen: str) -> list[Bucket]:
        """Count documents, or add up hours that are counted already: on ten million documents a month takes 0.1 s instead of 3 s."""
        seconds = int(step.total_seconds())
        if seconds % _HOUR_SECONDS == 0 and self._only(_IS_ROLLED)[0]:
            rows = self._select(rolled, seconds=seconds, start=start, end=end, **chosen)
        else:
            rows = self._select(counted, seconds=seconds, **chosen, **span(start, end, copies=False))
        return [Bucket(name, datetime.fromtimestamp(time, UTC), int(bad), int(good), int(total)) for name, time, bad, good, total in rows]

    def readings(self, series: str, start: datetime, end: datetime, *, every: timedelta = timedelta(seconds=1)) -> list[KeptPoint]:
        """Return what the detector saw of a series in [start, end], at multiples of `every` since the epoch, oldest first."""
        rows = self._select(_POINTS, series=series, start=start, end=end, every=int(every.total_seconds()))
        return [
            KeptPoint(datetime.fromtimestamp(time, UTC), int(minutes), int(observed), float(expected), float(low), float(high))
            for time, minutes, observed, expected, low, high in rows
        ]

    def known_names(self, start: datetime, end: datetime, *, limit: int = _NAMES) -> KnownNames:
        """Return what documents published in the span name, at most `limit` of each sort."""
        found: dict[str, list[str]] = {"topic": [], "source": [], "symbol": [], "language": []}
        for what, name in self._select(_KNOWN, start=start, end=end, limit=limit):
            found[what].append(name)
        watched = tuple((name, SeriesKind(kind)) for name, kind in self._select(_WATCHED, start=start, end=end, limit=limit))
        return KnownNames(tuple(found["topic"]), tuple(found["source"]), tuple(found["symbol"]), tuple(found["language"]), watched)

    def now(self) -> datetime:
        """Return the store's own clock, by which `stored_at` is written."""
        return utc(self._only(_NOW)[0])

    def arrivals(self, since: datetime, *, limit: int) -> Arrivals:
        """Return which documents were stored after `since`, by the store's clock; one scored anew has arrived anew.

        A row may become visible a little after its `stored_at`: ask again for a few seconds before the last time asked.
        """
        now = self.now()
        rows = list(self._select(_ARRIVED, since=since, limit=limit))
        return Arrivals(now, tuple((key, utc(at)) for key, at, _ in rows), int(rows[0][2]) if rows else 0)

    def arrived(self, ids: Collection[str], since: datetime) -> list[StoredDocument]:
        """Return these documents, stored after `since`, as they were scored last; newest publication first."""
        if not ids:
            return []
        rows = [stored_document(row, 0) for row in self._select(_NEW, ids=list(ids), since=since)]
        return sorted(rows, key=lambda row: (row.published_at, row.id), reverse=True)

    def last_document(self) -> LastDocument | None:
        """Return when the newest document was published and stored, None when the store is empty."""
        row = self._one(_LAST)
        return LastDocument(utc(row[0]), utc(row[1])) if row else None

    def pipeline_report(self, now: datetime) -> PipelineReport | None:
        """Sum up what worker processes told up to `now`, wall time; None when none ever told anything."""
        last = self._one(_LAST_REPORT)
        if last is None:
            return None
        alive, minute = now - timedelta(seconds=REPORT_SECONDS), now - timedelta(minutes=1)
        row = self._only(_REPORTS, now=now, alive=alive, minute=minute, recent=now - _RECENT)
        workers, lately, stored, p50, p99, collected_p50, collected_p99, duplicates, rejected = row
        lag = self._only(_LAG, alive=alive)[0]
        return PipelineReport(
            last_at=utc(last[0]),
            workers=int(workers),
            rate_per_second=int(lately) / 60,
            published_p50=float(p50) if stored else None,
            published_p99=float(p99) if stored else None,
            collected_p50=float(collected_p50) if stored else None,
            collected_p99=float(collected_p99) if stored else None,
            lag=None if lag is None else int(lag),
            duplicates=int(duplicates),
            rejected=int(rejected),
        )

    def detector_report(self) -> DetectorReport | None:
        """Return the detector's last run, None when there was none."""
        row = self._one(_RUN)
        return DetectorReport(utc(row[0]), float(row[1]), optional_utc(row[2]), str(row[3])) if row else None

    def desk_state(self, now: datetime) -> Hashable:
        """Return something that differs once an alert, an acknowledgement or a silence was written, or a silence began or ended."""
        return tuple(self._only(_CHANGES, now=now))

    def _only(self, query: str, **params: Any) -> Sequence[Any]:
        return next(iter(self._select(query, **params)))
