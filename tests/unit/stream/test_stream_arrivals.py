"""What waits for the stages: a micro-batch has what arrived while there was no room, and nothing of an earlier assignment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from squall.core.config.settings import ProcessorSettings
from squall.core.errors import StoreError
from squall.stream.batching import BatchSize
from squall.stream.drivers.faust.arrivals import Arrivals
from squall.stream.stages import Stages

LIMITS = ProcessorSettings(batch_documents=4, batch_wait_seconds=60.0)


@dataclass
class Room:
    """Stages of which only the room matters."""

    free: bool = True
    error: Exception | None = None
    size: BatchSize = field(default_factory=lambda: BatchSize(LIMITS))

    def wait_for_room(self, _seconds: float) -> bool:
        if self.error is not None:
            raise self.error
        return self.free


def arrivals(room: Room, limits: ProcessorSettings = LIMITS) -> Arrivals:
    return Arrivals(cast("Stages", room), limits, lambda event: event >= 0)


async def settled(task: asyncio.Task[Any]) -> bool:
    """Let everything run that can; return whether the task has ended."""
    for _ in range(20):
        await asyncio.sleep(0)
    return task.done()


def test_events_go_on_at_once_when_they_fill_a_micro_batch() -> None:
    async def run() -> None:
        waiting = arrivals(Room())
        taking = asyncio.create_task(waiting.take())
        for event in range(3):
            await waiting.add([event])
        assert not await settled(taking)
        await waiting.add([3])
        assert await taking == [0, 1, 2, 3]

    asyncio.run(run())


def test_few_events_go_on_after_the_time_to_fill_a_micro_batch() -> None:
    async def run() -> None:
        waiting = arrivals(Room(), ProcessorSettings(batch_documents=4, batch_wait_seconds=0.01))
        await waiting.add([0])
        assert await waiting.take() == [0]

    asyncio.run(run())


def test_a_micro_batch_grows_while_the_stages_have_no_room_and_what_does_not_fit_waits() -> None:
    async def run() -> None:
        room = Room(free=False)
        waiting = arrivals(room, ProcessorSettings(batch_documents=4, batch_wait_seconds=0.001))
        taking = asyncio.create_task(waiting.take())
        await waiting.add([0])
        await asyncio.sleep(0.01)
        for event in range(1, 4):
            await waiting.add([event])
        adding = asyncio.create_task(waiting.add([4]))
        assert not await settled(adding), "what waits is bounded"
        assert not taking.done()
        room.free = True
        waiting.wake()
        assert await taking == [0, 1, 2, 3]
        await adding
        assert await waiting.take() == [4]

    asyncio.run(run())


def test_events_that_come_together_fill_a_micro_batch_and_what_is_beyond_goes_with_the_next_one() -> None:
    async def run() -> None:
        waiting = arrivals(Room(), ProcessorSettings(batch_documents=4, batch_wait_seconds=60.0))
        taking = asyncio.create_task(waiting.take())
        await waiting.add([0, 1])
        assert not await settled(taking)
        await waiting.add([2, 3, 4, 5])
        assert await taking == [0, 1, 2, 3]
        await waiting.add([6, 7])
        assert await waiting.take() == [4, 5, 6, 7]

    asyncio.run(run())


def test_events_of_an_earlier_assignment_are_dropped() -> None:
    async def run() -> None:
        waiting = arrivals(Room(), ProcessorSettings(batch_documents=2, batch_wait_seconds=0.01))
        for event in (-1, -2):
            await waiting.add([event])
        taking = asyncio.create_task(waiting.take())
        assert not await settled(taking), "no empty micro-batch"
        await waiting.add([5])
        assert await taking == [5]

    asyncio.run(run())


def test_what_ended_the_stages_is_raised() -> None:
    async def run() -> None:
        room = Room(free=False)
        waiting = arrivals(room, ProcessorSettings(batch_documents=1))
        taking = asyncio.create_task(waiting.take())
        await waiting.add([0])
        assert not await settled(taking)
        room.error = StoreError("no such table")
        waiting.wake()
        with pytest.raises(StoreError, match="no such table"):
            await taking

    asyncio.run(run())
