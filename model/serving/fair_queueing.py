"""Fair queueing: texts of many calls packed into batches, those of similar length together, no call starved by a longer one."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from itertools import count
from typing import Generic, TypeVar

from squall.model.serving.backends.base import width_of

Group = TypeVar("Group")
Item = TypeVar("Item")


class FairQueue(Generic[Group, Item]):
    """Items wait by width; a batch starts with the one whose turn it is, and is filled with items of its width first.

    Turns are those of start-time fair queueing (Goyal, Vin and Cheng 1996): an item's turn is the later of the queue's present turn and
    the last turn of its flow, plus its width. So a short call that comes late goes ahead of what a long one still has waiting.

    Not thread-safe.
    """

    def __init__(self) -> None:
        self._heaps: dict[Group, dict[int, list[tuple[int, int, Hashable, Item]]]] = {}  # of turn, running number, flow, item
        self._last: dict[Hashable, int] = {}
        self._left: dict[Hashable, int] = {}
        self._now = 0
        self._waiting = 0
        self._numbers = count()
        self.tokens = 0
        """Padded tokens that wait."""

    def __len__(self) -> int:
        return self._waiting

    def add(self, flow: Hashable, group: Group, length: int, item: Item) -> None:
        """Add an item of `length` tokens; only items of one group may share a batch."""
        width = width_of(length)
        turn = max(self._now, self._last.get(flow, 0)) + width
        self._last[flow] = turn
        self._left[flow] = self._left.get(flow, 0) + 1
        heapq.heappush(self._heaps.setdefault(group, {}).setdefault(width, []), (turn, next(self._numbers), flow, item))
        self.tokens += width
        self._waiting += 1

    def next_group(self) -> Group:
        """Return the group whose turn it is; the queue must not be empty."""
        return min(self._heaps, key=lambda group: min(heap[0] for heap in self._heaps[group].values()))

    def take(self, budget: Callable[[Group], int]) -> tuple[Group, list[Item]]:
        """Return a batch of the group whose turn it is, and take it out; the queue must not be empty.

        The widths of the items sum to `budget(group)` or less; an item wider than that is a batch of its own.
        """
        group = self.next_group()
        heaps, remaining = self._heaps[group], budget(group)
        self._now = min(heap[0] for heap in heaps.values())[0]
        batch: list[Item] = []
        while heaps:
            width = min(heaps, key=lambda width: heaps[width][0])
            heap = heaps[width]
            while heap and (width <= remaining or not batch):
                batch.append(self._pop(heap, width))
                remaining -= width
            if heap:
                break
            del heaps[width]
        if not heaps:
            del self._heaps[group]
        return group, batch

    def drop(self, flow: Hashable) -> int:
        """Take out all items of `flow`; return how many there were."""
        dropped = self._left.pop(flow, 0)
        self._last.pop(flow, None)
        if not dropped:
            return 0
        self._waiting -= dropped
        for group, heaps in list(self._heaps.items()):
            for width, heap in list(heaps.items()):
                kept = [entry for entry in heap if entry[2] != flow]
                self.tokens -= width * (len(heap) - len(kept))
                heapq.heapify(kept)
                heaps[width] = kept
                if not kept:
                    del heaps[width]
            if not heaps:
                del self._heaps[group]  # a group may be a whole model: the queue must not keep it alive
        return dropped

    def _pop(self, heap: list[tuple[int, int, Hashable, Item]], width: int) -> Item:
        _turn, _number, flow, item = heapq.heappop(heap)
        self.tokens -= width
        self._waiting -= 1
        self._left[flow] -= 1
        if not self._left[flow]:
            del self._left[flow]
            del self._last[flow]
        return item
