"""Three Kafka brokers with replication 3: a killed leader, a rolling restart, too few in-sync replicas."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from squall.ingest.kafka_publisher import KafkaPublisher
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.doubles import document
from tests.support.kafka_harness import KafkaHarness, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    with ApacheKafka(tmp_path_factory.mktemp("kafka"), nodes=3) as running:
        yield running


def test_a_killed_leader_and_too_few_in_sync_replicas_lose_and_double_nothing(kafka: ApacheKafka, tmp_path: Path) -> None:
    harness = KafkaHarness(kafka.bootstrap, tmp_path, replication_factor=3)
    topic = harness.kafka.documents_topic
    outages: list[BaseException | None] = []
    publisher = KafkaPublisher(harness.kafka, on_outage=outages.append)
    try:
        worker = harness.worker()
        publisher.publish([document(n) for n in range(300)], threading.Event())
        harness.drained(60)
        first = kafka.leader(topic)
        first.kill()
        publisher.publish([document(n) for n in range(300, 600)], threading.Event())
        harness.drained(60)
        second = kafka.leader(topic)
        assert second is not first
        wait_until(lambda: kafka.in_sync(topic) == 2, 30, "the killed node is out of sync", harness.explain)
        kafka.start(first)
        kafka.wait()
        wait_until(lambda: kafka.in_sync(topic) == 3, 60, "all replicas are in sync", harness.explain)
        second.stop()
        publisher.publish([document(n) for n in range(600, 900)], threading.Event())
        kafka.start(second)
        harness.drained(60)
        assert worker.stop() == 0, harness.explain()
        assert harness.stored() == 900
    finally:
        publisher.close()
        harness.close()
