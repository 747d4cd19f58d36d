from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from squall.core.kafka.client import open_client
from tests.support.broker import free_port
from tests.support.threads import kafka_threads, left_behind


@pytest.mark.parametrize("kind", [KafkaAdminClient, KafkaConsumer, KafkaProducer])
def test_a_client_that_finds_no_broker_leaves_no_thread_that_goes_on_looking(kind: Callable[..., Any]) -> None:
    before = kafka_threads()
    with pytest.raises(KafkaError):
        open_client(kind, bootstrap_servers=[f"127.0.0.1:{free_port()}"], bootstrap_timeout_ms=100)
    assert left_behind(before, grace_seconds=0) == []


def test_a_thread_of_kafka_that_goes_on_is_told() -> None:
    ended = threading.Event()
    before = kafka_threads()
    thread = threading.Thread(target=ended.wait, name="kafka-io-test")
    thread.start()
    assert left_behind(before, grace_seconds=0) == ["kafka-io-test"]
    ended.set()
    assert left_behind(before, grace_seconds=30) == []
