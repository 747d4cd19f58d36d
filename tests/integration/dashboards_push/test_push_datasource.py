from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from squall.core.errors import ConfigurationError, SquallError
from squall.dashboards.grafana.push import Change, DataSource, Folder, Options, Target, push
from tests.support.grafana_fake import ADMIN, EDITOR, Grafana

pytestmark = pytest.mark.slow

PASSWORD = "correct horse"
WANTED = DataSource("clickhouse", password=SecretStr(PASSWORD))


def push_source(grafana: Grafana, wanted: DataSource | None = WANTED, token: str = ADMIN, **more: Any) -> Change | None:
    options = Options(datasource=wanted, overwrite=more.pop("overwrite", False))
    changes = push(Target.parse(grafana.url, token), [], Folder(), options=options, **more)
    return next((change for change in changes if change.kind == "datasource"), None)


def test_the_data_source_is_left_alone_unless_asked_for(grafana: Grafana) -> None:
    push_source(grafana, None)
    assert grafana.datasources == {}


def test_a_missing_data_source_is_reported(grafana: Grafana) -> None:
    change = push_source(grafana, None)
    assert change is not None
    assert change.action == "missing"


def test_an_editor_who_may_not_look_at_data_sources_can_push_all_the_same(grafana: Grafana) -> None:
    assert push_source(grafana, None, EDITOR) is None


def test_it_is_made_by_uid_with_its_password_kept_apart(grafana: Grafana) -> None:
    push_source(grafana)
    made = grafana.datasources["squall-clickhouse"]
    assert made["type"] == "grafana-clickhouse-datasource"
    assert made["jsonData"] == {
        "host": "clickhouse",
        "port": 9000,
        "protocol": "native",
        "secure": False,
        "username": "grafana",
        "defaultDatabase": "squall",
    }
    assert grafana.secrets["squall-clickhouse"] == {"password": PASSWORD}


def test_a_second_push_leaves_it_alone(grafana: Grafana) -> None:
    push_source(grafana)
    writes = grafana.writes
    change = push_source(grafana)
    assert change is not None
    assert change.action == "unchanged"
    assert grafana.writes == writes


def test_an_update_keeps_what_we_do_not_set(grafana: Grafana) -> None:
    push_source(grafana)
    grafana.datasources["squall-clickhouse"]["jsonData"]["dialTimeout"] = "10"
    push_source(grafana, DataSource("other", 9440, secure=True))
    made = grafana.datasources["squall-clickhouse"]
    assert (made["jsonData"]["host"], made["jsonData"]["port"], made["jsonData"]["secure"]) == ("other", 9440, True)
    assert made["jsonData"]["dialTimeout"] == "10"
    assert grafana.secrets["squall-clickhouse"] == {"password": PASSWORD}


def test_a_password_can_be_set_again(grafana: Grafana) -> None:
    push_source(grafana)
    push_source(grafana, DataSource("clickhouse", password=SecretStr("new")), overwrite=True)
    assert grafana.secrets["squall-clickhouse"] == {"password": "new"}


def test_a_dry_run_shows_the_settings_and_never_the_password(grafana: Grafana) -> None:
    change = push_source(grafana, dry_run=True)
    assert change is not None
    assert '"host": "clickhouse"' in change.diff
    assert PASSWORD not in change.diff
    assert PASSWORD not in repr(WANTED)
    assert grafana.writes == 0


def test_the_error_for_an_editors_token_names_the_role_admin(grafana: Grafana) -> None:
    with pytest.raises(SquallError, match="403") as caught:
        push_source(grafana, token=EDITOR)
    assert "Admin" in caught.value.hint
    assert "datasources:read" in caught.value.hint
    assert grafana.writes == 0


def test_the_error_for_a_missing_plugin_explains_how_to_install_it(grafana: Grafana) -> None:
    grafana.plugins.clear()
    with pytest.raises(SquallError, match="lacks the plugin") as caught:
        push_source(grafana)
    assert "GF_PLUGINS_PREINSTALL" in caught.value.hint


def test_a_name_that_another_data_source_has_is_a_conflict(grafana: Grafana) -> None:
    grafana.datasources["other"] = {"name": "Squall ClickHouse", "uid": "other", "version": 1}
    with pytest.raises(SquallError, match=r"create the data source 'Squall ClickHouse' \(409.*same name"):
        push_source(grafana)


@pytest.mark.parametrize(("field", "value"), [("type", "prometheus"), ("readOnly", True)])
def test_what_is_not_ours_to_change_is_refused(grafana: Grafana, field: str, value: object) -> None:
    push_source(grafana)
    grafana.datasources["squall-clickhouse"][field] = value
    writes = grafana.writes
    with pytest.raises(SquallError):
        push_source(grafana, DataSource("elsewhere"))
    assert grafana.writes == writes


def test_a_provisioned_one_that_is_the_same_is_fine(grafana: Grafana) -> None:
    push_source(grafana)
    grafana.datasources["squall-clickhouse"]["readOnly"] = True
    change = push_source(grafana)
    assert change is not None
    assert change.action == "unchanged"


def test_it_needs_a_host() -> None:
    with pytest.raises(ConfigurationError, match="no host"):
        DataSource(" ")
