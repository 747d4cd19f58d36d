"""How far this worker's partitions are from their ends: what is caught up, and how many messages wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from faust.types import TP

from squall.core.items import Item
from squall.stream.drivers.progress import ProgressTracker

CaughtUp = dict[tuple[str, int], bool]
"""Per topic and partition whether nothing more can be read now."""


@dataclass(frozen=True)
class Standing:
    """What a look at the ends of all assigned partitions found."""

    waiting: int
    """Messages that are not stored yet."""
    in_flight: bool
    """Some messages are read and not acknowledged."""
    caught_up: CaughtUp
    """Of partitions with nothing in flight."""

    @property
    def idle(self) -> bool:
        """Nothing is in flight and nothing is left to read."""
        return not self.in_flight and all(self.caught_up.values())


class PartitionEnds:
    """Compares what was read with the ends of the partitions.

    Args:
        app: the running Faust app.
        topic: of the documents.
    """

    def __init__(self, app: Any, topic: str) -> None:
        self._app = app
        self._topic = topic

    async def caught_up(self, batch: Sequence[Item], assigned: Collection[int]) -> CaughtUp:
        """Return for each partition of `batch` whether the batch reaches its end; not where the end is unknown."""
        last = {item.origin.partition: item.origin.offset for item in batch}
        ends = await self._highwaters([partition for partition in last if partition in assigned])
        return {(self._topic, partition): partition in ends and offset + 1 >= ends[partition] for partition, offset in last.items()}

    async def look(self, assigned: Collection[int], tracker: ProgressTracker) -> Standing:
        """Return how the `assigned` partitions stand; `tracker` knows what is stored of them."""
        in_flight = {message.partition for message in self._app.consumer.unacked if message.topic == self._topic}
        waiting, caught_up = 0, CaughtUp()
        for partition, end in (await self._highwaters(sorted(assigned))).items():
            position = await self._app.consumer.position(TP(self._topic, partition))
            stored = tracker.position(self._topic, partition)
            waiting += max(0, end - (stored + 1 if stored >= 0 else position or 0))
            if partition not in in_flight:
                caught_up[self._topic, partition] = position is not None and position >= end
        return Standing(waiting, bool(in_flight), caught_up)

    async def _highwaters(self, partitions: Sequence[int]) -> dict[int, int]:
        if not partitions:
            return {}
        found = await self._app.consumer.highwaters(*[TP(self._topic, partition) for partition in partitions])
        return {tp.partition: offset for tp, offset in found.items() if offset is not None}
