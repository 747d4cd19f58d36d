"""The endpoint of a process over real HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from squall.app.metrics_and_probes import MetricsServer, serving
from squall.core.clock import ManualClock
from squall.core.config.settings import MetricsSettings, Settings
from squall.core.errors import ConfigurationError
from squall.core.observability.catalogue import METRICS
from squall.core.observability.health import Health
from tests.support.broker import free_port
from tests.support.metrics_scrape import fetch, scrape


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def health(clock: ManualClock) -> Health:
    return Health(clock, patience_seconds=60)


@pytest.fixture
def server(health: Health) -> Iterator[MetricsServer]:
    server = MetricsServer(MetricsSettings(), health)  # port 0 here: any free one
    yield server
    server.close()


def test_prometheus_can_read_the_metrics(server: MetricsServer, health: Health) -> None:
    health.metrics.dead_letters("worker", ["too_large"])
    found = scrape(server.url)
    assert found("squall_dead_letters_total", stage="worker", reason="too_large") == 1
    assert found("squall_documents_total", fate="stored") == 0, "exported from the start, so that its first step is seen"
    assert found("squall_kafka_lag_messages") is None, "not known yet"
    assert not {name for name in found.names if name.endswith("_created")}
    assert {name + ("_total" if family.type == "counter" else "") for name, family in found.families.items()} <= set(METRICS)


def test_the_content_type_is_what_the_scraper_asked_for(server: MetricsServer) -> None:
    assert fetch(f"{server.url}/metrics")[1].startswith("text/plain; version=")
    status, kind, body = fetch(f"{server.url}/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert (status, kind.split(";")[0]) == (200, "application/openmetrics-text")
    assert body.endswith("# EOF\n")


def test_liveness_follows_progress_and_readiness_the_dependencies(server: MetricsServer, health: Health, clock: ManualClock) -> None:
    assert fetch(f"{server.url}/livez")[::2] == (200, "alive\n")
    assert fetch(f"{server.url}/readyz")[::2] == (200, "ready\n")
    health.liveness.expect("worker")
    health.dependencies.failed("store")
    clock.advance(61)
    assert fetch(f"{server.url}/livez")[::2] == (503, "worker: no progress for 61 s, which is more than 60 s\n")
    assert fetch(f"{server.url}/readyz")[::2] == (503, "store: no answer\n")
    assert scrape(server.url)("squall_dependency_up", dependency="store") == 0
    health.liveness.touch("worker")
    assert fetch(f"{server.url}/livez")[0] == 200
    assert fetch(f"{server.url}/readyz")[0] == 503, "alive, but not ready"


def test_other_paths_are_not_there(server: MetricsServer) -> None:
    assert fetch(f"{server.url}/")[0] == 404
    assert fetch(f"{server.url}/metrics/../etc/passwd")[0] == 404
    assert fetch(f"{server.url}/livez?verbose=1")[0] == 200


def test_a_client_that_says_nothing_does_not_hold_up_others(server: MetricsServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))):
        assert fetch(f"{server.url}/livez")[0] == 200


def test_a_busy_event_loop_still_answers(server: MetricsServer) -> None:
    async def busy() -> int:
        return fetch(f"{server.url}/livez")[0]  # without a pause: the loop does nothing else until the answer is there

    assert asyncio.run(busy()) == 200


def test_a_port_that_is_taken_is_reported_with_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError, match="SQUALL_METRICS__PORT"):
        MetricsServer(MetricsSettings(port=taken.getsockname()[1]), Health())


def test_a_foreign_address_is_reported_with_the_setting() -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_METRICS__HOST"):
        MetricsServer(MetricsSettings(host="192.0.2.1"), Health())


def test_it_is_off_unless_a_port_is_set(clock: ManualClock) -> None:
    with serving(Settings(), clock, "store") as health:
        assert health.dependencies.missing() == ["store"]


def test_while_it_serves_the_process_and_its_build_are_exported_and_afterwards_the_port_is_free(clock: ManualClock) -> None:
    port = free_port()
    settings = Settings(metrics=MetricsSettings(port=port))
    for _ in range(2):
        with serving(settings, clock, "store", "broker"):
            found = scrape(f"http://127.0.0.1:{port}")
            assert found.families["squall_build_info"].samples[0].labels["version"]
            assert found("process_start_time_seconds")
            assert fetch(f"http://127.0.0.1:{port}/readyz")[::2] == (503, "broker: no answer\nstore: no answer\n")


def test_on_loopback_a_foreign_host_is_refused(server: MetricsServer) -> None:
    for path in ("/metrics", "/livez", "/readyz"):
        assert fetch(f"{server.url}{path}", {"Host": "evil.example:9101"})[0] == 421
        assert fetch(f"{server.url}{path}", {"Host": "localhost:9101"})[0] == 200


def test_beyond_loopback_addresses_and_service_names_are_answered_and_other_names_if_they_are_allowed(health: Health) -> None:
    server = MetricsServer(MetricsSettings(host="0.0.0.0", allowed_hosts=("node-7.example.org",)), health)
    try:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        hosts = ["10.1.2.3:9101", "worker:9101", "node-7.example.org:9101", "evil.example"]
        assert [fetch(f"{url}/metrics", {"Host": host})[0] for host in hosts] == [200, 200, 200, 421]
    finally:
        server.close()


def test_only_get_and_head_are_answered(server: MetricsServer) -> None:
    address = server.url.removeprefix("http://").split(":")
    for method, status in (("HEAD", b"200"), ("POST", b"405")):
        with socket.create_connection((address[0], int(address[1])), 10) as client:
            client.sendall(f"{method} /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while part := client.recv(65_536):
                answer += part
        assert answer[9:12] == status
        assert method != "HEAD" or answer.endswith(b"\r\n\r\n")
