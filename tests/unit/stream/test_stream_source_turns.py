"""Sources of one process take turns: a bulk file holds up neither the push endpoint nor a feed, and what is read ahead is bounded."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

import pytest

from squall.core.errors import StoppedError
from squall.core.items import Batch
from squall.core.records import ScoredDocument
from squall.stream.drivers.inprocess import QUEUED_BATCHES
from squall.stream.drivers.source_lanes import SourceLanes
from squall.stream.stages import IN_FLIGHT
from tests.support.doubles import MemoryStore, item
from tests.support.inprocess_driver import BOUND_SECONDS, Harness, finishes

ROWS = 4
"""Rows of a file's batch, and documents of a micro-batch."""


class HeldStore(MemoryStore):
    """Holds the first insert until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.released = threading.Event()

    def insert(self, rows: Sequence[ScoredDocument], *, token: str) -> None:
        self.begun.set()
        assert self.released.wait(BOUND_SECONDS)
        super().insert(rows, token=token)


class Contest:
    """Endless files that have read ahead, and a source that delivers one batch while the first of theirs is at the store.

    Args:
        files: how many files.
        ahead: batches that each of them has delivered by then.
        late: the other source.
        documents: the size of its batch.
    """

    def __init__(self, files: int, ahead: int, *, late: str = "push", documents: int = 2) -> None:
        self._files = [f"file:{n}" for n in range(files)]
        self._ahead = ahead
        self._late = late
        self._documents = documents
        self._store = HeldStore()
        self._harness = Harness(self._store, [*self._files, late], batch_documents=ROWS, batch_wait_seconds=60.0)
        self._committed: list[str] = []
        self._full = {name: threading.Event() for name in self._files}

    def run(self) -> list[str]:
        """Return the files whose batches were committed before the late one, in this order."""
        sources = {name: self._file(name, 10_000 * number) for number, name in enumerate(self._files)}
        assert finishes(lambda: self._harness.driver.run(sources | {self._late: self._one_batch()})) == []
        return self._committed[: self._committed.index(self._late)]

    def _file(self, name: str, first: int) -> Iterator[Batch]:
        for batch in count():
            if batch == self._ahead:
                self._full[name].set()
                self._store.released.wait(BOUND_SECONDS)
            numbers = range(first + batch * ROWS, first + (batch + 1) * ROWS)
            yield Batch([item(n, topic=name) for n in numbers], lambda: self._committed.append(name), caught_up=False)

    def _one_batch(self) -> Iterator[Batch]:
        assert self._store.begun.wait(BOUND_SECONDS)
        assert all(full.wait(BOUND_SECONDS) for full in self._full.values())
        yield Batch([item(n, topic=self._late) for n in range(50_000, 50_000 + self._documents)], self._commit)
        self._store.released.set()  # asked for more: its batch has been taken over
        self._harness.stop.wait(BOUND_SECONDS)

    def _commit(self) -> None:
        self._committed.append(self._late)
        self._harness.stop.set()


@pytest.mark.parametrize("documents", [1, ROWS, 3 * ROWS])
@pytest.mark.parametrize("late", ["push", "rss"])
def test_a_push_or_a_feed_waits_for_the_batches_in_work_and_at_most_one_more_of_a_file(late: str, documents: int) -> None:
    assert len(Contest(files=1, ahead=IN_FLIGHT + 3, late=late, documents=documents).run()) <= IN_FLIGHT + 1


def test_beside_several_files_a_push_waits_for_the_batches_in_work_and_at_most_one_more_of_each() -> None:
    before = Contest(files=3, ahead=3).run()
    assert max(Counter(before[IN_FLIGHT:]).values(), default=0) <= 1, before


def test_a_batch_that_does_not_fit_begins_the_next_micro_batch() -> None:
    harness = Harness(streams=("file", "push"), batch_documents=4, batch_wait_seconds=60.0)
    harness.driver.run({"file": (harness.batch([item(n, topic="file") for n in range(start, start + 3)]) for start in (0, 3, 6))})
    assert harness.store.inserts == [3, 3, 3]
    assert harness.store.events == ["insert", "progress", "commit"] * 3


@pytest.mark.parametrize("sources", [2, 3, QUEUED_BATCHES + 4])
def test_while_the_store_is_down_memory_is_bounded_for_each_source_and_for_all_together(sources: int) -> None:
    share = max(1, QUEUED_BATCHES // sources)
    store = MemoryStore(fail_next=10**9)
    names = [f"file:{n}" for n in range(sources)]
    harness = Harness(store, names, batch_documents=1)
    read = dict.fromkeys(names, 0)

    def endless(name: str) -> Iterator[Batch]:
        for n in range(100_000):
            read[name] += 1
            yield harness.batch([item(n, topic=name)])

    def stop_when_full() -> None:
        if sum(read.values()) >= sources * (share + 1) + IN_FLIGHT:  # their lanes, the batches that wait to get in, those in work
            harness.stop.set()

    store.on_failure = stop_when_full
    raised = finishes(lambda: harness.driver.run({name: endless(name) for name in names}))
    assert [type(error) for error in raised] == [StoppedError]
    assert sum(read.values()) == sources * (share + 1) + IN_FLIGHT
    assert max(read.values()) <= share + 1 + IN_FLIGHT
    assert min(read.values()) >= 2, "each has one in its lane, whatever the others have read"
    assert harness.committed == []


def test_a_source_that_fills_its_lane_waits_and_takes_no_room_of_others() -> None:
    lanes: SourceLanes[int] = SourceLanes(["file", "push"], messages=4)
    assert [lanes.put("file", n, 0.0) for n in range(3)] == [True, True, False]
    assert [lanes.put("push", n, 0.0) for n in range(3)] == [True, True, False]
    assert lanes.take() == 0
    assert [lanes.put("push", 2, 0.0), lanes.put("file", 2, 0.0)] == [False, True]


def test_the_source_whose_turn_is_longest_ago_is_next_and_each_keeps_its_order() -> None:
    lanes: SourceLanes[str] = SourceLanes(["a", "b", "c"], messages=9)
    for message in ("a1", "a2", "a3", "b1", "b2"):
        lanes.put(message[0], message, 0.0)
    assert [lanes.take() for _ in range(3)] == ["a1", "b1", "a2"]
    lanes.put("c", "c1", 0.0)
    assert [lanes.take() for _ in range(4)] == ["c1", "b2", "a3", None]


def test_a_message_that_does_not_fit_keeps_its_turn() -> None:
    lanes: SourceLanes[str] = SourceLanes(["a", "b"], messages=4)
    lanes.put("b", "b1", 0.0)
    assert lanes.take(lambda message: message != "b1") is None
    lanes.put("b", "b2", 0.0)
    assert lanes.take() == "b1"


def test_whoever_waits_for_a_message_or_for_room_is_woken() -> None:
    lanes: SourceLanes[int] = SourceLanes(["a"], messages=1)
    told: list[bool] = []
    taker = threading.Thread(target=lambda: told.append(lanes.wait(BOUND_SECONDS)))
    taker.start()
    lanes.put("a", 1, 0.0)
    taker.join()
    giver = threading.Thread(target=lambda: told.append(lanes.put("a", 2, BOUND_SECONDS)))
    giver.start()
    assert lanes.take() == 1
    giver.join()
    assert told == [True, True]
    assert lanes.take() == 2
