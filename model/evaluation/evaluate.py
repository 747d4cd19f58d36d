"""Measures a checkpoint on a labelled file, through the same engine that scores the stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from squall.core.errors import ConfigurationError
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.evaluation import metrics
from squall.model.evaluation.calibration import reliability
from squall.model.serving.engine import ScoringEngine
from squall.model.spans import span_labels
from squall.model.tasks import TaskSpec, find_task


def evaluate(
    engine: ScoringEngine,
    path: Path,
    task: str,
    *,
    order: Sequence[str] | None = None,
    text: str = "text",
    label: str = "",
    skip_bad_spans: bool = False,
    out: Path | None = None,
) -> dict[str, Any]:
    """Score the texts of `path` and compare with its labels.

    Args:
        engine: the engine to measure.
        path: CSV, Parquet, JSON or JSONL.
        task: one of the engine's tasks.
        order: label names that integers in the file stand for, from 0; without it integers mean the model's own order.
        text: column of the text.
        label: column of the label or spans; empty: `label` for a text task, `spans` for a tokens task. Rows without one are
            left out.
        skip_bad_spans: leave out rows whose spans don't fit their text, instead of refusing the file.
        out: folder for `metrics.json`, and for a text task `confusion.png` and `reliability.png`; made if missing.

    Returns:
        `task`, `data`, `model_version`, and everything of `evaluation.metrics.report` (text) or `evaluation.metrics.span_report` (tokens).

    Raises:
        ConfigurationError: no such task, file or column, a label that is not one, or no labelled row.
    """
    spec = find_task(engine.tasks, task)
    if spec.kind == "tokens" and order:
        raise ConfigurationError(f"--labels is for integer labels, and the labels of {task} are spans", "leave it out")
    column = label or ("spans" if spec.kind == "tokens" else "label")
    rows = load_examples(_part(path, spec, text, column, order, skip_bad_spans), [spec])
    if not rows:
        raise ConfigurationError(f"{path} has no row with {task} labels", f"check column {column}")
    known = {"task": task, "data": str(path), "model_version": engine.model_version}
    measure = _spans if spec.kind == "tokens" else _texts
    return measure(engine, rows, spec, known, out)


def _part(path: Path, spec: TaskSpec, text: str, column: str, order: Sequence[str] | None, skip_bad_spans: bool) -> LabelledFile:
    for name in order or ():
        try:
            spec.index(name)
        except ValueError as error:
            raise ConfigurationError(f"--labels: {error}", f"for example {','.join(spec.labels[:3])}") from None
    if spec.kind == "tokens":
        return LabelledFile(path, {}, {}, text, spans={spec.name: column}, skip_bad_spans=skip_bad_spans)
    return LabelledFile(path, {spec.name: column}, {spec.name: tuple(order)} if order else {}, text)


def _texts(engine: ScoringEngine, rows: Sequence[Example], spec: TaskSpec, known: dict[str, Any], out: Path | None) -> dict[str, Any]:
    probabilities = engine.probabilities([row.text for row in rows])[spec.name]
    true = [row.labels[spec.name] for row in rows]
    found = {**known, **metrics.report(true, probabilities.argmax(1).tolist(), spec.labels, probabilities)}
    if out:
        from squall.model.evaluation.plots import confusion_png, reliability_png  # drawing takes a while to import

        bins = reliability(probabilities, true)
        confusion_png(out / "confusion.png", found["confusion"], spec.labels)
        reliability_png(out / "reliability.png", bins, found["ece"])
        _write(out, {**found, "reliability": [asdict(item) for item in bins]})
    return found


def _spans(engine: ScoringEngine, rows: Sequence[Example], spec: TaskSpec, known: dict[str, Any], out: Path | None) -> dict[str, Any]:
    guessed = engine.entities([row.text for row in rows], task=spec.name)
    found = {**known, **metrics.span_report([row.spans[spec.name] for row in rows], guessed, span_labels(spec))}
    if out:
        _write(out, found)
    return found


def _write(out: Path, found: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
