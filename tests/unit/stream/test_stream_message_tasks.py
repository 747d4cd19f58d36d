"""A message that a stream takes at once makes no task; one that waits for room still gives way to a stop or a rebalance."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mode import Service

from squall.stream.drivers.faust.quirks.message_tasks import hand_over_directly


class Consumer(Service):
    """What the workaround needs of Faust's consumer: the real `wait_first`."""

    def __init__(self) -> None:
        super().__init__()
        self.suspend_flow = asyncio.Event()
        self.taken: list[int] = []
        self.room = asyncio.Event()

    async def hand_over(self, message: int, *, waits: bool = False) -> None:
        if waits:
            await self.room.wait()
        if message < 0:
            raise ValueError("no such message")
        self.taken.append(message)

    async def deliver(self, message: int, **options: Any) -> None:
        await self.wait_first(self.hand_over(message, **options), self.suspend_flow.wait())


def consumer() -> Consumer:
    made = Consumer()
    hand_over_directly(made)
    hand_over_directly(made)  # once is enough
    return made


def test_a_message_that_is_taken_at_once_makes_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        made = consumer()
        monkeypatch.setattr(asyncio, "ensure_future", lambda *_, **__: pytest.fail("it made a task"))
        for message in range(3):
            await made.deliver(message)
        assert made.taken == [0, 1, 2]

    asyncio.run(run())


def test_a_message_waits_for_room_and_is_taken_then() -> None:
    async def run() -> None:
        made = consumer()
        delivery = asyncio.create_task(made.deliver(1, waits=True))
        await asyncio.sleep(0)
        assert made.taken == []
        made.room.set()
        await delivery
        assert made.taken == [1]

    asyncio.run(run())


def test_a_message_that_waits_for_room_gives_way_to_a_rebalance() -> None:
    async def run() -> None:
        made = consumer()
        delivery = asyncio.create_task(made.deliver(1, waits=True))
        await asyncio.sleep(0)
        made.suspend_flow.set()
        await delivery
        made.room.set()
        await asyncio.sleep(0)
        assert made.taken == []

    asyncio.run(run())


@pytest.mark.parametrize("waits", [False, True])
def test_an_error_of_the_hand_over_is_raised(waits: bool) -> None:
    async def run() -> None:
        made = consumer()
        made.room.set()
        with pytest.raises(ValueError, match="no such message"):
            await made.deliver(-1, waits=waits)

    asyncio.run(run())
