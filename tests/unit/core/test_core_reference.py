from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from squall.core.config.loading import load_settings
from squall.core.config.reference import Setting, markdown, settings_in, value_of

ROOT = Path(__file__).parents[3]
EVERY = list(settings_in())


def test_the_reference_in_the_docs_is_that_of_the_settings() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == markdown(), "squall settings --reference > docs/configuration.md"


@pytest.mark.parametrize("setting", EVERY, ids=lambda setting: setting.variable)
def test_every_setting_says_what_it_means(setting: Setting) -> None:
    assert setting.description
    assert setting.kind


def test_every_variable_of_the_reference_is_read_and_its_default_is_what_holds_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [setting for setting in EVERY if isinstance(setting.default, str | int | float) and not setting.secret]
    for setting in plain:
        monkeypatch.setenv(setting.variable, "" if setting.default == "" else orjson.dumps(setting.default).decode().strip('"'))
    loaded = load_settings()  # refuses what it does not know
    assert [value_of(loaded, setting) for setting in plain] == [setting.default for setting in plain]


def run(*arguments: str, **variables: str) -> str:
    command = [sys.executable, "-m", "squall", "settings", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ | variables).stdout


def test_what_differs_from_the_default_is_shown_and_no_secret_is() -> None:
    url = "clickhouse://squall:hidden-one@db.example:9000/squall"
    variables = {"SQUALL_STORE__URL": url, "SQUALL_WEB__TOKEN": "hidden-two", "SQUALL_LOG__LEVEL": "DEBUG"}
    output = run("--changed", "--json", **variables)
    settings = orjson.loads(output)["settings"]
    assert settings["SQUALL_LOG__LEVEL"] == "DEBUG"
    assert settings["SQUALL_WEB__TOKEN"] == "(set)"
    assert "hidden" not in output + run(**variables)
    assert "* SQUALL_LOG__LEVEL" in run(**variables)
