"""A dashboard's JSON with the results of its queries, as a browser would hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from squall.dashboards.grafana.clickhouse_macros import expand, interval_seconds
from squall.dashboards.grafana.query_runner import default_range
from squall.dashboards.grafana.variable_formats import Selection
from squall.storage import Store

CAPTION = "drawn with Grafana's components (@grafana/ui), without a Grafana server; heatmap cells by our own code"
REPEATS = 3


class DashboardData:
    """The data of one dashboard over its default range.

    Args:
        board: its JSON.
        now: the value of `now` in that range.
        first: time of the first document; the range starts no earlier.
    """

    def __init__(self, store: Store, board: dict[str, Any], now: datetime, first: datetime) -> None:
        self._store = store
        self._board = board
        begin, self._end = default_range(board, now)
        self._start = max(begin, first)
        self._values: dict[str, Selection] = {}

    def answers(self) -> dict[str, Any]:
        """Return what the page draws: titles, range, variables, annotations, and panels with their results.

        Raises:
            StoreError: a query failed.
        """
        variables = [self._choose(variable) for variable in self._board["templating"].get("list", [])]
        panels: list[dict[str, Any]] = []
        for panel in self._board["panels"]:
            panels += self._panels(panel)
        return {
            "uid": self._board["uid"],
            "title": self._board["title"],
            "caption": CAPTION,
            "range": {"from": int(self._start.timestamp() * 1000), "to": int(self._end.timestamp() * 1000)},
            "variables": variables,
            "annotations": [mark for annotation in self._board["annotations"].get("list", []) for mark in self._marks(annotation)],
            "panels": panels,
        }

    def _choose(self, variable: dict[str, Any]) -> dict[str, str]:
        options = [str(row[0]) for row in self._run(variable["query"]["rawSql"], self._values)["rows"]]
        include_all = bool(variable.get("includeAll"))
        values = tuple(options if include_all else options[:1])
        self._values[variable["name"]] = Selection(values, multi=bool(variable.get("multi")), is_all=include_all)
        return {"label": variable.get("label") or variable["name"], "text": "All" if include_all else ", ".join(values)}

    def _panels(self, panel: dict[str, Any]) -> list[dict[str, Any]]:
        if not panel.get("repeat"):
            return [self._panel(panel, self._values, f"{panel['id']}")]
        name, per_row = panel["repeat"], int(panel.get("maxPerRow", REPEATS))
        drawn = []
        for place, value in enumerate(self._values[name].values[:per_row]):
            width = 24 // per_row
            grid = {**panel["gridPos"], "x": place * width, "w": width}
            drawn.append(self._panel({**panel, "gridPos": grid}, {**self._values, name: Selection((value,))}, f"{panel['id']}-{place}"))
        return drawn

    def _panel(self, panel: dict[str, Any], values: Mapping[str, Selection], key: str) -> dict[str, Any]:
        title = panel.get("title", "")
        for name, selection in sorted(values.items(), key=lambda item: -len(item[0])):
            text = "All" if selection.is_all else ", ".join(selection.values)
            title = title.replace(f"${{{name}:text}}", text).replace(f"${{{name}}}", text).replace(f"${name}", text)
        results = [{"refId": t["refId"], "format": t["format"], **self._run(t["rawSql"], values, panel)} for t in panel.get("targets", [])]
        shown = {field: panel.get(field, {}) for field in ("id", "type", "gridPos", "fieldConfig", "options")}
        return {**shown, "key": key, "title": title, "results": results}

    def _marks(self, annotation: dict[str, Any]) -> list[dict[str, Any]]:
        found = self._run(annotation["target"]["rawSql"], self._values)
        names = [column["name"] for column in found["columns"]]
        rows = [dict(zip(names, row, strict=True)) for row in found["rows"]]
        return [{"time": row["time"], "timeEnd": row.get("timeEnd"), "color": annotation.get("iconColor", "red")} for row in rows]

    def _run(self, raw: str, values: Mapping[str, Selection], panel: dict[str, Any] | None = None) -> dict[str, Any]:
        points = (panel or {}).get("maxDataPoints") or 1600 * (panel or {}).get("gridPos", {}).get("w", 24) // 24
        interval = interval_seconds(self._start, self._end, points)
        sql = expand(raw, start=self._start, end=self._end, interval=interval, variables=values)
        described = list(self._store.read(f"DESCRIBE (\n{sql}\n)"))
        columns = [{"name": row[0], "type": row[1]} for row in described]
        rows = [[_plain(value, column["type"]) for value, column in zip(row, columns, strict=True)] for row in self._store.read(sql)]
        return {"columns": columns, "rows": rows}


def _plain(value: Any, kind: str) -> Any:
    """Convert times to milliseconds: a store returns whole seconds for columns without a fraction."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, int) and "DateTime" in kind:
        return value * 1000
    if isinstance(value, float) and math.isnan(value):  # not valid in JSON
        return None
    return list(value) if isinstance(value, tuple) else value
