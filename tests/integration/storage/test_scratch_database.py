"""A database of its own for a measurement: made, used by a store, and gone afterwards, whatever happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from squall import storage
from squall.core.errors import ConfigurationError
from squall.storage.opening import create_database
from squall.storage.scratch import scratch_database
from tests.integration.storage.samples import scored
from tests.support.gateway_process import GatewayProcess

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    gateway = GatewayProcess(tmp_path)
    yield gateway.url
    gateway.kill()


def databases(url: str) -> set[str]:
    store = storage.open(url)
    try:
        return {name for (name,) in store.read("SELECT name FROM system.databases")}
    finally:
        store.close()


def test_a_store_works_in_it_and_it_is_dropped_at_the_end(server: str) -> None:
    before = databases(server)
    with scratch_database(server, "squall_bench_1") as url:
        assert databases(server) - before == {"squall_bench_1"}
        store = storage.open(url)
        store.schema.migrate()
        store.documents.insert([scored(0)], token="t")
        assert store.counts.totals().documents == 1
        store.close()
    assert databases(server) == before


def test_it_is_dropped_after_an_error_too(server: str) -> None:
    before = databases(server)
    with pytest.raises(ValueError, match="in between"), scratch_database(server, "squall_bench_2"):
        raise ValueError("in between")
    assert databases(server) == before


def test_an_embedded_store_has_no_databases_to_make() -> None:
    with pytest.raises(ConfigurationError, match="not the URL of a ClickHouse server"), scratch_database("chdb:///tmp/x", "squall_bench_3"):
        pass


def test_a_database_that_is_missing_is_created_once_and_migrated(server: str) -> None:
    url = server.rpartition("/")[0] + "/squall_new"
    for _ in range(2):
        create_database(url)
    store = storage.open(url)
    try:
        assert len(store.schema.migrate()) > 5
    finally:
        store.close()


@pytest.mark.parametrize("url", ["clickhouse://squall@127.0.0.1:1/", "clickhouse://squall@127.0.0.1:1/a;drop", "http://example.org/squall"])
def test_a_url_without_the_name_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        create_database(url)
