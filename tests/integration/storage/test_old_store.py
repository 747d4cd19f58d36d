"""A store from before mentions and severity: it migrates with what it holds, and is read for names afterwards."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from squall import storage
from squall.core.clock import SystemClock
from squall.storage.schema import migrate as migrations
from tests.integration.storage.samples import NOW, scored
from tests.support.gateway_process import GatewayProcess
from tests.support.old_tables import DOCUMENTS_BEFORE_SEVERITY

HOUR = timedelta(hours=1)
SPAN = (NOW - 24 * HOUR, NOW + 24 * HOUR)


@pytest.mark.parametrize("backend", ["chdb", "server"])
def test_an_old_store_with_rows_migrates_and_keeps_them(tmp_path: Path, backend: str) -> None:
    before = tmp_path / "migrations"
    before.mkdir()
    for file in sorted(migrations.FOLDER.glob("*.sql"))[:5]:
        shutil.copy(file, before)
    folder = tmp_path / "store"
    folder.mkdir()
    gateway = GatewayProcess(folder) if backend == "server" else None
    store = storage.open(gateway.url if gateway else f"chdb://{folder}?max_threads=1")
    try:
        migrations.migrate(store._backend, SystemClock(), before)
        rows = [scored(number, NOW + number * timedelta(minutes=1)) for number in range(10)]
        store._backend.insert(DOCUMENTS_BEFORE_SEVERITY.block(rows, {}), "old")
        later = ["mentions", "severity", "current_alerts", "stories", "undated", "versions", "deletions", "dated_counts"]
        assert [migration.name for migration in store.schema.status() if migration.applied_at is None] == later
        assert [migration.name for migration in store.schema.migrate()] == later
        assert all(migration.applied_at is not None for migration in store.schema.status())
        assert store.schema.migrate() == []
        assert store.counts.totals().documents == 10
        documents = store.documents.search()
        assert [(document.severity, document.events) for document in documents] == [(None, [])] * 10
        known = store.documents.known_versions([row.document for row in rows], "m1")
        assert {version.id: version.revision for version in known} == {row.document.id: row.document.revision for row in rows}
        assert store.severity.gravest(*SPAN) == []
        assert store.mentions.of(documents) == {document.id: () for document in documents}
        assert len(store.mentions.unread(*SPAN, model_version="m1", catalogue_version="c1", limit=100)) == 10
        store.rollups.update()
        assert store.entities.top(*SPAN) == []
    finally:
        store.close()
        if gateway:
            gateway.kill()


def test_mentions_expire_with_their_documents(tmp_path: Path) -> None:
    store = storage.open(f"chdb://{tmp_path}?max_threads=1", retention_days=30)
    try:
        store.schema.migrate()
        for table in ("mentions", "entity_rollup", "entity_names"):
            ((created,),) = store.read(f"SELECT create_table_query FROM system.tables WHERE name = '{table}'")
            assert re.search(r"toIntervalDay\((?:_CAST\()?30\b", created), created
    finally:
        store.close()
