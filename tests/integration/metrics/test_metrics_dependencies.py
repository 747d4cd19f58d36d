"""A store that really goes away, feeds that really fail, a door that really refuses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import pytest
from pydantic import SecretStr

from squall import storage
from squall.core.clock import ManualClock
from squall.core.config.settings import IngestSettings, PushSettings, PushTokenSettings
from squall.core.errors import StoreUnavailableError
from squall.core.observability.health import Health
from squall.ingest.push.app import PushEndpoint, create_app
from squall.ingest.push.queue import PushQueue
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.source import RssSource
from tests.support.feed_server import FeedServer, body, rss
from tests.support.gateway_process import GatewayProcess

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path)
    yield gateway
    gateway.kill()


def test_a_store_that_is_killed_makes_the_process_unready_until_it_answers_again(gateway: GatewayProcess) -> None:
    health = Health()
    store = storage.open(gateway.url, timeout_seconds=5, health=health)
    assert health.dependencies.missing() == ["store"]
    store.ping()
    assert health.dependencies.missing() == []
    gateway.kill()
    with pytest.raises(StoreUnavailableError):
        store.ping()
    assert health.dependencies.missing() == ["store"]
    gateway.start()
    store.ping()
    assert health.dependencies.missing() == []
    store.close()
    value = health.metrics.registry.get_sample_value
    assert value("squall_store_calls_total", {"operation": "select", "outcome": "ok"}) == 2
    assert value("squall_store_calls_total", {"operation": "select", "outcome": "unavailable"}) == 1


def test_polls_are_counted_by_outcome_without_the_feeds_address() -> None:
    server, health, clock = FeedServer(), Health(), ManualClock(NOW)
    try:
        server.answers["/news"] = body(rss("1", "2"))
        server.answers["/same"] = body(b"", 304)
        server.answers["/gone"] = body(b"", 500)
        settings = IngestSettings(request_timeout_seconds=0.8, host_interval_seconds=0.001)
        feeds = [Feed(url=server.url(path), name=path) for path in server.answers]
        source = RssSource(feeds, settings, clock, Random(1), once=True, health=health)
        for batch in source.batches(threading.Event()):
            batch.commit()
    finally:
        server.close()
    [family] = [family for family in health.metrics.registry.collect() if family.name == "squall_source_fetches"]
    counted = {sample.labels["outcome"]: sample.value for sample in family.samples if sample.name.endswith("_total")}
    assert counted == {"news": 1, "unchanged": 1, "failed": 1, "paused": 0}


TOKEN = "token-of-the-desk"


async def _post(endpoint: PushEndpoint, token: str, content: bytes) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(endpoint)), base_url="http://test") as client:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return (await client.post("/documents", content=content, headers=headers)).status_code


async def _pushes(endpoint: PushEndpoint) -> list[int]:
    good = b'{"source": "desk", "title": "Bank fails", "published_at": "2026-03-02T14:05:00Z"}'
    endpoint.outage = "no broker"
    answers = [await _post(endpoint, "wrong", good), await _post(endpoint, TOKEN, good)]
    endpoint.outage = ""
    foreign = good.replace(b"desk", b"wire")
    return [*answers, *[await _post(endpoint, TOKEN, content) for content in (b"{broken", foreign, b"[]")]]


def test_pushes_are_counted_by_answer() -> None:
    token = PushTokenSettings(name="desk", token=SecretStr(TOKEN), sources=("desk",))
    endpoint = PushEndpoint(PushSettings(tokens=(token,)), ManualClock(NOW), PushQueue(10))
    assert asyncio.run(_pushes(endpoint)) == [401, 503, 400, 403, 202]
    value = endpoint.metrics.registry.get_sample_value
    outcomes = {
        name: value("squall_push_requests_total", {"outcome": name})
        for name in ("unauthorised", "forbidden", "refused", "unavailable", "accepted")
    }
    assert outcomes == dict.fromkeys(outcomes, 1)
