"""How often the counts behind the dashboards are recounted: as often as the detector runs, while that takes little of its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from squall.core.clock import Clock
from squall.storage import Store

SHARE: Final = 0.2
"""Most of the time that recounting may take. It costs as many rows as were published in the hours with new documents, so a fast replay or a
busy feed would otherwise take the processor from the worker that shares it."""


class RollupPacing:
    """Recounts at most so often that it takes `SHARE` of the time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._rollups = store.rollups
        self._clock = clock
        self._next = 0.0

    def update(self, should_continue: Callable[[], bool], *, always: bool) -> None:
        """Recount what changed since the last complete update, unless the last one ended too short a time ago.

        Args:
            should_continue: see `squall.storage.queries.rollups.RollupQueries.update`.
            always: also within that time, for a run after which no other comes.

        Raises:
            UnavailableError: the store can't be reached.
        """
        began = self._clock.monotonic()
        if began < self._next and not always:
            return
        self._rollups.update(should_continue)
        ended = self._clock.monotonic()
        self._next = ended + (ended - began) * (1 / SHARE - 1)
