"""`squall model`: train, then score and evaluate with what was trained."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from squall.cli.model import app
from squall.core.records import SENTIMENTS, TOPICS

RUNNER = CliRunner()


def test_a_checkpoint_is_trained_from_a_recipe_scored_with_and_measured(tiny_base: Path, tmp_path: Path) -> None:
    rows = [f"gold {word} {i % 9 * 'the '} {i}" for i, word in enumerate(["fall", "day", "rise"] * 60)]
    sentiments = "".join(f"{text},{i % 3}\n" for i, text in enumerate(rows))
    topics = "".join(f"{text} oil,{TOPICS[i % 2]}\n" for i, text in enumerate(rows))
    (tmp_path / "mood.csv").write_text("text,label\n" + sentiments)
    (tmp_path / "about.csv").write_text("text,label\n" + topics)
    (tmp_path / "run.toml").write_text(
        f'base = "{tiny_base}"\nout = "run"\n'
        '[[part]]\npath = "mood.csv"\nlabels = {sentiment = "label"}\n'
        '[[part]]\npath = "about.csv"\nlabels = {topic = "label"}\n'
        '[train]\nname = "tiny-2"\nmax_tokens = 16\nlearning_rate = 3e-3\nprecision = "fp32"\ndev_share = 0.2\n'
        "allow_missing_classes = true\n"
    )
    trained = RUNNER.invoke(app, ["train", "--config", str(tmp_path / "run.toml"), "--epochs", "2", "--json"])
    assert trained.exit_code == 0, trained.output
    best = json.loads(trained.stdout.splitlines()[-1])
    folder = tmp_path / "run" / "best"
    assert best["folder"] == str(folder)
    assert set(best["tasks"]) == {"topic", "sentiment"}

    scored = RUNNER.invoke(app, ["score", "--model", str(folder)], input='gold rise\n{"id": "n1", "text": "gold fall"}\n{"text": 1}\n')
    assert scored.exit_code == 0, scored.output
    first, second, third = (json.loads(line) for line in scored.stdout.splitlines())
    assert first["sentiment"] in SENTIMENTS
    assert first["model_version"].startswith("tiny-2-")
    assert second["id"] == "n1"
    assert third["line"] == 3

    result = RUNNER.invoke(app, ["evaluate", "--data", str(tmp_path / "mood.csv"), "--task", "sentiment", "--model", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["rows"] == 180
