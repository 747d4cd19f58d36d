"""Examples as the network reads them: token ids, labels per task, and the outputs of teachers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from squall.model.data.examples import Example, label_array
from squall.model.preprocess import prepare_aligned
from squall.model.tagging import moved, token_tags
from squall.model.tasks import MISSING, TaskSpec
from squall.model.tokenizer import pad
from squall.model.training.losses import Targets

Labels = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Encoded:
    """Rows ready for training.

    Args:
        ids: token ids per row.
        labels: text task → class index per row, shape (rows,), `MISSING` where it has none.
        tags: tokens task → class index per token and row; an empty list where the row has no spans of that task.
        sources: name of the set each row is from.
        soft: text task → teachers' probabilities, shape (rows, labels).
        vectors: a teacher's standardised vectors of the texts, shape (rows, its width).
    """

    ids: list[list[int]]
    labels: Mapping[str, Labels]
    sources: list[str]
    tags: Mapping[str, list[list[int]]] = field(default_factory=dict)
    soft: Mapping[str, np.ndarray[Any, np.dtype[np.float32]]] = field(default_factory=dict)
    vectors: np.ndarray[Any, np.dtype[np.float16]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def flat(self, task: TaskSpec) -> Labels:
        """Return every label of `task` in the set, shape (labels,)."""
        if task.kind == "text":
            return self.labels[task.name]
        return np.asarray([tag for row in self.tags[task.name] for tag in row], dtype=np.int64)

    def carrying(self, task: TaskSpec) -> list[int]:
        """Return the positions of the rows that carry a label of `task`."""
        if task.kind == "text":
            return np.flatnonzero(self.labels[task.name] != MISSING).tolist()
        return [i for i, row in enumerate(self.tags[task.name]) if row]

    def targets(self, rows: Sequence[int], device: torch.device) -> Targets:
        """Return what a batch of these row positions should give."""
        width = max(len(self.ids[i]) for i in rows)
        labels = {name: torch.from_numpy(values[rows]).to(device) for name, values in self.labels.items()}
        for name, tags in self.tags.items():
            filled = np.full((len(rows), width), MISSING, dtype=np.int64)
            for position, i in enumerate(rows):
                filled[position, : len(tags[i])] = tags[i]
            labels[name] = torch.from_numpy(filled).to(device)
        soft = {name: torch.from_numpy(values[rows]).to(device) for name, values in self.soft.items()}
        vectors = None if self.vectors is None else torch.from_numpy(self.vectors[rows]).to(device).float()
        return Targets(labels, soft, vectors)

    def inputs(self, rows: Sequence[int], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (input_ids, attention_mask) of these row positions, shape (rows, longest)."""
        ids, mask = pad([self.ids[i] for i in rows])
        return ids.to(device), mask.to(device)


def encode(rows: Sequence[Example], tokenizer: Tokenizer, tasks: Sequence[TaskSpec], max_tokens: int) -> Encoded:
    """Tokenise `rows`; spans become BIO tags of the tokens they cover."""
    prepared = [prepare_aligned(row.text, max_tokens) for row in rows]
    encoded = tokenizer.encode_batch([text for text, _ in prepared])
    tags = {
        task.name: [
            token_tags(moved(row.spans[task.name], origin), e.offsets, task) if task.name in row.spans else []
            for row, (_, origin), e in zip(rows, prepared, encoded, strict=True)
        ]
        for task in tasks
        if task.kind == "tokens"
    }
    labels = {task.name: label_array(rows, task.name) for task in tasks if task.kind == "text"}
    return Encoded([e.ids for e in encoded], labels, [row.source for row in rows], tags)
