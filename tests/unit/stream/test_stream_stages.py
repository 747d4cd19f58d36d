"""Stages side by side: what is stored, counted and acknowledged is the same as one after another, in the same order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.batch_report import BatchReport
from squall.core.clock import ManualClock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import ModelFaultError, StoppedError, StoreError, TooManyRejectsError
from squall.core.items import Fate, Item, Outcome
from squall.core.records import ScoredDocument
from squall.stream.batching import LEAST, STAGE_SECONDS, BatchSize
from squall.stream.processor import Processor
from squall.stream.stages import IN_FLIGHT, Stages
from tests.support.doubles import START, UNSCORABLE, FixedReading, HashScorer, MemoryStore, document, item, reject

BOUND_SECONDS = 5.0
DELIVERED = st.tuples(st.integers(min_value=-1, max_value=5), st.sampled_from(["first", "edited", UNSCORABLE]))
"""A number, negative for a reject, and the title: other titles are other versions."""


class Delivered:
    """A delivery that notes what becomes of it."""

    def __init__(self, items: Sequence[Item], log: list[list[Outcome]], left_out: set[str]) -> None:
        self._items = items
        self._log = log
        self._left_out = left_out
        self.outcomes: list[Outcome] = []
        self.is_done = False

    def items(self) -> Sequence[Item]:
        return self._items

    def left_out(self) -> Collection[str]:
        return self._left_out

    def rejected(self, error: TooManyRejectsError) -> None:
        if not error.stream.startswith("file:"):
            raise error
        self._left_out.add(error.stream)

    def stored(self, _items: Sequence[Item], outcomes: Sequence[Outcome], /) -> None:
        self.outcomes += outcomes

    def done(self) -> None:
        self.is_done = True
        self._log.append(self.outcomes)


class Harness:
    """Stages over doubles; `reports` has one for each micro-batch that is safe."""

    def __init__(self, store: MemoryStore | None = None, engine: HashScorer | None = None, **limits: float) -> None:
        self.store = store or MemoryStore()
        self.engine = engine or HashScorer()
        self.stop = threading.Event()
        self.reports: list[BatchReport] = []
        self.log: list[list[Outcome]] = []
        self.given_up: set[str] = set()
        values = ProcessorSettings.model_validate({"retry_max_seconds": 0.001} | limits)
        clock = ManualClock(START + timedelta(days=1))
        processor = Processor(self.engine, self.store, self.store, values, clock, self.stop, [self.reports.append])
        self.stages = Stages(processor, values, self.stop)

    def deliver(self, *batches: Sequence[Item]) -> list[Delivered]:
        found = [Delivered(items, self.log, self.given_up) for items in batches]
        for each in found:
            self.stages.submit(each)
        return found

    def fates(self) -> list[list[Fate]]:
        assert self.stages.drain(BOUND_SECONDS)
        return [[outcome.fate for outcome in outcomes] for outcomes in self.log]


class HeldStore(MemoryStore):
    """Holds inserts until released."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.released = threading.Event(), threading.Event()

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None:
        self.begun.set()
        assert self.released.wait(BOUND_SECONDS)
        super().insert(rows, token=token)


