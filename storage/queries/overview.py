"""The overview of a store: what is there, and a day by topic, from the counts that the detector's process keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from squall.storage.queries.counts import CountQueries
from squall.storage.queries.entities.rollup_rows import mean, pieces, severity
from squall.storage.queries.sentiment_rollup import SENTIMENT
from squall.storage.queries.spans import sql
from squall.storage.rows.counts import SentimentCount, Totals
from squall.storage.schema.table import utc

KEPT_FOR: Final = timedelta(minutes=5)
"""Counts that were brought up to date longer ago are not kept any more: the detector's process keeps them every minute."""

_KEPT_UNTIL = "SELECT max(until), now64(3, 'UTC') FROM rollup_position FINAL WHERE name = {name:String} HAVING count() > 0"
_TOTALS = """
SELECT sum(negative), sum(neutral), sum(positive), sum(copies) FROM sentiment_rollup FINAL WHERE step = 3600 AND symbol = ''
"""
_PIECE = """
    SELECT topic, negative, neutral, positive, score_sum, severities, grave, severity_sum, severity_max FROM sentiment_rollup FINAL
    WHERE step = $step AND symbol = '' AND time >= {now_$first:DateTime64(3, 'UTC')} AND time < {now_$last:DateTime64(3, 'UTC')}
"""
_BY_TOPIC = sql(
    """
SELECT topic AS name, sum(negative) AS negatives, sum(neutral) AS neutrals, sum(positive) AS positives, sum(score_sum),
       sum(severities), sum(grave), sum(severity_sum), max(severity_max)
FROM ($hours UNION ALL $before UNION ALL $after)
GROUP BY name
HAVING negatives + neutrals + positives > 0
ORDER BY negatives + neutrals + positives DESC, name
LIMIT {limit:UInt32}
""",
    hours=sql(_PIECE, step="3600", first="first_hour", last="last_hour"),
    before=sql(_PIECE, step="60", first="start", last="first_hour"),
    after=sql(_PIECE, step="60", first="last_hour", last="end"),
)


class OverviewQueries(CountQueries):
    """Totals and topics: added up of kept counts, up to a minute old, or counted where nobody keeps them."""

    def is_kept(self) -> bool:
        """Whether a detector keeps the counts: it brought them up to date in the last five minutes, by the store's clock."""
        found = self._one(_KEPT_UNTIL, name=SENTIMENT.name)
        return found is not None and utc(found[1]) - utc(found[0]) < KEPT_FOR

    def kept_totals(self) -> Totals:
        """Return what `totals` does, of kept counts: ten million documents take a twentieth of the time."""
        negative, neutral, positive, copies = map(int, self._only(_TOTALS))
        return self._with_rows(negative + neutral + positive + copies, copies, (negative, neutral, positive))

    def kept_by_topic(self, start: datetime, end: datetime, *, limit: int = 100) -> list[SentimentCount]:
        """Return what `by_topic` does, of kept counts, from the minute of `start` up to that of `end`."""
        counts = []
        for name, negative, neutral, positive, scores, of, grave, total, largest in self._select(
            _BY_TOPIC, limit=limit, **pieces("now", start, end)
        ):
            gravest, mean_severity, graves = severity(of, grave, total, largest)
            documents = int(negative) + int(neutral) + int(positive)
            counts.append(
                SentimentCount(
                    name=name,
                    negative=int(negative),
                    neutral=int(neutral),
                    positive=int(positive),
                    mean_score=mean(scores, documents),
                    gravest=gravest,
                    mean_severity=mean_severity,
                    grave=graves,
                )
            )
        return counts
