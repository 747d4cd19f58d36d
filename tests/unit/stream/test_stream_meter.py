from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.errors import StoreUnavailableError
from squall.storage.rows.pipeline import PipelineSample
from squall.stream.meter import BatchReport, Device, PipelineMeter

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Samples:
    """Keeps what is written; fails as often as told."""

    def __init__(self) -> None:
        self.rows: list[PipelineSample] = []
        self.fail_next = 0

    def write_samples(self, samples: list[PipelineSample]) -> None:
        if self.fail_next:
            self.fail_next -= 1
            raise StoreUnavailableError("connection refused")
        self.rows += samples


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def meter(samples: Samples, clock: ManualClock) -> PipelineMeter:
    return PipelineMeter(samples, clock, lambda: Device("cpu"), "worker-1")


def test_a_sample_adds_up_the_batches_since_the_last_one(samples: Samples, clock: ManualClock) -> None:
    tested = meter(samples, clock)
    tested.observe(BatchReport(10, stored=8, duplicates=1, reasons=("broken_json",), published_ages=(1.0, 3.0), model_version="m1"))
    tested.observe(BatchReport(4, stored=4, scoring_seconds=0.5, storing_seconds=0.25, retries=2, published_ages=(2.0,)))
    tested.lag = 17
    clock.advance(10)
    tested.write()
    [row] = samples.rows
    assert (row.worker, row.at, row.seconds, row.device, row.device_memory) == ("worker-1", clock.now(), 10, "cpu", None)
    assert (row.stored, row.duplicates, row.rejected, row.reasons) == (12, 1, 1, ("broken_json",))
    assert (row.batches, row.largest_batch, row.retries, row.lag) == (2, 10, 2, 17)
    assert (row.scoring_seconds, row.storing_seconds, row.model_version) == (0.5, 0.25, "m1")
    assert (row.published.p50, row.published.max, row.collected.max) == (2.0, 3.0, 0.0)


def test_an_idle_process_says_that_it_lives(samples: Samples, clock: ManualClock) -> None:
    tested = meter(samples, clock)
    tested.write()
    tested.write()
    assert [row.stored for row in samples.rows] == [0, 0]


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30))
def test_nothing_is_lost_or_told_twice_when_the_store_fails_now_and_then(steps: list[tuple[int, bool]]) -> None:
    samples = Samples()
    tested = meter(samples, ManualClock(NOW))
    for stored, fails in steps:
        tested.observe(BatchReport(stored, stored=stored, reasons=("x",), published_ages=(1.0,) * stored))
        samples.fail_next = int(fails)
        tested.write()
    samples.fail_next = 0
    tested.write()
    assert sum(row.stored for row in samples.rows) == sum(stored for stored, _ in steps)
    assert sum(row.batches for row in samples.rows) == len(steps) == sum(len(row.reasons) for row in samples.rows)


def test_the_last_sample_is_written_when_the_work_ends(samples: Samples, clock: ManualClock) -> None:
    tested = meter(samples, clock)
    with tested.running():
        tested.observe(BatchReport(3, stored=3))
    assert [row.stored for row in samples.rows] == [3]


def test_memory_stays_bounded_while_the_store_is_down(samples: Samples, clock: ManualClock) -> None:
    tested = meter(samples, clock)
    samples.fail_next = 40
    for _ in range(40):
        tested.observe(BatchReport(5000, stored=5000, reasons=("x",) * 1000, published_ages=(1.0,) * 5000))
        tested.write()
    tested.write()
    [row] = samples.rows
    assert (row.stored, row.rejected, len(row.reasons)) == (200_000, 40_000, 10_000)
