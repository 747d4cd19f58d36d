from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.errors import StoreUnavailableError
from squall.storage.rows.pipeline import PipelineSample
from squall.stream.meter import LOG_SECONDS, Device, PipelineMeter
from tests.support.doubles import batch_report

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Samples:
    """Keeps what is written; the next `fail_next` calls raise."""

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
    tested.add_batch(batch_report(stored=8, duplicates=1, reasons=("broken_json",)))
    tested.add_batch(batch_report(stored=4, scoring_seconds=0.5, storing_seconds=0.25, retries=2))
    tested.set_lag(17)
    clock.advance(10)
    tested.write()
    [row] = samples.rows
    assert (row.worker, row.at, row.seconds, row.device, row.device_memory) == ("worker-1", clock.now(), 10, "cpu", None)
    assert (row.stored, row.duplicates, row.rejected, row.reasons) == (12, 1, 1, ("broken_json",))
    assert (row.batches, row.largest_batch, row.retries, row.lag) == (2, 10, 2, 17)
    assert (row.scoring_seconds, row.storing_seconds, row.model_version) == (0.5, 0.25, "hash-1")
    assert (row.published.p50, row.published.max, row.collected.max) == (2.0, 2.0, 1.0)


def test_the_log_says_what_became_of_every_item_once_a_minute_and_at_the_end(
    samples: Samples, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    tested = meter(samples, clock)
    with caplog.at_level(logging.INFO), tested.running():
        tested.add_batch(batch_report(stored=8, duplicates=1, reasons=("broken_json",)))
        tested.log_counts()
        assert caplog.messages == []
        clock.advance(LOG_SECONDS)
        tested.add_batch(batch_report(stored=2, duplicates=3))
        tested.set_lag(17)
        tested.log_counts()
        tested.log_counts(now=True)
        tested.add_batch(batch_report(stored=5))
    assert caplog.messages == [
        "15 items read: 10 stored, 4 duplicates, 1 dead-lettered (1 broken_json); 17 wait in Kafka",
        "5 items read: 5 stored, 0 duplicates, 0 dead-lettered; 17 wait in Kafka",
    ]


def test_an_idle_process_writes_samples_too(samples: Samples, clock: ManualClock) -> None:
    tested = meter(samples, clock)
    tested.write()
    tested.write()
    assert [row.stored for row in samples.rows] == [0, 0]


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30))
def test_nothing_is_lost_or_written_twice_when_the_store_fails_now_and_then(steps: list[tuple[int, bool]]) -> None:
    samples = Samples()
    tested = meter(samples, ManualClock(NOW))
    for stored, fails in steps:
        tested.add_batch(batch_report(stored=stored, reasons=("x",)))
        samples.fail_next = int(fails)
        tested.write()
    samples.fail_next = 0
    tested.write()
    assert sum(row.stored for row in samples.rows) == sum(stored for stored, _ in steps)
    assert sum(row.batches for row in samples.rows) == len(steps) == sum(len(row.reasons) for row in samples.rows)


def test_the_last_sample_is_written_when_the_work_ends(samples: Samples, clock: ManualClock) -> None:
    tested = meter(samples, clock)
    with tested.running():
        tested.add_batch(batch_report(stored=3))
    assert [row.stored for row in samples.rows] == [3]


def test_memory_stays_bounded_while_the_store_is_down(samples: Samples, clock: ManualClock) -> None:
    tested = meter(samples, clock)
    samples.fail_next = 40
    report = batch_report(stored=5000, reasons=("x",) * 1000)
    for _ in range(40):
        tested.add_batch(report)
        tested.write()
    tested.write()
    [row] = samples.rows
    assert (row.stored, row.rejected, len(row.reasons)) == (200_000, 40_000, 10_000)


def test_the_log_adds_up_what_it_does_not_name(samples: Samples, clock: ManualClock, caplog: pytest.LogCaptureFixture) -> None:
    tested = meter(samples, clock)
    reasons = ("a",) * 4 + ("b",) * 3 + ("c",) * 3 + ("d", "d", "e", "e", "f", "g")
    with caplog.at_level(logging.INFO), tested.running():
        tested.add_batch(batch_report(stored=0, reasons=reasons))
    assert caplog.messages == [
        "16 items read: 0 stored, 0 duplicates, 16 dead-lettered (4 a, 3 b, 3 c, 2 d, 2 e, 2 for other reasons)",
    ]
