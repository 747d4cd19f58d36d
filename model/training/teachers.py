"""What trained networks say of rows, for another one to learn from: labels where a set has none, softer ones where it has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xxhash
from scipy.special import softmax

from core.errors import ConfigurationError
from model.data import Row
from model.network import TOKENIZER_FILE, WEIGHTS_FILE, MultiTaskNetwork
from model.quantise import has_bf16
from model.tasks import TaskSpec
from model.tokens import load_tokenizer
from model.training.encoding import Encoded, encode
from model.training.judge import predictions
from model.training.runlog import RunLog

Soft = dict[str, np.ndarray[Any, np.dtype[np.float32]]]
_CHUNK = 2048


def soft_labels(
    rows: Sequence[Row], teachers: Sequence[Path], tasks: Sequence[TaskSpec], cache: Path, log: RunLog, weights: Sequence[float] = ()
) -> Soft:
    """Return the teachers' mean probabilities per text task that any of them has, shape (rows, labels).

    Args:
        rows: their texts are scored; labels are not looked at.
        teachers: checkpoint folders; a task is averaged over those that have it with the same labels.
        tasks: heads of the student.
        cache: folder where each teacher's probabilities are kept for the next run.
        log: progress.
        weights: of the teachers in the mean; empty: all alike.

    Raises:
        ConfigurationError: a folder is no checkpoint, or has none of the tasks; not one weight per teacher.
    """
    sums: Soft = {}
    totals: dict[str, float] = {}
    if weights and len(weights) != len(teachers):
        raise ConfigurationError(f"{len(weights)} teacher_weights for {len(teachers)} teachers", "give one for each")
    wanted = [task for task in tasks if task.kind == "text"]
    for folder, weight in zip(teachers, weights or [1.0] * len(teachers), strict=True):
        found = {name: p for name, p in _probabilities(rows, folder, cache, log).items() if name in {t.name for t in wanted}}
        if not found:
            raise ConfigurationError(f"teacher {folder} has none of the tasks {', '.join(t.name for t in wanted)}", "leave it out")
        for name, values in found.items():
            sums[name] = sums.get(name, 0.0) + weight * values
            totals[name] = totals.get(name, 0.0) + weight
    return {name: (values / totals[name]).astype(np.float32) for name, values in sums.items()}


def _probabilities(rows: Sequence[Row], folder: Path, cache: Path, log: RunLog) -> Soft:
    kept = cache / f"{_fingerprint(rows, folder)}.npz"
    if kept.is_file():
        with np.load(kept) as arrays:
            return dict(arrays)
    found = _score(rows, folder, log)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(kept, **found)  # type: ignore[arg-type]  # the stub takes the names for allow_pickle
    return found


def _score(rows: Sequence[Row], folder: Path, log: RunLog) -> Soft:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = MultiTaskNetwork.load(folder).to(device)
    tokenizer = load_tokenizer(folder / TOKENIZER_FILE, network.config.max_tokens)
    encoded = encode(rows, tokenizer, (), network.config.max_tokens)
    order = sorted(range(len(rows)), key=lambda i: len(encoded.ids[i]))
    found = {t.name: np.zeros((len(rows), len(t.labels)), dtype=np.float32) for t in network.config.tasks if t.kind == "text"}
    with log.progress(f"teacher {folder}", -(-len(rows) // _CHUNK)) as advance:
        for start in range(0, len(rows), _CHUNK):
            part = order[start : start + _CHUNK]
            with torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device)):
                logits = predictions(network, Encoded([encoded.ids[i] for i in part], {}, []), device)
            for name, values in found.items():
                values[part] = softmax(np.stack(logits[name]), axis=1)
            advance(float("nan"))
    return found


def _fingerprint(rows: Sequence[Row], folder: Path) -> str:
    digest: Any = xxhash.xxh3_64()
    with (folder / WEIGHTS_FILE).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    for row in rows:
        digest.update(row.text.encode("utf-8", "replace") + b"\0")
    return str(digest.hexdigest())
