"""Backup and restore by ClickHouse's own BACKUP and RESTORE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from squall.core.clock import Clock
from squall.core.errors import StoreError
from squall.storage.backends.base import Backend
from squall.storage.queries.base import Queries, Versions
from squall.storage.queries.spans import sql
from squall.storage.schema.cluster import quoted

POLL_SECONDS: Final = 0.2
"""Between two questions after a backup or restore that runs."""
Report = Callable[[int, int], None]
"""Called with the files that are done, and with all of them."""

_STATE: Final = "SELECT toString(status), error, files_read, num_files FROM system.backups WHERE id = {id:String}"
_ROWS: Final = """
SELECT name, toUInt64(ifNull(total_rows, 0)) FROM system.tables
WHERE database = currentDatabase() AND NOT is_temporary ORDER BY name
"""
_ROWS_OF_SHARDS: Final = """
SELECT replaceRegexpOne(name, '_local$$', '') AS name, toUInt64(sum(ifNull(total_rows, 0))) FROM cluster($cluster, system.tables)
WHERE database = {database:String} AND NOT is_temporary AND engine != 'Distributed' GROUP BY name ORDER BY name
"""
_GRANT_HINT: Final = (
    "the user needs BACKUP on the database and SELECT on system.backups, and the server a disk for backups (docs/operations.md)"
)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "'": "\\'"})
_NAME_ESCAPES: Final = str.maketrans({"\\": "\\\\", "`": "\\`"})


class BackupQueries(Queries):
    """Backups of the whole database, taken while it is in use; each table is as of one moment.

    Args:
        backend: where the SQL runs.
        versions: shared by all queries of a store.
        clock: paces the questions about the progress.
        cluster: over which the tables are distributed; empty: none.
    """

    def __init__(self, backend: Backend, versions: Versions, clock: Clock, cluster: str) -> None:
        super().__init__(backend, versions)
        self._clock = clock
        self._cluster = cluster

    def rows(self) -> dict[str, int]:
        """Return the rows of every table, older versions of them included."""
        if not self._cluster:
            return {str(name): int(rows) for name, rows in self._select(_ROWS)}
        database = self._only("SELECT currentDatabase()")[0]
        rows = self._select(sql(_ROWS_OF_SHARDS, cluster=quoted(self._cluster)), database=database)
        return {str(name): int(count) for name, count in rows}

    def create(self, engine: str, arguments: tuple[str, ...], report: Report = lambda *_: None) -> None:
        """Back up all tables; return when that is done.

        Args:
            engine: of the place, as ClickHouse names it: `File`, `Disk`.
            arguments: of the engine: a path; a disk and a name.
            report: called as it goes on.

        Raises:
            StoreError: the server has no such place, the user may not, or it failed midway.
        """
        self._run(f"BACKUP DATABASE {self._database()}{self._everywhere} TO {_place(engine, arguments)} ASYNC", "BACKUP_CREATED", report)

    def restore(self, engine: str, arguments: tuple[str, ...], database: str, report: Report = lambda *_: None) -> None:
        """Restore all tables of a backup into this database, which has none; return when that is done.

        Args:
            engine: as of `create`.
            arguments: as of `create`.
            database: name of the database that was backed up; empty: it is called as this one.
            report: called as it goes on.

        Raises:
            StoreError: this database has tables, there is no such backup, or it failed midway.
        """
        if tables := self.rows():
            raise StoreError(
                f"the database has tables already ({', '.join(list(tables)[:3])}, …)",
                "restore into a new data folder, or an empty database",
            )
        ours = self._database()
        theirs = _name(database) if database else ours
        self._run(f"RESTORE DATABASE {theirs} AS {ours}{self._everywhere} FROM {_place(engine, arguments)} ASYNC", "RESTORED", report)

    @property
    def _everywhere(self) -> str:
        return f" ON CLUSTER {quoted(self._cluster)}" if self._cluster else ""

    def _database(self) -> str:
        return _name(str(self._only("SELECT currentDatabase()")[0]))

    def _run(self, statement: str, done: str, report: Report) -> None:
        """Start a statement and wait for its end: one that runs for hours does not answer within the time limit of a connection."""
        try:
            number = str(self._only(statement)[0])
        except StoreError as error:
            raise StoreError(error.what, _GRANT_HINT) from error
        while True:
            found = list(self._select(_STATE, id=number))
            if not found:
                raise StoreError(f"nothing is known of the backup {number}", _GRANT_HINT)
            status, error_text, files, all_files = found[0]
            if str(status) == done:
                return
            if str(status).endswith(("FAILED", "CANCELLED")):
                raise StoreError(f"{statement.partition(' ')[0]} failed: {str(error_text).split('Stack trace')[0][:800]}", _GRANT_HINT)
            report(int(files), int(all_files))
            self._clock.sleep(POLL_SECONDS)


def _name(name: str) -> str:
    return "`" + name.translate(_NAME_ESCAPES) + "`"


def _place(engine: str, arguments: tuple[str, ...]) -> str:
    """Return the place in SQL: BACKUP takes no parameters there."""
    quoted = ", ".join("'" + each.translate(_ESCAPES) + "'" for each in arguments)
    return f"{engine}({quoted})"
