"""Events come from the channel of a Faust stream many at a time, in order, and its end is told."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.types import TP

from squall.stream.drivers.faust.quirks.channel_events import MOST, next_events


def stream() -> Any:
    """What the driver uses of a stream: its channel, and the monitor of its app."""
    app: Any = faust.App("test", broker="memory://", store="memory://")
    app.flow_control.resume()  # as it is while partitions are assigned
    return SimpleNamespace(app=app, channel=app.channel(maxsize=10_000).clone(is_iterator=True))


def event(number: int, partition: int = 0) -> Any:
    return SimpleNamespace(number=number, message=SimpleNamespace(tp=TP("documents", partition)))


def test_all_that_is_there_comes_at_once_and_in_order_but_no_more_than_the_most() -> None:
    async def run() -> None:
        source = stream()
        for number in range(MOST + 2):
            await source.channel.put(event(number))
        first, second = await next_events(source), await next_events(source)
        assert [each.number for each in first] == list(range(MOST))
        assert [each.number for each in second] == [MOST, MOST + 1]

    asyncio.run(run())


def test_the_first_event_is_waited_for() -> None:
    async def run() -> None:
        source = stream()
        waiting = asyncio.create_task(next_events(source))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        await source.channel.put(event(7))
        assert [each.number for each in await waiting] == [7]

    asyncio.run(run())


def test_faust_learns_that_the_stream_moves_on_for_every_partition_it_read() -> None:
    async def run() -> None:
        source = stream()
        for number, partition in enumerate((0, 2, 0)):
            await source.channel.put(event(number, partition))
        await next_events(source, lambda: 12.5)
        assert source.app.monitor.stream_inbound_time == {TP("documents", 0): 12.5, TP("documents", 2): 12.5}

    asyncio.run(run())


def test_the_end_of_the_channel_is_raised() -> None:
    async def run() -> None:
        source = stream()
        await source.channel.throw(StopAsyncIteration())
        with pytest.raises(StopAsyncIteration):
            await next_events(source)

    asyncio.run(run())
