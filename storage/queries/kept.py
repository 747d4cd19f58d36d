"""Which of the kept counts hold: not those of hours in which something was stored or deleted since the last update, nor of the day after.

Long spans are read from kept counts where they hold and from documents elsewhere. Each hour is read from one of them, so the answer is what
the documents alone would give. Not seen is a document that comes again with another time of publication: the hour that it left holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from squall.storage.queries.base import Queries
from squall.storage.queries.sentiment_rollup import Rollup
from squall.storage.queries.spans import COPY_HOURS
from squall.storage.rows.documents import RollupPosition
from squall.storage.schema.table import utc
from squall.storage.schema.tables.documents import ROLLUP_POSITION

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
_OVERLAP: Final = timedelta(minutes=5)
"""A row says when it was stored before it can be read; longer than an insert may take."""
_SET_BACK: Final = timedelta(days=1)
"""How long the detector may have been down when the store's clock was set back."""
_WORTH: Final = timedelta(days=1)
"""Of shorter spans the documents are counted: to ask what holds takes as long."""

_NOW = "SELECT now64(3, 'UTC')"
_POSITION = ROLLUP_POSITION.select("FINAL WHERE name = {name:String}")


@dataclass(frozen=True, slots=True)
class Dirty:
    """What is to be recounted.

    Args:
        now: of the clock that stamps `stored_at`.
        hours: of event time in which something was stored or deleted since the last complete update, all if there was none; increasing.
    """

    now: datetime
    hours: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """How a span is read.

    Args:
        first: the whole hours from this one,
        last: up to this one (exclusive), hours since the epoch, are read from kept counts,
        stale: but for these.
        counted: the rest, as spans of which the documents are counted.
    """

    first: int
    last: int
    stale: Sequence[int]
    counted: Sequence[tuple[datetime, datetime]]

    @classmethod
    def of_documents(cls, start: datetime, end: datetime) -> Parts:
        """Return a span of which all documents are counted."""
        return cls(0, 0, (), [(start, end)])

    @property
    def any_kept(self) -> bool:
        """Whether any hour is read from kept counts."""
        return len(self.stale) < self.last - self.first

    @property
    def kept(self) -> dict[str, object]:
        """The parameters of `KEPT`."""
        return {"kept_from": EPOCH + self.first * HOUR, "kept_until": EPOCH + self.last * HOUR, "stale": list(map(str, self.stale))}


KEPT: Final = """
time >= {kept_from:DateTime64(3, 'UTC')} AND time < {kept_until:DateTime64(3, 'UTC')}
AND intDiv(toUInt32(toUnixTimestamp(time)), 3600) NOT IN (SELECT toUInt32(arrayJoin({stale:Array(String)})))
"""
"""Whether a row of kept counts, with its `time`, is to be read."""


class KeptCountQueries(Queries):
    """What is common to those who keep counts and those who read them."""

    def _position(self, rollup: Rollup) -> RollupPosition | None:
        return next(iter(self._read(ROLLUP_POSITION, _POSITION, name=rollup.name)), None)

    def _dirty(self, rollup: Rollup, known: RollupPosition | None) -> Dirty:
        now = utc(self._only(_NOW)[0])
        since = _since(known.until, now) if known else datetime(1971, 1, 1, tzinfo=UTC)
        hours = self._select(rollup.dirty if known else rollup.first, since=since).columns[0]
        return Dirty(now, tuple(map(utc, hours)))

    def _parts(self, rollup: Rollup, start: datetime, end: datetime) -> Parts:
        known = self._position(rollup) if end - start >= _WORTH else None
        return parts_of(self._dirty(rollup, known).hours, start, end) if known else Parts.of_documents(start, end)


def parts_of(dirty: Iterable[datetime], start: datetime, end: datetime) -> Parts:
    """Return how [start, end) is read where something was stored or deleted in the hours `dirty`; copies may lie in the day after."""
    first, last = (start - EPOCH) // HOUR, -((EPOCH - end) // HOUR)
    stale = {hour for at in dirty for hour in range((at - EPOCH) // HOUR, (at - EPOCH) // HOUR + COPY_HOURS + 1) if first <= hour < last}
    if EPOCH + first * HOUR < start:
        stale.add(first)
    if EPOCH + last * HOUR > end:
        stale.add(last - 1)
    ordered = sorted(stale)
    begins = [hour for hour in ordered if hour - 1 not in stale]
    ends = [hour + 1 for hour in ordered if hour + 1 not in stale]
    spans = [(max(EPOCH + begin * HOUR, start), min(EPOCH + after * HOUR, end)) for begin, after in zip(begins, ends, strict=True)]
    return Parts(first, last, ordered, spans)


def _since(until: datetime, now: datetime) -> datetime:
    """Return from when on documents may have been stored that the update at `until` did not see.

    After the store's clock was set back, documents carry times before `until`.
    """
    return until - _OVERLAP if until <= now else now - _SET_BACK
