"""Packing and the queue: budgets, fairness, back-pressure, deadlines, and calls that give up."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import StoppedError, UnavailableError
from squall.model.serving.backends.base import Logits, width_of
from squall.model.serving.fair_queueing import FairQueue
from squall.model.serving.request_queue import Batch, QueuedText, Request, RequestQueue

PATIENT = 60.0
"""Seconds that no test waits for in full: one that does has failed."""


@dataclass(frozen=True, eq=False)
class Budget:
    budget: int = 64


@dataclass
class Kept:
    """A sink that keeps where results went."""

    places: list[int] = field(default_factory=list)

    def put(self, logits: Logits, rows: Sequence[int], places: Sequence[int]) -> None:
        self.places += places


def queue(capacity: int = 1024, max_wait: float = 0.0, clock: Callable[[], float] = lambda: 0.0) -> RequestQueue:
    return RequestQueue(capacity, max_wait, clock)


MODEL = Budget()


def call(at: RequestQueue, lengths: Sequence[int], *, last: bool = True) -> tuple[Request, Kept]:
    kept = Kept()
    request = Request(MODEL, kept)
    at.enter(request)
    at.put(request, [QueuedText([1] * length, request, i) for i, length in enumerate(lengths)], last=last)
    return request, kept


def taken(at: RequestQueue) -> Batch:
    batch = at.take()
    assert batch is not None
    return batch


def answer(at: RequestQueue, batch: Batch) -> None:
    at.deliver(batch.rows, {"topic": np.zeros((len(batch.rows), 2), dtype=np.float32)})


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["old", "new"]), st.integers(1, 200)), max_size=80),
    st.integers(1, 512),
)
def test_batches_hold_every_row_once_of_one_model_and_within_the_budget(rows: list[tuple[str, str, int]], budget: int) -> None:
    pool: FairQueue[str, int] = FairQueue()
    for number, (flow, group, length) in enumerate(rows):
        pool.add(flow, group, length, number)
    assert (len(pool), pool.tokens) == (len(rows), sum(width_of(length) for _, _, length in rows))
    seen: list[int] = []
    while len(pool):
        group, batch = pool.take(lambda _: budget)
        assert {rows[i][1] for i in batch} == {group}
        assert len(batch) == 1 or sum(width_of(rows[i][2]) for i in batch) <= budget
        seen += batch
    assert sorted(seen) == list(range(len(rows)))
    assert pool.tokens == 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 100)), max_size=60))
def test_dropping_a_call_takes_out_its_rows_and_no_others(rows: list[tuple[str, int]]) -> None:
    pool: FairQueue[str, int] = FairQueue()
    for number, (flow, length) in enumerate(rows):
        pool.add(flow, "model", length, number)
    assert pool.drop("a") == sum(flow == "a" for flow, _ in rows)
    left = [i for i, (flow, _) in enumerate(rows) if flow == "b"]
    assert pool.tokens == sum(width_of(rows[i][1]) for i in left)
    seen: list[int] = []
    while len(pool):
        seen += pool.take(lambda _: 64)[1]
    assert sorted(seen) == left
    assert pool.drop("a") == 0


def test_a_short_call_that_comes_late_goes_ahead_of_what_a_long_one_still_has() -> None:
    pool: FairQueue[str, str] = FairQueue()
    for _ in range(100):
        pool.add("long", "model", 8, "long")
    pool.take(lambda _: 16)
    pool.add("short", "model", 30, "short")  # another width, so not by chance of packing
    turns = next(turn for turn in range(98) if "short" in pool.take(lambda _: 32)[1])
    assert turns <= 2


def test_one_call_alone_does_not_wait_for_company() -> None:
    at = queue(max_wait=PATIENT)
    call(at, [3, 9])
    assert [len(row.ids) for row in taken(at).rows] == [3, 9]


def test_calls_at_the_same_time_share_a_batch_that_waits_until_it_is_full() -> None:
    at = queue(max_wait=PATIENT)
    late = Request(MODEL, Kept())
    at.enter(late)  # under way, still tokenising
    early, _ = call(at, [8] * 4)
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(taken, at)
        at.put(late, [QueuedText([1] * 8, late, i) for i in range(4)])
        assert Counter(id(row.request) for row in batch.result(PATIENT).rows) == {id(early): 4, id(late): 4}


def test_a_batch_that_is_not_full_goes_when_the_other_call_has_ended() -> None:
    at = queue(max_wait=PATIENT)
    other = Request(MODEL, Kept())
    at.enter(other)
    call(at, [8])
    with ThreadPoolExecutor(1) as pool:
        batch = pool.submit(taken, at)
        at.leave(other)
        assert len(batch.result(PATIENT).rows) == 1


def test_a_batch_that_is_not_full_goes_when_its_time_is_up() -> None:
    now = [100.0]
    at = queue(max_wait=0.002, clock=lambda: now[0])
    at.enter(Request(MODEL, Kept()))
    call(at, [8])
    now[0] += 0.002
    assert len(taken(at).rows) == 1


def test_a_full_queue_holds_callers_back_until_there_is_room() -> None:
    at = queue(capacity=64)
    call(at, [8] * 8, last=False)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(call, at, [8] * 8)
        first = taken(at)
        assert len(first.rows) == 8
        second.result(PATIENT)
    assert at.depth().tokens == 64


def test_a_caller_who_does_not_get_in_in_time_gets_an_error_and_its_rows_are_dropped() -> None:
    at = queue(capacity=64)
    call(at, [8] * 7)
    kept = Kept()
    request = Request(MODEL, kept)
    at.enter(request)
    with pytest.raises(UnavailableError, match="8 texts wait, 1 of this call"):
        at.put(request, [QueuedText([1] * 8, request, i) for i in range(3)], deadline=0.0)
    at.leave(request)
    depth = at.depth()
    assert (depth.texts, depth.tokens, depth.dropped) == (7, 56, 1)
    answer(at, taken(at))
    assert kept.places == []


def test_a_row_longer_than_the_whole_queue_gets_in_when_nothing_else_waits() -> None:
    at = queue(capacity=16)
    call(at, [500])
    assert len(taken(at).rows) == 1


def test_callers_get_in_in_the_order_in_which_they_came() -> None:
    at = queue(capacity=8)
    call(at, [8])
    order: list[str] = []
    entered = threading.Semaphore(0)

    def put(name: str) -> None:
        request = Request(MODEL, Kept())
        at.enter(request)
        entered.release()
        at.put(request, [QueuedText([1] * 8, request, 0)])
        order.append(name)

    threads = []
    for name in ("first", "second", "third"):
        thread = threading.Thread(target=put, args=(name,))
        thread.start()
        threads.append(thread)
        entered.acquire()
        while len(at._blocked) < len(threads):
            thread.join(0.001)
    for done in (1, 2, 3):
        taken(at)
        threads[done - 1].join(PATIENT)
    assert order == ["first", "second", "third"]


def test_an_error_reaches_its_call_and_no_other() -> None:
    at = queue()
    broken, _ = call(at, [8])
    fine, kept = call(at, [8])
    batch = taken(at)
    at.fail(broken, ValueError("bad row"))
    answer(at, batch)
    with pytest.raises(ValueError, match="bad row"):
        at.wait(broken)
    at.wait(fine)
    assert kept.places == [0]


def test_a_closed_queue_admits_no_caller_and_still_gives_out_what_it_holds() -> None:
    at = queue()
    request, kept = call(at, [8, 8])
    at.close()
    with pytest.raises(StoppedError, match="closed"):
        at.enter(Request(MODEL, Kept()))
    answer(at, taken(at))
    at.wait(request)
    assert kept.places == [0, 1]
    assert at.take() is None


def test_closing_at_once_ends_every_call_even_one_that_waits_to_enter() -> None:
    at = queue(capacity=8)
    inside, _ = call(at, [8])
    outside = Request(MODEL, Kept())
    at.enter(outside)
    with ThreadPoolExecutor(1) as pool:
        put = pool.submit(at.put, outside, [QueuedText([1] * 8, outside, 0)])
        at.close(drop=True)
        with pytest.raises(StoppedError):
            put.result(PATIENT)
    with pytest.raises(StoppedError):
        at.wait(inside)
    assert at.take() is None


@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=12), min_size=1, max_size=6), st.integers(8, 200), st.integers(8, 100))
def test_every_row_is_answered_once_however_calls_come_together(calls: list[list[int]], capacity: int, budget: int) -> None:
    at = queue(capacity, max_wait=0.0005, clock=time.monotonic)
    sinks = [Kept() for _ in calls]
    model = Budget(budget)

    def caller(lengths: list[int], kept: Kept) -> None:
        request = Request(model, kept)
        at.enter(request)
        half = len(lengths) // 2
        rows = [QueuedText([1] * length, request, i) for i, length in enumerate(lengths)]
        at.put(request, rows[:half], last=False)
        at.put(request, rows[half:])
        at.wait(request)
        at.leave(request)

    def worker() -> None:
        while batch := at.take():
            assert len(batch.rows) == 1 or sum(width_of(len(row.ids)) for row in batch.rows) <= budget
            answer(at, batch)

    with ThreadPoolExecutor(len(calls) + 1) as pool:
        serving = pool.submit(worker)
        for future in [pool.submit(caller, lengths, kept) for lengths, kept in zip(calls, sinks, strict=True)]:
            future.result(PATIENT)
        at.close()
        serving.result(PATIENT)
    assert [sorted(kept.places) for kept in sinks] == [list(range(len(lengths))) for lengths in calls]
