from __future__ import annotations

from collections.abc import Sequence

import pytest

from squall import storage
from squall.core.errors import ConfigurationError, StoreError
from squall.storage.backends.base import Block, Params, Result
from squall.storage.backends.server import ServerBackend
from squall.storage.queries.versions import _DELETE
from squall.storage.schema.cluster import SERVER_SETTINGS, SHARDED_BY, Cluster, ClusterBackend, require_layout
from squall.storage.schema.migrate import _LEDGER
from tests.support.two_shards import SCHEMA_STATEMENTS

CLUSTER = Cluster("main", "squall")


class Recorded:
    """A backend that only notes what it is given."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def select(self, sql: str, params: Params) -> Result:
        return Result(["currentDatabase()"], [["squall"]], 1)

    def command(self, sql: str, params: Params) -> None:
        self.commands.append(sql)

    def insert(self, block: Block, token: str) -> None:
        raise AssertionError

    def close(self) -> None:
        return


def made(cluster: Cluster, sql: Sequence[str] = SCHEMA_STATEMENTS) -> list[str]:
    return [statement for each in sql for statement in cluster.statements(each)]


def test_a_table_becomes_a_replicated_one_and_a_distributed_one_with_its_name() -> None:
    sql = "\nCREATE TABLE IF NOT EXISTS leases\n(\n    name String\n)\nENGINE = ReplacingMergeTree(version)\nORDER BY name\n"
    assert CLUSTER.statements(sql) == [
        "CREATE TABLE IF NOT EXISTS leases_local ON CLUSTER 'main'\n(\n    name String\n)\nENGINE = ReplicatedReplacingMergeTree(version)\n"
        "ORDER BY name",
        "CREATE TABLE IF NOT EXISTS leases ON CLUSTER 'main' AS leases_local "
        "ENGINE = Distributed('main', 'squall', 'leases_local', sipHash64(name))",
    ]


def test_an_added_column_is_added_to_both_tables_and_all_else_is_of_the_replicated_one() -> None:
    assert CLUSTER.statements("ALTER TABLE documents\n    ADD COLUMN IF NOT EXISTS a String") == [
        "ALTER TABLE documents_local ON CLUSTER 'main'\n    ADD COLUMN IF NOT EXISTS a String",
        "ALTER TABLE documents ON CLUSTER 'main'\n    ADD COLUMN IF NOT EXISTS a String",
    ]
    assert CLUSTER.statements(_DELETE[0]) == [
        "ALTER TABLE story_members_local ON CLUSTER 'main' DELETE WHERE document_id IN {ids:Array(String)} SETTINGS mutations_sync = 2"
    ]


def test_queries_and_inserts_are_those_of_one_server() -> None:
    for sql in ("INSERT INTO entity_rollup (step) SELECT 1", " SELECT 1 FROM documents FINAL", "BACKUP DATABASE `x` TO Disk('b', 'n')"):
        assert CLUSTER.statements(sql) == [sql]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE IF NOT EXISTS unheard_of\n(a String)\nENGINE = MergeTree\nORDER BY a",
        "CREATE TABLE leases (name String) ENGINE = Memory",
        "CREATE MATERIALIZED VIEW v AS SELECT 1",
        "ALTER TABLE documents ADD COLUMN a String, ADD INDEX b a TYPE minmax",
        "ALTER TABLE documents MODIFY COLUMN a String",
        "ALTER TABLE unheard_of ADD COLUMN a String",
    ],
    ids=["table", "engine", "view", "mixed", "modify", "alter"],
)
def test_what_the_rewriting_does_not_know_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"cluster|columns"):
        CLUSTER.statements(sql)


def test_every_statement_of_the_schema_can_be_rewritten_and_names_the_cluster_once_or_twice() -> None:
    tables = {name for each in SCHEMA_STATEMENTS for name in SHARDED_BY if f" {name}\n" in each or f" {name} " in each}
    assert tables == set(SHARDED_BY)
    for statement in made(CLUSTER):
        assert statement.count("ON CLUSTER 'main'") == 1
        assert ("ENGINE = Replicated" in statement) + ("ENGINE = Distributed('main', 'squall'" in statement) == ("CREATE" in statement)


def test_a_name_is_quoted() -> None:
    assert "ON CLUSTER 'a\\'b'" in Cluster("a'b", "d").statements(_LEDGER)[0]


def test_a_backend_of_a_cluster_runs_them_all() -> None:
    there = Recorded()
    for sql in SCHEMA_STATEMENTS:
        ClusterBackend(there, "main").command(sql, {})
    assert there.commands == made(CLUSTER)


def test_without_a_cluster_nothing_is_rewritten_and_no_setting_is_added() -> None:
    alone = storage.open("clickhouse://127.0.0.1:1/squall")
    assert type(alone._backend) is ServerBackend
    assert alone._backend._settings == {}
    on_cluster = storage.open("clickhouse://127.0.0.1:1/squall", cluster="main")
    assert type(on_cluster._backend) is ClusterBackend
    assert on_cluster._backend._backend._settings == SERVER_SETTINGS  # type: ignore[attr-defined]


def test_a_cluster_needs_a_server() -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_STORE__CLUSTER"):
        storage.open("chdb:///tmp/nowhere", cluster="main")


def test_tables_of_the_other_layout_are_refused_with_what_to_set() -> None:
    require_layout("", "main")
    require_layout("", "")
    require_layout("Distributed", "main")
    require_layout("ReplacingMergeTree", "")
    require_layout("ReplicatedReplacingMergeTree", "")  # a Replicated database: every server has all rows
    with pytest.raises(StoreError, match="of a single server"):
        require_layout("ReplacingMergeTree", "main")
    with pytest.raises(StoreError, match="of a cluster"):
        require_layout("Distributed", "")
