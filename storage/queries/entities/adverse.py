"""How many adverse documents there were about a few entities, per minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from squall.storage.queries.base import Queries
from squall.storage.queries.counts import unpack
from squall.storage.queries.entities.readings import COUNTED_ONCE
from squall.storage.queries.spans import span, sql
from squall.storage.rows.counts import MinuteCounts
from squall.storage.rows.mentions import Levels
from squall.storage.schema.table import valid_text

_PER_MINUTE = sql(
    """
SELECT entity AS name, groupArray(toUInt32(intDiv(toUnixTimestamp(published_at), 60) * 3 + if(bad, 0, 1)))
FROM
(
    SELECT
        id, entity, published_at, ifNull(toFloat64(severity), 0.) AS grave,
        grave >= {adverse:Float64} OR (toFloat64(p_negative) > {negative:Float64} AND grave >= {some:Float64}) AS bad
    FROM $counted AND entity IN {entities:Array(String)}
)
WHERE (reinterpretAsUInt128(unhex(id)), published_at) NOT IN
(
    SELECT reinterpretAsUInt128(unhex(id)), published_at FROM documents
    WHERE undated AND published_at >= {start:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
)
GROUP BY name
ORDER BY name
""",
    counted=COUNTED_ONCE,
)


class AdverseQueries(Queries):
    """Adverse documents about entities; spans are half-open, in publication time."""

    def per_minute(self, entities: Collection[str], start: datetime, end: datetime, levels: Levels) -> MinuteCounts:
        """Count documents per entity and minute: `negative` are adverse ones, `neutral` the others.

        Copies do not count, nor documents without a time of their own. The groups are the answer's `topics`.
        """
        wanted = {"adverse": levels.adverse, "negative": levels.negative, "some": levels.some}
        names = list(map(valid_text, entities))
        groups, packed = self._select(_PER_MINUTE, entities=names, **wanted, **span(start, end, copies=False)).columns
        return unpack(groups, packed)
