"""Runs every query of the dashboards against a store: variables, annotations and panels."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from squall.core.errors import SquallError
from squall.dashboards.grafana.clickhouse_macros import POINTS, expand, interval_seconds
from squall.dashboards.grafana.variable_formats import Selection
from squall.storage import Store
from squall.storage.backends.base import Result


@dataclass(frozen=True, slots=True)
class QueryRun:
    """The result of one query.

    Args:
        dashboard: uid.
        name: `panel 3 "Negative share by topic" A`, `variable topic`, `annotation Alerts`.
        sql: as it was executed.
        seconds: wall time.
        error: empty if it succeeded.
    """

    dashboard: str
    name: str
    sql: str
    rows: int
    seconds: float
    error: str


def run_queries(
    store: Store,
    dashboards: Mapping[str, str],
    start: datetime | None,
    end: datetime | None,
    now: datetime,
    *,
    selected: Mapping[str, Selection] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[QueryRun]:
    """Run every variable, annotation and panel query, as newly opened dashboards would.

    Args:
        dashboards: JSON texts by file name, as `build_all` returns them.
        start: with `end`, the time range; None: the default range of each dashboard.
        now: the value of `now` in those ranges.
        selected: selections by variable; the other variables are `All` if they offer it, otherwise their first option.
    """
    runs: list[QueryRun] = []
    for text in dashboards.values():
        board = json.loads(text)
        span = (start, end) if start and end else default_range(board, end or now)
        runs += _Session(store.read, board, span, selected or {}, clock).run()
    return runs


class _Session:
    """One dashboard opened with one time range."""

    def __init__(
        self,
        read: Callable[[str], Result],
        board: Mapping[str, Any],
        span: tuple[datetime, datetime],
        selected: Mapping[str, Selection],
        clock: Callable[[], float],
    ) -> None:
        self._read = read
        self._board = board
        self._range = span
        self._selected = selected
        self._clock = clock
        self._values: dict[str, Selection] = {}
        self._runs: list[QueryRun] = []

    def run(self) -> list[QueryRun]:
        for variable in self._board["templating"].get("list", []):
            self._values[variable["name"]] = self._choose(variable)
        for annotation in self._board["annotations"].get("list", []):
            self._query(f"annotation {annotation['name']}", annotation["target"]["rawSql"], self._values)
        for panel in self._board["panels"]:
            values = self._values | self._repeated(panel.get("repeat", ""))
            for target in panel.get("targets", []):
                name = f'panel {panel["id"]} "{panel["title"]}" {target["refId"]}'
                self._query(name, target["rawSql"], values, panel.get("maxDataPoints") or POINTS)
        return self._runs

    def _choose(self, variable: Mapping[str, Any]) -> Selection:
        options = [str(row[0]) for row in self._query(f"variable {variable['name']}", variable["query"]["rawSql"], self._values) or ()]
        if variable["name"] in self._selected:
            return self._selected[variable["name"]]
        multi = bool(variable.get("multi"))
        if variable.get("includeAll"):
            return Selection(tuple(options), multi=multi, is_all=True)
        return Selection(tuple(options[:1]), multi=multi)

    def _repeated(self, name: str) -> dict[str, Selection]:
        """Return what a repeated panel receives: a single value."""
        return {name: Selection(self._values[name].values[:1])} if name else {}

    def _query(self, name: str, sql: str, values: Mapping[str, Selection], points: int = POINTS) -> list[tuple[Any, ...]] | None:
        begin = self._clock()
        text, rows, error = sql, None, ""
        try:
            start, end = self._range
            text = expand(sql, start=start, end=end, interval=interval_seconds(start, end, points), variables=values)
            begin = self._clock()
            rows = list(self._read(text))
        except SquallError as problem:
            error = problem.what
        self._runs.append(QueryRun(self._board["uid"], name, text, len(rows or ()), self._clock() - begin, error))
        return rows


def default_range(board: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """Return the default time range of a dashboard; its start has the form `now-24h`."""
    units = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
    since = str(board["time"]["from"]).removeprefix("now-")
    return now - int(since[:-1]) * units[since[-1]], now
