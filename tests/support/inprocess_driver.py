"""The driver without a broker over doubles, and a bound on how long a run may take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from squall.core.clock import ManualClock, SystemClock
from squall.core.config.settings import ProcessorSettings
from squall.core.items import Batch, Item
from squall.stream.drivers.inprocess import InProcessDriver
from squall.stream.drivers.progress import ProgressTracker
from squall.stream.processor import Processor
from tests.support.doubles import START, HashScorer, MemoryStore

BOUND_SECONDS = 5.0


class Harness:
    """A driver, its store, and sources that note their commits among the store's events."""

    def __init__(self, store: MemoryStore | None = None, streams: Sequence[str] = ("wire",), **limits: float) -> None:
        self.store = store or MemoryStore()
        self.stop = threading.Event()
        settings = ProcessorSettings.model_validate({"batch_wait_seconds": 0.01, "retry_max_seconds": 0.001} | limits)
        clock = ManualClock(START + timedelta(days=1))
        processor = Processor(HashScorer(), self.store, self.store, settings, clock, self.stop)
        tracker = ProgressTracker(self.store.progress, clock, set(streams))
        self.driver = InProcessDriver(processor, tracker, settings, SystemClock(), self.stop)
        self.committed: list[int] = []

    def batch(self, items: Sequence[Item], *, caught_up: bool = True) -> Batch:
        def commit() -> None:
            self.committed.extend(each.origin.offset for each in items)
            self.store.events.append("commit")

        return Batch(items, commit, caught_up)

    def stored_ids(self) -> set[str]:
        return set(self.store.rows)


def finishes(run: Callable[[], object]) -> list[BaseException]:
    """Run in a thread that must end within bounds; returns what it raised."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            run()
        except Exception as error:  # noqa: BLE001 - for the assertion
            raised.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(BOUND_SECONDS)
    assert not thread.is_alive(), f"did not end within {BOUND_SECONDS} s"
    return raised
