"""What is on the topics, read by a plain consumer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.client import client_arguments


def messages(settings: KafkaSettings, topic: str) -> Iterator[Any]:
    """Yield every message of `topic`, up to the ends that its partitions have now."""
    consumer = KafkaConsumer(**client_arguments(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(partition) < end for partition, end in ends.items()):
            for records in consumer.poll(1000).values():
                yield from records
    finally:
        consumer.close()


def is_committed(settings: KafkaSettings) -> bool:
    """Return whether the group has committed every message of the documents topic; False too while a broker is still coming up."""
    try:
        return _lag(settings) == 0
    except KafkaError:
        return False


def _lag(settings: KafkaSettings) -> int:
    consumer = KafkaConsumer(**client_arguments(settings), enable_auto_commit=False, group_id=settings.group_id)
    try:
        numbers = consumer.partitions_for_topic(settings.documents_topic) or ()
        partitions = [TopicPartition(settings.documents_topic, number) for number in numbers]
        ends = consumer.end_offsets(partitions)
        return sum(ends[partition] - (consumer.committed(partition) or 0) for partition in partitions)
    finally:
        consumer.close()
