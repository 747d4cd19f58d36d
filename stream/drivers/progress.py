"""How far each partition has been stored, in event time: the detector derives its watermark from it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from squall.core.clock import Clock
from squall.core.items import Item, Progress
from squall.core.records import CLOCK_SKEW

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ProgressStore(Protocol):
    """What the tracker needs of the store: `store.progress`."""

    def all(self) -> list[Progress]: ...

    def write(self, rows: Sequence[Progress]) -> None: ...

    def retire(self, keep: set[str]) -> None: ...


class ProgressTracker:
    """Remembers the newest event time per partition and writes it after each stored batch. Its methods may be called from several threads.

    Args:
        store: where the rows live.
        clock: stamps `updated_at` and caps event time: a document dated ahead of the wall clock moves nothing ahead of it.
        streams: streams this process reads; rows of others are retired, or an abandoned replay would hold the watermark back forever.
        max_future: a document dated further ahead was rejected, and moves nothing at all.
    """

    def __init__(self, store: ProgressStore, clock: Clock, streams: set[str], max_future: timedelta = CLOCK_SKEW) -> None:
        self._max_future = max_future
        self._store = store
        self._clock = clock
        self._rows: dict[tuple[str, int], Progress] = {}
        self._streams = streams
        self._lock = threading.Lock()
        store.retire(streams)
        self._reload()

    def _reload(self) -> None:
        for row in self._store.all():
            if row.stream in self._streams:
                self._rows[row.stream, row.partition] = row

    def position(self, stream: str, partition: int) -> int:
        """Return the offset of the last item that is stored, -1 when none is."""
        known = self._rows.get((stream, partition))
        return known.position if known else -1

    def announce(self, stream: str, partitions: Sequence[int]) -> None:
        """Hold the watermark back for partitions about to be read, until their first documents are stored."""
        with self._lock:
            self._reload()  # another worker may have stored more of them since
            now = self._clock.now()
            rows = []
            for partition in partitions:
                known = self._rows.get((stream, partition))
                row = Progress(stream, partition, known.position if known else -1, known.event_time if known else EPOCH, False, now)
                self._rows[stream, partition] = row
                rows.append(row)
            if rows:
                self._store.write(rows)

    def stored(self, items: Sequence[Item], caught_up: dict[tuple[str, int], bool]) -> None:
        """Note that `items` are safe. `caught_up` says for each (stream, partition) whether nothing more can be read now."""
        now = self._clock.now()
        latest = now + self._max_future
        last: dict[tuple[str, int], int] = {}
        newest: dict[tuple[str, int], datetime] = {}
        for item in items:
            topic, partition, offset = item.origin
            key = (topic, partition)
            last[key] = max(offset, last.get(key, -1))
            if item.document is not None and (at := item.document.published_at) <= latest and at > newest.get(key, EPOCH):
                newest[key] = at
        with self._lock:
            touched: dict[tuple[str, int], Progress] = {}
            for key, offset in last.items():
                before = self._rows.get(key)
                position, event_time = (before.position, before.event_time) if before else (-1, EPOCH)
                event_time = max(event_time, min(newest.get(key, EPOCH), now))
                touched[key] = Progress(*key, max(offset, position), event_time, False, now)
            self._write(touched, caught_up, now)

    def quiet(self, caught_up: dict[tuple[str, int], bool], seen: Mapping[tuple[str, int], int] | None = None) -> None:
        """Note partitions whose `caught_up` changed without a batch (an empty partition, a source that ended, a batch in work).

        Args:
            caught_up: by stream and partition.
            seen: the `position` of each when that was found; one that has moved on since is left as it is.
        """
        with self._lock:
            changed = {
                key: row
                for key, flag in caught_up.items()
                if (row := self._rows.get(key)) and row.caught_up != flag and (seen is None or seen.get(key, row.position) == row.position)
            }
            self._write(changed, caught_up, self._clock.now())

    def _write(self, rows: dict[tuple[str, int], Progress], caught_up: dict[tuple[str, int], bool], now: datetime) -> None:
        written = [
            Progress(row.stream, row.partition, row.position, row.event_time, caught_up.get(key, False), now) for key, row in rows.items()
        ]
        if written:
            self._store.write(written)
            self._rows.update({(row.stream, row.partition): row for row in written})
