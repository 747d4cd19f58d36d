"""Faust, Kafka and the store together: kill -9, outages and restarts lose nothing and double nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from squall import storage
from squall.core.records import Document
from tests.support.doubles import START, document
from tests.support.kafka_harness import KafkaHarness, wait_until

pytestmark = pytest.mark.slow

MANY = 1500


def documents(start: int, end: int) -> list[Document]:
    return [document(n) for n in range(start, end)]


def assert_stored_once(harness: KafkaHarness, expected: list[Document]) -> None:
    """Every one of `expected` is in the store, once by every way of counting, and nothing else is."""
    store = storage.open(harness.store_url)
    try:
        assert {version.id for version in store.documents.known_versions(expected, "hash-1") if version.scored} == {
            each.id for each in expected
        }
        totals = store.counts.totals()
        assert (totals.documents, totals.copies) == (len(expected), 0)
        counts = store.counts.per_minute(START - timedelta(days=1), START + timedelta(days=1))
        assert int(counts.negative.sum() + counts.neutral.sum() + counts.positive.sum()) == len(expected)
    finally:
        store.close()


@pytest.mark.parametrize("broker", ["bootstrap_servers", "development_broker"])
def test_kill_9_in_the_middle_of_a_batch_loses_nothing_and_doubles_nothing(
    broker: str, make_harness: Callable[..., KafkaHarness], request: pytest.FixtureRequest
) -> None:
    harness = make_harness(request.getfixturevalue(broker))
    everything = documents(0, MANY)
    harness.publish(everything)
    for option in ("--die-after", "--die-before"):
        assert harness.worker(option, str(MANY // 3)).ended() == -signal.SIGKILL, harness.explain()
    survivor = harness.worker()
    harness.drained()
    assert survivor.stop() == 0
    assert survivor.rows < MANY
    assert_stored_once(harness, everything)


def test_a_store_that_fails_every_seventh_write_loses_nothing(harness: KafkaHarness) -> None:
    everything = documents(0, MANY)
    harness.publish(everything)
    worker = harness.worker("--fail-every", "7")
    harness.drained()
    assert worker.stop() == 0
    assert "the connection broke before" in worker.log.read_text()
    assert "the connection broke after" in worker.log.read_text()
    assert_stored_once(harness, everything)


def test_a_worker_that_ends_while_the_store_is_down_or_refuses_has_acknowledged_nothing(harness: KafkaHarness) -> None:
    everything = documents(0, 300)
    harness.publish(everything)
    refused = harness.worker("--refuse")
    assert refused.ended() == 1, harness.explain()
    assert "error: no such table (run `squall store migrate`)" in refused.output()
    stopped = harness.worker("--down")
    wait_until(lambda: "attempt 3 failed, retrying: connection refused" in stopped.output(), 20, "it tries again", harness.explain)
    assert stopped.stop() == 0
    assert harness.lag() == len(everything)
    worker = harness.worker()
    harness.drained()
    assert worker.stop() == 0
    assert_stored_once(harness, everything)


def test_a_worker_whose_join_was_answered_with_nothing_joins_anew(harness: KafkaHarness) -> None:
    everything = documents(0, 300)
    harness.publish(everything)
    worker = harness.worker("--garble-join")
    harness.drained()
    assert worker.stop() == 0
    assert "Unexpected error in coordinator routine" in worker.output()
    assert "rejoining the group" in worker.output()
    assert_stored_once(harness, everything)


def test_a_commit_that_kafka_refuses_leads_to_a_new_membership_and_not_to_the_end(harness: KafkaHarness) -> None:
    everything = documents(0, 300)
    harness.publish(everything)
    worker = harness.worker("--fail-commit")
    harness.drained(60)
    assert worker.stop() == 0
    assert "rejoining the group" in worker.output()
    assert_stored_once(harness, everything)


def test_progress_says_how_far_every_partition_is_stored(harness: KafkaHarness) -> None:
    everything = documents(0, 200)
    harness.publish(everything)
    worker = harness.worker()
    harness.drained()
    assert worker.stop() == 0
    store = storage.open(harness.store_url)
    try:
        rows = store.progress.all()
    finally:
        store.close()
    assert {row.stream for row in rows} == {harness.kafka.documents_topic}
    assert {row.partition for row in rows} == set(range(harness.kafka.partitions))
    assert max(row.event_time for row in rows) == everything[-1].published_at
    assert sum(row.position + 1 for row in rows) == len(everything)
    assert all(row.caught_up for row in rows)
