"""A Kafka topic of somebody else's as a source, on the development broker and on Apache Kafka."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.structs import OffsetAndMetadata

from squall.core.errors import ConfigurationError, UnavailableError
from squall.core.items import Item
from squall.ingest.topic.mapping import FieldMapping, Message
from squall.ingest.topic.source import KafkaType
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig, run
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.broker import DevelopmentBroker, unique
from tests.support.feed_server import FeedServer, body

TITLES = [f"Story {n}" for n in range(8)]
SCHEMA = {
    "type": "record",
    "name": "Story",
    "fields": [
        {"name": "headline", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "tickers", "type": {"type": "array", "items": "string"}},
    ],
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentBroker]:
    with DevelopmentBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running


def topic_of(bootstrap: str, partitions: int = 1) -> str:
    name = unique("theirs")
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name, partitions, 1)])
    admin.close()
    return name


def send(bootstrap: str, topic: str, values: Sequence[bytes | None], **more: Any) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number, value in enumerate(values):
        producer.send(topic, value, key=b"k%d" % number, **more)
    producer.flush()
    producer.close()


def story(title: str, **more: Any) -> bytes:
    return json.dumps({"id": title, "title": title, "published_at": "2026-03-01T10:00:00Z", **more}).encode()


def rig_of(bootstrap: str, name: str, folder: Path, **options: Any) -> TypeRig:
    given = {"bootstrap_servers": bootstrap, "topic": name, "group": unique("group"), "start": "earliest", **options}
    return TypeRig(KafkaType(), given, folder, titles=TITLES, rejects=1)


def items_of(rig: TypeRig, expected: int) -> list[Item]:
    return [item for batch in run(rig, expected=expected) for item in batch.items]


class TestTopic(SourceConformance):
    @pytest.fixture
    def rig(self, broker: DevelopmentBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceRig:
        monkeypatch.setattr("squall.ingest.topic.source.BATCH_ITEMS", 3)
        topic = topic_of(broker.bootstrap)
        send(broker.bootstrap, topic, [*map(story, TITLES[:5]), b"{broken", *map(story, TITLES[5:]), None])
        return rig_of(broker.bootstrap, topic, tmp_path)


def test_on_apache_kafka_positions_survive_and_several_partitions_are_read(apache_kafka: ApacheKafka, tmp_path: Path) -> None:
    bootstrap = apache_kafka.bootstrap
    topic = topic_of(bootstrap, partitions=3)
    send(bootstrap, topic, [story(title) for title in TITLES])
    rig = rig_of(bootstrap, topic, tmp_path)
    assert sorted(item.document.title for item in items_of(rig, 8) if item.document) == TITLES
    send(bootstrap, topic, [story("later")])
    assert [item.document.title for item in items_of(rig, 1) if item.document] == ["later"]
    assert items_of(rig, 0) == []
    answer = rig.kind.check(rig.options, rig.context(), threading.Event(), 20)
    assert answer.last_document_at is not None
    assert answer.detail == "3 partitions, 0 messages to read"


def test_what_a_transaction_took_back_is_not_read(apache_kafka: ApacheKafka, tmp_path: Path) -> None:
    bootstrap = apache_kafka.bootstrap
    topic = topic_of(bootstrap)
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=unique("transaction"))
    producer.init_transactions()
    for title, kept in (("kept", True), ("taken back", False), ("kept, too", True), ("taken back, too", False)):
        producer.begin_transaction()
        producer.send(topic, story(title))
        producer.commit_transaction() if kept else producer.abort_transaction()
    producer.close()
    batches = run(rig_of(bootstrap, topic, tmp_path), expected=2)
    assert [item.document.title for batch in batches for item in batch.items if item.document] == ["kept", "kept, too"]
    assert batches[-1].caught_up, "what was taken back does not keep it behind"


def test_a_message_that_breaks_the_reading_is_rejected_alone(
    broker: DevelopmentBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(mapping: FieldMapping, values: Any, message: Message) -> Any:
        if message.offset == 1:
            raise ValueError("unforeseen")
        return fields(mapping, values, message)

    fields = FieldMapping.fields
    monkeypatch.setattr(FieldMapping, "fields", breaking)
    topic = topic_of(broker.bootstrap)
    send(broker.bootstrap, topic, [story(title) for title in TITLES[:3]])
    first, broken, last = items_of(rig_of(broker.bootstrap, topic, tmp_path), 3)
    assert broken.rejection is not None
    assert broken.rejection.detail == f"ValueError ({topic}, partition 0, offset 1)"
    assert [item.document.title for item in (first, last) if item.document] == [TITLES[0], TITLES[2]]


def test_a_batch_that_is_committed_after_the_source_is_closed_does_not_come_again(broker: DevelopmentBroker, tmp_path: Path) -> None:
    topic = topic_of(broker.bootstrap)
    send(broker.bootstrap, topic, [story(title) for title in TITLES[:3]])
    rig = rig_of(broker.bootstrap, topic, tmp_path)
    source = rig.kind.open(rig.options, rig.context())
    batch = next(iter(source.batches(threading.Event())))
    source.close()
    batch.commit()
    assert source._consumer._committer is None  # type: ignore[attr-defined]
    assert items_of(rig, 0) == []


def test_from_the_latest_nothing_is_lost_between_the_first_start_and_the_first_commit(broker: DevelopmentBroker, tmp_path: Path) -> None:
    topic = topic_of(broker.bootstrap)
    send(broker.bootstrap, topic, [story("old")])
    rig = rig_of(broker.bootstrap, topic, tmp_path, start="latest")
    assert items_of(rig, 0) == []
    send(broker.bootstrap, topic, [story("new")])
    assert [item.document.title for item in items_of(rig, 1) if item.document] == ["new"]


def test_where_the_topic_no_longer_has_the_stored_position_what_it_has_is_read_and_the_gap_is_said(
    broker: DevelopmentBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topic = topic_of(broker.bootstrap)
    send(broker.bootstrap, topic, [story(title) for title in TITLES[:3]])
    rig = rig_of(broker.bootstrap, topic, tmp_path, start="latest")
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=rig.options.group, enable_auto_commit=False)  # type: ignore[attr-defined]
    consumer.commit({TopicPartition(topic, 0): OffsetAndMetadata(1_000, "", -1)})
    consumer.close()
    assert [item.document.title for item in items_of(rig, 3) if item.document] == TITLES[:3]
    assert "messages may be missing" in caplog.text


def test_fields_are_mapped_by_path_key_and_timestamp(broker: DevelopmentBroker, tmp_path: Path) -> None:
    topic = topic_of(broker.bootstrap)
    sent = int(time.time()) * 1000 - 60_000  # not so old that the broker deletes it
    value = {"payload": {"headline": "<b>Größe</b> &amp; more", "body": "text"}, "title": "not this", "src": "desk"}
    send(broker.bootstrap, topic, [json.dumps(value).encode()], timestamp_ms=sent)
    fields = {"title": "payload.headline", "text": "payload.body", "id": "$key", "published_at": "$timestamp", "source": "src"}
    (item,) = items_of(rig_of(broker.bootstrap, topic, tmp_path, fields=fields), 1)
    document = item.document
    assert document is not None
    assert (document.title, document.text, document.source) == ("Größe & more", "text", "desk")
    assert document.published_at.timestamp() * 1000 == sent


def test_avro_is_decoded_with_the_schema_of_the_registry(broker: DevelopmentBroker, tmp_path: Path) -> None:
    registry = FeedServer()
    registry.answers["/schemas/ids/7"] = body(json.dumps({"schema": json.dumps(SCHEMA)}).encode())
    registry.answers["/schemas/ids/8"] = body(b"{}", 404)
    packed = BytesIO()
    record = {"headline": "Harbor Union fails", "at": 1_772_359_200_000, "tickers": ["HUB"]}
    fastavro.schemaless_writer(packed, fastavro.parse_schema(SCHEMA), record)
    good = b"\0" + (7).to_bytes(4, "big") + packed.getvalue()
    topic = topic_of(broker.bootstrap)
    send(broker.bootstrap, topic, [good, good[:-3], b"\0\0\0\0\x08xx", b"{}"])
    fields = {"published_at": "at"}
    rig = rig_of(broker.bootstrap, topic, tmp_path, format="avro", registry=registry.url("/"), fields=fields)
    items = items_of(rig, 4)
    registry.close()
    document = items[0].document
    assert document is not None
    assert (document.title, document.symbols) == ("Harbor Union fails", ("HUB",))
    assert document.published_at.isoformat() == "2026-03-01T10:00:00+00:00"
    assert [item.rejection.reason for item in items[1:] if item.rejection] == ["broken_avro", "unknown_schema", "broken_avro"]
    assert f"{topic}, partition 0, offset 1" in (items[1].rejection.detail if items[1].rejection else "")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"topic": "squall.no-such-topic"}, UnavailableError, "no topic"),
        ({"bootstrap_servers": "127.0.0.1:1"}, UnavailableError, "127.0.0.1:1 did not answer"),
        ({"security": "sasl_tls"}, ConfigurationError, "needs username and password"),
        ({"format": "avro"}, ConfigurationError, "needs registry"),
        ({"fields": {"headline": "x"}}, ConfigurationError, "unknown field in a column mapping: headline"),
        ({"timezone": "Nowhere/Land"}, ConfigurationError, "Nowhere/Land"),
    ],
    ids=["topic", "broker", "login", "registry", "field", "zone"],
)
def test_a_refusal_names_the_option(
    broker: DevelopmentBroker, tmp_path: Path, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    rig = rig_of(broker.bootstrap, topic_of(broker.bootstrap), tmp_path, **change)
    with pytest.raises(error, match=words) as raised, rig.open() as source:
        next(iter(source.batches(threading.Event())))
    assert "SQUALL_" not in str(raised.value)
