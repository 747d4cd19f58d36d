"""How good a checkpoint is on a labelled file, through the same engine that scores the stream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from model import metrics
from model.data import Part, load_part
from model.engine import ScoringEngine
from model.tasks import find_task


def evaluate(
    engine: ScoringEngine, path: Path, task: str, *, order: Sequence[str] | None = None, text: str = "text", label: str = "label"
) -> dict[str, Any]:
    """Score the texts of `path` and compare with its labels.

    Args:
        engine: the engine to judge.
        path: CSV, Parquet or JSONL.
        task: one of the engine's tasks.
        order: label names that integers in the file stand for, from 0; without it integers mean the model's own order.
        text: column of the text.
        label: column of the label; rows without one are left out.

    Returns:
        `task`, `data`, `model_version`, and everything of `model.metrics.report`.

    Raises:
        ConfigurationError: no such task, file or column, a label that is not one, or no labelled row.
    """
    spec = find_task(engine.tasks, task)
    for name in order or ():
        try:
            spec.index(name)
        except ValueError as error:
            raise ConfigurationError(f"--labels: {error}", f"for example {','.join(spec.labels[:3])}") from None
    orders = {task: tuple(order)} if order else {}
    rows = load_part(Part(path, {task: label}, orders, text), [spec])
    if not rows:
        raise ConfigurationError(f"{path} has no row with a {task} label", f"column {label} is empty throughout")
    guesses = engine.probabilities([row.text for row in rows])[task].argmax(1)
    found = metrics.report([row.labels[task] for row in rows], guesses.tolist(), spec.labels)
    return {"task": task, "data": str(path), "model_version": engine.model_version, **found}
