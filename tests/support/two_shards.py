"""A cluster of two shards in this process: the statements of a cluster, run by chDB.

Both shards read the same tables `…_local`; each sees the rows that the sharding key gives it, by a filter on `shardNum()`. Queries are
planned, split and merged as on a real cluster. What there is not: other servers (ON CLUSTER), replication, and tokens per shard: an insert
is two inserts into one table here, and the token of the first would drop the second.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from squall.core.clock import Clock, SystemClock
from squall.storage import Store
from squall.storage.backends.base import Block, Params, Result
from squall.storage.backends.embedded import EmbeddedBackend
from squall.storage.queries.schema import _RETENTION
from squall.storage.queries.versions import _DELETE
from squall.storage.queries.words import _ADD
from squall.storage.schema.cluster import SERVER_SETTINGS, SHARDED_BY, ClusterBackend, local_name
from squall.storage.schema.migrate import _LEDGER, available, statements

NAME = "two"
SCHEMA_STATEMENTS = [_LEDGER, *(each for _, text in available() for each in statements(text)), *_RETENTION.values(), *_DELETE, *_ADD]
"""Every statement that defines or changes a table, or deletes rows, as for one server."""
_SHARD = "<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host></replica></shard>"
_CONFIGURATION = f"<clickhouse><tcp_port>9777</tcp_port><remote_servers><{NAME}>{2 * _SHARD}</{NAME}></remote_servers></clickhouse>"
"""Nothing listens on the port: an address of this machine with the server's own port is read in the process."""
_REPLICATED = re.compile(r"^ENGINE = Replicated", re.MULTILINE)


class OneProcessCluster(EmbeddedBackend):
    """Runs the statements of a cluster in one process."""

    def __init__(self, folder: Path, *, max_threads: int = 1) -> None:
        self._file = tempfile.NamedTemporaryFile("w", suffix=".xml")  # noqa: SIM115  as long as the backend
        self._file.write(_CONFIGURATION)
        self._file.flush()
        super().__init__(folder, max_threads, 30.0)

    def _connect(self) -> Any:
        self._options = f"?config-file={self._file.name}&max_threads=1"
        connection = super()._connect()
        filters = ", ".join(f"'default.{local_name(table)}': '{key} % 2 = shardNum() - 1'" for table, key in SHARDED_BY.items())
        for name, value in SERVER_SETTINGS.items():
            connection.query(f"SET {name} = '{value}'", "Null")
        connection.query(f"SET prefer_localhost_replica = 1, additional_table_filters = {{{filters}}}", "Null")
        return connection

    def select(self, sql: str, params: Params) -> Result:
        return super().select(sql, params)

    def command(self, sql: str, params: Params) -> None:
        super().command(_REPLICATED.sub("ENGINE = ", sql.replace(f" ON CLUSTER '{NAME}'", "")), params)

    def insert(self, block: Block, token: str) -> None:
        super().insert(block, "")


def open_two_shards(folder: Path, clock: Clock | None = None) -> Store:
    """Open a store on two shards, with all tables."""
    store = Store(ClusterBackend(OneProcessCluster(folder), NAME), clock or SystemClock(), 400, NAME)
    store.schema.migrate()
    return store
