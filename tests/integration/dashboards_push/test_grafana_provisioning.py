from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from squall.dashboards.grafana.clickhouse_query import DATASOURCE_UID, PLUGIN
from squall.dashboards.grafana.push.plan import Folder

DEPLOY = Path(__file__).parents[3] / "deploy" / "grafana"
BOARDS = Path(__file__).parents[3] / "dashboards" / "grafana" / "json"


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / "provisioning" / name / "squall.yaml").read_text())


@pytest.fixture(scope="module")
def references() -> set[tuple[str, str]]:
    """The (type, uid) of every data source that a dashboard names."""
    found: set[tuple[str, str]] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("datasource"), dict):
                found.add((value["datasource"].get("type", ""), value["datasource"].get("uid", "")))
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    for path in sorted(BOARDS.glob("*.json")):
        walk(json.loads(path.read_text()))
    return found


def test_there_are_dashboards_to_provision() -> None:
    assert list(BOARDS.glob("*.json"))


def test_the_dashboards_name_the_data_source_that_is_provisioned_and_pushed(references: set[tuple[str, str]]) -> None:
    (source,) = read("datasources")["datasources"]
    assert (source["type"], source["uid"]) == (PLUGIN, DATASOURCE_UID)
    assert {reference for reference in references if reference[0] == PLUGIN} == {(PLUGIN, DATASOURCE_UID)}
    assert {kind for kind, _ in references} <= {PLUGIN, "grafana", "datasource"}


def test_the_dashboards_go_into_the_folder_that_push_uses() -> None:
    (provider,) = read("dashboards")["providers"]
    assert (provider["folderUid"], provider["folder"]) == (Folder().uid, Folder().title)
    assert provider["type"] == "file"
    assert f"`{provider['options']['path']}/`" in (DEPLOY / "README.md").read_text()


def test_no_secret_stands_in_the_files() -> None:
    (source,) = read("datasources")["datasources"]
    assert source["secureJsonData"] == {"password": "$SQUALL_CLICKHOUSE_PASSWORD"}
    assert "password" not in source["jsonData"]


def test_every_variable_of_the_files_is_documented() -> None:
    names = set(re.findall(r"\$(SQUALL_\w+)", (DEPLOY / "provisioning/datasources/squall.yaml").read_text()))
    manual = (DEPLOY / "README.md").read_text()
    assert names
    assert [name for name in sorted(names) if name not in manual] == []


def test_the_plugins_own_timeout_fits_the_users_limit() -> None:
    """The plugin's client sends the timeout plus five seconds as max_execution_time, which the profile must not refuse."""
    (source,) = read("datasources")["datasources"]
    limit = re.search(r"max_execution_time = \d+ MIN \d+ MAX (\d+)", (DEPLOY.parent / "clickhouse" / "grafana_user.sql").read_text())
    assert limit
    assert int(source["jsonData"]["queryTimeout"]) + 5 <= int(limit[1])
