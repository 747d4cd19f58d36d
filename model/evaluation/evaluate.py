"""Measures a checkpoint on a labelled file, through the same engine that scores the stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from squall.core.errors import ConfigurationError
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.evaluation import metrics
from squall.model.evaluation.calibration import reliability
from squall.model.outputs import target_array
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.reading import Reading
from squall.model.spans import UNKNOWN, Span, span_labels
from squall.model.tasks import MENTION_SENTIMENT, SENTIMENT, TaskSpec, find_task


def evaluate(
    engine: ScoringEngine,
    path: Path,
    task: str,
    *,
    order: Sequence[str] | None = None,
    text: str = "text",
    label: str = "",
    skip_bad_spans: bool = False,
    found_by: str = "",
    out: Path | None = None,
) -> dict[str, Any]:
    """Read the texts of `path` and compare what is said of them with its labels.

    Args:
        engine: the engine to measure.
        path: CSV, Parquet, JSON or JSONL.
        task: one of the engine's tasks.
        order: label names that integers in the file stand for, from 0; without it integers mean the model's own order.
        text: column of the text.
        label: column of the label or spans; empty: `label` for a text task, `spans` for the others. Rows without one are left out.
        skip_bad_spans: leave out rows whose spans don't fit their text, instead of refusing the file.
        found_by: for a spans task, the tokens task that finds the spans; empty: the spans of the file are given, and only their labels are
            asked for.
        out: folder for `metrics.json`, and for a text task `confusion.png` and `reliability.png`; made if missing.

    Returns:
        `task`, `data`, `model_version`, and everything of `evaluation.metrics`' `task_report` (text), `mention_report` (spans) or
        `span_report` (tokens; spans that are found, where exact means place and label).

    Raises:
        ConfigurationError: no such task, file or column, a label that is not one, or no labelled row.
    """
    spec = find_task(engine.tasks, task)
    if spec.kind != "text" and order:
        raise ConfigurationError(f"--labels is for integer labels, and the labels of {task} are spans", "leave it out")
    finder = find_task([other for other in engine.tasks if other.kind == "tokens"], found_by) if found_by else None
    if finder and (spec.kind != "spans" or spec.output != "softmax"):
        raise ConfigurationError(f"--found-by is for spans with one label each, and {task} has none", "leave it out")
    column = label or ("label" if spec.kind == "text" else "spans")
    rows = load_examples(_part(path, spec, text, column, order, skip_bad_spans), [spec])
    if not rows:
        raise ConfigurationError(f"{path} has no row with {task} labels", f"check column {column}")
    known = {"task": task, "data": str(path), "model_version": engine.model_version}
    reading = engine.read([row.text for row in rows])
    if spec.kind == "text":
        return _texts(reading, rows, spec, known, out)
    if spec.kind == "tokens":
        found = metrics.span_report([row.spans[task] for row in rows], reading.spans[task], span_labels(spec))
    elif finder:
        guessed = [_labelled(reading, row, spans, spec) for row, spans in enumerate(reading.spans[finder.name])]
        found = {**metrics.span_report([row.spans[task] for row in rows], guessed, span_labels(spec)), "found_by": finder.name}
    else:
        found = _mentions(reading, rows, spec)
    if out:
        _write(out, {**known, **found})
    return {**known, **found}


def _part(path: Path, spec: TaskSpec, text: str, column: str, order: Sequence[str] | None, skip_bad_spans: bool) -> LabelledFile:
    for name in order or ():
        try:
            spec.index(name)
        except ValueError as error:
            raise ConfigurationError(f"--labels: {error}", f"for example {','.join(spec.labels[:3])}") from None
    if spec.kind != "text":
        return LabelledFile(path, {}, {}, text, spans={spec.name: column}, skip_bad_spans=skip_bad_spans)
    return LabelledFile(path, {spec.name: column}, {spec.name: tuple(order)} if order else {}, text)


def _texts(reading: Reading, rows: Sequence[Example], spec: TaskSpec, known: dict[str, Any], out: Path | None) -> dict[str, Any]:
    probabilities = reading.probabilities[spec.name]
    targets = target_array(spec, [row.labels[spec.name] for row in rows])
    found = {**known, **metrics.task_report(spec, targets, probabilities, reading.numbers.get(spec.name))}
    if out and spec.output == "softmax":
        from squall.model.evaluation.plots import confusion_png, reliability_png  # drawing takes a while to import

        bins = reliability(probabilities, targets.tolist())
        confusion_png(out / "confusion.png", found["confusion"], spec.labels)
        reliability_png(out / "reliability.png", bins, found["ece"])
        _write(out, {**found, "reliability": [asdict(item) for item in bins]})
    elif out:
        _write(out, found)
    return found


def _mentions(reading: Reading, rows: Sequence[Example], spec: TaskSpec) -> dict[str, Any]:
    """Compare the labels of the spans that the file gives."""
    numbers, labels, answers = [], [], []
    for number, row in enumerate(rows):
        judged = [span for span in row.spans[spec.name] if span.label != UNKNOWN]
        numbers += [number] * len(judged)
        labels += [spec.label(span.label) for span in judged]
        answers.append(_answers(reading, number, judged, spec))
    found = np.concatenate(answers)
    read = ~np.isnan(found[:, 0])
    targets = target_array(spec, labels)
    if not read.any():
        raise ConfigurationError(
            f"the model has read none of the spans of {spec.name}", "raise SQUALL_MODEL__MAX_TOKENS, or check the offsets"
        )
    return {**metrics.mention_report(spec, np.asarray(numbers)[read], targets[read], found[read]), "unread": int((~read).sum())}


def _answers(reading: Reading, row: int, spans: Sequence[Span], spec: TaskSpec) -> Any:
    """What the product says towards spans: for the tone, the text's where a span was cut off."""
    places = [(span.start, span.end) for span in spans]
    if spec == MENTION_SENTIMENT and any(task.name == SENTIMENT.name for task in reading.tasks):
        return reading.tone(row, places)
    return reading.towards(spec.name, row, places)


def _labelled(reading: Reading, row: int, spans: Sequence[Span], spec: TaskSpec) -> list[Span]:
    answers = _answers(reading, row, spans, spec)
    return [span._replace(label=spec.labels[int(answer.argmax())]) for span, answer in zip(spans, answers, strict=True)]


def _write(out: Path, found: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
