"""Measuring a checkpoint on labelled files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError
from squall.model.evaluation.evaluate import evaluate
from squall.model.network import MultiTaskNetwork
from squall.model.serving.engine import ScoringEngine
from squall.model.tasks import DEFAULT_TASKS, TaskSpec

ENTITY = TaskSpec("entity", ("O", "B", "I"), "tokens")
TEXTS = ["gold falls", "oil rises on a strong day", "fed cuts rates", "bank shares down"]


@pytest.fixture(scope="module")
def engine(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringEngine]:
    """An untrained network of three heads: what matters is that it is measured as it is."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("checkpoint")
    network = MultiTaskNetwork.from_base(tiny_base, (*DEFAULT_TASKS, ENTITY), name="tiny")
    network.save(folder, (tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    with ScoringEngine.open(ModelSettings(path=folder, precision="fp32", backend="eager", threads=1)) as opened:
        yield opened


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.jsonl", "rows.json"])
def test_every_kind_of_file_gives_the_engines_own_numbers(engine: ScoringEngine, tmp_path: Path, name: str) -> None:
    guesses = engine.read(TEXTS).probabilities["sentiment"].argmax(1).tolist()
    labels = [guesses[0], *[(guess + 1) % 3 for guess in guesses[1:]]]  # one right, three wrong
    table = pd.DataFrame({"text": TEXTS, "label": labels})
    path = tmp_path / name
    match path.suffix:
        case ".csv":
            table.to_csv(path, index=False)
        case ".parquet":
            table.to_parquet(path)
        case _:
            table.to_json(path, orient="records", lines=name.endswith("l"))
    found = evaluate(engine, path, "sentiment")
    assert (found["task"], found["rows"], found["accuracy"]) == ("sentiment", 4, 0.25)
    assert found["model_version"] == engine.model_version
    assert {"macro_f1", "weighted_f1", "classes", "ece", "nll", "confusion"} <= set(found)


def test_pictures_and_metrics_are_written_where_asked(engine: ScoringEngine, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(f"{text},Macro\n" for text in TEXTS), encoding="utf-8")
    found = evaluate(engine, tmp_path / "rows.csv", "topic", out=tmp_path / "out")
    written = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert sum(item["rows"] for item in written.pop("reliability")) == 4
    assert written == found
    for name in ("confusion.png", "reliability.png"):
        assert (tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG")


def test_a_tokens_task_is_measured_by_exact_spans(engine: ScoringEngine, tmp_path: Path) -> None:
    spans = engine.read(TEXTS).spans["entity"]
    rows = [
        {"text": text, "spans": [{"start": span.start, "end": span.end} for span in found]}
        for text, found in zip(TEXTS, spans, strict=True)
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    found = evaluate(engine, tmp_path / "rows.json", "entity", out=tmp_path / "out")
    assert found["spans"] == sum(map(len, spans)) > 0
    assert found["precision"] == found["recall"] == found["f1"] == found["accuracy"] == 1.0
    assert json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8")) == found


def test_what_cannot_be_measured_is_reported(engine: ScoringEngine, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\na,1\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no task 'mood'"):
        evaluate(engine, path, "mood")
    with pytest.raises(ConfigurationError, match="--labels: 'happy' is not a label"):
        evaluate(engine, path, "sentiment", order=["happy"])
    with pytest.raises(ConfigurationError, match="labels of entity are spans"):
        evaluate(engine, path, "entity", order=["O"])
    with pytest.raises(ConfigurationError, match="no column spans"):
        evaluate(engine, path, "entity")
