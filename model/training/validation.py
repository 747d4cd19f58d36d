"""Metrics of a network on encoded examples, per task and per data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from squall.model.evaluation import metrics
from squall.model.mixture import Mixture
from squall.model.network import MultiTaskNetwork
from squall.model.outputs import probabilities, target_array
from squall.model.spans import span_labels
from squall.model.tagging import tagged_spans, whole_words
from squall.model.tasks import MISSING, TaskSpec
from squall.model.training.encoding import Encoded

Logits = Mapping[str, list[np.ndarray[Any, np.dtype[np.float32]]]]
PASS_ROWS = 64


def predictions(network: MultiTaskNetwork, rows: Encoded, device: torch.device) -> dict[str, list[np.ndarray[Any, np.dtype[np.float32]]]]:
    """Return logits per task and row: (labels,) for a text task, (tokens, labels) for a tokens or spans task."""
    found: dict[str, list[Any]] = {task.name: [None] * len(rows) for task in network.config.tasks}
    for part, _, logits in passes(network, rows, device):
        for name, values in logits.items():
            for i, value in zip(part, values.float().cpu().numpy(), strict=True):
                found[name][i] = value if value.ndim == 1 else value[: len(rows.ids[i])]
    return found


def passes(network: MultiTaskNetwork, rows: Encoded, device: torch.device) -> Iterator[tuple[list[int], Tensor, dict[str, Tensor]]]:
    """Yield (row positions, text vectors of shape (positions, width), logits per task) of batches of similar length, shortest first."""
    network.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows.ids[i]))
    for start in range(0, len(order), PASS_ROWS):
        part = order[start : start + PASS_ROWS]
        with torch.inference_mode():
            vectors = network.vectors(*rows.inputs(part, device))
            logits = network.logits(vectors)
        yield part, vectors.texts, logits


def labelled_logits(task: TaskSpec, rows: Encoded, logits: Logits, known: Sequence[int]) -> tuple[Any, Any]:
    """Return (logits of shape (n, labels), targets) of what carries a label of a text or spans task in rows `known`."""
    if task.kind == "text":
        return np.stack([logits[task.name][i] for i in known]), rows.labels[task.name][known]
    found = [(i, *place) for i in known for place in rows.places[task.name][i]]
    pooled = [logits[task.name][i][start:stop].mean(0) for i, start, stop, _ in found]
    return np.stack(pooled), target_array(task, [label for *_, label in found])


def measure(tasks: Sequence[TaskSpec], rows: Encoded, logits: Logits) -> dict[str, Any]:
    """Return `tasks` (metrics per task) and `by_source` (per `task/source`) of `logits` on `rows`; of tasks that have a label there."""
    sources = np.asarray(rows.sources)
    found: dict[str, Any] = {}
    by_source: dict[str, Any] = {}
    for task in tasks:
        known = np.asarray(rows.carrying(task), dtype=np.int64)
        if not known.size:  # a head that a branch leaves as it is may have none
            continue
        found[task.name] = _report(task, rows, logits, known)
        for source in sorted(set(sources[known].tolist())):
            by_source[f"{task.name}/{source}"] = _report(task, rows, logits, known[sources[known] == source])
    return {"tasks": found, "by_source": by_source}


def measure_mixed(mixture: Mixture, tasks: Sequence[TaskSpec], rows: Encoded, logits: Logits) -> dict[str, Any]:
    """Return what `measure` does of the heads that answer by themselves.

    Args:
        mixture: of the network.
        tasks: all heads.
        rows: carry the labels of the mixture's answer as those of its `task`.
        logits: of all heads.
    """
    mixed = mixture.mixed({name: np.stack(logits[name]) for name in mixture.heads})
    return measure(mixture.answered(tasks), rows, {**logits, mixture.task: list(np.log(np.maximum(mixed, np.finfo(np.float32).tiny)))})


def summary(report: Mapping[str, Any]) -> str:
    """Return the numbers of one task in a few words."""
    accuracy = f"acc {report['accuracy']:.4f} " if "accuracy" in report else ""
    calibration = f" ECE {report['ece']:.3f}" if "ece" in report else ""
    return f"{accuracy}F1 {report['macro_f1']:.4f}{calibration}"


def _report(task: TaskSpec, rows: Encoded, logits: Logits, known: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Any]:
    if task.kind != "tokens":
        values, targets = labelled_logits(task, rows, logits, known.tolist())
        found = probabilities(task, values.astype(np.float64))
        if task.kind == "text":
            return metrics.task_report(task, targets, found)
        return metrics.mention_report(task, np.repeat(known, [len(rows.places[task.name][i]) for i in known]), targets, found)
    true, guessed = [], []
    for i in known:
        tags = rows.tags[task.name][i]
        offsets = [(at, at + (tag != MISSING)) for at, tag in enumerate(tags)]
        true.append(tagged_spans(tags, offsets, task))
        best = whole_words(logits[task.name][i].argmax(-1), np.asarray(rows.inner[i]), task)
        guessed.append(tagged_spans(best.tolist(), offsets, task))
    return metrics.span_report(true, guessed, span_labels(task))
