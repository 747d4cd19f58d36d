"""How many adverse documents there were about a few entities, per minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from squall.storage.queries.base import Queries
from squall.storage.queries.counts import unpack
from squall.storage.queries.entities.readings import LATEST
from squall.storage.queries.spans import COPY_HOURS, span, sql
from squall.storage.rows.counts import MinuteCounts
from squall.storage.rows.mentions import Levels
from squall.storage.schema.table import valid_text

# From the few documents that name the entities, which the projection by entity finds, to their last readings and current rows. A copy has
# the same names, so that it is found among them.
_NAMING = """
SELECT DISTINCT published_at, document_id FROM mentions
WHERE entity IN {entities:Array(String)} AND first
  AND published_at >= {read_from:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
"""
_PER_MINUTE = sql(
    """
SELECT entity AS name, groupArray(toUInt32(intDiv(toUnixTimestamp(published_at), 60) * 3 + if(adverse, 0, 1)))
FROM
(
    SELECT
        entity, published_at, adverse,
        lagInFrame(published_at, 1, toDateTime64(0, 3, 'UTC')) OVER (PARTITION BY entity, fingerprint ORDER BY published_at, id) AS before
    FROM
    (
        SELECT
            document_id AS id, published_at, entity, ifNull(toFloat64(severity), 0.) AS grave,
            grave >= {adverse:Float64} OR (toFloat64(p_negative) > {negative:Float64} AND grave >= {some:Float64}) AS adverse
        FROM ($latest)
        WHERE first AND entity IN {entities:Array(String)}
    ) AS named
    INNER JOIN
    (
        SELECT id, published_at, fingerprint FROM
        (
            SELECT id, published_at, fingerprint, undated FROM documents
            WHERE published_at >= {read_from:DateTime64(3, 'UTC')} AND published_at < {end:DateTime64(3, 'UTC')}
              AND id IN (SELECT document_id FROM ($naming))
            ORDER BY scored_at DESC, published_at DESC, model_version DESC, written_at DESC
            LIMIT 1 BY id
        )
        WHERE NOT undated
    ) AS current USING (id, published_at)
)
WHERE published_at >= {start:DateTime64(3, 'UTC')} AND before < published_at - INTERVAL $hours HOUR
GROUP BY name
ORDER BY name
""",
    latest=sql(LATEST, documents=_NAMING),
    naming=_NAMING,
    hours=str(COPY_HOURS),
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
