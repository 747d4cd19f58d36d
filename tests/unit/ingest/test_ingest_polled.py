"""Sources that are asked again and again: how long they wait after failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

from squall.core.clock import ManualClock
from squall.core.errors import InvalidRecordError, UnavailableError
from squall.core.items import Batch
from squall.ingest.registry.live import PolledSource, doubled
from squall.ingest.source import OriginNumbers, no_commit, rejected
from tests.support.source_context import source_context


class Failing(PolledSource):
    """Each poll fails; those that `delivers` names have an item before."""

    def __init__(self, delivers: set[int]) -> None:
        context = source_context(None, clock=ManualClock(datetime(2026, 3, 2, tzinfo=UTC)))
        super().__init__(context, 60.0)
        self._numbers = OriginNumbers(context.name, context.clock)
        self._delivers = delivers
        self.pauses: list[float] = []

    def _poll(self) -> Iterator[Batch]:
        if len(self.pauses) in self._delivers:
            yield Batch([rejected(self._numbers.next(), InvalidRecordError("broken", "x"), b"")], no_commit, caught_up=False)
        raise UnavailableError("no answer")

    def _pause_after(self, error: UnavailableError, pause: float, /) -> float:
        self.pauses.append(doubled(60.0, self._failures, 900.0))
        if len(self.pauses) == 6:
            self.close()
        return pause


def test_pauses_grow_with_failures_in_a_row_and_begin_anew_after_an_item() -> None:
    source = Failing({3})
    assert len(list(source.batches(threading.Event()))) == 1
    assert source.pauses == [60, 120, 240, 60, 120, 240]
