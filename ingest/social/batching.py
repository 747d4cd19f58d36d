"""Items of a stream that never ends, put into batches that are not too old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from squall.core.clock import Clock
from squall.core.items import Batch, Item
from squall.ingest.registry.context import SourceCursor
from squall.ingest.source import BATCH_ITEMS

BATCH_SECONDS = 1.0
"""The oldest that the first item of a batch becomes."""
CURSOR_SECONDS = 5.0
"""How often a cursor moves while nothing is wanted."""


class StreamBatches:
    """Collects items until a batch is due; its commit saves the position after its last item.

    Args:
        clock: its monotonic time decides.
        cursor: where positions are saved.
        position: gives the cursor to save, of what was read until the call.
        batch_items: the most items of a batch.
    """

    def __init__(
        self,
        clock: Clock,
        cursor: SourceCursor,
        position: Callable[[], dict[str, Any]],
        batch_items: int = BATCH_ITEMS,
    ) -> None:
        self._clock = clock
        self._cursor = cursor
        self._position = position
        self._most = batch_items
        self._items: list[Item] = []
        self._since = clock.monotonic()
        self._moved = False

    def add(self, item: Item) -> None:
        """Add an item; ask `due` after each."""
        if not self._items:
            self._since = self._clock.monotonic()
        self._items.append(item)

    def passed(self) -> None:
        """Note that the position has moved, with or without an item."""
        self._moved = True

    @property
    def due(self) -> bool:
        """Whether a batch should be delivered now: it is full or old, or the cursor is."""
        age = self._clock.monotonic() - self._since
        if self._items:
            return len(self._items) >= self._most or age >= BATCH_SECONDS
        return self._moved and age >= CURSOR_SECONDS

    @property
    def has_items(self) -> bool:
        """Whether there is an item."""
        return bool(self._items)

    @property
    def waiting(self) -> bool:
        """Whether there is an item, or a position that no batch has."""
        return bool(self._items) or self._moved

    def take(self, *, caught_up: bool) -> Batch:
        """Return what was collected, as a batch that may have no items; call it only between complete events."""
        items, self._items = self._items, []
        self._since, self._moved = self._clock.monotonic(), False
        return Batch(items, self._cursor.commit(self._position()), caught_up=caught_up)
