"""The driver without a broker: cursors move after the rows are stored, and every failure surfaces."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from squall.core.errors import DiskUnavailableError, StoppedError, StoreError, TooManyRejectsError
from squall.core.items import Batch
from squall.stream.drivers.inprocess import QUEUED_BATCHES
from squall.stream.stages import IN_FLIGHT
from tests.support.doubles import MemoryStore, document, item, reject
from tests.support.inprocess_driver import BOUND_SECONDS, Harness, finishes


def ids(numbers: range) -> set[str]:
    return {document(n).id for n in numbers}


def hang(released: threading.Event) -> Iterator[Batch]:
    """A source in the middle of a request that does not end."""
    released.wait()
    yield from ()


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_everything_of_several_sources_is_stored_and_committed() -> None:
    harness = Harness(streams=("wire", "blog"))
    wire = (harness.batch([item(n, topic="wire")]) for n in range(30))
    blog = (harness.batch([item(n, topic="blog") for n in range(start, start + 10)]) for start in range(30, 60, 10))
    harness.driver.run({"wire": wire, "blog": blog})
    assert harness.stored_ids() == ids(range(60))
    assert sorted(harness.committed) == list(range(60))
    assert {stream: row.position for (stream, _), row in harness.store.progress.saved.items()} == {"wire": 29, "blog": 59}


def test_a_cursor_moves_after_rows_dead_letters_and_progress_are_safe() -> None:
    harness = Harness(MemoryStore(fail_next=2))
    harness.driver.run({"wire": iter([harness.batch([item(0, topic="wire"), reject(1, topic="wire")])])})
    assert harness.store.events == ["insert", "dead letters", "progress", "commit"]


def test_small_batches_that_arrive_together_are_stored_together() -> None:
    harness = Harness(batch_documents=20, batch_wait_seconds=60.0)
    harness.driver.run({"wire": (harness.batch([item(n, topic="wire")]) for n in range(40))})
    assert harness.store.inserts == [20, 20]


def test_a_large_batch_is_stored_in_pieces_and_committed_once() -> None:
    harness = Harness(batch_documents=16)
    harness.driver.run({"wire": iter([harness.batch([item(n, topic="wire") for n in range(50)])])})
    assert harness.store.inserts == [16, 16, 16, 2]
    assert harness.store.events[-2:] == ["progress", "commit"]


def test_a_source_is_caught_up_when_it_says_so_or_ends() -> None:
    harness = Harness(batch_documents=1)
    flags = (False, True, False)
    harness.driver.run({"wire": iter([harness.batch([item(n, topic="wire")], caught_up=flag) for n, flag in enumerate(flags)])})
    assert [row.caught_up for row in harness.store.progress.history] == [False, True, False, True]


def test_a_source_that_had_nothing_is_caught_up_beside_one_that_had_more(released: threading.Event) -> None:
    harness = Harness(streams=("wire", "feed"), batch_documents=3, batch_wait_seconds=60.0)
    polled = threading.Event()

    def feed() -> Iterator[Batch]:
        yield harness.batch([item(0, topic="feed")], caught_up=False)
        yield harness.batch([], caught_up=True)
        polled.set()
        released.wait()

    def wire() -> Iterator[Batch]:
        polled.wait()
        yield harness.batch([item(1, topic="wire")])
        yield Batch([item(2, topic="wire")], harness.stop.set)  # in turns, so stored together with what the feed delivered

    assert finishes(lambda: harness.driver.run({"feed": feed(), "wire": wire()})) == []
    assert harness.store.progress.saved["feed", 0].caught_up


def test_an_empty_batch_is_committed_too() -> None:
    harness = Harness()
    harness.driver.run({"wire": iter([harness.batch([])])})
    assert harness.store.events == ["commit"]


def test_a_source_that_fails_is_heard_after_what_it_delivered_is_kept() -> None:
    harness = Harness()

    def broken() -> Iterator[Batch]:
        yield harness.batch([item(0, topic="wire")])
        raise StoreError("the file is not CSV", "look at line 2")

    with pytest.raises(StoreError, match="not CSV"):
        harness.driver.run({"wire": broken()})
    assert harness.committed == [0]


@pytest.mark.slow
def test_a_source_that_fails_does_not_wait_for_one_that_hangs(released: threading.Event) -> None:
    harness = Harness(streams=("wire", "slow"))

    def broken() -> Iterator[Batch]:
        raise OSError("disk gone")
        yield

    raised = finishes(lambda: harness.driver.run({"wire": broken(), "slow": hang(released)}))
    assert [str(error) for error in raised] == ["disk gone"]


@pytest.mark.slow
def test_a_stop_ends_within_bounds_however_many_sources_hang(released: threading.Event) -> None:
    names = [f"slow {n}" for n in range(20)]
    harness = Harness(streams=names)
    threading.Timer(0.2, harness.stop.set).start()
    assert finishes(lambda: harness.driver.run({name: hang(released) for name in names})) == []


def test_a_stop_while_the_store_is_down_commits_nothing() -> None:
    store = MemoryStore(fail_next=10**9)
    harness = Harness(store)
    store.on_failure = harness.stop.set
    with pytest.raises(StoppedError):
        harness.driver.run({"wire": iter([harness.batch([item(0, topic="wire")])])})
    assert harness.committed == []


def test_a_store_that_refuses_ends_the_run_and_commits_nothing() -> None:
    harness = Harness(MemoryStore(fail_next=1, error=StoreError("no such table")))
    with pytest.raises(StoreError, match="no such table"):
        harness.driver.run({"wire": iter([harness.batch([item(0, topic="wire")])])})
    assert harness.committed == []


def test_a_store_that_is_down_holds_the_source_back_and_memory_bounded() -> None:
    store = MemoryStore(fail_next=10**9)
    harness = Harness(store, batch_documents=1)
    read: list[int] = []

    def endless() -> Iterator[Batch]:
        for n in range(100_000):
            read.append(n)
            yield harness.batch([item(n, topic="wire")])

    def stop_when_full() -> None:
        if len(read) >= QUEUED_BATCHES + IN_FLIGHT + 1:  # the queue, the batches in work, the one that waits to get in
            harness.stop.set()

    store.on_failure = stop_when_full
    assert [type(error) for error in finishes(lambda: harness.driver.run({"wire": endless()}))] == [StoppedError]
    assert len(read) == QUEUED_BATCHES + IN_FLIGHT + 1
    assert harness.committed == []


def test_no_sources_is_no_work() -> None:
    started = time.monotonic()
    Harness().driver.run({})
    assert time.monotonic() - started < BOUND_SECONDS


def test_sources_that_end_by_themselves_do_not_stop_the_process() -> None:
    harness = Harness()
    harness.driver.run({"wire": iter([harness.batch([item(0)])])})
    assert not harness.stop.is_set()
    assert harness.stored_ids() == ids(range(1))


def test_each_batch_is_told_the_outcomes_of_its_own_items_before_its_commit() -> None:
    harness = Harness(batch_documents=6, batch_wait_seconds=60)  # both batches are stored together
    told: list[tuple[list[str], list[int]]] = []

    def batch(*numbers: int) -> Batch:
        return replace(
            harness.batch([item(n) for n in numbers]),
            settle=lambda outcomes: told.append(([outcome.fate.value for outcome in outcomes], list(harness.committed))),
        )

    harness.driver.run({"wire": iter([batch(1, 2), batch(1, 3, 3, 4)])})
    assert [fates for fates, _ in told] == [["stored", "stored"], ["duplicate", "stored", "duplicate", "stored"]]
    assert [len(committed) for _, committed in told] == [0, 2]


def test_a_file_of_rejects_is_given_up_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    harness = Harness(streams=("file:a", "wire"), max_consecutive_rejects=5, batch_documents=4, batch_wait_seconds=60.0)
    rejects = [harness.batch([reject(n, topic="file:a") for n in range(start, start + 4)]) for start in range(0, 400, 4)]
    good = [harness.batch([item(n, topic="wire")]) for n in range(1_000, 1_040)]
    harness.driver.run({"file:a": iter(rejects), "wire": iter(good)}, dispensable={"file:a"})
    assert harness.stored_ids() == ids(range(1_000, 1_040))
    assert set(range(1_000, 1_040)) <= set(harness.committed)
    assert len([n for n in harness.committed if n < 400]) == 4, "what reached the limit is not acknowledged"
    assert len([record for record in caplog.records if "file:a is given up, the other sources go on: file:a" in record.message]) == 1
    assert not harness.stop.is_set()


def test_a_file_that_can_not_be_read_does_not_end_the_others_nor_hold_the_watermark_back() -> None:
    harness = Harness(streams=("file:a", "wire"))
    given_up = threading.Event()

    def broken() -> Iterator[Batch]:
        yield harness.batch([item(0, topic="file:a")], caught_up=False)
        raise StoreError("the file is not CSV", "look at line 2")

    def wire() -> Iterator[Batch]:
        given_up.wait(BOUND_SECONDS)
        yield harness.batch([item(1, topic="wire")])

    give_up = harness.driver.give_up

    def noted(source: str, error: Exception) -> None:
        give_up(source, error)
        given_up.set()

    harness.driver.give_up = noted  # type: ignore[method-assign]
    harness.driver.run({"file:a": broken(), "wire": wire()}, dispensable={"file:a"})
    assert harness.stored_ids() == ids(range(2))
    assert harness.store.progress.saved["file:a", 0].caught_up


@pytest.mark.parametrize("dispensable", [{"wire"}, set()])
def test_the_only_source_of_rejects_ends_the_run(dispensable: set[str]) -> None:
    harness = Harness(max_consecutive_rejects=5)
    with pytest.raises(TooManyRejectsError, match="6 items in a row"):
        harness.driver.run({"wire": iter([harness.batch([reject(n, topic="wire") for n in range(9)])])}, dispensable=dispensable)
    assert harness.committed == []


def test_all_files_failing_ends_the_run_with_the_first_error() -> None:
    harness = Harness(streams=("file:a", "file:b"), max_consecutive_rejects=5)
    sources = {name: iter([harness.batch([reject(n, topic=name) for n in range(9)])]) for name in ("file:a", "file:b")}
    with pytest.raises(TooManyRejectsError, match="file:"):
        harness.driver.run(sources, dispensable=set(sources))


def test_a_live_source_beside_a_file_still_ends_the_run_when_it_is_rejected_as_a_whole() -> None:
    """The fault that the limit is for: a version or a model that rejects everything."""
    harness = Harness(streams=("file:a", "push"), max_consecutive_rejects=5)
    sources = {
        "file:a": iter([harness.batch([item(0, topic="file:a")])]),
        "push": iter([harness.batch([reject(n, topic="push") for n in range(9)])]),
    }
    with pytest.raises(TooManyRejectsError, match="push, partition 0"):
        harness.driver.run(sources, dispensable={"file:a"})


def test_rejects_that_a_feed_was_paused_for_do_not_end_the_run() -> None:
    harness = Harness(max_consecutive_rejects=5)
    limited = [reject(n, topic="wire")._replace(limited_by_source=True) for n in range(50)]
    harness.driver.run({"wire": iter([harness.batch([*limited, item(60, topic="wire")])])})
    assert harness.stored_ids() == ids(range(60, 61))
    assert len(harness.committed) == 51


def test_a_cursor_that_can_not_be_written_now_is_written_later_and_ends_nothing() -> None:
    harness = Harness()
    attempts: list[int] = []

    def commit() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise DiskUnavailableError("no space")
        harness.committed.append(0)

    harness.driver.run({"wire": iter([Batch([item(0)], commit), harness.batch([item(1)])])})
    assert (len(attempts), harness.committed) == (3, [0, 1])
