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
from squall.core.observability.health import Health, Liveness
from squall.storage.backends.metered import MeteredBackend
from squall.stream.processor import WORKER, Processor
from tests.support.doubles import HashScorer, MemoryStore, item

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def test_a_part_that_is_silent_for_too_long_is_stuck_and_says_so(clock: ManualClock) -> None:
    liveness = Liveness(clock, 60)
    liveness.expect("worker")
    liveness.expect("detector", least_patience=180)
    clock.advance(61)
    assert liveness.stuck() == ["worker: no progress for 61 s, which is more than 60 s"]
    liveness.touch("worker")
    assert liveness.stuck() == []
    clock.advance(180)
    assert [line.partition(":")[0] for line in liveness.stuck()] == ["detector", "worker"]
    liveness.done("worker")
    liveness.done("detector")
    assert liveness.stuck() == []


def test_a_touch_does_not_make_a_part_that_is_not_expected(clock: ManualClock) -> None:
    liveness = Liveness(clock, 60)
    liveness.touch("library use")
    clock.advance(1000)
    assert liveness.stuck() == []


def test_nothing_is_ready_before_its_dependencies_have_answered() -> None:
    health = Health()
    health.dependencies.expect("store")
    health.dependencies.expect("broker")
    assert health.dependencies.missing() == ["broker", "store"]
    health.dependencies.answered("store")
    health.dependencies.expect("store")
    assert health.dependencies.missing() == ["broker"]
    health.dependencies.answered("broker")
    health.dependencies.failed("store")
    assert health.dependencies.missing() == ["store"]
    assert health.metrics.registry.get_sample_value("squall_dependency_up", {"dependency": "store"}) == 0
    assert health.metrics.registry.get_sample_value("squall_dependency_up", {"dependency": "broker"}) == 1


class Scripted:
    """A backend that answers, or fails as configured."""

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


def test_a_store_that_goes_away_and_comes_back_is_noticed_by_the_calls_that_are_made_anyway(clock: ManualClock) -> None:
    health, backend = Health(clock), Scripted(clock)
    store: Any = MeteredBackend(backend, health)  # type: ignore[arg-type]
    value = health.metrics.registry.get_sample_value
    assert health.dependencies.missing() == ["store"]
    assert store.select("SELECT 1", {}) == "answer"
    assert health.dependencies.missing() == []
    backend.error = StoreUnavailableError("connection refused")
    with pytest.raises(StoreUnavailableError):
        store.insert(None, "")
    assert health.dependencies.missing() == ["store"]
    backend.error = StoreError("no such table")
    with pytest.raises(StoreError):
        store.command("DROP", {})
    backend.error = None
    store.select("SELECT 1", {})
    assert health.dependencies.missing() == []
    calls = {("select", "ok"): 2, ("insert", "unavailable"): 1, ("command", "error"): 1, ("insert", "ok"): 0}
    for (operation, outcome), count in calls.items():
        assert value("squall_store_calls_total", {"operation": operation, "outcome": outcome}) == count
    assert value("squall_store_call_seconds_sum", {"operation": "select"}) == 4
    assert value("squall_store_call_seconds_count", {"operation": "insert"}) == 1


def processor(clock: ManualClock, health: Health, store: MemoryStore, stop: threading.Event) -> Processor:
    limits = ProcessorSettings(retry_max_seconds=0.001)
    return Processor(HashScorer(), store, store, limits, clock, stop, health=health)


def test_a_worker_that_waits_for_its_store_is_alive(clock: ManualClock) -> None:
    health, store, stop = Health(clock, patience_seconds=60), MemoryStore(fail_next=5), threading.Event()
    health.liveness.expect(WORKER)
    seen: list[list[str]] = []

    def fail() -> None:
        seen.append(health.liveness.stuck())
        clock.advance(50)

    store.on_failure = fail
    processor(clock, health, store, stop).process([item(0)])
    assert seen == [[]] * 5, "250 s of waiting, and never stuck"
    assert health.metrics.registry.get_sample_value("squall_retries_total", {"dependency": "store"}) == 5


def test_a_broker_that_does_not_take_dead_letters_is_not_blamed_on_the_store(clock: ManualClock) -> None:
    health, stop = Health(clock), threading.Event()
    store = MemoryStore(fail_next=1, error=BrokerUnavailableError("no broker"))
    processor(clock, health, store, stop).process([item(0)])
    assert health.metrics.registry.get_sample_value("squall_retries_total", {"dependency": "broker"}) == 1
    assert health.metrics.registry.get_sample_value("squall_retries_total", {"dependency": "store"}) == 0


def test_a_worker_that_hangs_in_the_model_is_not_alive(clock: ManualClock) -> None:
    health, stop = Health(clock, patience_seconds=60), threading.Event()
    health.liveness.expect(WORKER)
    seen: list[list[str]] = []

    class Hanging(HashScorer):
        def read(self, texts: Sequence[str], **wanted: Any) -> Any:
            clock.advance(61)
            seen.append(health.liveness.stuck())
            return super().read(texts, **wanted)

    store = MemoryStore()
    Processor(Hanging(), store, store, ProcessorSettings(), clock, stop, health=health).process([item(0)])
    assert [len(lines) for lines in seen] == [1]
    assert health.liveness.stuck() == [], "it came through after all"


def test_a_worker_that_was_asked_to_stop_while_it_waited_left_nothing_acknowledged(clock: ManualClock) -> None:
    health, stop = Health(clock), threading.Event()
    store = MemoryStore(fail_next=99, on_failure=stop.set)
    with pytest.raises(StoppedError):
        processor(clock, health, store, stop).process([item(0)])
    assert health.metrics.registry.get_sample_value("squall_documents_total", {"fate": "stored"}) == 0


def test_ages_are_exported_as_they_are_at_the_scrape(clock: ManualClock) -> None:
    health = Health(clock)
    value = health.metrics.registry.get_sample_value
    assert value("squall_detector_evaluated_age_seconds") is None
    health.metrics.evaluated(NOW - timedelta(seconds=100), NOW - timedelta(seconds=160))
    clock.advance(40)
    assert value("squall_detector_watermark_age_seconds") == 140
    assert value("squall_detector_evaluated_age_seconds") == 200
    health.metrics.evaluated(None, NOW)
    assert value("squall_detector_evaluated_age_seconds") == 40
    assert value("squall_detector_watermark_age_seconds") == 140
    health.metrics.stand_by()
    assert value("squall_detector_evaluated_age_seconds") is None
