"""Faust, Kafka and the store together: kill -9, outages and restarts lose nothing and double nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from squall import storage
from squall.app.dev_broker import DevelopmentBroker
from squall.core.records import Document
from tests.support.doubles import START, document
from tests.support.kafka_room import KafkaRoom, wait_until

pytestmark = pytest.mark.slow

MANY = 1500


def documents(start: int, end: int) -> list[Document]:
    return [document(n) for n in range(start, end)]


def assert_stored_once(room: KafkaRoom, expected: list[Document]) -> None:
    """Every one of `expected` is in the store, once by every way of counting, and nothing else is."""
    store = storage.open(room.store_url)
    try:
        assert store.documents.known_ids(expected, "hash-1") == {each.id for each in expected}
        totals = store.counts.totals()
        assert (totals.documents, totals.copies) == (len(expected), 0)
        counts = store.counts.per_minute(START - timedelta(days=1), START + timedelta(days=1))
        assert int(counts.negative.sum() + counts.neutral.sum() + counts.positive.sum()) == len(expected)
    finally:
        store.close()


def test_kill_9_in_the_middle_of_a_batch_loses_nothing_and_doubles_nothing(room: KafkaRoom) -> None:
    everything = documents(0, MANY)
    room.publish(everything)
    for option in ("--die-after", "--die-before"):
        assert room.worker(option, str(MANY // 3)).ended() == -signal.SIGKILL, room.explain()
    survivor = room.worker()
    room.drained()
    assert survivor.stop() == 0
    assert survivor.rows < MANY
    assert_stored_once(room, everything)


def test_a_store_that_fails_every_seventh_write_loses_nothing(room: KafkaRoom) -> None:
    everything = documents(0, MANY)
    room.publish(everything)
    worker = room.worker("--fail-every", "7")
    room.drained()
    assert worker.stop() == 0
    assert "the connection broke before" in worker.log.read_text()
    assert "the connection broke after" in worker.log.read_text()
    assert_stored_once(room, everything)


def test_a_worker_that_ends_while_the_store_is_down_or_refuses_has_acknowledged_nothing(room: KafkaRoom) -> None:
    everything = documents(0, 300)
    room.publish(everything)
    refused = room.worker("--refuse")
    assert refused.ended() == 1, room.explain()
    assert "error: no such table (run `squall store migrate`)" in refused.output()
    stopped = room.worker("--down")
    wait_until(lambda: "paused, will try again (try 3): connection refused" in stopped.output(), 20, "it tries again", room.explain)
    assert stopped.stop() == 0
    assert room.lag() == len(everything)
    worker = room.worker()
    room.drained()
    assert worker.stop() == 0
    assert_stored_once(room, everything)


def test_a_worker_whose_join_was_answered_with_nothing_joins_anew(room: KafkaRoom) -> None:
    everything = documents(0, 300)
    room.publish(everything)
    worker = room.worker("--garble-join")
    room.drained()
    assert worker.stop() == 0
    assert "Unexpected error in coordinator routine" in worker.output()
    assert "joining the group anew" in worker.output()
    assert_stored_once(room, everything)


def test_a_broker_that_restarts_in_the_middle_loses_nothing(own_broker: DevelopmentBroker, make_room: Callable[..., KafkaRoom]) -> None:
    room = make_room(own_broker.bootstrap_servers)
    everything = documents(0, MANY)
    room.publish(everything[: MANY // 2])
    worker = room.worker()
    wait_until(lambda: worker.rows > 0, 20, "the first batch is stored", room.explain)
    own_broker.stop()
    own_broker.start()
    room.publish(everything[MANY // 2 :])
    room.drained(40)
    assert worker.stop() == 0
    assert_stored_once(room, everything)


def test_progress_says_how_far_every_partition_is_stored(room: KafkaRoom) -> None:
    everything = documents(0, 200)
    room.publish(everything)
    worker = room.worker()
    room.drained()
    assert worker.stop() == 0
    store = storage.open(room.store_url)
    try:
        rows = store.progress.all()
    finally:
        store.close()
    assert {row.stream for row in rows} == {room.kafka.documents_topic}
    assert {row.partition for row in rows} == set(range(room.kafka.partitions))
    assert max(row.event_time for row in rows) == everything[-1].published_at
    assert sum(row.position + 1 for row in rows) == len(everything)
    assert all(row.caught_up for row in rows)
