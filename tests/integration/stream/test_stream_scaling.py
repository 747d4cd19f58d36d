"""Two workers on one topic and one ClickHouse, reached by clickhouse-driver: they share the load, and one stands in for the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from squall import storage
from tests.support.doubles import document
from tests.support.gateway_process import GatewayProcess
from tests.support.kafka_harness import KafkaHarness

pytestmark = pytest.mark.slow

SOME = 600


@pytest.fixture
def shared_store(tmp_path: Path) -> Iterator[str]:
    """The URL of a ClickHouse that speaks to several processes."""
    gateway = GatewayProcess(tmp_path / "clickhouse")
    yield gateway.url
    gateway.kill()


def test_two_workers_share_the_load_and_the_survivor_of_a_kill_9_takes_all_of_it(harness: KafkaHarness, shared_store: str) -> None:
    harness.store_url = shared_store
    store = storage.open(shared_store)
    try:
        store.schema.migrate()
        first, second = harness.worker(), harness.worker()
        together = 0
        while not (first.rows and second.rows):
            assert together < 10 * SOME, harness.explain()
            harness.publish([document(n) for n in range(together, together + SOME)])
            together += SOME
            harness.drained()
        harness.publish([document(n) for n in range(together, together + SOME)])
        second.kill()
        taken_over = first.rows
        everything = [document(n) for n in range(together + 2 * SOME)]
        harness.publish(everything[together + SOME :])
        harness.drained(40)
        assert first.rows > taken_over
        assert first.stop() == 0
        assert {version.id for version in store.documents.known_versions(everything, "hash-1") if version.scored} == {
            each.id for each in everything
        }
        assert store.counts.totals().documents == len(everything)
    finally:
        store.close()
