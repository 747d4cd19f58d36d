"""Up to which event time is everything stored? The detector's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from squall.core.items import Progress

_NOTHING_YET = datetime(1970, 1, 1, tzinfo=UTC)
"""The event time of a partition of which nothing was stored."""


def watermark(progress: Sequence[Progress], now: datetime, idle: timedelta, settle: timedelta) -> datetime | None:
    """Return the event time up to which documents are thought complete, or None when nothing is known yet.

    Partitions are read at different speeds, and a replay runs hours of event time in a second, so neither the wall clock nor the newest
    document determines what is complete: the slowest partition with something left to read does. A partition constrains unless it is
    `caught_up` and its row is older than `idle` of wall time; a partition that is read up and stays silent holds nothing back. When none
    constrains, event time continues at wall pace from the newest document, so that live windows close, and open alerts resolve, while
    nothing is published. Live data and replays at any speed thus go through the same code.

    Args:
        progress: the latest row of every partition of every stream.
        now: the wall clock.
        idle: wall time after which a quiet, read-up partition holds nothing back.
        settle: event time left for documents that arrive late; taken off the result.

    Returns:
        Aware UTC, never ahead of `now`. None without rows, or while an unread partition has stored nothing at all.
    """
    if not progress:
        return None
    # a time well ahead of now is from before the clock was set back, and as old as one that is well behind
    constraining = [row for row in progress if not (row.caught_up and abs(now - row.updated_at) >= idle)]
    if constraining:
        complete = min(row.event_time for row in constraining)
    else:
        quiet = max(now - max(row.updated_at for row in progress), timedelta(0))
        complete = max(row.event_time for row in progress)
        complete = complete if complete <= _NOTHING_YET else complete + quiet
    if complete <= _NOTHING_YET:
        return None
    return min(complete - settle, now)
