from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from tests.support.dashboard_store import open_filled

pytestmark = pytest.mark.slow


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "squall", *map(str, arguments)]
    return subprocess.run(command, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, text=True, timeout=240)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    done = run("dashboards", "build", "--out", tmp_path / "deep" / "boards")
    assert done.returncode == 0, done.stderr
    return tmp_path / "deep" / "boards"


def test_building_makes_the_folder_and_names_what_it_wrote(built: Path) -> None:
    files = sorted(path.name for path in built.iterdir())
    assert files
    assert {orjson.loads((built / name).read_bytes())["uid"] for name in files} == {name.removesuffix(".json") for name in files}


def test_building_where_nothing_can_be_written_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("dashboards", "build", "--out", tmp_path / "file" / "boards")
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_just_built_has_nothing_wrong(built: Path) -> None:
    done = run("dashboards", "check", "--from", built)
    assert (done.returncode, done.stdout.strip()) == (0, "0 findings")


def test_a_dashboard_that_was_changed_by_hand_is_named_and_exits_with_1(built: Path) -> None:
    path = sorted(built.iterdir())[0]
    path.write_text(path.read_text().replace('"title"', '"titel"'))
    done = run("dashboards", "check", "--from", built)
    assert done.returncode == 1
    assert path.name in done.stdout
    as_json = run("dashboards", "check", "--from", built, "--json")
    assert as_json.returncode == 1
    assert {finding["file"] for finding in orjson.loads(as_json.stdout)["findings"]} == {path.name}


def test_a_folder_that_is_none_is_wrong_use(tmp_path: Path) -> None:
    done = run("dashboards", "check", "--from", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "not a folder" in done.stderr


def test_the_queries_are_run_on_the_store_of_the_settings(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    open_filled(folder / "chdb", datetime.now(UTC)).close()
    done = run("--data-dir", folder, "dashboards", "check", "--from", built, "--queries", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    queries = orjson.loads(done.stdout)["queries"]
    assert {query["error"] for query in queries} == {""}
    assert sum(query["rows"] > 0 for query in queries) > len(queries) / 2
    text = run("--data-dir", folder, "dashboards", "check", "--from", built, "--queries")
    assert text.stdout.splitlines()[-1] == f"0 findings; {len(queries)} queries, 0 failed"


def test_without_a_store_the_queries_are_refused_and_none_is_created(built: Path, tmp_path: Path) -> None:
    done = run("--data-dir", tmp_path / "none", "dashboards", "check", "--from", built, "--queries")
    assert done.returncode == 1
    assert "there is no store at" in done.stderr
    assert not (tmp_path / "none").exists()