class HeldScorer(HashScorer):
    """Holds the call with a certain text until released."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.begun, self.released = threading.Event(), threading.Event()

    def read(self, texts: Sequence[str], **wanted: Any) -> FixedReading:
        if any(self._text in text for text in texts):
            self.begun.set()
            assert self.released.wait(BOUND_SECONDS)
        return super().read(texts, **wanted)


@pytest.fixture
def make() -> Iterator[Callable[..., Harness]]:
    made: list[Harness] = []

    def harness(*arguments: Any, **limits: Any) -> Harness:
        made.append(Harness(*arguments, **limits))
        return made[-1]

    yield harness
    for each in made:
        each.stop.set()
        each.stages.close()


def test_the_network_reads_the_next_batch_while_one_is_stored(make: Callable[..., Harness]) -> None:
    store, engine = HeldStore(), HeldScorer("number 1 ")
    harness = make(store, engine)
    harness.deliver([item(0)], [item(1)])
    assert store.begun.wait(BOUND_SECONDS)
    assert engine.begun.wait(BOUND_SECONDS)
    engine.released.set()
    store.released.set()
    assert harness.fates() == [[Fate.STORED], [Fate.STORED]]


def test_no_more_than_in_flight_are_in_work(make: Callable[..., Harness]) -> None:
    store = HeldStore()
    harness = make(store)
    harness.deliver(*([item(n)] for n in range(IN_FLIGHT)))
    assert store.begun.wait(BOUND_SECONDS)
    assert not harness.stages.wait_for_room(0.05)
    store.released.set()
    assert harness.stages.wait_for_room(BOUND_SECONDS)


def test_a_document_of_a_batch_in_work_is_stored_once_and_counts_as_a_duplicate(make: Callable[..., Harness]) -> None:
    store = HeldStore()
    harness = make(store)
    harness.deliver([item(0), item(1)], [item(1), item(2)], [item(0), item(2)])
    store.released.set()
    assert harness.fates() == [[Fate.STORED] * 2, [Fate.DUPLICATE, Fate.STORED], [Fate.DUPLICATE] * 2]
    assert (store.inserts, len(harness.engine.texts)) == ([2, 1], 3)


def test_a_document_that_failed_in_a_batch_in_work_is_tried_and_rejected_again(make: Callable[..., Harness]) -> None:
    store = HeldStore()
    harness = make(store)
    bad = item(7, title=UNSCORABLE)
    harness.deliver([item(0), bad], [bad, item(0)], [item(7, title="edited since, and fine")])
    store.released.set()
    assert harness.fates() == [[Fate.STORED, Fate.REJECTED], [Fate.REJECTED, Fate.DUPLICATE], [Fate.STORED]]
    assert [letter.reason for letter in store.letters] == ["scoring_failed"] * 2


class WatchedStore(HeldStore):
    """Says how often it was asked for versions."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def known_versions(self, *arguments: Any, **keywords: Any) -> Any:
        self.asked += 1
        return super().known_versions(*arguments, **keywords)


def until(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(int(BOUND_SECONDS * 1000)):
        if holds():
            return
        waited.wait(0.001)
    raise AssertionError("not within the time")


def test_a_version_behind_one_that_turned_out_to_be_the_first_is_dated_after_it(make: Callable[..., Harness]) -> None:
    store, engine = WatchedStore(), HeldScorer("edited")
    harness = make(store, engine)
    harness.deliver([item(0, title=UNSCORABLE), item(1)])
    assert store.begun.wait(BOUND_SECONDS)
    harness.deliver([item(0, title="edited")])  # looked up while the one before, which fails, is not safe: taken for a later version of it
    assert engine.begun.wait(BOUND_SECONDS)
    store.released.set()
    until(lambda: len(harness.log) == 1)
    harness.deliver([item(0, title="first")])
    until(lambda: store.asked == 3)
    engine.released.set()
    assert harness.fates() == [[Fate.REJECTED, Fate.STORED], [Fate.STORED], [Fate.STORED]]
    versions = {row.document.title: row.document for row in store.rows.values()}
    assert versions["edited"].revises == ""
    assert versions["first"].revises == versions["edited"].id
    assert versions["first"].published_at - versions["edited"].published_at == timedelta(milliseconds=1)


def test_another_model_scores_a_document_of_a_batch_in_work_again(make: Callable[..., Harness]) -> None:
    store = HeldStore()
    harness = make(store)
    harness.deliver([item(0)])
    assert store.begun.wait(BOUND_SECONDS)
    harness.engine.model_version = "hash-2"
    harness.deliver([item(0)])
    store.released.set()
    assert harness.fates() == [[Fate.STORED], [Fate.STORED]]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(DELIVERED, max_size=6), max_size=6), st.integers(min_value=0, max_value=5))
def test_outcomes_rows_and_dead_letters_are_those_of_one_stage_after_another(batches: list[list[tuple[int, str]]], failures: int) -> None:
    deliveries = [[item(n, title=title) if n >= 0 else reject(-n) for n, title in batch] for batch in batches]
    for number, delivery in enumerate(deliveries):
        delivery.append(item(100 + number))  # a text that passes: else a broken model is suspected
    clock, store = ManualClock(START + timedelta(days=1)), MemoryStore()
    one = Processor(HashScorer(), store, store, ProcessorSettings(), clock, threading.Event())
    expected = [[outcome.fate for outcome in one.process(items)] if items else [] for items in deliveries]
    harness = Harness(MemoryStore(fail_next=failures))
    try:
        harness.deliver(*deliveries)
        assert harness.fates() == expected
        assert harness.store.rows == store.rows
        assert [letter.origin for letter in harness.store.letters] == [letter.origin for letter in store.letters]
    finally:
        harness.stages.close()


