from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from squall.core.clock import ManualClock
from squall.core.errors import StoreUnavailableError
from squall.dashboards.page.shared_answers import FRESH_SECONDS, MAX_ANSWERS, MAX_QUERIES, REST, SharedAnswers


class Query:
    """Counts how often it ran; takes `seconds` of `clock`."""

    def __init__(self, clock: ManualClock, seconds: float = 0.0) -> None:
        self.clock, self.seconds, self.runs = clock, seconds, 0

    def __call__(self) -> int:
        self.runs += 1
        self.clock.advance(self.seconds)
        return self.runs


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, tzinfo=UTC))


def test_an_answer_is_shared_for_a_second_and_then_asked_again(clock: ManualClock) -> None:
    answers, query = SharedAnswers(clock), Query(clock)
    assert [answers.get("a", query), answers.get("a", query)] == [1, 1]
    clock.advance(FRESH_SECONDS)
    assert answers.get("a", query) == 2


def test_different_questions_have_different_answers(clock: ManualClock) -> None:
    answers, query = SharedAnswers(clock), Query(clock)
    assert [answers.get("a", query), answers.get("b", query)] == [1, 2]


def test_a_dear_answer_is_kept_longer(clock: ManualClock) -> None:
    answers, query = SharedAnswers(clock), Query(clock, seconds=3)
    answers.get("a", query)
    clock.advance(3 * REST - 0.1)
    assert answers.get("a", query) == 1
    clock.advance(0.2)
    assert answers.get("a", query) == 2


def test_a_failure_is_shared_and_forgotten_after_a_second(clock: ManualClock) -> None:
    answers, runs = SharedAnswers(clock), []

    def fail() -> int:
        runs.append(1)
        raise StoreUnavailableError("gone")

    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            answers.get("a", fail)
    assert len(runs) == 1
    clock.advance(FRESH_SECONDS)
    assert answers.get("a", lambda: 7) == 7


def test_many_questions_do_not_fill_the_memory(clock: ManualClock) -> None:
    answers, query = SharedAnswers(clock), Query(clock)
    for key in range(MAX_ANSWERS + 1):
        answers.get(key, query)
    assert answers.get(MAX_ANSWERS, query) == MAX_ANSWERS + 1
    assert answers.get(0, query) == MAX_ANSWERS + 2  # the oldest was let go and is asked again


def test_few_queries_run_at_once(clock: ManualClock) -> None:
    answers, lock = SharedAnswers(clock), threading.Lock()
    full = threading.Barrier(MAX_QUERIES)
    running: list[int] = [0, 0]  # now, most

    def query() -> None:
        with lock:
            running[0] += 1
            running[1] = max(running)
        full.wait(timeout=10)  # passes only while MAX_QUERIES of them run
        with lock:
            running[0] -= 1

    with ThreadPoolExecutor(3 * MAX_QUERIES) as pool:
        list(pool.map(lambda key: answers.get(key, query), range(3 * MAX_QUERIES)))
    assert running == [0, MAX_QUERIES]


def test_an_answer_that_something_written_changes_is_forgotten(clock: ManualClock) -> None:
    answers, query = SharedAnswers(clock), Query(clock)
    assert [answers.get(("alerts", 1), query), answers.get(("mood", 1), query), answers.get("alerts", query)] == [1, 2, 3]
    answers.forget("alerts", "silences")
    assert [answers.get(("alerts", 1), query), answers.get(("mood", 1), query), answers.get("alerts", query)] == [4, 2, 3]


def test_an_answer_may_be_good_for_less(clock: ManualClock) -> None:
    answers, query = SharedAnswers(clock), Query(clock)
    answers.get("a", query, 0.5)
    clock.advance(0.4)
    assert answers.get("a", query, 0.5) == 1
    clock.advance(0.2)
    assert answers.get("a", query, 0.5) == 2
