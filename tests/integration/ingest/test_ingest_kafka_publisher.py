from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.producer.sender import Sender

from squall.core.clock import SystemClock
from squall.core.codec import decode_document
from squall.core.config.kafka import KafkaSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError, StoppedError
from squall.core.items import DeadLetter, Origin
from squall.core.kafka.dead_letter_topic import KafkaDeadLetters
from squall.core.kafka.topics import ensure_topics
from squall.core.records import Document
from squall.ingest.cursors import CursorStore
from squall.ingest.documents import Defaults, build_document
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.kafka_publisher import KafkaPublisher
from squall.ingest.publish_loop import IngestReport, publish
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.broker import DevelopmentBroker, free_port, unique

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
OLD = datetime(2011, 8, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentBroker]:
    with DevelopmentBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running


def settings_for(broker: DevelopmentBroker, **changes: Any) -> KafkaSettings:
    settings = KafkaSettings(
        bootstrap_servers=broker.bootstrap,
        documents_topic=unique("documents"),
        dead_letter_topic=unique("dead"),
        request_timeout_seconds=3,
        **changes,
    )
    ensure_topics(settings)
    return settings


def documents(count: int, first: int = 0) -> list[Document]:
    return [
        build_document({"id": n, "title": f"t{n}", "published_at": OLD + timedelta(seconds=n)}, Defaults(source="s"), NOW)
        for n in range(first, first + count)
    ]


def consume(settings: KafkaSettings, topic: str) -> list[Any]:
    """All records of `topic`, partition by partition, in offset order."""
    consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest", enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or {0})]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(partitions)
    records: list[Any] = []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for batch in consumer.poll(timeout_ms=200).values():
            records.extend(batch)
    consumer.close()
    return records


def test_documents_arrive_whole_keyed_by_id_and_stamped_with_the_wall_clock(broker: DevelopmentBroker) -> None:
    settings = settings_for(broker)
    publisher = KafkaPublisher(settings)
    sent = documents(50)
    publisher.publish(sent, threading.Event())
    publisher.close()
    records = consume(settings, settings.documents_topic)
    assert {record.key.decode(): decode_document(record.value, record.headers) for record in records} == {d.id: d for d in sent}
    assert len({record.partition for record in records}) == settings.partitions
    week_ago = (SystemClock().now() - timedelta(hours=settings.retention_hours)).timestamp() * 1000
    assert all(record.timestamp > week_ago for record in records)  # else retention would delete replayed history


def test_dead_letters_carry_the_item_as_it_came_and_why(broker: DevelopmentBroker) -> None:
    settings = settings_for(broker)
    publisher = KafkaPublisher(settings)
    publisher.dead_letter(
        [DeadLetter(Origin("file:x", 0, 7), "broken_json", "line 1 – \ud800", b"{\xff", NOW, "ingest")], threading.Event()
    )
    publisher.close()
    (record,) = consume(settings, settings.dead_letter_topic)
    headers = dict(record.headers)
    assert record.value == b"{\xff"
    assert headers["squall-reason"] == b"broken_json"
    assert (headers["squall-topic"], headers["squall-offset"], headers["squall-stage"]) == (b"file:x", b"7", b"ingest")


def test_documents_of_one_key_keep_their_order(broker: DevelopmentBroker) -> None:
    settings = settings_for(broker)
    publisher = KafkaPublisher(settings)
    versions = [build_document({"id": n % 3, "title": f"v{n}", "published_at": OLD}, Defaults(source="s"), NOW) for n in range(90)]
    publisher.publish(versions, threading.Event())
    publisher.close()
    by_key: dict[bytes, list[int]] = {}
    for record in consume(settings, settings.documents_topic):
        by_key.setdefault(record.key, []).append(int(decode_document(record.value).title[1:]))
    assert len(by_key) == 3
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


@pytest.mark.slow
def test_a_broker_that_is_away_is_waited_for_and_reported(tmp_path: Path) -> None:
    broker = DevelopmentBroker(tmp_path / "broker")
    if not broker.owned:
        pytest.skip("a real broker is not ours to start late")
    outages: list[BrokerUnavailableError | None] = []

    def on_outage(error: BrokerUnavailableError | None) -> None:
        if not outages:
            broker.start()
            ensure_topics(settings)
        outages.append(error)

    settings = KafkaSettings(bootstrap_servers=broker.bootstrap, request_timeout_seconds=2)
    publisher = KafkaPublisher(settings, 0.5, on_outage)
    publisher.publish(documents(10), threading.Event())
    publisher.close()
    assert isinstance(outages[0], BrokerUnavailableError)
    assert broker.bootstrap in outages[0].what
    assert outages[-1] is None
    assert len({record.key for record in consume(settings, settings.documents_topic)}) == 10
    broker.stop()


