"""How far this worker's partitions are from their ends: what is caught up, and how many messages wait.

Every fetch answer carries the ends of its partitions, so the broker is not asked. An end is known from the first answer after
a partition was assigned, for as long as answers come: an answer that is older than `FRESH_SECONDS` says nothing about now, since the
broker may be away, or the partition is paused because its buffer is full. Where the end is unknown, a batch is not caught up, and
what `look` found earlier stays as it was, unless messages of the partition are in work. A broker holds an empty fetch for 1.5 s
(`fetch.max.wait.ms` of Faust), so what is caught up is true as of a moment at most that long ago.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from squall.core.clock import Clock, SystemClock
from squall.core.items import Item
from squall.stream.drivers.faust.quirks.private_attributes import Fetched, fetched
from squall.stream.drivers.progress import ProgressTracker

CaughtUp = dict[tuple[str, int], bool]
"""Per topic and partition whether nothing more can be read now."""

FRESH_SECONDS = 5.0
"""Age up to which a fetch answer tells the end of a partition: three times as long as a broker holds an empty fetch."""


@dataclass(frozen=True)
class Standing:
    """What a look at the ends of all assigned partitions found."""

    waiting: int
    """Messages that are not stored yet, as of the last fetch answers."""
    in_flight: bool
    """Some messages are read and not acknowledged."""
    caught_up: CaughtUp
    """Of partitions with a known end or with messages in flight; the latter are never caught up."""
    complete: bool
    """The ends of all partitions are known."""
    stored: Mapping[tuple[str, int], int] = field(default_factory=dict, compare=False)
    """Offset of the last message that was stored then, of each partition in `caught_up`; -1: none."""

    @property
    def idle(self) -> bool:
        """Nothing is in flight and nothing is left to read."""
        return self.complete and not self.in_flight and all(self.caught_up.values())


class PartitionEnds:
    """Compares what was read with the ends of the partitions.

    Args:
        app: the running Faust app.
        topic: of the documents.
        clock: tells the age of a fetch answer.
    """

    def __init__(self, app: Any, topic: str, clock: Clock | None = None) -> None:
        self._app = app
        self._topic = topic
        self._clock = clock or SystemClock()

    def caught_up(self, batch: Sequence[Item]) -> CaughtUp:
        """Return for each partition of `batch` whether the batch reaches its end; not where the end is unknown."""
        last = {item.origin.partition: item.origin.offset for item in batch}
        found = CaughtUp()
        for partition, offset in last.items():
            answer = self._fetched(partition)
            found[self._topic, partition] = answer is not None and self._is_fresh(answer) and offset + 1 >= answer.end
        return found

    def look(self, assigned: Collection[int], tracker: ProgressTracker) -> Standing:
        """Return how the `assigned` partitions stand; `tracker` knows what is stored of them."""
        # before what is in flight: a batch that is stored in between has moved on, and is left as it is
        positions = {(self._topic, partition): tracker.position(self._topic, partition) for partition in assigned}
        in_flight = {message.partition for message in self._app.consumer.unacked if message.topic == self._topic}
        waiting, caught_up, complete = 0, CaughtUp(), True
        for partition in sorted(assigned):
            answer = self._fetched(partition)
            if answer is not None:
                stored = positions[self._topic, partition]
                waiting += max(0, answer.end - (stored + 1 if stored >= 0 else answer.position))
            if answer is None or not self._is_fresh(answer):
                complete = False
            if partition in in_flight:  # however long it takes: what is read and not stored is still to come
                caught_up[self._topic, partition] = False
            elif answer is not None and self._is_fresh(answer):
                caught_up[self._topic, partition] = answer.position >= answer.end
        return Standing(waiting, bool(in_flight), caught_up, complete, {key: positions[key] for key in caught_up})

    def _fetched(self, partition: int) -> Fetched | None:
        return fetched(self._app, self._topic, partition)

    def _is_fresh(self, answer: Fetched) -> bool:
        """Tell whether the answer speaks of now; after a jump of the clock, in either direction, the next one does."""
        return abs(self._clock.now().timestamp() - answer.at) <= FRESH_SECONDS
