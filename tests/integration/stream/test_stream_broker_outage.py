"""A broker that restarts, or stands still for longer than any request may take: workers and ingest wait and go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from squall import storage
from squall.app.dev_broker import DevelopmentBroker
from squall.core.clock import SystemClock
from squall.ingest.kafka_publisher import KafkaPublisher
from tests.integration.stream.test_stream_delivery import MANY, assert_stored_once, documents
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.gateway_process import GatewayProcess
from tests.support.kafka_harness import KafkaHarness, wait_until

pytestmark = pytest.mark.slow

REQUEST_SECONDS = 40.0
"""The timeout of aiokafka's requests (`broker_request_timeout`): what gives up does so now."""


@pytest.fixture
def shared_store(tmp_path: Path) -> Iterator[str]:
    """The URL of a ClickHouse that speaks to several processes."""
    gateway = GatewayProcess(tmp_path / "clickhouse")
    with_schema = storage.open(gateway.url)
    with_schema.schema.migrate()
    with_schema.close()
    yield gateway.url
    gateway.kill()


def test_a_development_broker_that_restarts_in_the_middle_loses_nothing(
    own_broker: DevelopmentBroker, make_harness: Callable[..., KafkaHarness]
) -> None:
    harness = make_harness(own_broker.bootstrap_servers)
    everything = documents(0, MANY)
    harness.publish(everything[: MANY // 2])
    worker = harness.worker()
    wait_until(lambda: worker.rows > 0, 20, "the first batch is stored", harness.explain)
    own_broker.stop()
    own_broker.start()
    harness.publish(everything[MANY // 2 :])
    harness.drained(40)
    assert worker.stop() == 0
    assert_stored_once(harness, everything)


def test_a_broker_that_is_down_is_waited_for_by_workers_that_run_and_by_one_that_starts(
    make_harness: Callable[..., KafkaHarness], apache_kafka: ApacheKafka, shared_store: str
) -> None:
    harness, everything = make_harness(apache_kafka.bootstrap), documents(0, MANY)
    harness.store_url = shared_store
    (node,) = apache_kafka.nodes
    early = harness.worker()
    harness.publish(everything[: MANY // 2])
    wait_until(lambda: early.rows > 0, 20, "the first batch is stored", harness.explain)
    node.stop()
    late = harness.worker()
    wait_until(lambda: "the broker does not answer" in late.output(), 40, "the second worker has tried", harness.explain)
    apache_kafka.start(node)
    apache_kafka.wait()
    harness.publish(everything[MANY // 2 :])
    harness.drained(60)
    wait_until(lambda: "reading partitions" in late.output(), 60, "the second worker has its place", harness.explain)
    for worker in (early, late):
        assert worker.stop() == 0
        assert "Traceback" not in worker.log.read_text()
    assert_stored_once(harness, everything)


def test_a_broker_that_stands_still_ends_no_worker_and_loses_nothing(
    make_harness: Callable[..., KafkaHarness], apache_kafka: ApacheKafka, shared_store: str
) -> None:
    harness, clock, stop = make_harness(apache_kafka.bootstrap), SystemClock(), threading.Event()
    harness.store_url = shared_store
    workers = [harness.worker() for _ in range(3)]
    publisher = KafkaPublisher(harness.kafka)
    sent = 0

    def ingest() -> None:
        nonlocal sent
        while not stop.is_set():
            publisher.publish(documents(sent, sent + 50), threading.Event())
            sent += 50

    load = threading.Thread(target=ingest)
    load.start()
    (node,) = apache_kafka.nodes
    try:
        wait_until(lambda: sum(worker.rows > 0 for worker in workers) > 1, 60, "two workers work", harness.explain)
        node.pause()
        paused, acknowledged = clock.monotonic(), sent
        wait_until(lambda: all("the broker does not answer" in each.output() for each in workers), 40, "it is noticed", harness.explain)
        ended = next(worker for worker in workers if worker.rows)
        workers.remove(ended)
        assert ended.stop() == 0, ended.output()
        remaining = REQUEST_SECONDS + 8 - (clock.monotonic() - paused)
        with pytest.raises(AssertionError, match="a worker ends"):
            wait_until(lambda: any(worker.process.poll() is not None for worker in workers), remaining, "a worker ends", str)
        assert sent <= acknowledged + 50
        rows = sum(worker.rows for worker in workers)
    finally:
        node.go_on()
        stop.set()
        load.join()
        publisher.close()
    harness.drained(60)
    harness.publish(documents(sent, sent + 200))
    harness.drained(60)
    assert sum(worker.rows for worker in workers) > rows
    assert [worker.stop() for worker in workers] == [0, 0]
    for worker in (*workers, ended):
        assert "Traceback" not in worker.log.read_text(), worker.output()
        assert worker.log.read_text().count("the broker does not answer;") == 1
    assert all("the broker answers again after" in worker.log.read_text() for worker in workers)
    assert_stored_once(harness, documents(0, sent + 200))
