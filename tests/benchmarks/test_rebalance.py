"""How long documents wait while a worker joins the group, while one leaves it, and while one that was killed is given up.

`python -m pytest -s tests/benchmarks/test_rebalance.py` prints it: Apache Kafka, four partitions, 200 documents a second, a ClickHouse that
both workers write to. A wait is the time from publication to the acknowledged insert; without a rebalance it is a few tenths of a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import KafkaProducer

from squall import storage
from squall.core.codec import HEADERS, encode_document
from squall.core.kafka.client import client_arguments
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.apache_kafka.installation import can_run
from tests.support.doubles import document
from tests.support.gateway_process import GatewayProcess
from tests.support.kafka_harness import KafkaHarness, wait_until

pytestmark = [pytest.mark.benchmark, pytest.mark.skipif(not can_run(), reason="Apache Kafka can't be had here")]

A_SECOND = 200
STEADY_SECONDS = 8.0
MOST_SECONDS = 30.0
"""For any document, on a machine that does other things; the waits are printed."""


@pytest.fixture
def harness(apache_kafka: ApacheKafka, tmp_path: Path) -> Iterator[KafkaHarness]:
    gateway = GatewayProcess(tmp_path / "clickhouse")
    made = KafkaHarness(apache_kafka.bootstrap, tmp_path)
    made.store_url = gateway.url
    yield made
    made.close()
    gateway.kill()


def publish_steadily(harness: KafkaHarness, done: threading.Event) -> None:
    producer = KafkaProducer(**client_arguments(harness.kafka), linger_ms=5)
    number, began = 0, time.monotonic()
    while not done.wait(0.02):
        while number < (time.monotonic() - began) * A_SECOND:
            now = datetime.now(UTC)
            made = document(number, published_at=now, collected_at=now)
            producer.send(harness.kafka.documents_topic, key=made.id.encode(), value=encode_document(made), headers=HEADERS)
            number += 1
    producer.close()


def test_documents_wait_seconds_while_workers_come_and_go(harness: KafkaHarness) -> None:
    store = storage.open(harness.store_url)
    done, marks = threading.Event(), {}
    publisher = threading.Thread(target=publish_steadily, args=(harness, done), daemon=True)
    try:
        store.schema.migrate()
        first = harness.worker()
        wait_until(lambda: "reading partitions" in first.output(), 60, "the first worker reads", harness.explain)
        publisher.start()
        for name in ("one worker", "a second one joins", "it leaves", "a second one joins again", "it is killed"):
            marks[name] = datetime.now(UTC)
            if "joins" in name:
                second = harness.worker()
                wait_until(lambda: second.rows > 0, 60, "the second worker has stored something", harness.explain)  # noqa: B023
            elif name == "it leaves":
                assert second.stop() == 0
            elif name == "it is killed":
                time.sleep(1)  # what it was given last belongs to this part
                second.kill()
                time.sleep(10)  # until Kafka gives it up
            time.sleep(STEADY_SECONDS)
        done.set()
        publisher.join()
        harness.drained(60)
        rows, before = [], None
        while found := store.documents.search(limit=1000, before=before):
            rows += found
            before = found[-1].published_at
        ends = [*list(marks.values())[1:], datetime.now(UTC)]
        for (name, since), until in zip(marks.items(), ends, strict=True):
            waits = [row.stored_at - row.published_at for row in rows if since <= row.published_at < until]
            print(f"{name}: {len(waits):,} documents, the longest wait {max(waits).total_seconds():.1f} s")
            assert max(waits) < timedelta(seconds=MOST_SECONDS), name
    finally:
        done.set()
        store.close()
