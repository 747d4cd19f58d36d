"""The store: every query by name, over either backend."""

from __future__ import annotations

import re

from squall.core.errors import StoreError
from squall.storage.backends.base import Backend
from squall.storage.queries.alerts import AlertQueries
from squall.storage.queries.counts import CountQueries
from squall.storage.queries.documents import DocumentQueries
from squall.storage.queries.live import LiveQueries
from squall.storage.queries.operators import OperatorQueries
from squall.storage.queries.progress import ProgressQueries
from squall.storage.queries.rollup import RollupQueries
from squall.storage.queries.telemetry import TelemetryQueries
from squall.storage.queries.versions import VersionQueries
from squall.storage.rows.stored import Migration
from squall.storage.schema import migrate as migrations

_TABLES = """
SELECT name, create_table_query FROM system.tables
WHERE database = currentDatabase() AND name IN ('documents', 'dead_letters', 'sentiment_rollup', 'readings')
"""
_RETENTION = {
    "documents": "ALTER TABLE documents MODIFY TTL toDateTime(scored_at) + toIntervalDay({days:UInt32})",
    "dead_letters": "ALTER TABLE dead_letters MODIFY TTL toDateTime(at) + toIntervalDay({days:UInt32})",
    "sentiment_rollup": "ALTER TABLE sentiment_rollup MODIFY TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay({days:UInt32})",
    "readings": "ALTER TABLE readings MODIFY TTL written_at + toIntervalDay({days:UInt32})",
}
_DAYS = re.compile(r"toIntervalDay\((?:_CAST\()?(\d+)")
_OLDEST = (24, 8)


class Store(
    DocumentQueries,
    CountQueries,
    RollupQueries,
    ProgressQueries,
    AlertQueries,
    OperatorQueries,
    VersionQueries,
    TelemetryQueries,
    LiveQueries,
):
    """ClickHouse, a server or embedded. Thread-safe.

    Every method raises `StoreUnavailableError` when trying again may help (connection lost or refused, timeouts, memory,
    disk), `StoreError` when it will not, with the hint to run `squall store migrate` when tables are missing.

    Args:
        backend: where the SQL runs.
        retention_days: rows are dropped this long after they were scored, rejected or counted.
    """

    def __init__(self, backend: Backend, retention_days: int) -> None:
        super().__init__(backend)
        self._retention_days = retention_days

    def ping(self) -> str:
        """Return ClickHouse's version."""
        return str(next(iter(self._select("SELECT version()")))[0])

    def migrate(self) -> list[Migration]:
        """Bring the tables up to this version and the retention to what the settings say; return what was applied.

        Raises:
            StoreError: the store is ahead of this version, or an applied migration was edited.
        """
        version = self.ping()
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            raise StoreError(f"the store runs ClickHouse {version}, which is too old", "use ClickHouse 24.8 or newer")
        done = migrations.migrate(self._backend)
        self._apply_retention()
        return done

    def _apply_retention(self) -> None:
        for table, created in self._select(_TABLES):
            found = _DAYS.search(created)
            if found is None or int(found[1]) != self._retention_days:
                self._command(_RETENTION[table], days=self._retention_days)

    def migrations(self) -> list[Migration]:
        """Return every migration of this version with when it was applied, None when it was not yet."""
        return migrations.status(self._backend)

    def close(self) -> None:
        """Close all connections; idempotent."""
        self._backend.close()
