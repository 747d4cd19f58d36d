from __future__ import annotations

import json
from pathlib import Path

import pytest

from squall.dashboards.grafana.build import build_all, write
from squall.dashboards.grafana.check import check_static
from squall.storage.panels import panel_names, panel_sql

UIDS = {"squall-mood", "squall-drilldown", "squall-company", "squall-alerts", "squall-pipeline", "squall-backtest"}


def test_the_text_is_the_same_every_time() -> None:
    assert build_all() == build_all()


def test_there_are_six_dashboards_with_fixed_uids() -> None:
    assert {json.loads(text)["uid"] for text in build_all().values()} == UIDS


def test_the_files_kept_are_what_the_code_builds_and_without_findings() -> None:
    assert check_static() == []


def test_written_files_are_what_was_built(tmp_path: Path) -> None:
    files = write(tmp_path / "new")
    assert {path.name: path.read_text() for path in files} == build_all()
    assert check_static(tmp_path / "new") == []


def test_stale_missing_and_strange_files_are_found(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "squall-mood.json").write_text((tmp_path / "squall-mood.json").read_text().replace("Market", "Marked").replace("1m", "2m"))
    (tmp_path / "squall-alerts.json").unlink()
    (tmp_path / "other.json").write_text("{}")
    problems = {finding.file: finding.problem for finding in reversed(check_static(tmp_path))}
    assert "differs from what the code builds" in problems["squall-mood.json"]
    assert "is missing" in problems["squall-alerts.json"]
    assert "is not built by the code" in problems["other.json"]


def test_every_query_is_shown_somewhere() -> None:
    texts = [json.loads(text) for text in build_all().values()]
    used = {target["rawSql"] for board in texts for panel in board["panels"] for target in panel["targets"]}
    used |= {variable["query"]["rawSql"] for board in texts for variable in board["templating"]["list"]}
    used |= {mark["target"]["rawSql"] for board in texts for mark in board["annotations"].get("list", [])}
    assert [name for name in panel_names() if panel_sql(name) not in used] == []


def test_no_comment_or_part_is_left_in_a_query() -> None:
    for name in panel_names():
        assert "{{" not in panel_sql(name)
        assert not any(line.lstrip().startswith("--") for line in panel_sql(name).splitlines())


def test_an_unknown_query_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match="mood/heatmap"):
        panel_sql("mood/nothing")


def test_links_between_dashboards_keep_the_time_range() -> None:
    for text in build_all().values():
        for link in json.loads(text)["links"]:
            assert link["keepTime"] or link["url"].endswith("squall-backtest")
        assert "var-series=$" not in text or "${__url_time_range}" in text


def test_only_hosts_lead_to_the_address_of_a_document() -> None:
    for name in ("mood/documents", "drilldown/documents", "entity/documents"):
        assert panel_sql(name).count("match(url, '^https?://") + panel_sql(name).count("match(d.url, '^https?://") == 2
