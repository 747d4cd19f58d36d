"""A broker for the tests of this folder, and a harness for each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from squall.app.dev_broker import DevelopmentBroker
from squall.core.clock import SystemClock
from squall.core.errors import ConfigurationError
from tests.support.apache_kafka.installation import can_run
from tests.support.broker import REAL_BROKER
from tests.support.kafka_harness import KafkaHarness


def start(folder: Path) -> DevelopmentBroker:
    broker = DevelopmentBroker(folder, 0, SystemClock())
    try:
        broker.start()
    except ConfigurationError as error:
        pytest.skip(str(error))
    return broker


@pytest.fixture(scope="session")
def bootstrap_servers(request: pytest.FixtureRequest) -> str:
    """The broker that SQUALL_TEST_KAFKA names, else Apache Kafka where it can be had, else the development broker."""
    named: str = os.environ.get(REAL_BROKER, "")
    if named:
        return named
    found: str = request.getfixturevalue("apache_kafka").bootstrap if can_run() else request.getfixturevalue("development_broker")
    return found


@pytest.fixture(scope="session")
def development_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a development broker for all tests."""
    broker = start(tmp_path_factory.mktemp("broker"))
    yield broker.bootstrap_servers
    broker.stop()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[DevelopmentBroker]:
    """A development broker that the test may stop."""
    broker = start(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture
def make_harness(tmp_path: Path) -> Iterator[Callable[..., KafkaHarness]]:
    """Make harnesses whose workers end with the test."""
    harnesses: list[KafkaHarness] = []

    def make(bootstrap_servers: str, partitions: int = 4) -> KafkaHarness:
        harnesses.append(KafkaHarness(bootstrap_servers, tmp_path, partitions))
        return harnesses[-1]

    yield make
    for harness in harnesses:
        harness.close()


@pytest.fixture
def harness(make_harness: Callable[..., KafkaHarness], bootstrap_servers: str) -> KafkaHarness:
    """A topic of four partitions, its group, and a folder for the embedded store."""
    return make_harness(bootstrap_servers)
