"""How often the counts behind the dashboards are recounted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from squall.alerts.upkeep.rollup_pacing import RollupPacing
from squall.core.clock import ManualClock
from squall.storage import Store


class _Rollups:
    """Takes `seconds` of the clock for each update."""

    def __init__(self, clock: ManualClock, seconds: float) -> None:
        self.updates: list[float] = []
        self._clock = clock
        self._seconds = seconds

    def update(self, should_continue: Callable[[], bool]) -> None:
        assert should_continue()
        self.updates.append(self._clock.monotonic())
        self._clock.advance(self._seconds)


def _pacing(seconds: float) -> tuple[RollupPacing, _Rollups, ManualClock]:
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    rollups = _Rollups(clock, seconds)
    return RollupPacing(cast(Store, SimpleNamespace(rollups=rollups)), clock), rollups, clock


@pytest.mark.parametrize("seconds", [0.5, 3.0, 60.0])
def test_recounting_takes_at_most_a_fifth_of_the_time(seconds: float) -> None:
    pacing, rollups, clock = _pacing(seconds)
    began = clock.monotonic()
    while clock.monotonic() - began < 100 * seconds:
        pacing.update(lambda: True, always=False)
        clock.advance(0.1)
    busy = len(rollups.updates) * seconds
    assert 0.15 <= busy / (clock.monotonic() - began) <= 0.21


def test_recounting_that_takes_no_time_is_done_at_every_run() -> None:
    pacing, rollups, clock = _pacing(0.0)
    for _ in range(10):
        pacing.update(lambda: True, always=False)
        clock.advance(1)
    assert len(rollups.updates) == 10


def test_a_last_run_recounts_at_once() -> None:
    pacing, rollups, _clock = _pacing(5.0)
    for _ in range(3):
        pacing.update(lambda: True, always=True)
    assert len(rollups.updates) == 3
