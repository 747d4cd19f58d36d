"""What is caught up, by the state that aiokafka keeps of its partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState

from squall.core.clock import ManualClock
from squall.core.items import Item, Origin, Rejection
from squall.stream.drivers.faust.partition_ends import FRESH_SECONDS, PartitionEnds, Standing
from squall.stream.drivers.faust.quirks.private_attributes import coordination_error

TOPIC = "documents"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Positions:
    """What is stored, in place of the tracker."""

    def __init__(self, stored: dict[int, int]) -> None:
        self._stored = stored

    def position(self, _stream: str, partition: int) -> int:
        return self._stored.get(partition, -1)


@dataclass(frozen=True)
class Message:
    topic: str
    partition: int


class Consumer:
    """The partitions of one worker."""

    def __init__(self, partitions: Collection[int]) -> None:
        self.clock = ManualClock(NOW)
        self.unacked: set[Any] = set()
        self._subscription = SubscriptionState()
        self._subscription.assign_from_user({TopicPartition(TOPIC, number) for number in partitions})
        self._thread = SimpleNamespace(_consumer=self)
        self.ends = PartitionEnds(SimpleNamespace(consumer=self), TOPIC, self.clock)

    def state(self, partition: int) -> Any:
        assert self._subscription.subscription
        return self._subscription.subscription.assignment.state_value(TopicPartition(TOPIC, partition))

    def answer(self, partition: int, end: int, position: int | None = None) -> None:
        """Note a fetch answer with the high watermark `end`; messages up to `position` have been handed out."""
        state = self.state(partition)
        state.seek(end if position is None else position)
        state.highwater, state.timestamp = end, int(self.clock.now().timestamp() * 1000)

    def look(self, partitions: Collection[int], stored: dict[int, int] | None = None) -> Standing:
        return self.ends.look(partitions, Positions(stored or {}))  # type: ignore[arg-type]


def batch(*places: tuple[int, int]) -> list[Item]:
    return [Item(Origin(TOPIC, partition, offset), rejection=Rejection("broken_json", "", b"")) for partition, offset in places]


def run(test: Callable[[], None]) -> None:
    """Run `test` where aiokafka can make its futures."""

    async def inside() -> None:
        test()

    asyncio.run(inside())


def test_nothing_is_known_before_the_first_fetch_answer_and_after_a_partition_went_away() -> None:
    def test() -> None:
        consumer = Consumer([0])
        assert consumer.look([0]) == Standing(0, False, {}, complete=False)
        assert consumer.ends.caught_up(batch((0, 4))) == {(TOPIC, 0): False}
        consumer.answer(0, end=5)
        assert consumer.ends.caught_up(batch((0, 4))) == {(TOPIC, 0): True}
        assert consumer.ends.caught_up(batch((7, 4))) == {(TOPIC, 7): False}
        consumer._subscription.assign_from_user({TopicPartition(TOPIC, 7)})
        assert consumer.ends.caught_up(batch((0, 4))) == {(TOPIC, 0): False}
        assert not consumer.look([7]).idle

    run(test)


def test_a_batch_is_caught_up_when_its_last_message_is_the_last_of_the_partition() -> None:
    def test() -> None:
        consumer = Consumer([0, 1])
        consumer.answer(0, end=10)
        consumer.answer(1, end=3)
        assert consumer.ends.caught_up(batch((0, 7), (1, 2), (0, 8))) == {(TOPIC, 0): False, (TOPIC, 1): True}

    run(test)


@pytest.mark.parametrize("passed", [FRESH_SECONDS + 1, 3600.0, -3600.0], ids=["away", "clock ahead", "clock back"])
def test_an_old_answer_says_nothing_about_now(passed: float) -> None:
    def test() -> None:
        consumer = Consumer([0])
        consumer.answer(0, end=5)
        assert consumer.look([0], {0: 4}) == Standing(0, False, {(TOPIC, 0): True}, complete=True)
        consumer.clock.advance(passed)
        assert consumer.look([0], {0: 4}) == Standing(0, False, {}, complete=False)
        assert consumer.ends.caught_up(batch((0, 4))) == {(TOPIC, 0): False}
        consumer.answer(0, end=9, position=5)
        assert consumer.look([0], {0: 4}) == Standing(4, False, {(TOPIC, 0): False}, complete=True)

    run(test)


def test_an_empty_partition_and_one_whose_last_offsets_hold_no_message_are_caught_up() -> None:
    def test() -> None:
        consumer = Consumer([0, 1])
        consumer.answer(0, end=0)
        consumer.answer(1, end=12)
        standing = consumer.look([0, 1], {1: 9})
        assert standing.caught_up == {(TOPIC, 0): True, (TOPIC, 1): True}
        assert standing.idle

    run(test)


def test_a_partition_with_messages_in_flight_is_not_caught_up_and_the_worker_not_idle() -> None:
    def test() -> None:
        consumer = Consumer([0, 1])
        consumer.answer(0, end=5)
        consumer.answer(1, end=5)
        consumer.unacked.add(Message(TOPIC, 0))
        standing = consumer.look([0, 1], {0: 2, 1: 4})
        assert standing.caught_up == {(TOPIC, 0): False, (TOPIC, 1): True}
        assert (standing.waiting, standing.in_flight, standing.idle) == (2, True, False)

    run(test)


def test_a_position_that_is_not_known_yet_is_not_waited_for() -> None:
    def test() -> None:
        consumer = Consumer([0])
        state = consumer.state(0)
        state.highwater, state.timestamp = 5, int(consumer.clock.now().timestamp() * 1000)
        assert consumer.look([0]) == Standing(0, False, {}, complete=False)

    run(test)


def test_a_suspended_coordination_is_an_error_although_its_task_runs() -> None:
    async def test() -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        coordinator = SimpleNamespace(_coordination_task=task, _pending_exception=None)
        consumer = SimpleNamespace(_coordinator=coordinator)
        app = SimpleNamespace(consumer=SimpleNamespace(_thread=SimpleNamespace(_consumer=consumer)))
        assert coordination_error(app) is None
        coordinator._pending_exception = RuntimeError("not authorised")
        assert coordination_error(app) is coordinator._pending_exception
        task.cancel()

    asyncio.run(test())
