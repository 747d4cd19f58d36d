"""What is said and noted while a broker does not answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import UTC, datetime

import pytest

from squall.core.clock import ManualClock
from squall.core.config.kafka import KafkaSettings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.observability.health import Health
from squall.stream.drivers.faust import broker_watch
from squall.stream.drivers.faust.broker_watch import BrokerWatch
from tests.support.broker import free_port

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def watch_of(bootstrap_servers: str) -> tuple[BrokerWatch, ManualClock]:
    clock = ManualClock(NOW)
    settings = Settings(kafka=KafkaSettings(bootstrap_servers=bootstrap_servers, request_timeout_seconds=0.2))
    return BrokerWatch(settings, Health(clock), clock), clock


def test_an_outage_is_said_once_and_its_end_with_its_length(caplog: pytest.LogCaptureFixture) -> None:
    watch, clock = watch_of(f"127.0.0.1:{free_port()}")

    async def questions() -> list[int | None]:
        return [await watch.uncommitted({0}) for _ in range(2)]

    with caplog.at_level(logging.INFO, "squall.worker"):
        assert asyncio.run(questions()) == [None, None]
        assert watch.away
        clock.advance(42.0)
        watch.answered()
        watch.answered()
    assert not watch.away
    said = [record.getMessage() for record in caplog.records if record.name == "squall.worker"]
    assert len(said) == 2
    assert said[0].startswith("the broker does not answer; nothing is lost, reading goes on when it does: Kafka at 127.0.0.1:")
    assert said[1] == "the broker answers again after 42 s"


def test_a_question_that_fails_in_another_way_ends_nothing_and_a_refusal_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, _ = watch_of("127.0.0.1:1")

    def fail(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(broker_watch, "uncommitted", fail)
    error: Exception = AssertionError("an answer that the client can't read")
    assert asyncio.run(watch.uncommitted({0})) is None
    assert not watch.away
    error = ConfigurationError("refused", "correct it")
    with pytest.raises(ConfigurationError):
        asyncio.run(watch.uncommitted({0}))


def test_waiting_for_the_broker_ends_with_the_stop() -> None:
    watch, _ = watch_of(f"127.0.0.1:{free_port()}")
    stop = threading.Event()
    stop.set()
    asyncio.run(watch.wait(stop))
