"""How many documents there are about each entity at each level of adversity, as the detector of names counts them.

Copies do not count, nor documents without a time of their own. Levels are those of `squall.core.gravity.levels`. Long spans are read from
the kept counts, where they hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from squall.core.gravity.levels import LEVELS
from squall.storage.queries.entities.levels import LEVEL, PAST_LEVELS, UNDATED
from squall.storage.queries.entities.readings import COUNTED_ONCE
from squall.storage.queries.entities.rollup import ENTITIES
from squall.storage.queries.kept import HOUR, KEPT, KeptCountQueries
from squall.storage.queries.spans import span, sql
from squall.storage.rows.counts import MinuteCounts
from squall.storage.rows.minutes import joined, tabulate, unpack
from squall.storage.schema.table import valid_text

_LEVELLED: Final = sql(
    "SELECT entity, published_at, $level AS level FROM $counted AND NOT $undated", level=LEVEL, counted=COUNTED_ONCE, undated=UNDATED
)
_BY_STEP = sql(
    """
SELECT entity, intDiv(toUnixTimestamp(published_at), {seconds:UInt32}) AS step, [$past_levels]
FROM ($levelled)
GROUP BY entity, step
""",
    past_levels=PAST_LEVELS,
    levelled=_LEVELLED,
)
_BUCKETS: Final = """
bucket >= toStartOf$unit({kept_from:DateTime64(3, 'UTC')}) AND bucket < {kept_until:DateTime64(3, 'UTC')}
"""
_KEPT_BY_STEP = sql(
    """
SELECT entity, intDiv(toUnixTimestamp(time), {seconds:UInt32}) AS at, sumForEach(dated_levels) AS levels
FROM entity_rollup FINAL
WHERE step = 3600 AND $buckets AND $kept
GROUP BY entity, at
HAVING levels[1] > 0
""",
    buckets=sql(_BUCKETS, unit="Day"),
    kept=KEPT,
)
_ADVERSE = sql(
    """
SELECT entity AS name, groupArray(toUInt32(intDiv(toUnixTimestamp(published_at), 60) * 3 + if(level > 0, 0, 1)))
FROM ($levelled AND entity IN {entities:Array(String)})
GROUP BY name
ORDER BY name
""",
    levelled=_LEVELLED,
)
_KEPT_ADVERSE = sql(
    """
SELECT entity AS name, groupArray(minute), groupArray(adverse), groupArray(others), groupArray(toUInt32(0))
FROM
(
    SELECT entity, toUInt32(intDiv(toUnixTimestamp(time), 60)) AS minute, dated_levels[2] AS adverse, dated_levels[1] - adverse AS others
    FROM entity_rollup FINAL
    WHERE step = 60 AND $buckets AND $kept AND entity IN {entities:Array(String)} AND dated_levels[1] > 0
    ORDER BY entity, minute
)
GROUP BY name
ORDER BY name
""",
    buckets=sql(_BUCKETS, unit="Hour"),
    kept=KEPT,
)


class LevelQueries(KeptCountQueries):
    """Documents about entities by level; spans are half-open, in publication time."""

    def by_step(self, since: datetime, until: datetime, *, step: timedelta) -> dict[tuple[str, datetime], list[int]]:
        """Return the documents at each level, all of them first, by entity and start of the step; steps without any are left out.

        Args:
            step: whole hours, from the epoch.
        """
        if step < HOUR or step % HOUR:
            raise ValueError(f"step {step} is not a positive number of whole hours")
        seconds = int(step.total_seconds())
        parts = self._parts(ENTITIES, since, until)
        answers = [self._select(_BY_STEP, seconds=seconds, **span(start, end, copies=False)) for start, end in parts.counted]
        if parts.any_kept:
            answers.append(self._select(_KEPT_BY_STEP, seconds=seconds, **parts.kept))
        found: dict[tuple[str, datetime], list[int]] = defaultdict(lambda: [0] * LEVELS)
        for entity, place, documents in (row for answer in answers for row in answer):
            total = found[entity, datetime.fromtimestamp(int(place) * seconds, UTC)]
            for level, number in enumerate(documents):
                total[level] += int(number)
        return dict(found)

    def adverse(self, entities: Collection[str], start: datetime, end: datetime) -> MinuteCounts:
        """Count documents per entity and minute: `negative` are adverse ones, `neutral` the others. The groups are the `topics`."""
        names = list(map(valid_text, entities))
        parts = self._parts(ENTITIES, start, end)
        found = [
            unpack(*self._select(_ADVERSE, entities=names, **span(since, until, copies=False)).columns) for since, until in parts.counted
        ]
        if parts.any_kept:
            found.append(tabulate(*self._select(_KEPT_ADVERSE, entities=names, **parts.kept).columns))
        return joined(found)
