"""Commands that read the store: they use the one of the settings, ask the node that has it open, and create none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from squall.app.doctor import Check, examine_store
from squall.cli.main import app
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError, StoreLockedError, StoreMissingError
from squall.operator.opening import read_store_status
from tests.support.broker import free_port
from tests.support.migrated_stores import open_migrated
from tests.support.squall_process import SquallProcess, wait_until

READING = [
    ("alerts", "list"),
    ("alerts", "show", "0000"),
    ("alerts", "ack", "0000"),
    ("alerts", "silence", "--list"),
    ("store", "status"),
    ("dashboards", "check", "--queries"),
    ("web",),
]
Invoke = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that does not exist, set in the environment."""
    monkeypatch.setenv("SQUALL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SQUALL_WEB__PORT", "0")
    return tmp_path / "data"


@pytest.fixture
def elsewhere(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another folder for the store, named by SQUALL_STORE__URL; it does not exist either."""
    monkeypatch.setenv("SQUALL_STORE__URL", f"chdb://{tmp_path / 'elsewhere'}?max_threads=1")
    return tmp_path / "elsewhere"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def migrated(folder: Path) -> None:
    store = open_migrated(folder)
    store.close()


def examined() -> Check:
    return examine_store(load_settings(), SystemClock(), read_store_status)


@pytest.fixture
def start(tmp_path: Path, data: Path) -> Iterator[Callable[..., SquallProcess]]:
    """Starts a node over the store elsewhere."""
    running: list[SquallProcess] = []

    def begin(*arguments: str, **settings: str) -> SquallProcess:
        url = f"chdb://{tmp_path / 'elsewhere'}?max_threads=1"
        node = SquallProcess(tmp_path / "node.log", *arguments, DATA_DIR=str(data), STORE__URL=url, WEB__PORT="0", **settings)
        running.append(node)
        return node

    yield begin
    for node in running:
        node.stop()


def page_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.page.json")


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_command_that_only_reads_creates_no_store_and_says_that_there_is_none(data: Path, arguments: tuple[str, ...]) -> None:
    failed = invoke(*arguments)
    assert isinstance(failed.exception, StoreMissingError), failed.output
    assert str(data / "chdb") in failed.exception.what
    assert "squall store migrate" in failed.exception.hint
    assert not data.exists()


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_an_empty_folder_is_not_made_a_store_by_reading(data: Path, arguments: tuple[str, ...]) -> None:
    (data / "chdb").mkdir(parents=True)
    assert isinstance(invoke(*arguments).exception, StoreMissingError)
    assert list((data / "chdb").iterdir()) == []


def test_doctor_creates_no_store_and_a_missing_one_is_no_failure(data: Path, elsewhere: Path) -> None:
    check = examined()
    assert (check.healthy, "not created yet" in check.state) == (True, True)
    assert str(elsewhere) in check.state
    assert not data.exists()
    assert not elsewhere.exists()


def test_a_store_elsewhere_is_read_where_the_data_folder_does_not_exist(data: Path, elsewhere: Path) -> None:
    migrated(elsewhere)
    assert invoke("alerts", "list").stdout == "no alerts\n"
    assert json.loads(invoke("store", "status", "--json").stdout)["pending"] == 0
    assert examined().state.endswith("schema up to date")
    assert not data.exists()


def test_a_data_folder_without_a_store_is_not_mistaken_for_one(data: Path, elsewhere: Path) -> None:
    data.mkdir()
    migrated(data / "chdb")
    failed = invoke("alerts", "list").exception
    assert isinstance(failed, StoreMissingError)
    assert str(elsewhere) in failed.what


def test_a_schema_that_is_behind_is_shown_by_status_and_doctor_and_refused_by_alerts(elsewhere: Path) -> None:
    connection = chdb.connect(str(elsewhere))
    connection.query("CREATE TABLE unrelated (x UInt8) ENGINE = MergeTree ORDER BY x")
    connection.close()
    found = json.loads(invoke("store", "status", "--json").stdout)
    assert found["pending"] == len(found["migrations"]) > 0
    check = examined()
    assert (check.healthy, check.hint) == (False, "run `squall store migrate`")
    assert "squall store migrate" in str(invoke("alerts", "list").exception)


def test_doctor_and_status_ask_through_the_process_that_has_the_store_open(
    elsewhere: Path, start: Callable[..., SquallProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated(elsewhere)
    node = start("web", WEB__TOKEN="a-long-random-string")
    wait_until(page_file(elsewhere).exists, 60, "the page", node.log)
    with pytest.raises(ConfigurationError, match="requires its token"):
        examined()
    monkeypatch.setenv("SQUALL_WEB__TOKEN", "a-long-random-string")
    check = examined()
    assert (check.healthy, check.state.endswith("schema up to date")) == (True, True)
    status = invoke("store", "status", "--json")
    assert status.exit_code == 0, status.output
    found: dict[str, Any] = json.loads(status.stdout)
    assert found["pending"] == 0
    assert all(row["applied_at"] for row in found["migrations"])
    page_file(elsewhere).unlink()  # as when that process serves no page
    assert isinstance(invoke("store", "status").exception, StoreLockedError)
    check = examined()
    assert check.healthy
    assert f"in use by process {node.process.pid}" in check.state
    assert "the schema was not checked" in check.state


@pytest.mark.slow
def test_doctor_is_well_while_squall_up_runs(elsewhere: Path, start: Callable[..., SquallProcess], tmp_path: Path) -> None:
    node = start("up", PUSH__ENABLED="true", PUSH__PORT=str(free_port()))
    wait_until(page_file(elsewhere).exists, 120, "the page", node.log)
    doctor = SquallProcess(
        tmp_path / "doctor.log", "doctor", "--json", DATA_DIR=str(tmp_path / "data"), STORE__URL=f"chdb://{elsewhere}?max_threads=1"
    )
    assert doctor.process.wait(120) == 0, doctor.output()
    (store,) = [check for check in json.loads(doctor.output()) if check["part"] == "store"]
    assert store["state"].endswith("schema up to date")
