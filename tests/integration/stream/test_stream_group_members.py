"""Which members are put out of a real group, so that a broker that never forgets one does not wait for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient

from squall.core.kafka.client import client_arguments
from squall.stream.drivers.faust.app import CLIENT_PREFIX, client_id
from squall.stream.drivers.faust.quirks.dead_member_eviction import evict_dead_members
from squall.stream.drivers.faust.quirks.development_broker import DevelopmentBrokerCare, is_development_broker
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.kafka_harness import KafkaHarness, wait_until

Join = Callable[[str], str]


def members(harness: KafkaHarness) -> dict[str, str]:
    """Return client ids by member id."""
    admin = KafkaAdminClient(**client_arguments(harness.kafka))
    try:
        found = admin.describe_groups([harness.kafka.group_id])[harness.kafka.group_id]["members"]
        return {member["member_id"]: member["client_id"] for member in found}
    finally:
        admin.close()


@pytest.fixture
def harness(make_harness: Callable[..., KafkaHarness], development_broker: str) -> KafkaHarness:
    """On the development broker, which needs it."""
    return make_harness(development_broker)


@pytest.fixture
def join(harness: KafkaHarness) -> Iterator[Join]:
    """Join the harness's group under a client id; returns the member id."""
    consumers: list[Any] = []

    def joined(name: str) -> str:
        consumer = KafkaConsumer(**(client_arguments(harness.kafka) | {"client_id": name}), group_id=harness.kafka.group_id)
        consumers.append(consumer)
        consumer.subscribe([harness.kafka.documents_topic])

        def member_ids() -> list[str]:
            consumer.poll(100)
            return [member for member, client in members(harness).items() if client == name]

        wait_until(lambda: bool(member_ids()), 15, f"{name} has joined", lambda: str(members(harness)))
        return member_ids()[0]

    yield joined
    for consumer in consumers:
        consumer.close(autocommit=False)


def test_a_live_worker_stays_and_its_stale_member_id_goes(harness: KafkaHarness, join: Join) -> None:
    member = join(client_id())
    assert evict_dead_members(harness.kafka, CLIENT_PREFIX, {"another owner's"}) == 0
    assert members(harness) == {member: client_id()}
    assert evict_dead_members(harness.kafka, CLIENT_PREFIX, {member, ""}) == 1
    assert members(harness) == {}


def test_a_worker_whose_process_has_ended_goes(harness: KafkaHarness, join: Join) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    join(client_id().rpartition("-")[0] + f"-{child.pid}")
    assert evict_dead_members(harness.kafka, CLIENT_PREFIX) == 1
    assert members(harness) == {}


def test_the_development_broker_is_recognised_wherever_it_listens(harness: KafkaHarness) -> None:
    assert is_development_broker(harness.kafka) is True
    assert is_development_broker(harness.kafka.model_copy(update={"bootstrap_servers": f"127.0.0.1:1,{harness.kafka.bootstrap_servers}"}))


def test_on_kafka_on_loopback_nothing_is_evicted_and_the_care_ends(apache_kafka: ApacheKafka) -> None:
    assert is_development_broker(apache_kafka.settings()) is False
    asyncio.run(asyncio.wait_for(DevelopmentBrokerCare(apache_kafka.settings(), CLIENT_PREFIX).run(), 10))


def test_a_group_without_members_is_no_failure(harness: KafkaHarness) -> None:
    assert evict_dead_members(harness.kafka, CLIENT_PREFIX) == 0
