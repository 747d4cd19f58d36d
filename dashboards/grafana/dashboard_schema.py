"""A JSON Schema of what Grafana requires of a dashboard; Grafana's own is not published in a form that works offline."""

from __future__ import annotations

from typing import Any

from squall.dashboards.grafana.clickhouse_query import DATASOURCE_UID, PLUGIN, PLUGIN_VERSION

_TEXT = {"type": "string", "minLength": 1}
_DATASOURCE = {
    "type": "object",
    "required": ["type", "uid"],
    "properties": {"type": {"const": PLUGIN}, "uid": {"const": DATASOURCE_UID}},
    "additionalProperties": False,
}
_QUERY = {
    "type": "object",
    "required": ["datasource", "editorType", "format", "pluginVersion", "queryType", "rawSql", "refId"],
    "properties": {
        "datasource": _DATASOURCE,
        "editorType": {"const": "sql"},
        "format": {"enum": [0, 1]},
        "pluginVersion": {"const": PLUGIN_VERSION},
        "queryType": {"enum": ["timeseries", "table"]},
        "rawSql": _TEXT,
        "refId": _TEXT,
    },
    "oneOf": [
        {"properties": {"format": {"const": 0}, "queryType": {"const": "timeseries"}}},
        {"properties": {"format": {"const": 1}, "queryType": {"const": "table"}}},
    ],
    "additionalProperties": False,
}
_PANEL = {
    "type": "object",
    "required": ["id", "type", "title", "description", "gridPos", "datasource", "targets", "fieldConfig", "options"],
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "type": {"enum": ["stat", "status-history", "table", "timeseries"]},
        "title": _TEXT,
        "description": _TEXT,
        "datasource": _DATASOURCE,
        "gridPos": {
            "type": "object",
            "required": ["h", "w", "x", "y"],
            "properties": {
                "h": {"type": "integer", "minimum": 1},
                "w": {"type": "integer", "minimum": 1, "maximum": 24},
                "x": {"type": "integer", "minimum": 0, "maximum": 23},
                "y": {"type": "integer", "minimum": 0},
            },
        },
        "targets": {"type": "array", "minItems": 1, "items": _QUERY},
        "fieldConfig": {
            "type": "object",
            "required": ["defaults", "overrides"],
            "properties": {
                "overrides": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["matcher", "properties"],
                        "properties": {
                            "matcher": {"type": "object", "required": ["id", "options"]},
                            "properties": {"type": "array", "items": {"type": "object", "required": ["id", "value"]}},
                        },
                    },
                }
            },
        },
    },
}
_VARIABLE = {
    "type": "object",
    "required": ["name", "type", "label", "description", "datasource", "query", "refresh"],
    "properties": {
        "name": {"type": "string", "pattern": r"^[a-z]\w*$"},
        "type": {"const": "query"},
        "label": _TEXT,
        "description": _TEXT,
        "datasource": _DATASOURCE,
        "query": _QUERY,
        "refresh": {"enum": [1, 2]},
    },
}
_ANNOTATION = {
    "type": "object",
    "required": ["name", "datasource", "enable", "iconColor", "target"],
    "properties": {"name": _TEXT, "datasource": _DATASOURCE, "enable": {"type": "boolean"}, "iconColor": _TEXT, "target": _QUERY},
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["uid", "title", "description", "schemaVersion", "tags", "time", "panels", "templating", "annotations", "links"],
    "properties": {
        "id": {"type": "null"},
        "uid": {"type": "string", "pattern": r"^[a-zA-Z0-9_-]{1,40}$"},
        "title": _TEXT,
        "description": _TEXT,
        "schemaVersion": {"type": "integer", "minimum": 42},
        "tags": {"type": "array", "items": _TEXT},
        "timezone": {"enum": ["browser", "utc"]},
        "refresh": {"type": "string", "pattern": r"^(\d+[smhd])?$"},
        "time": {"type": "object", "properties": {"from": {"type": "string", "pattern": r"^now-\d+[mhd]$"}, "to": {"const": "now"}}},
        "panels": {"type": "array", "minItems": 1, "items": _PANEL},
        "templating": {"type": "object", "properties": {"list": {"type": "array", "items": _VARIABLE}}},
        "annotations": {"type": "object", "properties": {"list": {"type": "array", "items": _ANNOTATION}}},
        "links": {"type": "array", "items": {"type": "object", "required": ["title", "type", "url", "keepTime"]}},
    },
}
"""A dashboard must not have an `id`: that is its number in one particular Grafana."""
