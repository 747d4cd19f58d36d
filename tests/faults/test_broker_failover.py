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


def test_a_killed_leader_a_rolling_restart_and_too_few_in_sync_replicas_lose_and_double_nothing(kafka: ApacheKafka, tmp_path: Path) -> None:
    harness = KafkaHarness(kafka.bootstrap, tmp_path, replication_factor=3)
    topic = harness.kafka.documents_topic
    outages: list[BaseException | None] = []
    publisher = KafkaPublisher(harness.kafka.model_copy(update={"request_timeout_seconds": 4.0}), 0.5, outages.append)
    sent = 0

    def publish() -> None:
        nonlocal sent
        publisher.publish([document(n) for n in range(sent, sent + 300)], threading.Event())
        sent += 300

    try:
        worker = harness.worker()
        publish()
        killed = kafka.leader(topic)
        killed.kill()
        publish()
        assert kafka.leader(topic) is not killed
        wait_until(lambda: kafka.in_sync(topic) == 2, 30, "the killed node is out of sync", harness.explain)

        kafka.require_in_sync(topic, 3)
        outages.clear()
        waiting = threading.Thread(target=publish)
        waiting.start()
        wait_until(lambda: len(outages) > 0, 30, "too few replicas are in sync", harness.explain)
        assert sent == 600
        kafka.start(killed)
        waiting.join(60)
        assert sent == 900
        kafka.require_in_sync(topic, 2)

        for node in kafka.nodes:
            kafka.restart(node)
            publish()
            wait_until(lambda: kafka.in_sync(topic) == 3, 60, "all replicas are in sync", harness.explain)
        harness.drained(60)
        assert worker.stop() == 0, harness.explain()
        assert harness.stored() == sent == 1800
    finally:
        publisher.close()
        harness.close()
