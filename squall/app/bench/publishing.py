"""Publishes documents to Kafka: all at once, or at a rate, from a process of its own, which shares no interpreter with what is measured."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from squall.app.bench.documents import BenchDocuments
from squall.core.codec import HEADERS, encode_document
from squall.core.config.kafka import KafkaSettings
from squall.core.errors import SquallError
from squall.core.kafka.client import open_producer
from squall.core.records import Document
from squall.ingest.kafka_publisher import KafkaPublisher

_POLL_SECONDS = 0.005


def publish_all(settings: KafkaSettings, documents: Sequence[Document], stop: threading.Event, *, allow_plaintext: bool) -> None:
    """Publish `documents`; return when the broker has them."""
    publisher = KafkaPublisher(settings, allow_plaintext=allow_plaintext)
    try:
        for start in range(0, len(documents), 1000):
            publisher.publish(documents[start : start + 1000], stop)
    finally:
        publisher.close()


def publish_at_rate(
    settings: KafkaSettings, texts: Sequence[str], run: str, documents: int, rate: float, stop: threading.Event, *, allow_plaintext: bool
) -> None:
    """Publish `documents` from another process, evenly, `rate` a second; return when it has ended, or `stop` is set.

    Each is dated when it was due, so that a late publication counts as latency.

    Raises:
        SquallError: the process failed.
    """
    arguments = (settings, list(texts), run, documents, rate, allow_plaintext)
    process = multiprocessing.get_context("spawn").Process(target=_publish, args=arguments, daemon=True)
    process.start()
    while process.is_alive() and not stop.is_set():
        process.join(0.2)
    if process.is_alive():
        process.terminate()
    process.join()
    if process.exitcode and not stop.is_set():
        raise SquallError(f"the process that publishes ended with {process.exitcode}", "its error is above")


def _publish(settings: KafkaSettings, texts: Sequence[str], run: str, documents: int, rate: float, allow_plaintext: bool) -> None:
    made = BenchDocuments(texts, run)
    producer = open_producer(settings, allow_plaintext=allow_plaintext)
    producer.partitions_for(settings.documents_topic)  # connected before the first is due
    began = time.time()
    for number in range(documents):
        due = began + number / rate
        while time.time() < due:
            time.sleep(_POLL_SECONDS)
        document = made.make(datetime.fromtimestamp(due, UTC))
        producer.send(settings.documents_topic, key=document.id.encode(), value=encode_document(document), headers=HEADERS)
    producer.flush()
    producer.close()
