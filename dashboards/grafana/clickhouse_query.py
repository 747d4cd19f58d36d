"""Queries of Grafana's ClickHouse data source, which the foundation SDK has no class for."""

from __future__ import annotations

from typing import Any, Self

from grafana_foundation_sdk.cog import runtime, variants
from grafana_foundation_sdk.models.common import DataSourceRef

PLUGIN = "grafana-clickhouse-datasource"
DATASOURCE_UID = "squall-clickhouse"
PLUGIN_VERSION = "4.11.0"
"""The plugin version that the queries are written for; stating it keeps the plugin from migrating them."""

TIME_SERIES = 0
TABLE = 1
_NAMES = {TIME_SERIES: "timeseries", TABLE: "table"}


def datasource() -> DataSourceRef:
    """Return the reference that every panel, variable and annotation carries."""
    return DataSourceRef(type_val=PLUGIN, uid=DATASOURCE_UID)


class Query(variants.Dataquery):
    """One query of a panel.

    Args:
        raw_sql: with the plugin's macros and Grafana's variables.
        format_val: `TIME_SERIES` (text columns become series labels) or `TABLE`.
        ref_id: its name in the panel.
    """

    def __init__(self, raw_sql: str, format_val: int = TIME_SERIES, ref_id: str = "A") -> None:
        self.raw_sql = raw_sql
        self.format_val = format_val
        self.ref_id = ref_id

    def to_json(self) -> dict[str, object]:
        """Return the query as Grafana stores it."""
        return {
            "datasource": datasource(),
            "editorType": "sql",
            "format": self.format_val,
            "pluginVersion": PLUGIN_VERSION,
            "queryType": _NAMES[self.format_val],
            "rawSql": self.raw_sql,
            "refId": self.ref_id,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read a query; raises `KeyError` if a required field is missing."""
        return cls(data["rawSql"], data["format"], data["refId"])


def register() -> None:
    """Register these queries with the SDK; may be called again."""
    runtime.register_dataquery_variant(runtime.DataqueryConfig(PLUGIN, Query.from_json))
