"""The tables on a ClickHouse cluster: the statements of one server, rewritten.

Each table is a replicated table on every server (`documents_local`) and a distributed one over them with the name that all queries use
(`documents`). A row's shard follows from a part of its sort key, so all versions of a row are on one shard and FINAL, which every shard
does by itself, stays right. What queries look up elsewhere (IN, JOIN) may lie on any shard: `SERVER_SETTINGS` has it collected first.
docs/design.md#a-cluster says why each of this is so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from squall.core.errors import StoreError
from squall.storage.backends.base import Backend, Block, Params, Result

SHARDED_BY: Final[Mapping[str, str]] = {
    "schema_migrations": "sipHash64(number)",
    "documents": "sipHash64(id)",
    "mentions": "sipHash64(document_id)",
    "story_members": "sipHash64(document_id)",
    "deletions": "sipHash64(id)",
    "sentiment_rollup": "sipHash64(symbol, time)",
    "entity_rollup": "sipHash64(entity)",
    "entity_names": "sipHash64(entity)",
    "rollup_position": "sipHash64(name)",
    "progress": "sipHash64(stream, partition)",
    "dead_letters": "sipHash64(topic, partition, offset)",
    "alerts": "sipHash64(id)",
    "notifications": "sipHash64(id)",
    "silences": "sipHash64(id)",
    "acknowledgements": "sipHash64(alert_id)",
    "leases": "sipHash64(name)",
    "detector_positions": "sipHash64(name)",
    "detector_runs": "sipHash64(at)",
    "readings": "sipHash64(series)",
    "pipeline_samples": "sipHash64(worker)",
    "backtests": "sipHash64(id)",
    "backtest_alerts": "sipHash64(backtest_id)",
    "backtest_events": "sipHash64(backtest_id)",
    "backtest_readings": "sipHash64(backtest_id)",
}
"""What decides a row's shard: columns of the table's sort key; the id of a document for its mentions and its place in a story too."""
SERVER_SETTINGS: Final[Mapping[str, object]] = {
    "distributed_product_mode": "global",  # a subquery's answer of all shards goes to each: copies of a text lie on any
    "distributed_foreground_insert": 1,  # acknowledged when each shard has its rows; the shard gets the token too
    "parallel_distributed_insert_select": 0,  # counts are made of all shards' rows, then written
    "optimize_skip_unused_shards": 1,  # one document or one name is asked of its shard
    "load_balancing": "in_order",  # a process reads where it and others write: the first replica that answers
    "prefer_localhost_replica": 0,  # also where it is connected to another one
    "skip_unavailable_shards": 0,  # no answer, instead of one that lacks a shard
}
"""Of each query and insert on a cluster."""

_CREATE = re.compile(r"\ACREATE TABLE IF NOT EXISTS (\w+)\s*\n")
_ENGINE = re.compile(r"^ENGINE = (\w*MergeTree)\b", re.MULTILINE)
_ALTER = re.compile(r"\AALTER TABLE (\w+)\b")
_ADDS = re.compile(r"\bADD COLUMN\b")
_LOCAL_ONLY = re.compile(r"\b(?:INDEX|PROJECTION|TTL|DELETE)\b")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of the server's configuration.

    Args:
        name: in `remote_servers`; a macro such as `{cluster}` is expanded by the server.
        database: holds the tables, on each of its servers.
    """

    name: str
    database: str

    def statements(self, sql: str) -> list[str]:
        """Return what `sql`, a statement for a single server, is on the cluster, in the order of running.

        CREATE TABLE and ALTER TABLE become statements of all servers: for the replicated table, and for the distributed one where it has
        columns to know of. Every other statement works on the distributed tables as it is.

        Raises:
            ValueError: the statement defines a table in a form that is not known here, or a table that is not in `SHARDED_BY`.
        """
        text = sql.strip()
        if text.startswith("CREATE "):
            return self._create(text)
        if text.startswith("ALTER "):
            return self._alter(text)
        return [sql]

    def _create(self, sql: str) -> list[str]:
        head, engines = _CREATE.match(sql), _ENGINE.findall(sql)
        if head is None or len(engines) != 1 or head[1] not in SHARDED_BY:
            raise ValueError(f"no table of a cluster can be made of {sql[:100]!r}")
        table = head[1]
        local = _ENGINE.sub(rf"ENGINE = Replicated{engines[0]}", sql).replace(head[0], self._created(local_name(table)) + "\n", 1)
        engine = f"Distributed({quoted(self.name)}, {quoted(self.database)}, {quoted(local_name(table))}, {SHARDED_BY[table]})"
        return [local, f"{self._created(table)} AS {local_name(table)} ENGINE = {engine}"]

    def _created(self, table: str) -> str:
        return f"CREATE TABLE IF NOT EXISTS {table} ON CLUSTER {quoted(self.name)}"

    def _alter(self, sql: str) -> list[str]:
        head = _ALTER.match(sql)
        adds, local_only = _ADDS.search(sql), _LOCAL_ONLY.search(sql)
        if head is None or head[1] not in SHARDED_BY or (adds is None) == (local_only is None):
            raise ValueError(f"columns are added by a statement of their own: {sql[:100]!r}")
        names = [local_name(head[1])] + ([head[1]] if adds else [])
        return [f"ALTER TABLE {name} ON CLUSTER {quoted(self.name)}{sql[head.end() :]}" for name in names]


class ClusterBackend:
    """Runs the statements of one server on a cluster; see `Backend`.

    Args:
        backend: one of the servers, with `SERVER_SETTINGS`.
        name: of the cluster.
    """

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend = backend
        self._name = name

    def select(self, sql: str, params: Params) -> Result:
        """Run a query that answers with rows."""
        return self._backend.select(sql, params)

    def command(self, sql: str, params: Params) -> None:
        """Run a statement, on all servers where it defines a table or deletes rows."""
        if not sql.lstrip().startswith(("CREATE ", "ALTER ")):
            self._backend.command(sql, params)
            return
        ((database,),) = self._backend.select("SELECT currentDatabase()", {})
        for statement in Cluster(self._name, str(database)).statements(sql):
            self._backend.command(statement, params)

    def insert(self, block: Block, token: str) -> None:
        """Insert one block; each shard gets its rows, and remembers the token for them."""
        self._backend.insert(block, token)

    def close(self) -> None:
        """Close every connection."""
        self._backend.close()


def local_name(table: str) -> str:
    """Return the name of the replicated table behind a distributed one."""
    return f"{table}_local"


def quoted(text: str) -> str:
    """Return a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def require_layout(engine: str, cluster: str) -> None:
    """Refuse tables of another layout than the settings say.

    Args:
        engine: of the table `schema_migrations`; empty: there is none.
        cluster: the setting.

    Raises:
        StoreError: the tables are of a single server and a cluster is set, or the other way round.
    """
    if engine and cluster and engine != "Distributed":
        raise StoreError(
            f"the database has tables of a single server, and SQUALL_STORE__CLUSTER names {cluster!r}",
            "name an empty database in SQUALL_STORE__URL, migrate it, and copy the rows (docs/operations.md#a-cluster)",
        )
    if engine == "Distributed" and not cluster:
        raise StoreError("the database has tables of a cluster", "name the cluster in SQUALL_STORE__CLUSTER")
