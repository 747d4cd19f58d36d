"""Precomputed counts, per minute and per hour: by topic and symbol for dashboards, and by entity.

Counts are not incremented, because a late document changes a past hour, a rescored document may leave its topic, and a
copy may arrive before its original. Instead each run recounts, from the documents, every hour of event time in which a
document was stored since the last run, and the day after that hour, in which copies of the document may lie. It writes
only rows that differ from the stored ones. An update is idempotent: the next run repeats one that was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from squall.storage.queries.entities.rollup import ENTITIES
from squall.storage.queries.kept import HOUR, KeptCountQueries
from squall.storage.queries.sentiment_rollup import SENTIMENT, Rollup
from squall.storage.queries.spans import COPY_HOURS, span
from squall.storage.rows.documents import RollupPosition
from squall.storage.schema.tables.documents import ROLLUP_POSITION

_ROLLUPS = (SENTIMENT, ENTITIES)
_COPY_WINDOW = timedelta(hours=COPY_HOURS)
_CHUNK = timedelta(days=2)
"""Event time counted in one statement: bounds memory, and the wait until a stop takes effect."""


@dataclass(frozen=True, slots=True)
class RollupUpdate:
    """What one update did: hours of event time recounted, of all counts together, and whether it was completed."""

    hours: int
    complete: bool


class RollupQueries(KeptCountQueries):
    """Keeps the tables of counts in agreement with documents and mentions."""

    def update(self, should_continue: Callable[[], bool] = lambda: True) -> RollupUpdate:
        """Recount the hours in which documents or mentions were stored since the last complete update.

        Args:
            should_continue: called before each part; False ends the update, and the next one starts from the same place.
        """
        hours = 0
        for rollup in _ROLLUPS:
            done = self._update(rollup, should_continue)
            hours += done.hours
            if not done.complete:
                return RollupUpdate(hours, complete=False)
        return RollupUpdate(hours, complete=True)

    def _update(self, rollup: Rollup, should_continue: Callable[[], bool]) -> RollupUpdate:
        dirty, counted = self._dirty(rollup, self._position(rollup)), 0
        for start, end in spans_of(dirty.hours):
            if not should_continue():
                return RollupUpdate(counted, complete=False)
            for table, recount in rollup.recount:
                self._command(recount, version=self._versions.next(table)[0], **span(start, end, copies=False))
            counted += int((end - start) / HOUR)
        self._write(ROLLUP_POSITION, [RollupPosition(rollup.name, dirty.now)])
        return RollupUpdate(counted, complete=True)


def spans_of(hours: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """Return disjoint spans, none longer than two days, that cover each of the increasing `hours` and the day after it."""
    joined: list[tuple[datetime, datetime]] = []
    for hour in hours:
        end = hour + HOUR + _COPY_WINDOW
        if joined and hour <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((hour, end))
    return [(at, min(at + _CHUNK, end)) for start, end in joined for at in _steps(start, end)]


def _steps(start: datetime, end: datetime) -> Iterable[datetime]:
    while start < end:
        yield start
        start += _CHUNK
