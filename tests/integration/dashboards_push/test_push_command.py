from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.grafana_fake import ADMIN, EDITOR, Grafana

pytestmark = pytest.mark.slow

Boards = list[dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path, boards: Boards) -> Path:
    for board in boards:
        (tmp_path / f"{board['uid']}.json").write_bytes(orjson.dumps(board))
    return tmp_path


def run(grafana: Grafana | str, *arguments: object, token: str = EDITOR, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does; no output may have the token."""
    url = grafana if isinstance(grafana, str) else grafana.url
    command = [sys.executable, "-m", "squall", "dashboards", "push", "--url", url, *map(str, arguments)]
    variables = {"PATH": "/usr/bin:/bin", "SQUALL_GRAFANA_TOKEN": token, "COLUMNS": "200", **environment}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)
    assert not token or token not in done.stdout + done.stderr
    return done


def test_a_push_says_what_it_did_and_a_second_one_that_nothing_is_left(grafana: Grafana, folder: Path) -> None:
    first = run(grafana, "--from", folder)
    assert first.returncode == 0
    assert [line.split()[:3] for line in first.stdout.splitlines()[:3]] == [
        ["created", "folder", "squall"],
        ["created", "dashboard", "squall-alerts"],
        ["created", "dashboard", "squall-mood"],
    ]
    second = run(grafana, "--from", folder)
    assert second.returncode == 0
    assert second.stdout.splitlines()[-1].endswith("up to date")
    assert second.stdout.count("unchanged") == 3


def test_a_dry_run_prints_a_diff_and_writes_nothing(grafana: Grafana, folder: Path) -> None:
    run(grafana, "--from", folder)
    writes = grafana.writes
    path = folder / "squall-mood.json"
    path.write_bytes(path.read_bytes().replace(b"Market mood", b"The mood"))
    done = run(grafana, "--from", folder, "--dry-run")
    assert done.returncode == 0
    assert "would update" in done.stdout
    assert '-  "title": "Market mood"' in done.stdout
    assert '+  "title": "The mood"' in done.stdout
    assert "nothing was written" in done.stdout
    assert grafana.writes == writes


def test_programs_read_json(grafana: Grafana, folder: Path) -> None:
    done = run(grafana, "--from", folder, "--json", "--dry-run")
    read = orjson.loads(done.stdout)
    assert read["dry_run"] is True
    assert {change["uid"]: change["action"] for change in read["changes"]} == {
        "squall": "create",
        "squall-mood": "create",
        "squall-alerts": "create",
    }


def test_a_missing_data_source_is_reported_on_standard_error(grafana: Grafana, folder: Path) -> None:
    done = run(grafana, "--from", folder, token=ADMIN)
    assert done.returncode == 0
    assert "--with-datasource" in done.stderr


def test_the_data_source_takes_its_password_from_the_environment_and_never_shows_it(grafana: Grafana, folder: Path) -> None:
    secret = {"SQUALL_GRAFANA_CLICKHOUSE_PASSWORD": "hunter2hunter2"}
    arguments = ("--from", folder, "--with-datasource", "--datasource-host", "clickhouse")
    for more in ([], ["--dry-run"], ["--json"]):
        done = run(grafana, *arguments, *more, token=ADMIN, **secret)
        assert done.returncode == 0
        assert "hunter2hunter2" not in done.stdout + done.stderr
    assert grafana.secrets["squall-clickhouse"] == {"password": "hunter2hunter2"}


@pytest.mark.parametrize(
    ("arguments", "token", "said"),
    [
        ((), "", "no Grafana token"),
        (("--from", "/nowhere"), EDITOR, "not a folder with .json files"),
        (("--folder", "a/b"), EDITOR, "uid"),
        (("--with-datasource",), EDITOR, "no host"),
        (("--datasource-host", "clickhouse"), EDITOR, "--with-datasource"),
        (("--timeout", "soon"), EDITOR, "--timeout"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_wrong(grafana: Grafana, arguments: tuple[str, ...], token: str, said: str) -> None:
    done = run(grafana, *arguments, token=token)
    assert done.returncode == 2
    assert said in done.stderr
    assert grafana.requests == []


def test_a_broken_file_is_named(grafana: Grafana, folder: Path) -> None:
    (folder / "broken.json").write_text("{")
    done = run(grafana, "--from", folder)
    assert done.returncode == 2
    assert "broken.json" in done.stderr


def test_plain_http_beyond_this_machine_is_wrong_use(folder: Path) -> None:
    done = run("http://192.0.2.1:3000", "--from", folder)
    assert done.returncode == 2
    assert "--insecure-http" in done.stderr


def test_a_refusal_exits_with_1_and_says_what_to_do(grafana: Grafana, folder: Path) -> None:
    done = run(grafana, "--from", folder, token="glsa_wrongwrongwrong_00000000")
    assert done.returncode == 1
    assert "401" in done.stderr
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_given_as_an_argument_is_not_shown_either(grafana: Grafana, folder: Path) -> None:
    wrong = "glsa_argumentargument_00000000"
    done = run(grafana, "--from", folder, "--token", wrong)
    assert done.returncode == 1
    assert wrong not in done.stdout + done.stderr


def test_the_help_teaches_with_examples_and_shows_no_secret() -> None:
    done = run("http://localhost:1", "--help")
    assert done.returncode == 0
    assert "squall dashboards push --url https://grafana.example.com --dry-run" in done.stdout
