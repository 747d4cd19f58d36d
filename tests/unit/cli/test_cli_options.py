"""The options of the command line: each declared once, and passed on as arguments."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner

from squall.cli.main import app
from squall.core.errors import ConfigurationError

ROOT = Path(__file__).parents[3]
HEAVY = ("torch", "numpy", "chdb", "kafka", "faust", "fastapi", "pyarrow", "httpx", "rich.progress", "scipy", "feedparser")
SHARED = ("--json", "--author", "--dry-run", "--format", "--kind", "--source", "--map", "--timezone", "--time-format", "--encoding")
SHARED += ("--delimiter", "--escape", "--texts", "--base", "--epochs", "--threads")


def commands(command: Any, path: str = "squall") -> Iterator[tuple[str, Any]]:
    """Every command under `command`, with its path."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{path} {name}")


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SQUALL_")}
    environment = clean | {"PYTHONPATH": str(ROOT)} | variables
    return subprocess.run(
        [sys.executable, "-m", "squall", *arguments], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


def effective(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*arguments, "settings", "--json"])
    assert result.exit_code == 0, result.output
    return dict(orjson.loads(result.stdout))


def test_a_shared_option_reads_the_same_in_every_command() -> None:
    helps: dict[str, list[str]] = {option: [] for option in SHARED}
    for _, command in commands(typer.main.get_command(app)):
        for parameter in command.params:
            for option in set(parameter.opts) & set(SHARED):
                helps[option].append(parameter.help)
    assert {option: set(found) for option, found in helps.items() if len(set(found)) != 1} == {}
    assert min(map(len, helps.values())) > 1
    assert len(helps["--json"]) > 10


def test_every_command_and_every_option_has_a_help_text() -> None:
    for path, command in commands(typer.main.get_command(app)):
        assert command.help, path
        for parameter in command.params:
            assert getattr(parameter, "help", "") or parameter.param_type_name == "argument", f"{path} {parameter.name}"


def test_the_first_sentence_of_every_help_fits_the_list_of_commands() -> None:
    for path, command in list(commands(typer.main.get_command(app)))[1:]:
        assert not command.get_short_help_str(60).endswith("..."), path


def test_global_options_reach_the_command_and_not_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('data_dir = "from-file"\n[log]\nlevel = "WARNING"\n')
    before = dict(os.environ)
    found = effective("--config", str(file), "--data-dir", str(tmp_path / "given"))
    assert found["file"] == str(file)
    assert found["settings"]["SQUALL_LOG__LEVEL"] == "WARNING"
    assert found["settings"]["SQUALL_DATA_DIR"] == str(tmp_path / "given")
    assert dict(os.environ) == before
    assert effective("--config", str(file))["settings"]["SQUALL_DATA_DIR"] == "from-file"  # nothing is left over from the call before


def test_an_option_wins_over_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_DATA_DIR", "from-variable")
    assert effective("--data-dir", str(tmp_path))["settings"]["SQUALL_DATA_DIR"] == str(tmp_path)


def test_a_config_file_that_does_not_exist_is_blamed_on_the_option(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--config", "nope.toml", "settings"])
    assert isinstance(result.exception, ConfigurationError)
    assert "--config names nope.toml" in result.exception.what
    assert "SQUALL_CONFIG" not in str(result.exception)
    failed = run("--config", "nope.toml", "doctor", cwd=tmp_path)
    assert failed.returncode == 1
    assert "--config names nope.toml" in failed.stdout


def test_starting_the_command_line_loads_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    code = f"import sys, squall.cli.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert loaded.stdout.strip() == "[]"


UP = """
import sys
from squall.app import metrics_and_probes, node, pipeline, sources
from squall.core.config.settings import ModelSettings
from squall.model.serving.engine import ScoringEngine
with ScoringEngine.open(ModelSettings(device="cpu", threads=1)) as engine:
    engine.warm_up()
"""
DETECT_AND_WEB = """
import sys
from squall.alerts import heartbeat, scheduler, service
from squall.alerts.notification import receivers
from squall.app import metrics_and_probes, page_address, store
from squall.dashboards.page import server
from squall.entities.catalogue import groups
"""
NEVER_AT_FIRST = (
    "transformers",
    "sympy",
    "triton",
    "torch",
    "pandas",
    "sklearn",
    "matplotlib",
    "scipy.stats",
    "faust",
    "kafka",
    "aiokafka",
    "trafilatura",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("started", "needless"), [(UP, NEVER_AT_FIRST), (DETECT_AND_WEB, (*NEVER_AT_FIRST, "onnxruntime"))], ids=["up", "detect-web"]
)
def test_a_process_on_one_machine_loads_no_library_that_it_does_not_use(tmp_path: Path, started: str, needless: tuple[str, ...]) -> None:
    code = f"{started}\nprint([name for name in {needless!r} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert loaded.stdout.strip() == "[]"


def test_the_demo_passes_the_global_options_on_to_its_ingest_worker() -> None:
    from squall.cli.options import GlobalOptions

    assert GlobalOptions(Path("a.toml"), Path("data")).arguments() == ["--config", "a.toml", "--data-dir", "data"]
    assert GlobalOptions().arguments() == []
