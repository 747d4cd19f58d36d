"""The only door to the model: texts in, probabilities out."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xxhash
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.settings import ModelSettings
from model import preprocess
from model.network import SHIPPED, TOKENIZER_FILE, WEIGHTS_FILE, MultiTaskNetwork
from model.quantise import has_bf16, has_vnni, quantise
from model.tasks import DEFAULT_TASKS, SENTIMENT, TOPIC, TaskSpec
from model.tokens import load_tokenizer, pad

Probabilities = NDArray[np.float32]
_WIDTH_STEP = 8
_CHUNK = 4096
"""Texts tokenised at once: bounds memory, and the sort still has enough to choose from."""


@dataclass(frozen=True)
class Scores:
    """What the model says of n texts, in their order.

    Args:
        topic: float32, shape (n, 20), rows sum to 1, columns as `core.records.TOPICS`.
        sentiment: float32, shape (n, 3), rows sum to 1, columns as `core.records.SENTIMENTS`.
    """

    topic: Probabilities
    sentiment: Probabilities

    def __len__(self) -> int:
        return len(self.topic)


class ScoringEngine:
    """A network ready to score; use `open`. Every method may be called from several threads.

    Args:
        network: the trained network.
        folder: where it came from, for tokenizer and version.
        settings: precision, device, token limits, threads.
    """

    def __init__(self, network: MultiTaskNetwork, folder: Path, settings: ModelSettings) -> None:
        self.device = _device(settings)
        self.precision = _precision(settings, self.device)
        self.tasks = network.config.tasks
        self._settings = settings
        self._lock = threading.Lock()
        limit = int(network.config.encoder.get("max_position_embeddings", settings.max_tokens))
        self._max_tokens = min(settings.max_tokens, limit)
        self._tokenizer = load_tokenizer(folder / TOKENIZER_FILE, self._max_tokens)
        self._columns = {task.name: _columns(task, self.tasks) for task in DEFAULT_TASKS}
        self._network = _prepared(network, self.device, self.precision)
        self.model_version = _version(folder, network.config.name, self.precision, self._max_tokens)
        torch.set_num_threads(settings.threads or os.cpu_count() or 1)

    @classmethod
    def open(cls, settings: ModelSettings) -> ScoringEngine:
        """Load the checkpoint in `settings.path`, or the shipped one.

        Raises:
            ConfigurationError: the folder is no checkpoint, lacks a head, or the device or precision can't be had.
        """
        folder = settings.path or SHIPPED
        return cls(MultiTaskNetwork.load(folder), folder, settings)

    def score(self, texts: Sequence[str]) -> Scores:
        """Score any number of texts, the empty one too; results keep their order.

        A text's scores don't depend on the texts beside it (float tolerance).
        """
        found = self.probabilities(texts)
        return Scores(*(found[task.name][:, self._columns[task.name]] for task in (TOPIC, SENTIMENT)))

    def probabilities(self, texts: Sequence[str]) -> dict[str, Probabilities]:
        """Return per task float32 probabilities, shape (texts, labels), columns in the checkpoint's own order."""
        found = {task.name: np.zeros((len(texts), len(task.labels)), dtype=np.float32) for task in self.tasks}
        for start in range(0, len(texts), _CHUNK):
            prepared = [preprocess.prepare(text, self._max_tokens) for text in texts[start : start + _CHUNK]]
            ids = [encoding.ids for encoding in self._tokenizer.encode_batch(prepared)]
            for width, rows in packed([len(row) for row in ids], self._settings.batch_tokens):
                for task, values in self._forward([ids[i] for i in rows], width).items():
                    found[task][[start + i for i in rows]] = values
        return found

    def warm_up(self) -> None:
        """Run one small batch, so that the first real one isn't the slow one."""
        self.score(["Shares of the bank fell after a profit warning", "ok"])

    def _forward(self, ids: Sequence[Sequence[int]], width: int) -> dict[str, Probabilities]:
        input_ids, mask = pad(ids, width)
        with self._lock, torch.inference_mode():
            logits = self._network(input_ids.to(self.device), mask.to(self.device))
            return {task: values.float().softmax(-1).cpu().numpy() for task, values in logits.items()}


def packed(lengths: Sequence[int], budget: int) -> Iterator[tuple[int, list[int]]]:
    """Yield (width, row positions): batches of rows that are padded to one width, rows × width within `budget`.

    The width is the row's own length rounded up to a multiple of 8, never the longest neighbour's: so a text always meets
    the same padding and its scores come out the same in any company. A row longer than the budget is a batch of its own.
    """
    by_width: dict[int, list[int]] = {}
    for position, length in enumerate(lengths):
        by_width.setdefault(-(-max(1, length) // _WIDTH_STEP) * _WIDTH_STEP, []).append(position)
    for width, rows in sorted(by_width.items()):
        size = max(1, budget // width)
        for start in range(0, len(rows), size):
            yield width, rows[start : start + size]


def _device(settings: ModelSettings) -> torch.device:
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("model.device is cuda, and torch sees no GPU", "set SQUALL_MODEL__DEVICE=cpu or auto")
    cuda = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if cuda else "cpu")


def _precision(settings: ModelSettings, device: torch.device) -> str:
    if settings.precision == "int8" and device.type == "cuda":
        raise ConfigurationError("model.precision int8 is for the CPU", "set SQUALL_MODEL__PRECISION=bf16 or auto")
    if settings.precision != "auto":
        return settings.precision
    if has_bf16(device):
        return "bf16"  # on CPUs that have it faster than int8, and exactly the same in any batch
    return "int8" if has_vnni() and device.type == "cpu" else "fp32"


def _prepared(network: MultiTaskNetwork, device: torch.device, precision: str) -> MultiTaskNetwork:
    network.eval().requires_grad_(False)
    if device.type == "cpu":
        network.encoder.set_attn_implementation("eager")  # type: ignore[operator]  # faster than sdpa on short texts
    if precision == "bf16":
        network = network.bfloat16()
    if precision == "int8":
        quantise(network.encoder)  # heads stay fp32: they are tiny
    return network.to(device)


def _columns(task: TaskSpec, available: Sequence[TaskSpec]) -> list[int]:
    """Positions of our labels among the checkpoint's."""
    for candidate in available:
        if candidate.name == task.name and set(candidate.labels) == set(task.labels):
            return [candidate.labels.index(label) for label in task.labels]
    raise ConfigurationError(
        f"the model has no {task.name} head with the labels {', '.join(task.labels)}", "set SQUALL_MODEL__PATH to another one"
    )


def _version(folder: Path, name: str, precision: str, max_tokens: int) -> str:
    """Name the scores, not only the weights: everything that changes a score is in the hash."""
    digest: Any = xxhash.xxh3_64()
    with (folder / WEIGHTS_FILE).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    digest.update((folder / TOKENIZER_FILE).read_bytes())
    digest.update(f"{precision}/{max_tokens}/{preprocess.VERSION}".encode())
    return f"{name}-{digest.hexdigest()[:8]}"
