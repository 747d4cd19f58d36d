"""Which text is rejected when the model fails, and when none is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.errors import ModelFaultError
from squall.core.records import Document
from squall.stream.document_scoring import PROBE, DocumentScorer, ScoringResult
from tests.support.doubles import START, UNSCORABLE, FixedReading, HashScorer, document

CLOCK = ManualClock(START + timedelta(hours=1))


def documents(count: int, bad: Sequence[int] = ()) -> list[Document]:
    return [document(n, title=f"{UNSCORABLE} {n}" if n in bad else f"fine {n}") for n in range(count)]


def ids(found: Sequence[Document]) -> list[str]:
    return [each.id for each in found]


def stored(result: ScoringResult) -> list[str]:
    return [row.document.id for row in result.rows]


class FailingCalls(HashScorer):
    """Fails whatever the text in the calls that `fails` names, counted from 1."""

    def __init__(self, fails: Callable[[int], bool]) -> None:
        super().__init__()
        self.fails = fails

    def read(self, texts: Sequence[str], **wanted: Any) -> FixedReading:
        self.broken = self.fails(self.calls + 1)
        return super().read(texts, **wanted)


@pytest.mark.parametrize("error", [RuntimeError("CUDA"), ValueError("shape"), TypeError("none"), IndexError("token")])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_text_that_cannot_be_scored_is_alone_in_that(error: Exception, place: int) -> None:
    batch = documents(7, [place])
    result = DocumentScorer(HashScorer(error), CLOCK).score(batch)
    assert stored(result) == ids([each for each in batch if each is not batch[place]])
    [(failing, rejection)] = result.failures.items()
    assert failing == batch[place].id
    assert (rejection.reason, rejection.detail) == ("scoring_failed", f"{type(error).__name__}: {error}")
    assert f"{UNSCORABLE} {place}".encode() in rejection.raw


@pytest.mark.parametrize("place", [0, 255, 256, 511])
def test_one_bad_text_among_512_is_found_in_logarithmically_many_calls(place: int) -> None:
    engine = HashScorer()
    result = DocumentScorer(engine, CLOCK).score(documents(512, [place]))
    assert len(result.rows) == 511
    assert list(result.failures) == [document(place).id]
    assert engine.calls <= 2 * 9 + 3


@given(st.sets(st.integers(0, 39), max_size=39), st.integers(1, 40))
def test_exactly_the_bad_texts_are_to_blame_as_long_as_one_passes(bad: set[int], count: int) -> None:
    batch = documents(count, sorted(bad))
    good = [each for n, each in enumerate(batch) if n not in bad]
    if not good and count > 1:
        with pytest.raises(ModelFaultError):
            DocumentScorer(HashScorer(), CLOCK).score(batch)
        return
    result = DocumentScorer(HashScorer(), CLOCK).score(batch)
    assert stored(result) == ids(good)
    assert set(result.failures) == {each.id for n, each in enumerate(batch) if n in bad}


def test_a_model_that_fails_on_everything_is_found_out_in_logarithmically_many_calls() -> None:
    engine = HashScorer(broken=True)
    with pytest.raises(ModelFaultError, match="a text that was scored before fails as well: RuntimeError: index out of range"):
        DocumentScorer(engine, CLOCK).score(documents(512))
    assert engine.calls <= 12


def test_texts_that_all_fail_while_an_older_one_passes_are_not_to_blame() -> None:
    tested = DocumentScorer(HashScorer(), CLOCK)
    tested.score(documents(3))
    with pytest.raises(ModelFaultError, match="none of the 5 texts of a micro-batch could be scored"):
        tested.score(documents(5, range(5)))


def test_one_text_of_the_micro_batch_that_was_stored_before_is_neighbour_enough() -> None:
    good, *bad = documents(4, [1, 2, 3])
    result = DocumentScorer(HashScorer(), CLOCK).score(bad, stored=[good])
    assert set(result.failures) == {each.id for each in bad}


def test_a_bad_text_that_comes_alone_is_to_blame_when_a_plain_one_passes() -> None:
    engine = HashScorer()
    result = DocumentScorer(engine, CLOCK).score(documents(1, [0]))
    assert list(result.failures) == [document(0).id]
    assert engine.texts == [PROBE.content]


def test_a_bad_text_that_comes_alone_is_held_against_the_last_one_that_passed() -> None:
    engine = HashScorer()
    tested = DocumentScorer(engine, CLOCK)
    tested.score([document(7)])
    tested.score(documents(1, [0]))
    assert engine.texts == [document(7).content] * 2


def test_a_good_text_that_comes_alone_is_not_to_blame_for_a_broken_model() -> None:
    with pytest.raises(ModelFaultError):
        DocumentScorer(HashScorer(broken=True), CLOCK).score(documents(1))


@pytest.mark.parametrize("until", range(1, 9))
def test_a_model_that_recovers_within_the_micro_batch_costs_no_document(until: int) -> None:
    batch = documents(512)
    result = DocumentScorer(FailingCalls(lambda call: call <= until), CLOCK).score(batch)
    assert stored(result) == ids(batch)
    assert result.failures == {}


def test_a_model_that_recovers_after_a_text_failed_alone_costs_no_document() -> None:
    engine = FailingCalls(lambda call: call == 1)
    result = DocumentScorer(engine, CLOCK).score(documents(1))
    assert len(result.rows) == 1


@given(st.sets(st.integers(1, 60)), st.integers(1, 16))
def test_a_model_that_fails_now_and_then_never_loses_a_document(failing: set[int], count: int) -> None:
    batch = documents(count)
    try:
        result = DocumentScorer(FailingCalls(failing.__contains__), CLOCK).score(batch)
    except ModelFaultError:
        return
    assert sorted(stored(result) + list(result.failures)) == sorted(ids(batch))


@given(st.integers(1, 200), st.integers(0, 12))
def test_a_model_that_breaks_for_good_in_the_middle_raises_or_costs_one_document_at_most(count: int, after: int) -> None:
    try:
        result = DocumentScorer(FailingCalls(lambda call: call == 1 or call > after), CLOCK).score(documents(count))
    except ModelFaultError:
        return
    assert len(result.failures) <= 1


class OddScorer(HashScorer):
    """Returns what is no probability for a text with `UNSCORABLE`, rather than raising."""

    def __init__(self, odd: float) -> None:
        super().__init__()
        self.odd = odd

    def read(self, texts: Sequence[str], **wanted: Any) -> FixedReading:
        scores = super().read([text.replace(UNSCORABLE, "") for text in texts])
        for row, text in enumerate(texts):
            if UNSCORABLE in text:
                scores.sentiment[row] = self.odd
        return scores


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 0.0])
def test_scores_that_are_no_probabilities_are_rejected_alone(odd: float) -> None:
    with np.errstate(all="ignore"):
        result = DocumentScorer(OddScorer(odd), CLOCK).score(documents(3, [1]))
    assert list(result.failures) == [document(1).id]
    assert len(result.rows) == 2


def test_nothing_to_score_calls_nothing() -> None:
    engine = HashScorer(broken=True)
    assert DocumentScorer(engine, CLOCK).score([], stored=[document(0)]) == ScoringResult()
    assert engine.calls == 0


@pytest.mark.parametrize(
    "words",
    [
        "could not create a primitive",
        "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9437184 bytes.",
        "CUDA out of memory. Tried to allocate 20.00 MiB",
        "std::bad_alloc",
    ],
)
@pytest.mark.parametrize("count", [1, 7])
def test_a_text_for_which_memory_runs_out_is_never_rejected_although_shorter_ones_pass(words: str, count: int) -> None:
    with pytest.raises(ModelFaultError, match="not enough memory"):
        DocumentScorer(HashScorer(RuntimeError(words)), CLOCK).score(documents(count, [0]))
