from __future__ import annotations

import pytest

from squall.storage import Store
from squall.storage.schema.table import Table
from squall.storage.schema.tables import alerting, backtests, documents, mentions, pipeline, stories

MODULES = (alerting, backtests, documents, mentions, pipeline, stories)
DECLARED = [table for module in MODULES for table in vars(module).values() if isinstance(table, Table)]
FILLED_BY_CLICKHOUSE = {"stored_at", "written_at"}


@pytest.mark.parametrize("table", DECLARED, ids=lambda table: str(table.name))
def test_a_declaration_names_every_column_of_its_table(migrated: Store, table: Table[object]) -> None:
    sql = f"SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '{table.name}'"
    there = {name for (name,) in migrated.read(sql)}
    declared = {column.name for column in table.columns}
    assert declared <= there
    assert there - declared <= FILLED_BY_CLICKHOUSE


def test_every_table_is_declared_but_those_that_only_sql_writes(migrated: Store) -> None:
    there = {name for (name,) in migrated.read("SELECT name FROM system.tables WHERE database = currentDatabase()")}
    assert there - {table.name for table in DECLARED} == {
        "schema_migrations",
        "sentiment_rollup",
        "entity_rollup",
        "entity_names",
    }
