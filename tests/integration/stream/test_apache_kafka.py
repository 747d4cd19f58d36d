"""The worker on a real Apache Kafka: what holds on the development broker holds there."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.integration.stream.test_stream_delivery import MANY, assert_stored_once, documents
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.kafka_harness import KafkaHarness

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    with ApacheKafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running


def test_kill_9_of_a_worker_loses_nothing_and_doubles_nothing(make_harness: Callable[..., KafkaHarness], kafka: ApacheKafka) -> None:
    harness, everything = make_harness(kafka.bootstrap), documents(0, MANY)
    harness.publish(everything)
    assert harness.worker("--die-after", str(MANY // 3)).ended() == -signal.SIGKILL, harness.explain()
    survivor = harness.worker()
    harness.drained()
    assert survivor.stop() == 0
    assert_stored_once(harness, everything)


def test_a_restarted_broker_is_waited_for(make_harness: Callable[..., KafkaHarness], kafka: ApacheKafka) -> None:
    harness, everything = make_harness(kafka.bootstrap), documents(0, MANY)
    worker = harness.worker()
    harness.publish(everything[: MANY // 2])
    harness.drained()
    (node,) = kafka.nodes
    node.stop()
    kafka.start(node)
    kafka.wait()
    harness.publish(everything[MANY // 2 :])
    harness.drained()
    assert worker.stop() == 0
    assert_stored_once(harness, everything)
