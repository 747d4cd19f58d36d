"""Takes the events of one Faust app to the stages, and acknowledges them once they are stored and the progress is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import Any

from squall.core.config.settings import Settings
from squall.core.errors import TooManyRejectsError
from squall.core.items import Item, Outcome
from squall.stream.drivers.faust.arrivals import Arrivals
from squall.stream.drivers.faust.decode import decode_message
from squall.stream.drivers.faust.partition_ends import PartitionEnds
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.processor import Processor
from squall.stream.stages import Stages


class EventFlow:
    """The events of one app, in their order.

    Events of an earlier assignment of partitions are neither taken nor acknowledged: Faust goes back to what is committed at every
    assignment, so they are delivered again, here or to another worker. What of them was in work by then is known by its ids.

    Args:
        app: a Faust app.
        ends: of its partitions.
        stages: process the events.
        processor: retries what the store does not take now.
        tracker: keeps the detector's progress rows.
        settings: limits of micro-batches.
        on_batch: called on the event loop for each micro-batch that is safe.
    """

    def __init__(
        self,
        app: Any,
        ends: PartitionEnds,
        stages: Stages,
        processor: Processor,
        tracker: ProgressTracker,
        settings: Settings,
        on_batch: Callable[[], None],
    ) -> None:
        self._app = app
        self._ends = ends
        self._stages = stages
        self._processor = processor
        self._tracker = tracker
        self._on_batch = on_batch
        self._loop = asyncio.get_running_loop()
        self._ended = False
        self.arrivals = Arrivals(stages, settings.processor, self.is_current)

    def is_current(self, event: Any) -> bool:
        """Whether `event` is of the present assignment of partitions."""
        return not self._ended and bool(event.message.generation_id == self._app.consumer_generation_id)

    def end(self) -> None:
        """Acknowledge nothing any more: the app is stopped."""
        self._ended = True

    async def run(self) -> None:
        """Hand events over until the stages have ended; what ended them is their `error`."""
        try:
            while True:
                self._stages.submit(_EventDelivery(await self.arrivals.take(), self._stored))
        except Exception:
            if self._stages.error is None:
                raise

    def _stored(self, items: Sequence[Item], events: Sequence[Any]) -> None:
        if any(self.is_current(event) for event in events):
            caught_up = self._ends.caught_up(items)
            self._processor.retry_until_available(lambda: self._tracker.stored(items, caught_up))
        self._loop.call_soon_threadsafe(self._acknowledge, events)

    def _acknowledge(self, events: Sequence[Any]) -> None:
        self._on_batch()
        for event in events:
            if self.is_current(event):
                event.ack()


class _EventDelivery:
    """Events that were taken together.

    Args:
        events: unacknowledged.
        stored: called with the items and the events of each micro-batch that is safe.
    """

    def __init__(self, events: Sequence[Any], stored: Callable[[Sequence[Item], Sequence[Any]], None]) -> None:
        self._events = events
        self._left = iter(events)
        self._stored = stored

    def items(self) -> Sequence[Item]:
        return [decode_message(event.message) for event in self._events]

    def left_out(self) -> Collection[str]:
        return ()  # too many rejects end the worker

    def rejected(self, error: TooManyRejectsError) -> None:
        raise error

    def stored(self, items: Sequence[Item], _outcomes: Sequence[Outcome], /) -> None:
        self._stored(items, list(islice(self._left, len(items))))

    def done(self) -> None:
        """All of its events are acknowledged by now."""
