"""`squall model evaluate` and `export` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from squall.cli.model import app
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import DEFAULT_TASKS, TaskSpec

RUNNER = CliRunner()
TEXTS = ["gold falls", "oil rises on a strong day", "fed cuts rates", "bank shares down"]


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained network of three heads."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("checkpoint")
    network = MultiTaskNetwork.from_base(tiny_base, (*DEFAULT_TASKS, TaskSpec("entity", ("O", "B", "I"), "tokens")), name="tiny")
    network.save(folder, (tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    return folder


def test_evaluate_reads_integers_in_the_order_that_is_given_and_writes_pictures(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("headline,mood\n" + "".join(f"{text},1\n" for text in TEXTS), encoding="utf-8")
    command = [
        "evaluate",
        "--data",
        str(tmp_path / "rows.csv"),
        "--task",
        "sentiment",
        "--text-column",
        "headline",
        "--label-column",
        "mood",
    ]
    found = RUNNER.invoke(
        app, [*command, "--labels", "negative,positive,neutral", "--model", str(checkpoint), "--out", str(tmp_path / "out"), "--json"]
    )
    assert found.exit_code == 0, found.output
    body = json.loads(found.stdout)
    assert {"accuracy", "macro_f1", "weighted_f1", "classes", "rows", "ece"} <= set(body)
    assert {name: scores["support"] for name, scores in body["classes"].items()} == {"negative": 0, "neutral": 0, "positive": 4}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"metrics.json", "confusion.png", "reliability.png"}


def test_evaluate_prints_calibration_and_span_scores(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(f"{text},Macro\n" for text in TEXTS), encoding="utf-8")
    result = RUNNER.invoke(app, ["evaluate", "--data", str(tmp_path / "rows.csv"), "--task", "topic", "--model", str(checkpoint)])
    assert result.exit_code == 0, result.output
    assert "calibration error" in result.stdout
    rows = [{"text": TEXTS[0], "spans": [{"start": 0, "end": 4}]}, {"text": "oil", "spans": [{"start": 0, "end": 9}]}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = ["evaluate", "--data", str(tmp_path / "rows.jsonl"), "--task", "entity", "--model", str(checkpoint)]
    refused = RUNNER.invoke(app, command)
    assert refused.exit_code != 0
    assert "row 2" in str(refused.exception)
    result = RUNNER.invoke(app, [*command, "--skip-bad-spans"])
    assert result.exit_code == 0, result.output
    assert "entity on 1 rows" in result.stdout


@pytest.mark.slow
def test_export_writes_a_folder_that_scores_as_the_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    (tmp_path / "texts.txt").write_text("\n".join([*TEXTS, "", "  "]), encoding="utf-8")
    out = tmp_path / "onnx"
    done = RUNNER.invoke(app, ["export", "--onnx", str(out), "--model", str(checkpoint), "--texts", str(tmp_path / "texts.txt"), "--json"])
    assert done.exit_code == 0, done.output
    fp32, int8 = json.loads(done.stdout)
    assert (fp32["precision"], fp32["texts"], int8["precision"]) == ("fp32", 4, "int8")
    assert fp32["largest_difference"] < 1e-4
    assert Path(fp32["path"]).stat().st_size == fp32["bytes"]


def test_export_says_what_is_wrong_with_the_texts(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_bytes(b"caf\xe9\n")
    done = RUNNER.invoke(app, ["export", "--onnx", str(tmp_path / "x"), "--model", str(checkpoint), "--texts", str(tmp_path / "texts.txt")])
    assert done.exit_code != 0
    assert "texts.txt can't be read" in str(done.exception)
