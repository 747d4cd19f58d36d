"""Checks the dashboards without a Grafana: the JSON here, the queries against a store in `run_queries`."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from jsonschema import Draft202012Validator

from squall.core.errors import ConfigurationError
from squall.dashboards.grafana import clickhouse_query
from squall.dashboards.grafana.build import FOLDER, build_all
from squall.dashboards.grafana.clickhouse_macros import expand, variables_in
from squall.dashboards.grafana.dashboard_schema import SCHEMA
from squall.dashboards.grafana.query_runner import QueryRun, run_queries
from squall.dashboards.grafana.variable_formats import Selection

__all__ = ["Finding", "QueryRun", "check_static", "check_texts", "run_queries"]

_COLUMNS = 24
_BOUNDED = re.compile(r"\$__(timeFilter|timeFilter_ms|fromTime|toTime)\b|\bLIMIT \d+", re.IGNORECASE)
_LISTED = re.compile(r"\bLIMIT \d+\s*$")
_MOMENTS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))

Board = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a dashboard.

    Args:
        file: its file name.
        where: the part, for example `panel 3 "Negative share by topic"`; empty: the whole dashboard.
        problem: what is wrong, and what is expected.
    """

    file: str
    where: str
    problem: str


def check_static(folder: Path = FOLDER) -> list[Finding]:
    """Check the dashboards in `folder`, and that the code builds the same."""
    texts = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.json"))}
    built = build_all()
    stale = "differs from what the code builds: run `squall dashboards build`"
    found = [Finding(name, "", "is missing: run `squall dashboards build`") for name in built.keys() - texts.keys()]
    found += [Finding(name, "", "is not built by the code: remove it") for name in texts.keys() - built.keys()]
    found += [Finding(name, "", stale) for name in built.keys() & texts.keys() if built[name] != texts[name]]
    return sorted(found, key=lambda finding: finding.file) + check_texts(texts)


def check_texts(texts: Mapping[str, str]) -> list[Finding]:
    """Check dashboards, given as JSON by file name, each on its own and all of them together."""
    found: list[Finding] = []
    uids: Counter[str] = Counter()
    for name, text in texts.items():
        try:
            board = json.loads(text)
        except ValueError as error:
            found.append(Finding(name, "", f"is not JSON: {error}"))
            continue
        problems = list(_schema(board))
        if not problems:
            uids[board["uid"]] += 1
            problems = [problem for check in _CHECKS for problem in check(board)]
            if name != f"{board['uid']}.json":
                problems.append(("", f"must be named after its uid {board['uid']!r}"))
        found += [Finding(name, where, problem) for where, problem in problems]
    return found + [Finding("", uid, f"{count} dashboards have this uid") for uid, count in uids.items() if count > 1]


Problems = Iterator[tuple[str, str]]


def _schema(board: Any) -> Problems:
    for error in sorted(Draft202012Validator(SCHEMA).iter_errors(board), key=lambda error: error.json_path):
        yield error.json_path, error.message[:300]


def _round_trip(board: Board) -> Problems:
    """The SDK's types must know every field: what a round trip loses is misspelt or in the wrong place."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        register_default_plugins()
        clickhouse_query.register()
        try:
            again = json.loads(json.dumps(Dashboard.from_json(dict(board)), cls=JSONEncoder))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield "", f"the SDK cannot read it: {type(error).__name__}: {error}"
            return
    for path in _lost(board, again, "$"):
        yield path, "is not a field of Grafana's types"


def _lost(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key, value in ours.items():
            if key in theirs:
                yield from _lost(value, theirs[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (value, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _lost(value, other, f"{path}[{place}]")
    elif ours != theirs:
        yield path


def _ids(board: Board) -> Problems:
    for what, names in (
        ("panel id", [panel["id"] for panel in board["panels"]]),
        ("variable", [variable["name"] for variable in _variables(board)]),
        ("annotation", [annotation["name"] for annotation in board["annotations"].get("list", [])]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{what} {name}", f"is used {count} times"
    for panel in board["panels"]:
        if len({target["refId"] for target in panel["targets"]}) < len(panel["targets"]):
            yield _name(panel), "has two queries with the same refId"


def _grid(board: Board) -> Problems:
    for panel in board["panels"]:
        at = panel["gridPos"]
        if at["x"] + at["w"] > _COLUMNS:
            yield _name(panel), f"ends at column {at['x'] + at['w']} of {_COLUMNS}"
    for one, other in combinations(board["panels"], 2):
        if _overlap(one["gridPos"], other["gridPos"]):
            yield _name(one), f"overlaps {_name(other)}"


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def _queries(board: Board) -> Problems:
    defined = {variable["name"]: Selection(("value",), multi=bool(variable.get("multi"))) for variable in _variables(board)}
    for where, query in _every_query(board):
        sql = query["rawSql"]
        try:
            expand(sql, start=_MOMENTS[0], end=_MOMENTS[1], interval=60, variables=defined)
        except ConfigurationError as error:
            yield where, str(error)
        if not _BOUNDED.search(sql):
            yield where, "is bounded by neither the time range nor a LIMIT"
        if re.search(r"\bORDER BY\b", sql) and not _LISTED.search(sql):
            yield where, "lists rows without a LIMIT at the end"


def _used_variables(board: Board) -> Problems:
    """Titles, links, series names and `repeat` can use variables too."""
    defined = {variable["name"] for variable in _variables(board)}
    for panel in board["panels"]:
        rest = {key: value for key, value in panel.items() if key != "targets"}
        used = variables_in(json.dumps(rest)) | ({panel["repeat"]} if panel.get("repeat") else set())
        for name in sorted(used - defined):
            yield _name(panel), f"uses the variable ${name}, which is not defined"


def _datasources(board: Board) -> Problems:
    known = {"type": clickhouse_query.PLUGIN, "uid": clickhouse_query.DATASOURCE_UID}
    for path, value in _walk(board, "$"):
        if path.endswith(".datasource") and value != known:
            yield path, f"is not the data source {clickhouse_query.DATASOURCE_UID!r}"


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    children: Iterable[tuple[str, Any]] = ()
    if isinstance(value, Mapping):
        children = ((f"{path}.{key}", item) for key, item in value.items())
    elif isinstance(value, list):
        children = ((f"{path}[{place}]", item) for place, item in enumerate(value))
    for inner, item in children:
        yield from _walk(item, inner)


def _every_query(board: Board) -> Iterator[tuple[str, Board]]:
    for variable in _variables(board):
        yield f"variable {variable['name']}", variable["query"]
    for annotation in board["annotations"].get("list", []):
        yield f"annotation {annotation['name']}", annotation["target"]
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield f"{_name(panel)} {target['refId']}", target


def _variables(board: Board) -> list[Board]:
    variables: list[Board] = board["templating"].get("list", [])
    return variables


def _name(panel: Board) -> str:
    return f'panel {panel["id"]} "{panel["title"]}"'


_CHECKS: tuple[Callable[[Board], Problems], ...] = (_round_trip, _ids, _grid, _datasources, _queries, _used_variables)
