"""Knowledge distillation: probabilities of trained networks (teachers), for another network to learn from beside the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xxhash

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import TOKENIZER_FILE, WEIGHTS_FILE, read_config
from squall.model.data.examples import Example
from squall.model.data.mentions.rewriting import RENAMED
from squall.model.hardware import has_bf16
from squall.model.network import MultiTaskNetwork
from squall.model.outputs import is_known, probabilities, target_array
from squall.model.tasks import TaskSpec
from squall.model.text_tokenizer import TextTokenizer
from squall.model.training.artifacts.run_log import RunLog
from squall.model.training.config import TrainConfig
from squall.model.training.encoding import encode
from squall.model.training.validation import PASS_ROWS, passes

Soft = dict[str, np.ndarray[Any, np.dtype[np.float32]]]
Vectors = np.ndarray[Any, np.dtype[np.float16]]
_VECTORS = "vectors of the texts"
"""Key of the text vectors beside the names of tasks; no task can have this name."""
_LAYOUT = b"probabilities and vectors"
"""Part of the cache's keys: change it when the stored outputs change."""


@dataclass(frozen=True)
class TeacherOutputs:
    """The outputs of the teachers for examples.

    Args:
        soft: text task → mean probabilities of the teachers that have it, shape (rows, labels).
        vectors: the first teacher's text vectors, each dimension with mean 0 and deviation 1 over the rows, shape (rows, width).
    """

    soft: Soft
    vectors: Vectors | None


def score_with_teachers(
    rows: Sequence[Example], tasks: Sequence[TaskSpec], config: TrainConfig, cache: Path, log: RunLog
) -> TeacherOutputs:
    """Score `rows` with the teachers of `config`.

    Args:
        rows: their texts are scored; labels are not looked at.
        tasks: heads of the student; a task is averaged over the teachers that have it with the same labels.
        config: the teachers' checkpoint folders and weights, and whether vectors are wanted.
        cache: folder where the outputs of each teacher are stored for the next run.
        log: progress.

    Raises:
        ConfigurationError: a folder is no checkpoint, or has none of the tasks; not one weight per teacher.
    """
    teachers, weights = config.teachers, config.teacher_weights
    if weights and len(weights) != len(teachers):
        raise ConfigurationError(f"{len(weights)} teacher_weights for {len(teachers)} teachers", "give one for each")
    sums: Soft = {}
    totals: dict[str, float] = {}
    vectors: Vectors | None = None
    wanted = {task.name for task in tasks if task.kind == "text"}
    for number, (folder, weight) in enumerate(zip(teachers, weights or [1.0] * len(teachers), strict=True)):
        outputs = _teacher_outputs(rows, folder, cache, log)
        if number == 0 and config.teacher_vectors:
            vectors = _standardised(outputs[_VECTORS])
        found = {name: values for name, values in _answers(outputs, folder, config).items() if name in wanted}
        if not found:
            raise ConfigurationError(f"teacher {folder} has none of the tasks {', '.join(sorted(wanted))}", "leave it out")
        for name, values in found.items():
            sums[name] = sums.get(name, 0.0) + weight * values
            totals[name] = totals.get(name, 0.0) + weight
    return TeacherOutputs({name: (values / totals[name]).astype(np.float32) for name, values in sums.items()}, vectors)


def with_own_labels(soft: Soft, rows: Sequence[Example], tasks: Sequence[TaskSpec], sources: Sequence[str]) -> Soft:
    """Return the teachers' probabilities with the rows' own labels in their place, where a row of `sources` has one.

    Args:
        soft: of the teachers.
        rows: what they were asked about.
        tasks: heads of the student.
        sources: names of sets; the copies with other names (`rewriting.renamed`) belong to theirs.
    """
    own = [row.source.removesuffix(RENAMED) in sources for row in rows]
    found = {name: values.copy() for name, values in soft.items()}
    for task in tasks:
        if task.name in found and any(own):
            labels = [row.labels.get(task.name) if mine else None for row, mine in zip(rows, own, strict=True)]
            targets = target_array(task, labels)
            known = is_known(targets)
            found[task.name][known] = np.eye(len(task.labels), dtype=np.float32)[targets[known]] if targets.ndim == 1 else targets[known]
    return found


def _answers(outputs: Mapping[str, Any], folder: Path, config: TrainConfig) -> Mapping[str, Any]:
    """Return what a teacher's heads say, by task: of a mixture the answer, or each of its heads where the student has the same."""
    mixture = read_config(folder).mixture
    if mixture is None or (config.mixture and config.mixture.heads == mixture.heads):
        return outputs
    own, other, gate = (outputs[name] for name in mixture.heads)
    rest = {name: values for name, values in outputs.items() if name not in mixture.heads}
    return {**rest, mixture.task: gate[:, :1] * own + gate[:, 1:] * other}


def _standardised(vectors: Vectors) -> Vectors:
    values = vectors.astype(np.float32)
    standard: Vectors = ((values - values.mean(0)) / np.maximum(values.std(0), 1e-6)).astype(np.float16)
    return standard


def _teacher_outputs(rows: Sequence[Example], folder: Path, cache: Path, log: RunLog) -> dict[str, Any]:
    cached = cache / f"{_fingerprint(rows, folder)}.npz"
    if cached.is_file():
        with np.load(cached) as arrays:
            return dict(arrays)
    found = _score(rows, folder, log)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(cached, **found)
    return found


def _score(rows: Sequence[Example], folder: Path, log: RunLog) -> dict[str, Any]:
    """Return a teacher's probabilities per text task, and its text vectors."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = MultiTaskNetwork.load(folder).to(device)
    tokenizer = TextTokenizer(folder / TOKENIZER_FILE, network.config.max_tokens, network.config.case_vocabulary)
    encoded = encode(rows, tokenizer, ())
    tasks = [task for task in network.config.tasks if task.kind == "text"]
    found: dict[str, Any] = {}
    steps = -(-len(rows) // PASS_ROWS)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device))
    with log.progress(f"teacher {folder}", steps) as advance, autocast:
        for part, texts, logits in passes(network, encoded, device):
            answers = {task.name: probabilities(task, logits[task.name].float().cpu().numpy()) for task in tasks}
            for name, values in {**answers, _VECTORS: texts.half().cpu().numpy()}.items():
                found.setdefault(name, np.zeros((len(rows), values.shape[1]), dtype=values.dtype))[part] = values
            advance(float("nan"))
    return found


def _fingerprint(rows: Sequence[Example], folder: Path) -> str:
    digest: Any = xxhash.xxh3_64(_LAYOUT)
    with (folder / WEIGHTS_FILE).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    for row in rows:
        digest.update(row.text.encode("utf-8", "replace") + b"\0")
    return str(digest.hexdigest())
