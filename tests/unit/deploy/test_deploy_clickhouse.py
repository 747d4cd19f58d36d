"""deploy/clickhouse: who may do what on the server of the Compose file."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.support.deployed import DEPLOY, compose_processes, full_compose

USERS = DEPLOY / "clickhouse/users.d/squall.xml"
CONFIG = DEPLOY / "clickhouse/config.d/squall.xml"
SQL = (DEPLOY / "clickhouse/grafana_user.sql").read_text()


def _root(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def _text(root: ET.Element, path: str) -> str:
    found = root.find(path)
    assert found is not None, path
    return (found.text or "").strip()


def test_there_is_no_user_without_a_password() -> None:
    users = _root(USERS).find("users")
    assert users is not None
    default = users.find("default")
    assert default is not None
    assert default.get("remove") == "remove"
    environment = full_compose("compose.yaml")["services"]["clickhouse"]["environment"]
    for user in users:
        if user.tag != "default":
            password = user.find("password")
            assert password is not None
            assert not password.text
            assert password.get("from_env") in environment


def test_every_user_has_a_profile_a_quota_and_only_its_database() -> None:
    root = _root(USERS)
    for user in ("squall", "grafana"):
        assert root.find(f"profiles/{_text(root, f'users/{user}/profile')}") is not None
        assert root.find(f"quotas/{_text(root, f'users/{user}/quota')}") is not None
    assert _text(root, "users/squall/grants/query") == "GRANT ALL ON squall.*"
    assert _text(root, "users/grafana/grants/query") == "GRANT SELECT ON squall.*"
    assert f"{_text(root, 'users/grafana/grants/query')} TO grafana;" in SQL


def test_users_can_sign_in_before_there_is_a_database_and_the_migration_creates_it() -> None:
    assert not _root(USERS).findall("users/*/default_database")
    services = full_compose("compose.yaml")["services"]
    assert not {"CLICKHOUSE_DB", "CLICKHOUSE_USER"} & set(services["clickhouse"]["environment"]), "nothing is left to the entry point"
    assert "--create-database" in services["migrate"]["command"]
    assert services["clickhouse"]["healthcheck"]["test"][-1].endswith("/ping"), "asks for no database"


def test_there_is_a_disk_for_backups_and_the_right_to_use_it() -> None:
    config = _root(CONFIG)
    disk = _text(config, "backups/allowed_disk")
    assert _text(config, f"storage_configuration/disks/{disk}/type") == "local"
    data = full_compose("compose.yaml")["services"]["clickhouse"]["volumes"][0].split(":")[1]
    assert _text(config, f"storage_configuration/disks/{disk}/path").startswith(f"{data}/"), (
        "on the volume that belongs to ClickHouse's user"
    )
    grants = [each.text for each in _root(USERS).findall("users/squall/grants/query")]
    assert grants == ["GRANT ALL ON squall.*", "GRANT SELECT ON system.backups"]
    code = "import chdb; print(chdb.query(\"SELECT level, parent_group FROM system.privileges WHERE privilege = 'BACKUP'\", 'TSV').data())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.split() == ["TABLE", "ALL"], "ALL on the database includes BACKUP"


def test_grafana_is_bounded_as_by_the_sql_for_other_servers() -> None:
    profile = "profiles/squall_grafana"
    block = re.search(r"SETTINGS PROFILE OR REPLACE squall_grafana SETTINGS(.*?);", SQL, re.DOTALL)
    assert block
    root = _root(USERS)
    stated = re.findall(r"(\w+) = '?(\w+)'?(?: MIN (\d+) MAX (\d+)| (CONST))", block[1])
    assert len(stated) == len(root.findall(f"{profile}/constraints/*")) == 8
    for name, value, low, high, constant in stated:
        assert _text(root, f"{profile}/{name}") == value
        if constant:
            assert root.find(f"{profile}/constraints/{name}/const") is not None
        else:
            assert (_text(root, f"{profile}/constraints/{name}/min"), _text(root, f"{profile}/constraints/{name}/max")) == (low, high)
    quota = re.search(r"MAX queries = (\d+), errors = (\d+), execution_time = (\d+)", SQL)
    assert quota
    names = ("queries", "errors", "execution_time")
    assert tuple(_text(root, f"quotas/squall_grafana/interval/{name}") for name in names) == quota.groups()


def test_queries_of_one_user_do_not_take_the_memory_of_the_server() -> None:
    limit = int(full_compose("compose.yaml")["services"]["clickhouse"]["mem_limit"].removesuffix("g")) * 2**30
    server = limit * float(_text(_root(CONFIG), "max_server_memory_usage_to_ram_ratio"))
    for profile in ("squall", "squall_grafana"):
        assert int(_text(_root(USERS), f"profiles/{profile}/max_memory_usage")) < server


def test_processes_sign_in_as_a_user_that_there_is() -> None:
    for process in compose_processes("compose.yaml"):
        user = re.search(r"//(\w+)@", process.environment.get("SQUALL_STORE__URL", ""))
        assert user is None or _root(USERS).find(f"users/{user[1]}") is not None
    grafana = full_compose("compose.yaml")["services"]["grafana"]["environment"]
    assert _root(USERS).find(f"users/{grafana['SQUALL_CLICKHOUSE_USER']}") is not None


def test_a_current_engine_knows_every_setting() -> None:
    bounds = {each.tag for name in ("squall", "squall_grafana") for each in _root(USERS).findall(f"profiles/{name}/*")} - {"constraints"}
    limits = {each.tag for each in _root(CONFIG) if not len(each) and not each.get("remove")} - {"listen_host"}
    # in a process of its own: a process has one embedded engine
    query = "SELECT name FROM system.settings UNION ALL SELECT name FROM system.server_settings"
    code = f"import chdb; print(chdb.query({query!r}, 'TSV').data())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert len(limits) >= 5
    assert bounds | limits <= set(result.stdout.split())
