"""The read-only user, as far as an embedded engine goes: it keeps no users of its own, so its profile is given to the user it has."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SQL = Path(__file__).parents[3] / "deploy" / "clickhouse" / "grafana_user.sql"

ENGINE = """
import json, sys, chdb
folder, config, statements = sys.argv[1], sys.argv[2], json.load(sys.stdin)
connection = chdb.connect(folder + ("?config-file=" + config if config else ""))
answers = []
for statement, parameters in statements:
    try:
        answers.append(["done", str(connection.query(statement, "TSV", params=parameters))])
    except Exception as error:
        answers.append(["refused", str(error)])
connection.close()
print(json.dumps(answers))
"""


def ask(folder: Path, statements: list[str], config: Path | str = "", **parameters: str) -> list[tuple[str, str]]:
    """Run statements in a process of their own: an engine has one configuration for its life."""
    given = json.dumps([[statement, parameters] for statement in statements])
    done = subprocess.run([sys.executable, "-c", ENGINE, folder, config], input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [(state, text.strip()) for state, text in json.loads(done.stdout.splitlines()[-1])]


def statements() -> list[str]:
    lines = [line for line in SQL.read_text().splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]


def profile() -> list[tuple[str, str, str, str, bool]]:
    """Name, value, least, most, constant of every setting."""
    found = re.findall(r"^    (\w+) = ('?\w+'?)(?: MIN (\d+))?(?: MAX (\d+))?( CONST)?[,;]$", SQL.read_text(), re.MULTILINE)
    assert len(found) == statements()[0].count(" = ")
    return [(name, value.strip("'"), least, most, bool(constant)) for name, value, least, most, constant in found]


@pytest.fixture(scope="module")
def as_grafana(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with a table of ten rows, and a configuration whose user has the profile of the file."""
    base = tmp_path_factory.mktemp("engine")
    assert {
        state
        for state, _ in ask(
            base / "db",
            ["CREATE DATABASE squall", "CREATE TABLE squall.t ENGINE = MergeTree ORDER BY number AS SELECT number FROM numbers(10)"],
        )
    } == {"done"}
    values, bounds = "", ""
    for name, value, least, most, constant in profile():
        values += f"<{name}>{value}</{name}>"
        ends = "".join(f"<{end}>{limit}</{end}>" for end, limit in (("min", least), ("max", most)) if limit)
        bounds += f"<{name}>{ends}{'<const/>' if constant else ''}</{name}>"
    (base / "users.xml").write_text(
        f"<clickhouse><profiles><default>{values}<constraints>{bounds}</constraints></default></profiles><quotas><default/></quotas><users><default>"
        "<password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>"
        "<grants><query>GRANT SELECT ON squall.*</query></grants></default></users></clickhouse>"
    )
    (base / "config.xml").write_text(f"<clickhouse><users_config>{base / 'users.xml'}</users_config></clickhouse>")
    return base / "db", base / "config.xml"


def test_every_statement_is_one_that_the_engine_knows(tmp_path: Path) -> None:
    answers = ask(tmp_path / "db", [f"EXPLAIN AST {statement}" for statement in statements()], grafana_password="x")
    assert [text.split()[0] for _, text in answers] == ["CreateSettingsProfileQuery", "CreateUserQuery", "CreateQuotaQuery", "GrantQuery"]


def test_every_setting_exists(tmp_path: Path) -> None:
    names = [name for name, *_ in profile()]
    quoted = ", ".join(f"'{name}'" for name in names)
    assert ask(tmp_path / "db", [f"SELECT count() FROM system.settings WHERE name IN ({quoted})"]) == [("done", str(len(names)))]


def test_it_reads_with_the_settings_that_the_plugin_sends(as_grafana: tuple[Path, Path]) -> None:
    queries = [
        "SELECT count() FROM squall.t",
        "SELECT count() FROM squall.t SETTINGS max_execution_time = 65",
        "SELECT 1 SETTINGS max_block_size = 1000",
    ]
    assert [state for state, _ in ask(as_grafana[0], queries, as_grafana[1])] == ["done"] * len(queries)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO squall.t VALUES (11)",
        "CREATE TABLE squall.u (a Int8) ENGINE = Memory",
        "ALTER TABLE squall.t DELETE WHERE 1",
        "DROP TABLE squall.t",
        "TRUNCATE TABLE squall.t",
        "CREATE DATABASE other",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS max_execution_time = 3600",
        "SELECT 1 SETTINGS max_memory_usage = 0",
        "SELECT 1 SETTINGS max_result_rows = 0",
        "SELECT number FROM numbers(300000) FORMAT Null",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    ],
)
def test_it_cannot_write_nor_lift_its_limits_nor_read_elsewhere(as_grafana: tuple[Path, Path], statement: str) -> None:
    state, said = ask(as_grafana[0], [statement], as_grafana[1])[0]
    assert state == "refused", said