@pytest.mark.slow
def test_a_stop_while_the_broker_is_away_ends_within_seconds() -> None:
    settings = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}", request_timeout_seconds=30)
    stop = threading.Event()
    publisher = KafkaPublisher(settings, 60.0, lambda _: stop.set())
    began = SystemClock().monotonic()
    with pytest.raises(StoppedError):
        publisher.publish(documents(1), stop)
    assert SystemClock().monotonic() - began < 6


def test_a_topic_name_the_broker_never_takes_is_not_retried_for_ever(broker: DevelopmentBroker) -> None:
    settings = KafkaSettings(bootstrap_servers=broker.bootstrap, documents_topic="no/such topic", request_timeout_seconds=2)
    publisher = KafkaPublisher(settings, 0.2)
    with pytest.raises(ConfigurationError):
        publisher.publish(documents(1), threading.Event())
    publisher.close()


@pytest.mark.slow
def test_restarts_of_the_broker_in_the_middle_lose_nothing(tmp_path: Path) -> None:
    """One quick restart and one outage longer than the delivery timeout; the rows are on Kafka, in order per key, and all of them."""
    with DevelopmentBroker(tmp_path / "broker") as broker:
        if not broker.owned:
            pytest.skip("a real broker is not ours to stop")
        settings = settings_for(broker)
        rows = 20_000
        path = tmp_path / "f.jsonl"
        path.write_text("".join(f'{{"id": {n}, "title": "t{n}", "date": {1_312_000_000 + n}}}\n' for n in range(rows)))
        down = threading.Event()

        def progress(report: IngestReport) -> None:
            if report.batches == 20:
                broker.restart()
            if report.batches == 50:
                broker.stop()
                down.set()

        def outage(error: BrokerUnavailableError | None) -> None:
            if error is not None and down.is_set():
                down.clear()
                broker.start()

        source = FileSource(path, SystemClock(), FileOptions(batch_items=200), CursorStore(tmp_path / "cursors"))
        publisher = KafkaPublisher(settings, 0.5, outage)
        report = publish(source, publisher, threading.Event(), SystemClock(), progress)
        publisher.close()
        assert (report.sent, report.rejected) == (rows, 0)
        records = consume(settings, settings.documents_topic)
        assert len({record.key for record in records}) == rows
        per_partition = Counter(record.partition for record in records)
        assert set(per_partition) == set(range(settings.partitions))
        firsts: dict[int, list[int]] = {}
        seen: set[bytes] = set()
        for record in records:
            if record.key not in seen:
                seen.add(record.key)
                firsts.setdefault(record.partition, []).append(int(decode_document(record.value).title[1:]))
        assert all(numbers == sorted(numbers) for numbers in firsts.values())


@pytest.mark.slow
def test_a_broker_that_stands_still_is_waited_for_without_a_thread_or_a_batch_left_behind(apache_kafka: ApacheKafka) -> None:
    settings = apache_kafka.settings(documents_topic=unique("documents"), dead_letter_topic=unique("dead"), request_timeout_seconds=2)
    ensure_topics(settings)
    (node,) = apache_kafka.nodes
    senders: list[int] = []

    def outage(error: BrokerUnavailableError | None) -> None:
        if error is not None:
            senders.append(sum(isinstance(thread, Sender) for thread in threading.enumerate()))
        if len(senders) == 2:
            node.go_on()

    before = sum(isinstance(thread, Sender) for thread in threading.enumerate())
    publisher, letters = KafkaPublisher(settings, 0.2, outage), KafkaDeadLetters(settings)
    publisher.publish(documents(10), threading.Event())
    letter = DeadLetter(Origin("t", 0, 0), "broken_json", "x", b"x", NOW)
    letters.write([letter])
    node.pause()
    try:
        with pytest.raises(BrokerUnavailableError):
            letters.write([letter])
        assert sum(isinstance(thread, Sender) for thread in threading.enumerate()) == before + 1
        publisher.publish(documents(10, first=10), threading.Event())
    finally:
        node.go_on()
    letters.write([letter])
    publisher.close()
    letters.close()
    assert senders == [before, before]
    assert {record.key for record in consume(settings, settings.documents_topic)} == {d.id.encode() for d in documents(20)}
    assert len(consume(settings, settings.dead_letter_topic)) in {2, 3}  # the broker may have had the second when it stood still
