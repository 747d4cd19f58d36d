"""The processor under faults: nothing lost, nothing doubled, nothing acknowledged too early."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.config.settings import ProcessorSettings
from squall.core.delivery import Fate, Item, Origin
from squall.core.errors import StoppedError, StoreError, StoreUnavailableError, TooManyRejectsError
from squall.stream.meter import BatchReport
from squall.stream.processor import Processor
from tests.support.doubles import POISON, START, FixedScores, HashScorer, MemoryStore, document, item, reject

LATER = START + timedelta(hours=1)


@dataclass
class Room:
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
    room = Room()
    outcomes = room.processor.process([item(0), reject(1), item(2), reject(3, "missing_field")])
    assert [outcome.fate for outcome in outcomes] == [Fate.STORED, Fate.REJECTED, Fate.STORED, Fate.REJECTED]
    assert [outcome.rejection.reason for outcome in outcomes if outcome.rejection] == ["broken_json", "missing_field"]
    assert room.processor.tally.reasons == {"broken_json": 1, "missing_field": 1}
    assert (room.processor.tally.stored, room.processor.tally.rejected) == (2, 2)


def test_an_empty_batch_touches_nothing() -> None:
    room = Room()
    assert room.processor.process([]) == []
    assert room.store.events == []


def test_a_stored_row_carries_what_the_model_said_and_when() -> None:
    room = Room()
    room.processor.process([item(0)])
    (row,) = room.store.rows.values()
    assert row.document == document(0)
    assert row.topic_probability == pytest.approx(0.7)
    assert row.p_negative + row.p_neutral + row.p_positive == pytest.approx(1.0)
    assert (row.model_version, row.scored_at) == ("hash-1", LATER)


def test_a_row_carries_the_version_that_scored_it_though_the_engine_has_another_by_now() -> None:
    class Swapped(HashScorer):
        def score(self, texts: Sequence[str]) -> FixedScores:
            scores = super().score(texts)
            self.model_version = "hash-2"  # a swap while the batch was under way
            return scores

    room = Room(engine=Swapped())
    room.processor.process([item(0)])
    assert [row.model_version for row in room.store.rows.values()] == ["hash-1"]


def test_a_duplicate_inside_a_batch_is_stored_once_as_it_came_first() -> None:
    room = Room()
    again = Item(Origin("documents", 0, 1), document=document(0, title="the same item, edited since"))
    assert room.fates([item(0), again, item(0)]) == [Fate.STORED, Fate.DUPLICATE, Fate.DUPLICATE]
    assert [row.document.title for row in room.store.rows.values()] == [document(0).title]


def test_a_redelivered_document_is_neither_scored_nor_stored_again() -> None:
    room = Room()
    room.processor.process([item(0), item(1)])
    assert room.fates([item(1), item(2)]) == [Fate.DUPLICATE, Fate.STORED]
    assert room.store.inserts == [2, 1]
    assert len(room.engine.texts) == 3


def test_a_new_model_version_scores_what_is_known() -> None:
    room = Room()
    room.processor.process([item(0)])
    room.engine.model_version = "hash-2"
    assert room.fates([item(0)]) == [Fate.STORED]


def test_a_store_that_was_down_gets_the_batch_once_under_one_token() -> None:
    room = Room(MemoryStore(fail_next=3))
    assert room.fates([item(0), item(1)]) == [Fate.STORED, Fate.STORED]
    assert room.store.inserts == [2]
    assert len(room.store.tokens) == 4
    assert len(set(room.store.tokens)) == 1
    assert room.processor.tally.retries == 3


def test_other_rows_have_another_token() -> None:
    room = Room()
    room.processor.process([item(0)])
    room.processor.process([item(1)])
    room.store.rows.clear()
    room.clock.advance(1)
    room.processor.process([item(0)])
    assert len(set(room.store.tokens)) == 3


def test_a_stop_while_the_store_is_down_ends_without_an_outcome() -> None:
    stop = threading.Event()
    room = Room(MemoryStore(fail_next=10**9, on_failure=stop.set), stop=stop)
    with pytest.raises(StoppedError):
        room.processor.process([item(0), reject(1)])
    assert (room.store.rows, room.store.letters, room.processor.tally.stored) == ({}, [], 0)


def test_a_stop_while_the_dead_letters_are_down_ends_without_an_outcome() -> None:
    stop = threading.Event()
    room = Room(MemoryStore(fail_next=10**9, on_failure=stop.set), stop=stop)
    with pytest.raises(StoppedError):
        room.processor.process([reject(1)])
    assert room.processor.tally.rejected == 0


def test_an_error_of_the_store_that_stays_is_raised_and_not_dead_lettered() -> None:
    room = Room(MemoryStore(fail_next=1, error=StoreError("no such table")))
    with pytest.raises(StoreError, match="no such table"):
        room.processor.process([item(0), reject(1)])
    assert room.store.letters == []


def test_dead_letters_are_written_after_the_documents_are_safe() -> None:
    room = Room(MemoryStore(fail_next=2))
    room.processor.process([reject(0), item(1)])
    assert room.store.events == ["insert", "dead letters"]


def test_a_dead_letter_keeps_where_it_came_from_and_what_it_was() -> None:
    room = Room()
    room.processor.process([reject(7, "broken_json")])
    (letter,) = room.store.letters
    assert (letter.origin, letter.reason, letter.raw, letter.at, letter.stage) == (
        Origin("documents", 0, 7),
        "broken_json",
        b"{broken",
        LATER,
        "worker",
    )


@pytest.mark.parametrize("error", [RuntimeError("CUDA"), ValueError("shape"), TypeError("none"), IndexError("token")])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_document_that_cannot_be_scored_is_alone_in_that(error: Exception, place: int) -> None:
    room = Room(engine=HashScorer(error))
    items = [item(n, title=f"{POISON} {n}" if n == place else f"fine {n}") for n in range(7)]
    assert room.fates(items) == [Fate.REJECTED if n == place else Fate.STORED for n in range(7)]
    (letter,) = room.store.letters
    assert (letter.reason, letter.origin.offset) == ("scoring_failed", place)
    assert type(error).__name__ in letter.detail
    assert f"{POISON} {place}".encode() in letter.raw


class OddScorer(HashScorer):
    """Returns what is no probability for a text with `POISON`, rather than raising."""

    def __init__(self, odd: float) -> None:
        super().__init__()
        self.odd = odd

    def score(self, texts: Sequence[str]) -> FixedScores:
        scores = super().score([text.replace(POISON, "") for text in texts])
        for row, text in enumerate(texts):
            if POISON in text:
                scores.sentiment[row] = self.odd
        return scores


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 0.0])
def test_scores_that_are_no_probabilities_are_rejected_alone(odd: float) -> None:
    room = Room(engine=OddScorer(odd))
    with np.errstate(all="ignore"):
        fates = room.fates([item(0), item(1, title=POISON), item(2)])
    assert fates == [Fate.STORED, Fate.REJECTED, Fate.STORED]
    assert room.store.letters[0].reason == "scoring_failed"


def test_copies_of_an_unscorable_document_are_all_rejected() -> None:
    room = Room()
    assert room.fates([item(0, title=POISON), item(0, title=POISON), item(1)]) == [Fate.REJECTED, Fate.REJECTED, Fate.STORED]


def test_too_many_rejects_in_a_row_stop_before_that_batch_is_dead_lettered() -> None:
    room = Room(limit=5)
    with pytest.raises(TooManyRejectsError, match=r"6 items in a row.*broken_json.*MAX_CONSECUTIVE_REJECTS"):
        room.processor.process([item(0), *(reject(n) for n in range(1, 7))])
    assert room.store.letters == []
    assert len(room.store.rows) == 1


def test_rejects_in_a_row_are_counted_across_batches() -> None:
    room = Room(limit=5)
    room.processor.process([reject(n) for n in range(4)])
    with pytest.raises(TooManyRejectsError):
        room.processor.process([reject(n) for n in range(4, 6)])
    assert len(room.store.letters) == 4


def test_a_good_document_between_them_forgives_rejects() -> None:
    room = Room(limit=5)
    for start in range(0, 100, 10):
        room.processor.process([*(reject(start + n) for n in range(5)), item(start + 5)])
    assert len(room.store.letters) == 50


@given(st.lists(st.lists(st.integers(min_value=0, max_value=8), max_size=6), max_size=6), st.integers(min_value=0, max_value=5))
def test_whatever_is_delivered_again_and_however_it_is_batched_each_document_is_stored_once(
    batches: list[list[int]], failures: int
) -> None:
    room = Room(MemoryStore(fail_next=failures))
    outcomes = [outcome for batch in batches for outcome in room.processor.process([item(n) for n in batch])]
    delivered = {n for batch in batches for n in batch}
    assert {row.document.id for row in room.store.rows.values()} == {document(n).id for n in delivered}
    assert sum(room.store.inserts) == len(delivered) == sum(outcome.fate is Fate.STORED for outcome in outcomes)


def test_what_raises_unavailable_is_tried_again_by_patiently() -> None:
    room, calls = Room(), []

    def call() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise StoreUnavailableError("down")
        return "up"

    assert room.processor.retry_until_available(call) == "up"
    assert room.processor.tally.retries == 2


def test_every_safe_batch_is_reported_with_what_became_of_it() -> None:
    room, reports = Room(), list[BatchReport]()
    limits = ProcessorSettings(retry_max_seconds=0.001)
    processor = Processor(room.engine, room.store, room.store, limits, room.clock, room.stop, reports.append)
    room.store.fail_next = 1
    processor.process([item(0), item(0), item(5), reject(1)])
    [report] = reports
    assert (report.items, report.stored, report.duplicates, report.reasons, report.retries) == (4, 2, 1, ("broken_json",), 1)
    assert report.published_ages == (3600.0, 3595.0)
    assert report.collected_ages == (3599.0, 3594.0)
    assert report.model_version == "hash-1"