def test_reports_and_acknowledgements_keep_the_order_of_delivery(make: Callable[..., Harness]) -> None:
    harness = make(batch_documents=3)
    batches = [[item(n) for n in range(start, start + 7)] for start in range(0, 70, 7)]
    delivered = harness.deliver(*batches)
    assert harness.fates() == [[Fate.STORED] * 7] * 10
    assert [entry.origin.offset for report in harness.reports for entry in report.items] == list(range(70))
    assert harness.store.inserts == [3, 3, 1] * 10
    assert all(each.is_done for each in delivered)


@pytest.mark.parametrize(
    ("store", "engine", "error"),
    [
        (MemoryStore(fail_next=1, error=StoreError("no such table")), HashScorer(), StoreError),
        (MemoryStore(), HashScorer(broken=True), ModelFaultError),
    ],
)
def test_what_fails_ends_all_stages_and_nothing_behind_it_is_acknowledged(
    make: Callable[..., Harness], store: MemoryStore, engine: HashScorer, error: type[Exception]
) -> None:
    harness = make(store, engine)
    with pytest.raises(error):
        harness.deliver(*([item(2 * n), item(2 * n + 1)] for n in range(100)))
    assert harness.fates() == []
    with pytest.raises(error):
        harness.stages.wait_for_room(0.0)


def test_too_many_rejects_end_the_stages_and_what_was_stored_before_stays_acknowledged(make: Callable[..., Harness]) -> None:
    harness = make(max_consecutive_rejects=3)
    first, second = harness.deliver([item(0), reject(1), reject(2)], [reject(3), reject(4)])
    assert harness.stages.drain(BOUND_SECONDS)
    assert isinstance(harness.stages.error, TooManyRejectsError)
    assert (first.is_done, second.is_done, len(harness.store.letters)) == (True, False, 2)


def test_a_source_that_is_given_up_is_left_out_and_its_neighbours_are_stored(make: Callable[..., Harness]) -> None:
    harness = make(max_consecutive_rejects=3)
    rejects = [reject(n, topic="file:a") for n in range(5)]
    harness.deliver([*rejects, item(0, topic="wire"), item(1, topic="file:a")], [reject(9, topic="file:a"), item(2, topic="wire")])
    assert harness.fates() == [[Fate.STORED], [Fate.STORED]]
    assert (harness.given_up, harness.store.letters) == ({"file:a"}, [])
    assert [report.stored for report in harness.reports] == [1, 1]


def test_a_stop_stores_and_acknowledges_what_was_read_and_leaves_the_rest(make: Callable[..., Harness]) -> None:
    store, engine = HeldStore(), HeldScorer("number 2 ")
    harness = make(store, engine)
    read, reading, waiting = harness.deliver([item(0)], [item(2)], [item(3)])
    assert store.begun.wait(BOUND_SECONDS)
    assert engine.begun.wait(BOUND_SECONDS)
    harness.stop.set()
    engine.released.set()
    store.released.set()
    assert harness.stages.drain(BOUND_SECONDS)
    assert (read.is_done, reading.is_done, waiting.is_done) == (True, True, False)
    assert set(store.rows) == {document(0).id, document(2).id}
    assert harness.stages.error is None


def test_a_stop_while_the_store_is_down_acknowledges_nothing(make: Callable[..., Harness]) -> None:
    store = MemoryStore(fail_next=10**9)
    harness = make(store)
    store.on_failure = harness.stop.set
    delivered = harness.deliver([item(0)])
    assert harness.stages.drain(BOUND_SECONDS)
    assert isinstance(harness.stages.error, StoppedError)
    assert not delivered[0].is_done


def test_a_delivery_without_items_is_acknowledged_in_its_turn(make: Callable[..., Harness]) -> None:
    harness = make()
    harness.deliver([item(0)], [], [item(1)])
    assert harness.fates() == [[Fate.STORED], [], [Fate.STORED]]
    assert len(harness.reports) == 2


def test_a_batch_has_as_many_documents_as_the_slowest_stage_does_in_its_time() -> None:
    size = BatchSize(ProcessorSettings(batch_documents=8 * LEAST))
    assert size.limit == LEAST
    size.add(LEAST, STAGE_SECONDS / 4)
    assert size.limit == 4 * LEAST
    size.add(4 * LEAST, STAGE_SECONDS / 100)
    assert size.limit == 8 * LEAST
    size.add(0, 0.001)  # nothing new among them
    assert size.limit == 8 * LEAST
    size.add(8 * LEAST, STAGE_SECONDS * 100)
    assert size.limit == LEAST


def test_a_small_limit_of_the_settings_holds_however_fast_the_stages_are() -> None:
    size = BatchSize(ProcessorSettings(batch_documents=20))
    size.add(20, 0.0)
    assert size.limit == 20
