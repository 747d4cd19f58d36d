"""Bringing the tables up to date: migrations and retention."""

from __future__ import annotations

import re
from typing import Final

from squall.core.clock import Clock
from squall.core.errors import StoreError
from squall.storage.backends.base import Backend
from squall.storage.queries.base import Queries, Versions
from squall.storage.schema import migrate as migrations
from squall.storage.schema.migrate import Migration

_TABLES = """
SELECT name, create_table_query FROM system.tables
WHERE database = currentDatabase() AND name IN {tables:Array(String)}
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


class SchemaQueries(Queries):
    """The tables themselves.

    Args:
        backend: where the SQL runs.
        versions: shared by all queries of a store.
        clock: stamps migrations.
        retention_days: rows are dropped this long after they were scored, rejected or counted.
    """

    def __init__(self, backend: Backend, versions: Versions, clock: Clock, retention_days: int) -> None:
        super().__init__(backend, versions)
        self._clock = clock
        self._retention_days = retention_days

    def migrate(self) -> list[Migration]:
        """Bring the tables up to this version and the retention to what the settings say; return what was applied.

        Raises:
            StoreError: ClickHouse is too old, the store is ahead of this version, or an applied migration was edited.
        """
        version = str(self._only("SELECT version()")[0])
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            raise StoreError(f"the store runs ClickHouse {version}, which is too old", "use ClickHouse 24.8 or newer")
        done = migrations.migrate(self._backend, self._clock)
        for table, created in self._select(_TABLES, tables=list(_RETENTION)):
            found = _DAYS.search(created)
            if found is None or int(found[1]) != self._retention_days:
                self._command(_RETENTION[table], days=self._retention_days)
        return done

    def status(self) -> list[Migration]:
        """Return every migration of this version with when it was applied, None when it was not yet.

        Raises:
            StoreError: the store is ahead of this version, or an applied migration was edited.
        """
        return migrations.status(self._backend)
