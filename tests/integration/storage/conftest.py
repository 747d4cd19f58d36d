"""One suite over both backends: chDB in this process, and clickhouse-driver through the native gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from squall import storage
from squall.storage import Store
from tests.support.gateway_process import GatewayProcess

TABLES = (
    "documents",
    "deletions",
    "mentions",
    "story_members",
    "entity_rollup",
    "entity_names",
    "progress",
    "dead_letters",
    "alerts",
    "notifications",
    "detector_positions",
    "silences",
    "acknowledgements",
    "leases",
    "sentiment_rollup",
    "rollup_position",
    "readings",
    "pipeline_samples",
    "detector_runs",
    "backtests",
    "backtest_alerts",
    "backtest_events",
    "backtest_readings",
)


@pytest.fixture(scope="module", params=["chdb", "server"])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    gateway = GatewayProcess(folder) if request.param == "server" else None
    store = storage.open(gateway.url if gateway else f"chdb://{folder}?max_threads=2")
    try:
        store.schema.migrate()
        yield store
    finally:
        store.close()
        if gateway:
            gateway.kill()


@pytest.fixture
def store(migrated: Store) -> Store:
    """An empty, migrated store."""
    for table in TABLES:
        migrated._backend.command(f"TRUNCATE TABLE {table}", {})
    return migrated
