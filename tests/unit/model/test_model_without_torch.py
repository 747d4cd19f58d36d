"""An installation without PyTorch scores, measures and serves; what needs it says so and names the extra."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WITHOUT = """
import sys

class Without:  # what every finder finds, but for these, as if they were not installed
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *rest):
        return None if name in ("torch", "transformers") else self.finder.find_spec(name, *rest)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Without, sys.meta_path)
from squall.cli.main import main
main()
"""


def squall(folder: Path, *arguments: str, given: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *arguments]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=120, check=False, cwd=folder, env=os.environ | settings
    )


def test_texts_are_scored_without_it(tmp_path: Path) -> None:
    found = squall(tmp_path, "model", "score", "--json", given="Harbor Union Bank halts withdrawals\n")
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert (answer["sentiment"], answer["severity"] > 0.4) == ("negative", True)


def test_a_checkpoint_is_measured_without_it(tmp_path: Path) -> None:
    (tmp_path / "mood.csv").write_text(
        "text,label\n" + "shares of the bank plunge,negative\nprofit rises more than expected,positive\n" * 5
    )
    found = squall(tmp_path, "model", "evaluate", "--data", "mood.csv", "--task", "sentiment", "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["rows"] == 10


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["train", "--config", "run.toml"], "train"),
        (["pretrain", "--text", "texts.txt", "--out", "run"], "train"),
        (["export", "--onnx", "out"], "export"),
        (["bench", "--quick"], "torch"),
    ],
)
def test_what_needs_it_says_so_and_names_the_extra(tmp_path: Path, arguments: list[str], extra: str) -> None:
    (tmp_path / "run.toml").write_text("")
    (tmp_path / "texts.txt").write_text("gold\n")
    found = squall(tmp_path, "model", *arguments)
    assert found.returncode != 0
    assert "PyTorch, which is not installed" in found.stderr
    assert f"pip install 'squall[{extra}]'" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(("setting", "value"), [("BACKEND", "eager"), ("DEVICE", "cuda"), ("PRECISION", "bf16")])
def test_settings_that_need_it_say_so(tmp_path: Path, setting: str, value: str) -> None:
    found = squall(tmp_path, "model", "score", given="gold\n", **{f"SQUALL_MODEL__{setting}": value})
    assert found.returncode != 0
    assert "torch" in found.stderr
    assert "Traceback" not in found.stderr
