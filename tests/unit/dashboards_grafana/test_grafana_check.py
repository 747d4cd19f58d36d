from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from squall.dashboards.grafana.build import build_all
from squall.dashboards.grafana.check import check_texts

NAME = "squall-mood.json"
Board = dict[str, Any]


def broken(change: Callable[[Board], object]) -> list[str]:
    """Return the problems of the mood dashboard after a change."""
    board = json.loads(build_all()[NAME])
    change(board)
    return [f"{finding.where}: {finding.problem}" for finding in check_texts({NAME: json.dumps(board)})]


def sql(board: Board, text: str) -> None:
    board["panels"][0]["targets"][0]["rawSql"] = text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda b: b["panels"][2]["gridPos"].update(x=1), 'panel 3 "Negative share by topic": overlaps panel 4'),
        (lambda b: b["panels"][3]["gridPos"].update(w=13), "ends at column 25 of 24"),
        (lambda b: b["panels"][3].update(id=3), "panel id 3: is used 2 times"),
        (lambda b: b["panels"][0].update(description=""), "$.panels[0].description"),
        (lambda b: b["panels"][0].pop("title"), "'title' is a required property"),
        (lambda b: b["panels"][0]["datasource"].update(uid="other"), "$.panels[0].datasource.uid"),
        (lambda b: b["panels"][0]["targets"][0]["datasource"].update(uid="other"), "'squall-clickhouse' was expected"),
        (lambda b: b["templating"]["list"][0]["datasource"].update(type="prometheus"), "'grafana-clickhouse-datasource' was expected"),
        (lambda b: b["annotations"]["list"][0]["target"]["datasource"].update(uid="x"), "$.annotations.list[0].target.datasource.uid"),
        (lambda b: b["panels"][0].update(repeat="undefined"), "uses the variable $undefined, which is not defined"),
        (lambda b: b["panels"][0].update(title="of $undefined"), "uses the variable $undefined"),
        (lambda b: sql(b, "SELECT '${undefined:raw}' LIMIT 1"), "variable $undefined is not defined"),
        (lambda b: sql(b, "SELECT $__timeFliter(a) LIMIT 1"), "unknown macro $__timeFliter"),
        (lambda b: sql(b, "SELECT count() FROM documents"), "bounded by neither the time range nor a LIMIT"),
        (lambda b: sql(b, "SELECT a FROM b WHERE $__timeFilter(a) ORDER BY a"), "lists rows without a LIMIT"),
        (lambda b: b["panels"][0]["targets"][0].update(queryType="table", format=0), "$.panels[0].targets[0]"),
        (lambda b: b["panels"][0]["targets"][1].update(refId="A"), "has two queries with the same refId"),
        (lambda b: b["templating"]["list"].append(b["templating"]["list"][0]), "variable topic: is used 2 times"),
        (lambda b: b["panels"][1]["options"].update(showValues="never"), "is not a field of Grafana's types"),
        (lambda b: b["panels"][2]["fieldConfig"]["defaults"]["custom"].update(lineWitdh=2), "lineWitdh: is not a field of Grafana's types"),
        (lambda b: b.update(id=7), "$.id"),
        (lambda b: b.update(uid="squall mood"), "$.uid"),
        (lambda b: b.update(uid="squall-other"), "must be named after its uid 'squall-other'"),
    ],
)
def test_a_planted_defect_is_found(change: Callable[[Board], object], expected: str) -> None:
    problems = broken(change)
    assert any(expected in problem for problem in problems), problems


def test_an_untouched_dashboard_has_no_findings() -> None:
    assert broken(lambda board: None) == []


def test_invalid_json_is_found() -> None:
    assert "is not JSON" in check_texts({NAME: "{"})[0].problem


def test_two_dashboards_with_one_uid_are_found() -> None:
    text = build_all()[NAME]
    problems = [finding.problem for finding in check_texts({NAME: text, "copy.json": text})]
    assert "2 dashboards have this uid" in problems
