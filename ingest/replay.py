"""History at a chosen speed: paces another source by its documents' publication times, which are kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from squall.core.clock import Clock
from squall.core.delivery import Batch, Item
from squall.core.errors import ConfigurationError
from squall.ingest.source import Source, nothing

LONGEST_WAIT = 0.2
"""Seconds between two looks at the stop flag."""
_SPEED = re.compile(r"^(\d+(?:\.\d+)?)x?$")


def parse_speed(text: str) -> float | None:
    """Return event seconds per second for `600x` or `600`; None (no pacing) for `max`.

    Raises:
        ConfigurationError: neither.
    """
    if text.strip().lower() == "max":
        return None
    match = _SPEED.match(text.strip().lower())
    if not match or float(match[1]) <= 0:
        raise ConfigurationError(f"speed {text!r} is not understood", "write for example 600x, 1x or max")
    return float(match[1])


class ReplaySource:
    """Releases each document of `source` when it is due.

    The first document is due at once, each later one after (its time − the first one's) / speed; one that is older than what
    was already released is due at once. Documents outside [`start`, `end`) are dropped and counted in `skipped`;
    rejections pass with their neighbours. A batch is cut into pieces where waiting begins; only the last piece moves the cursor.

    Args:
        source: what to replay.
        clock: times the releases; `collected_at` becomes the release time, as if it had just been published.
        speed: event seconds per second; None: as fast as it can be read.
        start: first publication time to replay.
        end: first publication time not to replay.
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
        """Deliver in pace; see `squall.ingest.source.Source`."""
        for batch in self._source.batches(stop):
            yield from self._pieces(batch, stop)
            if stop.is_set():
                return

    def close(self) -> None:
        """Close the replayed source."""
        self._source.close()

    def _pieces(self, batch: Batch, stop: threading.Event) -> Iterator[Batch]:
        piece: list[Item] = []
        for item in batch.items:
            if not self._wanted(item):
                self.skipped += 1
                continue
            if self._due_in(item) > 0 and piece:
                yield self._piece(piece, nothing, caught_up=False)
                piece = []
            if not self._wait(item, stop):
                return
            piece.append(item)
        yield self._piece(piece, batch.commit, caught_up=batch.caught_up)

    def _piece(self, items: list[Item], commit: Callable[[], None], *, caught_up: bool) -> Batch:
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
        """Seconds until `item` is due; the first document sets the zero."""
        if self._speed is None or item.document is None:
            return 0.0
        published = item.document.published_at
        if self._anchor is None:
            self._anchor = (self._clock.monotonic(), published)
        began, first = self._anchor
        return began + (published - first).total_seconds() / self._speed - self._clock.monotonic()

    def _wait(self, item: Item, stop: threading.Event) -> bool:
        """Wait until `item` is due; False when asked to stop."""
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
