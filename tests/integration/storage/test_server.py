from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from squall import storage
from squall.core.errors import StoreError, StoreUnavailableError
from squall.core.items import Progress
from squall.storage.rows.detector import DetectorPosition
from tests.integration.storage.samples import NOW, scored
from tests.support.gateway_process import GatewayProcess

pytestmark = pytest.mark.slow


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path)
    yield gateway
    gateway.kill()


def test_a_closed_port_is_unavailable_and_the_password_is_not_shown() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = storage.open(f"clickhouse://squall:hunter2@127.0.0.1:{port}/default", timeout_seconds=2)
    with pytest.raises(StoreUnavailableError) as caught:
        store.ping()
    assert "hunter2" not in str(caught.value)
    assert f"127.0.0.1:{port}" in str(caught.value)


def test_a_server_that_never_answers_is_unavailable_after_the_timeout() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        store = storage.open(f"clickhouse://127.0.0.1:{silent.getsockname()[1]}/default", timeout_seconds=0.5)
        started = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="no answer"):
            store.ping()
        assert time.monotonic() - started < 10


def test_a_server_that_hangs_up_is_unavailable() -> None:
    with socket.socket() as rude:
        rude.bind(("127.0.0.1", 0))
        rude.listen()
        threading.Thread(target=lambda: rude.accept()[0].close(), daemon=True).start()
        store = storage.open(f"clickhouse://127.0.0.1:{rude.getsockname()[1]}/default", timeout_seconds=2)
        with pytest.raises(StoreUnavailableError):
            store.ping()


def test_after_a_crash_of_the_server_the_same_store_goes_on(gateway: GatewayProcess) -> None:
    store = storage.open(gateway.url, timeout_seconds=10)
    store.schema.migrate()
    store.documents.insert([scored(1)], token="a")
    gateway.kill()
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            store.documents.insert([scored(2)], token="b")
    gateway.start()
    store.documents.insert([scored(2)], token="b")
    assert store.counts.totals().documents == 2
    store.close()


def test_the_first_query_of_a_fresh_connection_may_have_parameters(gateway: GatewayProcess) -> None:
    with closing(storage.open(gateway.url)) as store:
        store.schema.migrate()
    with closing(storage.open(gateway.url)) as store:
        assert store.alerts.get("0" * 32) is None


def test_a_wrong_user_or_database_is_reported_and_not_tried_again(gateway: GatewayProcess) -> None:
    for url, hint in (
        (gateway.url.replace("squall:secret", "nobody:secret"), "user"),
        (gateway.url.replace("/default", "/other"), "CREATE DATABASE"),
    ):
        with pytest.raises(StoreError) as caught:
            storage.open(url).ping()
        assert not isinstance(caught.value, StoreUnavailableError)
        assert hint in caught.value.hint


def test_a_value_that_does_not_fit_is_an_error_of_the_request(gateway: GatewayProcess) -> None:
    store = storage.open(gateway.url)
    store.schema.migrate()
    with pytest.raises(StoreError, match="does not fit"):
        store.progress.write([Progress("a", -1, 0, NOW, False, NOW)])
    store.detector.write_position("a", NOW, "{}")
    assert store.detector.position("a") == DetectorPosition("a", NOW, "{}")
    store.close()


def test_a_refused_query_leaves_the_store_usable(gateway: GatewayProcess) -> None:
    store = storage.open(gateway.url)
    with pytest.raises(StoreError, match="squall store migrate"):
        store.progress.all()
    store.schema.migrate()
    assert store.progress.all() == []
    store.close()
