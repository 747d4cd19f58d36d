"""Bringing the tables up to date: migrations and retention."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from squall.core.clock import Clock
from squall.core.errors import StoreError
from squall.storage.backends.base import Backend
from squall.storage.queries.base import Queries, Versions
from squall.storage.queries.words import WordIndexQueries
from squall.storage.schema import migrate as migrations
from squall.storage.schema.cluster import local_name, require_layout
from squall.storage.schema.migrate import Migration
from squall.storage.schema.table import Table

_TABLES = """
SELECT name, create_table_query FROM system.tables
WHERE database = currentDatabase() AND name IN {tables:Array(String)}
"""
_LEDGER_ENGINE: Final = "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'"
_SIZES: Final = """
SELECT table, sum(rows), sum(bytes_on_disk), sum(secondary_indices_compressed_bytes) FROM system.parts
WHERE database = currentDatabase() AND active GROUP BY table HAVING sum(rows) > 0 ORDER BY sum(bytes_on_disk) DESC
"""
_RETENTION: Final = {
    "documents": "ALTER TABLE documents MODIFY TTL toDateTime(scored_at) + toIntervalDay({days:UInt32})",
    "mentions": "ALTER TABLE mentions MODIFY TTL toDateTime(document_scored_at) + toIntervalDay({days:UInt32})",
    "dead_letters": "ALTER TABLE dead_letters MODIFY TTL toDateTime(at) + toIntervalDay({days:UInt32})",
    "sentiment_rollup": "ALTER TABLE sentiment_rollup MODIFY TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay({days:UInt32})",
    "entity_rollup": "ALTER TABLE entity_rollup MODIFY TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay({days:UInt32})",
    "entity_names": "ALTER TABLE entity_names MODIFY TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay({days:UInt32})",
    "story_members": "ALTER TABLE story_members MODIFY TTL toDateTime(intDiv(version, 1000000)) + toIntervalDay({days:UInt32})",
    "readings": "ALTER TABLE readings MODIFY TTL written_at + toIntervalDay({days:UInt32})",
}
_DAYS = re.compile(r"toIntervalDay\((?:_CAST\()?(\d+)")
_OLDEST: Final = (24, 8)


class TableSize(NamedTuple):
    """Rows and bytes of a table; `index_bytes` are those of its indexes among them, projections are in `bytes` too."""

    rows: int
    bytes: int
    index_bytes: int


class SchemaQueries(Queries):
    """The tables themselves.

    Args:
        backend: where the SQL runs.
        versions: shared by all queries of a store.
        clock: stamps migrations.
        retention_days: rows are dropped this long after they were scored, rejected or counted.
        cluster: over which the tables are distributed; empty: none.
    """

    def __init__(self, backend: Backend, versions: Versions, clock: Clock, retention_days: int, cluster: str) -> None:
        super().__init__(backend, versions)
        self._clock = clock
        self._retention_days = retention_days
        self._cluster = cluster
        self._words = WordIndexQueries(backend, versions)

    def migrate(self) -> list[Migration]:
        """Bring the tables up to this version and the retention to what the settings say; return what was applied.

        Raises:
            StoreError: ClickHouse is too old, the store is ahead of this version, an applied migration was edited, or the tables are those
                of a cluster, or of none, and the settings say otherwise.
        """
        version = str(self._only("SELECT version()")[0])
        release = tuple(int(part) for part in version.split(".")[:2])
        if release < _OLDEST:
            raise StoreError(f"the store runs ClickHouse {version}, which is too old", "use ClickHouse 24.8 or newer")
        self._require_layout()
        done = migrations.migrate(self._backend, self._clock)
        tables = {local_name(table) if self._cluster else table: table for table in _RETENTION}
        for name, created in self._select(_TABLES, tables=list(tables)):
            found = _DAYS.search(created)
            if found is None or int(found[1]) != self._retention_days:
                self._command(_RETENTION[tables[name]], days=self._retention_days)
        self._words.ensure(release, clustered=bool(self._cluster))
        return done

    def status(self) -> list[Migration]:
        """Return every migration of this version with when it was applied, None when it was not yet.

        Raises:
            StoreError: the store is ahead of this version, an applied migration was edited, or the tables are those of a cluster, or of
                none, and the settings say otherwise.
        """
        self._require_layout()
        return migrations.status(self._backend)

    def sizes(self) -> dict[str, TableSize]:
        """Return what each table with rows takes on the disk of the server that answers, largest first."""
        return {str(name): TableSize(*map(int, size)) for name, *size in self._select(_SIZES)}

    def merge(self, table: Table[Any]) -> None:
        """Merge all parts of a table into one each partition, as the background does in time; for measurements."""
        self._command(f"OPTIMIZE TABLE {table.name} FINAL")

    def _require_layout(self) -> None:
        engine = self._one(_LEDGER_ENGINE)
        require_layout(str(engine[0]) if engine else "", self._cluster)
