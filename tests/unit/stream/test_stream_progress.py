"""Progress: event time that never goes back and never runs ahead of the clock."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.items import Progress
from squall.stream.drivers.progress import EPOCH, ProgressTracker
from tests.support.doubles import START, MemoryStore, item, reject

STREAM = "documents"
KEY = (STREAM, 0)


def tracker(store: MemoryStore, seconds: float = 3600.0) -> ProgressTracker:
    return ProgressTracker(store.progress, ManualClock(START + timedelta(seconds=seconds)), {STREAM})


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_the_newest_publication_time_and_the_last_offset_are_kept() -> None:
    store = MemoryStore()
    tracker(store).stored([item(5), item(9), item(7)], {KEY: True})
    row = store.progress.saved[KEY]
    assert (row.position, row.event_time, row.caught_up, row.updated_at) == (9, at(9), True, at(3600))


@given(st.lists(st.lists(st.integers(min_value=0, max_value=7200), min_size=1, max_size=5), min_size=1, max_size=6))
def test_event_time_never_goes_back_and_never_ahead_of_now(batches: list[list[int]]) -> None:
    store = MemoryStore()
    one = tracker(store)
    before = EPOCH
    for batch in batches:
        one.stored([item(n) for n in batch], {})
        assert before <= store.progress.saved[KEY].event_time <= at(3600)
        before = store.progress.saved[KEY].event_time
    # what is dated more than ten minutes ahead was rejected, and moves nothing
    assert before == max((at(min(3600, n)) for batch in batches for n in batch if n <= 4200), default=EPOCH)


def test_partitions_are_kept_apart() -> None:
    store = MemoryStore()
    tracker(store).stored([item(5), item(9, partition=1)], {KEY: True})
    assert {key: (row.position, row.caught_up) for key, row in store.progress.saved.items()} == {KEY: (5, True), (STREAM, 1): (9, False)}


def test_rejects_move_the_position_but_not_the_time() -> None:
    store = MemoryStore()
    one = tracker(store)
    one.stored([item(5)], {})
    one.stored([reject(6)], {})
    assert (store.progress.saved[KEY].position, store.progress.saved[KEY].event_time) == (6, at(5))


def test_a_partition_about_to_be_read_holds_the_watermark_back() -> None:
    store = MemoryStore()
    one = tracker(store)
    one.stored([item(5)], {KEY: True})
    one.announce(STREAM, [0, 1])
    assert (store.progress.saved[KEY].caught_up, store.progress.saved[KEY].event_time) == (False, at(5))
    assert (store.progress.saved[STREAM, 1].caught_up, store.progress.saved[STREAM, 1].event_time) == (False, EPOCH)
    one.announce(STREAM, [])


def test_what_another_worker_stored_since_is_read_before_a_partition_is_taken_over() -> None:
    store = MemoryStore()
    here = tracker(store)
    here.stored([item(5)], {})
    tracker(store).stored([item(50)], {})
    here.announce(STREAM, [0])
    assert (store.progress.saved[KEY].position, store.progress.saved[KEY].event_time) == (50, at(50))


def test_a_restart_goes_on_where_the_last_process_was() -> None:
    store = MemoryStore()
    tracker(store).stored([item(50)], {})
    tracker(store).stored([item(5)], {})
    assert (store.progress.saved[KEY].position, store.progress.saved[KEY].event_time) == (50, at(50))


def test_an_abandoned_stream_stops_counting() -> None:
    store = MemoryStore()
    store.progress.write([Progress("old replay", 0, 3, START, False, START)])
    tracker(store).stored([item(1)], {})
    assert {row.stream for row in store.progress.all()} == {STREAM}


def test_what_was_seen_before_a_batch_was_stored_does_not_count_after_it() -> None:
    store = MemoryStore()
    one = tracker(store)
    one.stored([item(5)], {KEY: True})
    one.stored([item(6)], {KEY: True})
    one.quiet({KEY: False}, {KEY: 5})  # by a look that began while the second was in work
    row = store.progress.saved[KEY]
    assert (row.position, row.caught_up, row.event_time) == (6, True, at(6))
    one.quiet({KEY: False}, {KEY: 6})
    assert not store.progress.saved[KEY].caught_up


def test_looks_and_batches_in_two_threads_never_set_a_partition_back() -> None:
    store = MemoryStore()
    one = tracker(store)
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for flag in (False, True):
                one.quiet({KEY: flag}, {KEY: one.position(STREAM, 0)})

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(2000):
        one.stored([item(number)], {KEY: True})
    done.set()
    looking.join()
    positions = [row.position for row in store.progress.history]
    assert positions == sorted(positions)
    assert store.progress.saved[KEY].position == 1999


def test_quiet_writes_only_what_changed() -> None:
    store = MemoryStore()
    one = tracker(store)
    one.stored([item(5)], {KEY: False})
    written = len(store.events)
    one.quiet({KEY: False, (STREAM, 9): True})
    assert len(store.events) == written
    one.quiet({KEY: True})
    assert store.progress.saved[KEY].caught_up
    assert (store.progress.saved[KEY].position, store.progress.saved[KEY].event_time) == (5, at(5))
