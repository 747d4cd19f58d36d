"""Liveness means progress, readiness means that dependencies answered."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from squall.core.clock import ManualClock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import BrokerUnavailableError, StoppedError, StoreError, StoreUnavailableError
from squall.core.observability.health import Progress, Vitals
from squall.storage.backends.metered import MeteredBackend
from squall.stream.processor import WORKER, Processor
from tests.support.doubles import HashScorer, MemoryStore, item

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def test_a_part_that_is_silent_for_too_long_is_stuck_and_says_so(clock: ManualClock) -> None:
    progress = Progress(clock, 60)
    progress.expect("worker")
    progress.expect("detector", least_patience=180)
    clock.advance(61)
    assert progress.stuck() == ["worker: no progress for 61 s, which is more than 60 s"]
    progress.touch("worker")
    assert progress.stuck() == []
    clock.advance(180)
    assert [line.partition(":")[0] for line in progress.stuck()] == ["detector", "worker"]
    progress.done("worker")
    progress.done("detector")
    assert progress.stuck() == []


def test_a_touch_does_not_make_a_part_that_nobody_expects(clock: ManualClock) -> None:
    progress = Progress(clock, 60)
    progress.touch("library use")
    clock.advance(1000)
    assert progress.stuck() == []


def test_nothing_is_ready_before_its_dependencies_have_answered() -> None:
    vitals = Vitals()
    vitals.dependencies.expect("store")
    vitals.dependencies.expect("broker")
    assert vitals.dependencies.missing() == ["broker", "store"]
    vitals.dependencies.answered("store")
    vitals.dependencies.expect("store")
    assert vitals.dependencies.missing() == ["broker"]
    vitals.dependencies.answered("broker")
    vitals.dependencies.failed("store")
    assert vitals.dependencies.missing() == ["store"]
    assert vitals.metrics.registry.get_sample_value("squall_dependency_up", {"dependency": "store"}) == 0
    assert vitals.metrics.registry.get_sample_value("squall_dependency_up", {"dependency": "broker"}) == 1


class Scripted:
    """A backend that answers, or fails as told."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.error: Exception | None = None

    def _call(self, *_: Any) -> Any:
        self.clock.advance(2)
        if self.error:
            raise self.error
        return "answer"

    select = command = insert = _call

    def close(self) -> None:
        self.error = StoreError("closed")


def test_a_store_that_goes_away_and_comes_back_is_told_by_the_calls_that_are_made_anyway(clock: ManualClock) -> None:
    vitals, backend = Vitals(clock), Scripted(clock)
    store: Any = MeteredBackend(backend, vitals)  # type: ignore[arg-type]
    value = vitals.metrics.registry.get_sample_value
    assert vitals.dependencies.missing() == ["store"]
    assert store.select("SELECT 1", {}) == "answer"
    assert vitals.dependencies.missing() == []
    backend.error = StoreUnavailableError("connection refused")
    with pytest.raises(StoreUnavailableError):
        store.insert(None, [], "")
    assert vitals.dependencies.missing() == ["store"]
    backend.error = StoreError("no such table")
    with pytest.raises(StoreError):
        store.command("DROP", {})
    backend.error = None
    store.select("SELECT 1", {})
    assert vitals.dependencies.missing() == []
    calls = {("select", "ok"): 2, ("insert", "unavailable"): 1, ("command", "error"): 1, ("insert", "ok"): 0}
    for (operation, outcome), count in calls.items():
        assert value("squall_store_calls_total", {"operation": operation, "outcome": outcome}) == count
    assert value("squall_store_call_seconds_sum", {"operation": "select"}) == 4
    assert value("squall_store_call_seconds_count", {"operation": "insert"}) == 1


def processor(clock: ManualClock, vitals: Vitals, store: MemoryStore, stop: threading.Event) -> Processor:
    limits = ProcessorSettings(retry_max_seconds=0.001)
    return Processor(HashScorer(), store, store, limits, clock, stop, vitals=vitals)


def test_a_worker_that_waits_for_its_store_is_alive(clock: ManualClock) -> None:
    vitals, store, stop = Vitals(clock, patience_seconds=60), MemoryStore(fail_next=5), threading.Event()
    vitals.progress.expect(WORKER)
    seen: list[list[str]] = []

    def fail() -> None:
        seen.append(vitals.progress.stuck())
        clock.advance(50)

    store.on_failure = fail
    processor(clock, vitals, store, stop).process([item(0)])
    assert seen == [[]] * 5, "250 s of waiting, and never stuck"
    assert vitals.metrics.registry.get_sample_value("squall_retries_total", {"dependency": "store"}) == 5


def test_a_broker_that_does_not_take_dead_letters_is_not_blamed_on_the_store(clock: ManualClock) -> None:
    vitals, stop = Vitals(clock), threading.Event()
    store = MemoryStore(fail_next=1, error=BrokerUnavailableError("no broker"))
    processor(clock, vitals, store, stop).process([item(0)])
    assert vitals.metrics.registry.get_sample_value("squall_retries_total", {"dependency": "broker"}) == 1
    assert vitals.metrics.registry.get_sample_value("squall_retries_total", {"dependency": "store"}) == 0


def test_a_worker_that_hangs_in_the_model_is_not_alive(clock: ManualClock) -> None:
    vitals, stop = Vitals(clock, patience_seconds=60), threading.Event()
    vitals.progress.expect(WORKER)
    seen: list[list[str]] = []

    class Hanging(HashScorer):
        def score(self, texts: Sequence[str]) -> Any:
            clock.advance(61)
            seen.append(vitals.progress.stuck())
            return super().score(texts)

    store = MemoryStore()
    Processor(Hanging(), store, store, ProcessorSettings(), clock, stop, vitals=vitals).process([item(0)])
    assert [len(lines) for lines in seen] == [1]
    assert vitals.progress.stuck() == [], "it came through after all"


def test_a_worker_that_was_asked_to_stop_while_it_waited_left_nothing_acknowledged(clock: ManualClock) -> None:
    vitals, stop = Vitals(clock), threading.Event()
    store = MemoryStore(fail_next=99, on_failure=stop.set)
    with pytest.raises(StoppedError):
        processor(clock, vitals, store, stop).process([item(0)])
    assert vitals.metrics.registry.get_sample_value("squall_documents_total", {"fate": "stored"}) == 0


def test_ages_are_told_as_they_are_at_the_scrape(clock: ManualClock) -> None:
    vitals = Vitals(clock)
    value = vitals.metrics.registry.get_sample_value
    assert value("squall_detector_evaluated_age_seconds") is None
    vitals.metrics.evaluated(NOW - timedelta(seconds=100), NOW - timedelta(seconds=160))
    clock.advance(40)
    assert value("squall_detector_watermark_age_seconds") == 140
    assert value("squall_detector_evaluated_age_seconds") == 200
    vitals.metrics.evaluated(None, NOW)
    assert value("squall_detector_evaluated_age_seconds") == 40
    assert value("squall_detector_watermark_age_seconds") == 140
    vitals.metrics.stand_by()
    assert value("squall_detector_evaluated_age_seconds") is None
