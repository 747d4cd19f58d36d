"""The processor under faults: nothing lost, nothing doubled, nothing acknowledged too early."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.batch_report import BatchReport
from squall.core.clock import ManualClock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import ModelFaultError, StoppedError, StoreError, StoreUnavailableError, TooManyRejectsError
from squall.core.items import Deletion, Fate, Item, Origin
from squall.core.observability.health import Health
from squall.stream.processor import Processor
from tests.support.doubles import START, UNSCORABLE, FixedReading, HashScorer, MemoryStore, document, item, reject

LATER = START + timedelta(hours=1)


@dataclass
class Harness:
    """A processor and the parts around it."""

    store: MemoryStore = field(default_factory=MemoryStore)
    engine: HashScorer = field(default_factory=HashScorer)
    stop: threading.Event = field(default_factory=threading.Event)
    clock: ManualClock = field(default_factory=lambda: ManualClock(LATER))
    limit: int = 1000

    def __post_init__(self) -> None:
        limits = ProcessorSettings(retry_max_seconds=0.001, max_consecutive_rejects=self.limit)
        self.processor = Processor(self.engine, self.store, self.store, limits, self.clock, self.stop)

    def fates(self, items: Sequence[Item]) -> list[Fate]:
        return [outcome.fate for outcome in self.processor.process(items)]


def test_every_item_has_its_outcome_in_order() -> None:
    harness = Harness()
    outcomes = harness.processor.process([item(0), reject(1), item(2), reject(3, "missing_field")])
    assert [outcome.fate for outcome in outcomes] == [Fate.STORED, Fate.REJECTED, Fate.STORED, Fate.REJECTED]
    assert [outcome.rejection.reason for outcome in outcomes if outcome.rejection] == ["broken_json", "missing_field"]
    assert harness.processor.totals.reasons == {"broken_json": 1, "missing_field": 1}
    assert (harness.processor.totals.stored, harness.processor.totals.rejected) == (2, 2)


def test_an_empty_batch_touches_nothing() -> None:
    harness = Harness()
    assert harness.processor.process([]) == []
    assert harness.store.events == []


def test_a_stored_row_has_the_result_of_the_model_and_its_time() -> None:
    harness = Harness()
    harness.processor.process([item(0)])
    (row,) = harness.store.rows.values()
    assert row.document == document(0)
    assert row.topic_probability == pytest.approx(0.7)
    assert row.p_negative + row.p_neutral + row.p_positive == pytest.approx(1.0)
    assert (row.model_version, row.scored_at) == ("hash-1", LATER)


def test_a_row_carries_the_version_that_scored_it_though_the_engine_has_another_by_now() -> None:
    class Swapped(HashScorer):
        def read(self, texts: Sequence[str], **wanted: Any) -> FixedReading:
            scores = super().read(texts, **wanted)
            self.model_version = "hash-2"  # a swap while the batch was under way
            return scores

    harness = Harness(engine=Swapped())
    harness.processor.process([item(0)])
    assert [row.model_version for row in harness.store.rows.values()] == ["hash-1"]


def test_a_document_edited_inside_a_batch_is_stored_in_both_versions_and_each_once() -> None:
    harness = Harness()
    again = Item(Origin("documents", 0, 1), document=document(0, title="the same item, edited since"))
    assert harness.fates([item(0), again, item(0), again]) == [Fate.STORED, Fate.STORED, Fate.DUPLICATE, Fate.DUPLICATE]
    assert [row.document.title for row in harness.store.rows.values()] == [document(0).title, "the same item, edited since"]


def test_a_document_that_is_taken_back_is_deleted_after_it_is_stored() -> None:
    harness = Harness()
    taken_back = Item(Origin("documents", 0, 9), deletion=Deletion(document(0).id))
    unknown = Item(Origin("documents", 0, 10), deletion=Deletion("f" * 32))
    assert harness.fates([item(0), item(1), taken_back, unknown]) == [Fate.STORED, Fate.STORED, Fate.DELETED, Fate.DELETED]
    assert list(harness.store.rows) == [document(1).id]
    assert harness.store.events[:2] == ["insert", "deletions"]
    assert harness.store.letters == []


def test_of_a_deletion_and_a_document_of_one_id_the_later_counts() -> None:
    harness = Harness()
    harness.processor.process([item(0), item(1)])
    first, second = (Item(Origin("documents", 0, 10 + n), deletion=Deletion(document(n).id)) for n in (0, 1))
    harness.fates([first, item(0), item(1), second])
    assert list(harness.store.rows) == [document(0).id]
    assert harness.processor.totals.deleted == 1


def test_a_deletion_is_repeated_while_the_store_is_down() -> None:
    harness = Harness(MemoryStore(fail_next=2))
    assert harness.fates([Item(Origin("documents", 0, 9), deletion=Deletion("f" * 32))]) == [Fate.DELETED]
    assert harness.processor.totals.retries == 2


def test_a_redelivered_document_is_neither_scored_nor_stored_again() -> None:
    harness = Harness()
    harness.processor.process([item(0), item(1)])
    assert harness.fates([item(1), item(2)]) == [Fate.DUPLICATE, Fate.STORED]
    assert harness.store.inserts == [2, 1]
    assert len(harness.engine.texts) == 3


def test_a_new_model_version_scores_what_is_known() -> None:
    harness = Harness()
    harness.processor.process([item(0)])
    harness.engine.model_version = "hash-2"
    assert harness.fates([item(0)]) == [Fate.STORED]


def test_a_store_that_was_down_gets_the_batch_once_under_one_token() -> None:
    harness = Harness(MemoryStore(fail_next=3))
    assert harness.fates([item(0), item(1)]) == [Fate.STORED, Fate.STORED]
    assert harness.store.inserts == [2]
    assert len(harness.store.tokens) == 4
    assert len(set(harness.store.tokens)) == 1
    assert harness.processor.totals.retries == 3


def test_other_rows_have_another_token() -> None:
    harness = Harness()
    harness.processor.process([item(0)])
    harness.processor.process([item(1)])
    harness.store.rows.clear()
    harness.clock.advance(1)
    harness.processor.process([item(0)])
    assert len(set(harness.store.tokens)) == 3


def test_a_stop_while_the_store_is_down_ends_without_an_outcome() -> None:
    stop = threading.Event()
    harness = Harness(MemoryStore(fail_next=10**9, on_failure=stop.set), stop=stop)
    with pytest.raises(StoppedError):
        harness.processor.process([item(0), reject(1)])
    assert (harness.store.rows, harness.store.letters, harness.processor.totals.stored) == ({}, [], 0)


def test_a_stop_while_the_dead_letters_are_down_ends_without_an_outcome() -> None:
    stop = threading.Event()
    harness = Harness(MemoryStore(fail_next=10**9, on_failure=stop.set), stop=stop)
    with pytest.raises(StoppedError):
        harness.processor.process([reject(1)])
    assert harness.processor.totals.rejected == 0


def test_an_error_of_the_store_that_stays_is_raised_and_not_dead_lettered() -> None:
    harness = Harness(MemoryStore(fail_next=1, error=StoreError("no such table")))
    with pytest.raises(StoreError, match="no such table"):
        harness.processor.process([item(0), reject(1)])
    assert harness.store.letters == []


def test_dead_letters_are_written_after_the_documents_are_safe() -> None:
    harness = Harness(MemoryStore(fail_next=2))
    harness.processor.process([reject(0), item(1)])
    assert harness.store.events == ["insert", "dead letters"]


def test_a_dead_letter_keeps_where_it_came_from_and_what_it_was() -> None:
    harness = Harness()
    harness.processor.process([reject(7, "broken_json")])
    (letter,) = harness.store.letters
    assert (letter.origin, letter.reason, letter.raw, letter.at, letter.stage) == (
        Origin("documents", 0, 7),
        "broken_json",
        b"{broken",
        LATER,
        "worker",
    )


def test_copies_of_an_unscorable_document_are_all_rejected() -> None:
    harness = Harness()
    assert harness.fates([item(0, title=UNSCORABLE), item(0, title=UNSCORABLE), item(1)]) == [Fate.REJECTED, Fate.REJECTED, Fate.STORED]


def test_a_document_that_cannot_be_scored_is_dead_lettered_and_its_neighbours_are_stored() -> None:
    harness = Harness()
    items = [item(n, title=f"{UNSCORABLE} {n}" if n == 3 else f"fine {n}") for n in range(7)]
    assert harness.fates(items) == [Fate.REJECTED if n == 3 else Fate.STORED for n in range(7)]
    (letter,) = harness.store.letters
    assert (letter.reason, letter.origin.offset) == ("scoring_failed", 3)
    assert "RuntimeError" in letter.detail
    assert f"{UNSCORABLE} 3".encode() in letter.raw


def test_a_model_that_fails_on_every_text_costs_no_document() -> None:
    harness = Harness(engine=HashScorer(broken=True))
    with pytest.raises(ModelFaultError, match=r"the model fails, whatever the text.*RuntimeError: index out of range"):
        harness.processor.process([*(item(n) for n in range(512)), reject(512)])
    assert (harness.store.rows, harness.store.letters, harness.processor.totals.items) == ({}, [], 0)
    harness.engine.broken = False
    assert harness.fates([item(n) for n in range(512)]) == [Fate.STORED] * 512, "delivered again"


def test_failing_texts_delivered_again_alone_are_still_distinguished_from_a_broken_model() -> None:
    """The worker was killed between the insert and the dead letters: what is left of the batch are the failing texts."""
    harness = Harness()
    failing = [item(n, title=f"{UNSCORABLE} {n}") for n in (3, 5)]
    neighbours = [item(n) for n in (1, 2, 4)]
    harness.processor.process(neighbours)
    again = Harness(store=harness.store)
    assert again.fates([*neighbours, *failing]) == [Fate.DUPLICATE] * 3 + [Fate.REJECTED] * 2


def test_too_many_rejects_in_a_row_stop_before_that_batch_is_dead_lettered() -> None:
    harness = Harness(limit=5)
    harness.processor.process([reject(n) for n in range(4)])
    with pytest.raises(TooManyRejectsError, match=r"documents, partition 0: 6 items in a row.*broken_json.*MAX_CONSECUTIVE_REJECTS"):
        harness.processor.process([reject(n) for n in range(4, 7)])
    assert len(harness.store.letters) == 4
    assert harness.processor.totals.rejected == 4


def test_a_partition_that_holds_only_rejects_stops_the_worker_though_healthy_ones_are_beside_it() -> None:
    harness = Harness(limit=5)
    for n in range(5):
        harness.processor.process([item(2 * n), reject(2 * n + 1, partition=1)])
    with pytest.raises(TooManyRejectsError, match="documents, partition 1: 6 items in a row"):
        harness.processor.process([item(10), reject(11, partition=1)])
    assert len(harness.store.letters) == 5


@given(st.lists(st.lists(st.integers(min_value=0, max_value=8), max_size=6), max_size=6), st.integers(min_value=0, max_value=5))
def test_whatever_is_delivered_again_and_however_it_is_batched_each_document_is_stored_once(
    batches: list[list[int]], failures: int
) -> None:
    harness = Harness(MemoryStore(fail_next=failures))
    outcomes = [outcome for batch in batches for outcome in harness.processor.process([item(n) for n in batch])]
    delivered = {n for batch in batches for n in batch}
    assert {row.document.id for row in harness.store.rows.values()} == {document(n).id for n in delivered}
    assert sum(harness.store.inserts) == len(delivered) == sum(outcome.fate is Fate.STORED for outcome in outcomes)


def test_a_call_that_raises_unavailable_is_retried_and_counted_in_the_next_report() -> None:
    harness, calls = Harness(), []

    def call() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise StoreUnavailableError("down")
        return "up"

    assert harness.processor.retry_until_available(call) == "up"
    harness.processor.process([item(0)])
    assert harness.processor.totals.retries == 2


def test_every_safe_batch_is_published_once_with_what_became_of_it() -> None:
    harness, reports = Harness(), list[BatchReport]()
    limits = ProcessorSettings(retry_max_seconds=0.001)
    health = Health(harness.clock)
    processor = Processor(harness.engine, harness.store, harness.store, limits, harness.clock, harness.stop, [reports.append], health)
    harness.store.fail_next = 1
    outcomes = processor.process([item(0), item(0), item(5), reject(1)])
    [report] = reports
    assert (report.size, report.stored, report.duplicates, report.reasons, report.retries) == (4, 2, 1, ("broken_json",), 1)
    assert report.published_ages == (3600.0, 3595.0)
    assert report.collected_ages == (3599.0, 3594.0)
    assert (report.model_version, report.token, report.limit) == ("hash-1", harness.store.tokens[-1], 2048)
    assert list(report.outcomes) == outcomes
    totals = processor.totals
    assert (totals.batches, totals.items, totals.stored, totals.duplicates, totals.rejected, totals.retries) == (1, 4, 2, 1, 1, 1)
    value = health.metrics.registry.get_sample_value
    fates = {fate: value("squall_documents_total", {"fate": fate}) for fate in ("stored", "duplicate", "rejected")}
    assert fates == {"stored": 2, "duplicate": 1, "rejected": 1}


def test_a_batch_that_is_not_safe_is_not_published() -> None:
    harness, reports = Harness(), list[BatchReport]()
    limits = ProcessorSettings(max_consecutive_rejects=1)
    processor = Processor(harness.engine, harness.store, harness.store, limits, harness.clock, harness.stop, [reports.append])
    with pytest.raises(TooManyRejectsError):
        processor.process([reject(0), reject(1)])
    assert reports == []
