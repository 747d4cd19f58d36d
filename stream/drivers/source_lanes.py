"""What sources have delivered and the processor has not taken: a bounded lane per source, and turns between them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

Message = TypeVar("Message")


class SourceLanes(Generic[Message]):
    """Messages of each source in their order; the source whose last turn is longest ago is next. Thread-safe, for one taker.

    A message therefore waits for at most one of each other source, besides those before it in its own lane.

    Args:
        sources: who delivers.
        messages: most messages that wait, of all sources together. Every source has an equal share of them, but room for at least one.
    """

    def __init__(self, sources: Collection[str], messages: int) -> None:
        self.share = max(1, messages // max(1, len(sources)))
        """Most messages of one source that wait."""
        lock = threading.Lock()
        self._arrived = threading.Condition(lock)
        self._room = {source: threading.Condition(lock) for source in sources}
        self._lanes: dict[str, deque[Message]] = {source: deque() for source in sources}
        """In the order of their next turns."""

    def put(self, source: str, message: Message, seconds: float) -> bool:
        """Add a message behind those of its source; return False if there was no room for `seconds`."""
        room = self._room[source]
        with room:
            if not room.wait_for(lambda: len(self._lanes[source]) < self.share, seconds):
                return False
            self._lanes[source].append(message)
            self._arrived.notify()
            return True

    def wait(self, seconds: float) -> bool:
        """Return whether a message waits, as soon as one does, at the latest after `seconds`."""
        with self._arrived:
            return self._arrived.wait_for(lambda: any(self._lanes.values()), seconds)

    def take(self, fits: Callable[[Message], bool] = lambda _: True) -> Message | None:
        """Take the message whose turn it is; None if there is none or it does not fit. What does not fit keeps its turn."""
        with self._arrived:
            source = next((source for source, lane in self._lanes.items() if lane), None)
            if source is None or not fits(self._lanes[source][0]):
                return None
            lane = self._lanes.pop(source)
            self._lanes[source] = lane  # behind all others
            self._room[source].notify()
            return lane.popleft()
