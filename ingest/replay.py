"""History at a chosen speed: another source, paced by the publication times of its documents."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from squall.core.clock import Clock
from squall.core.errors import ConfigurationError
from squall.core.items import Batch, Item
from squall.ingest.source import Source, no_commit

LONGEST_WAIT = 0.2
"""The most seconds between two checks of the stop flag."""
_SPEED = re.compile(r"^(\d+(?:\.\d+)?)x?$", re.ASCII)


def parse_speed(text: str) -> float | None:
    """Return the seconds of event time per second for `600x` or `600`; None (no pacing) for `max`.

    Raises:
        ConfigurationError: anything else.
    """
    if text.strip().lower() == "max":
        return None
    match = _SPEED.match(text.strip().lower())
    if not match or float(match[1]) <= 0:
        raise ConfigurationError(f"speed {text!r} is invalid", "use for example 600x, 1x or max")
    return float(match[1])


class ReplaySource:
    """Releases each document of `source` when it is due; publication times stay as they are.

    The first document is due at once, each later one after (its time − the first one's) / speed. A document older than one already
    released is due at once. Documents outside [`start`, `end`) are dropped and counted in `skipped`; rejections are released with the
    documents around them. A batch is split where a wait begins; only its last part moves the cursor.

    Args:
        source: the source to replay.
        clock: times the releases; `collected_at` becomes the release time, as if the document had just been published.
        speed: seconds of event time per second; None: as fast as the source can be read.
        start: the first publication time to replay.
        end: the first publication time that is not replayed.
    """

    def __init__(
        self, source: Source, clock: Clock, speed: float | None = None, start: datetime | None = None, end: datetime | None = None
    ) -> None:
        self.skipped = 0
        self._source = source
        self._clock = clock
        self._speed = speed
        self._start = start
        self._end = end
        self._anchor: tuple[float, datetime] | None = None

    @property
    def name(self) -> str:
        """The replayed source's name."""
        return self._source.name

    @property
    def live(self) -> bool:
        """False; see `squall.ingest.source.Source`."""
        return False

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver at the chosen speed; see `squall.ingest.source.Source`."""
        for batch in self._source.batches(stop):
            yield from self._parts(batch, stop)
            if stop.is_set():
                return

    def close(self) -> None:
        """Close the replayed source."""
        self._source.close()

    def _parts(self, batch: Batch, stop: threading.Event) -> Iterator[Batch]:
        part: list[Item] = []
        for item in batch.items:
            if not self._wanted(item):
                self.skipped += 1
                continue
            if self._due_in(item) > 0 and part:
                yield self._part(part, no_commit, caught_up=False)
                part = []
            if not self._wait(item, stop):
                return
            part.append(item)
        yield self._part(part, batch.commit, caught_up=batch.caught_up)

    def _part(self, items: list[Item], commit: Callable[[], None], *, caught_up: bool) -> Batch:
        if self._speed is None:
            return Batch(items, commit, caught_up)
        now = self._clock.now()
        return Batch([_collected(item, now) for item in items], commit, caught_up)

    def _wanted(self, item: Item) -> bool:
        if item.document is None:
            return True
        published = item.document.published_at
        return (self._start is None or published >= self._start) and (self._end is None or published < self._end)

    def _due_in(self, item: Item) -> float:
        """Return the seconds until `item` is due; the first document starts the clock."""
        if self._speed is None or item.document is None:
            return 0.0
        published = item.document.published_at
        if self._anchor is None:
            self._anchor = (self._clock.monotonic(), published)
        began, first = self._anchor
        return began + (published - first).total_seconds() / self._speed - self._clock.monotonic()

    def _wait(self, item: Item, stop: threading.Event) -> bool:
        """Wait until `item` is due; return False if `stop` is set first."""
        while not stop.is_set():
            remaining = self._due_in(item)
            if remaining <= 0:
                return True
            self._clock.sleep(min(remaining, LONGEST_WAIT))
        return False


def _collected(item: Item, now: datetime) -> Item:
    if item.document is None or item.document.published_at > now:
        return item
    moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Item(item.origin, document=item.document.model_copy(update={"collected_at": moment}))
