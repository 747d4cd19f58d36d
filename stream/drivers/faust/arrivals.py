"""Events that Faust has delivered and the stages have no room for yet: they wait together, and go on as one micro-batch.

So a micro-batch has what arrived while those before it were in work: many documents with a lag, few without.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from squall.core.config.settings import ProcessorSettings
from squall.stream.stages import Stages


class Arrivals:
    """A bounded queue of events, taken in order, for one event loop.

    Args:
        stages: have room, or not.
        limits: how long a micro-batch waits to fill; while `batch_documents` events wait, no more are added.
        is_current: whether an event is of the present assignment of partitions; others will be delivered again, here or elsewhere.
    """

    def __init__(self, stages: Stages, limits: ProcessorSettings, is_current: Callable[[Any], bool]) -> None:
        self._stages = stages
        self._limits = limits
        self._is_current = is_current
        self._events: deque[Any] = deque()
        self._taken = asyncio.Event()
        self._changed = asyncio.Event()

    async def add(self, events: Sequence[Any]) -> None:
        """Add events, after waiting for a place."""
        while len(self._events) >= self._limits.batch_documents:
            self._taken.clear()
            await self._taken.wait()
        before = len(self._events)
        self._events.extend(events)
        if before == 0 or before < self._stages.size.limit <= len(self._events):
            self._changed.set()

    def wake(self) -> None:
        """Look again at the stages: their state has changed."""
        self._changed.set()

    async def take(self) -> list[Any]:
        """Return the next events once the stages have room: at once if they fill a micro-batch, else after `batch_wait_seconds`.

        Raises:
            BaseException: what ended the stages.
        """
        events: list[Any] = []
        while not events:
            await self._wait(lambda: bool(self._events))
            await self._wait(lambda: len(self._events) >= self._stages.size.limit, self._limits.batch_wait_seconds)
            await self._wait(lambda: self._stages.wait_for_room(0.0))
            while self._events and len(events) < self._stages.size.limit:
                event = self._events.popleft()
                if self._is_current(event):
                    events.append(event)
            self._taken.set()
        return events

    async def _wait(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return
