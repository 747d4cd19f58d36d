"""Examples as the network reads them: token ids, labels per task, and the outputs of teachers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from squall.model.data.examples import Example
from squall.model.network import pad
from squall.model.outputs import is_known, target_array
from squall.model.spans import UNKNOWN, Span
from squall.model.tagging import Offsets, places, token_tags
from squall.model.tasks import MISSING, Label, TaskSpec
from squall.model.text_tokenizer import TextTokenizer
from squall.model.training.losses import Targets

Labels = np.ndarray[Any, np.dtype[Any]]
Place = tuple[int, int, Label]
"""A labelled span of a row: position of its first token, of the token after the last, and its label."""


@dataclass(frozen=True)
class Encoded:
    """Rows ready for training.

    Args:
        ids: token ids per row.
        labels: text task → targets per row as `squall.model.outputs.target_array` gives them.
        sources: name of the set each row is from.
        inner: per row whether each token continues the word of the one before.
        tags: tokens task → class index per token and row; an empty list where the row has no spans of that task.
        places: spans task → labelled spans per row.
        soft: text task → teachers' probabilities, shape (rows, labels).
        vectors: a teacher's standardised vectors of the texts, shape (rows, its width).
    """

    ids: list[list[int]]
    labels: Mapping[str, Labels]
    sources: list[str]
    inner: list[list[bool]]
    tags: Mapping[str, list[list[int]]] = field(default_factory=dict)
    places: Mapping[str, list[list[Place]]] = field(default_factory=dict)
    soft: Mapping[str, np.ndarray[Any, np.dtype[np.float32]]] = field(default_factory=dict)
    vectors: np.ndarray[Any, np.dtype[np.float16]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def flat(self, task: TaskSpec) -> Labels:
        """Return every target of `task` in the set, as `squall.model.outputs.target_array` gives them."""
        if task.kind == "text":
            return self.labels[task.name]
        if task.kind == "spans":
            return target_array(task, [label for row in self.places[task.name] for *_, label in row])
        return np.asarray([tag for row in self.tags[task.name] for tag in row], dtype=np.int64)

    def carrying(self, task: TaskSpec) -> list[int]:
        """Return the positions of the rows that carry a label of `task`."""
        if task.kind == "text":
            return np.flatnonzero(is_known(self.labels[task.name])).tolist()
        rows: Sequence[Sequence[Any]] = (self.tags if task.kind == "tokens" else self.places)[task.name]
        return [i for i, row in enumerate(rows) if row]

    def targets(self, rows: Sequence[int], tasks: Sequence[TaskSpec], device: torch.device) -> Targets:
        """Return what a batch of these row positions should give for `tasks`."""
        width = max(len(self.ids[i]) for i in rows)
        labels: dict[str, Labels] = {}
        spans: dict[str, torch.Tensor] = {}
        for task in tasks:
            if task.kind == "text":
                labels[task.name] = self.labels[task.name][rows]
            elif task.kind == "tokens":
                labels[task.name] = self._tags(task.name, rows, width)
            else:
                found = [(at, *place) for at, i in enumerate(rows) for place in self.places[task.name][i]]
                labels[task.name] = target_array(task, [label for *_, label in found])
                where = np.asarray([numbers for *numbers, _ in found], dtype=np.int64).reshape(-1, 3)
                spans[task.name] = torch.from_numpy(where).to(device)
        soft = {name: torch.from_numpy(values[rows]).to(device) for name, values in self.soft.items()}
        vectors = None if self.vectors is None else torch.from_numpy(self.vectors[rows]).to(device).float()
        return Targets({name: torch.from_numpy(values).to(device) for name, values in labels.items()}, soft, vectors, spans)

    def inputs(self, rows: Sequence[int], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (input_ids, attention_mask) of these row positions, shape (rows, longest)."""
        ids, mask = pad([self.ids[i] for i in rows])
        return ids.to(device), mask.to(device)

    def _tags(self, task: str, rows: Sequence[int], width: int) -> Labels:
        filled = np.full((len(rows), width), MISSING, dtype=np.int64)
        for position, i in enumerate(rows):
            filled[position, : len(self.tags[task][i])] = self.tags[task][i]
        return filled


def encode(rows: Sequence[Example], tokenizer: TextTokenizer, tasks: Sequence[TaskSpec]) -> Encoded:
    """Tokenise `rows`; spans become BIO tags of the tokens they cover, or places; a span that is cut off is left out."""
    texts = tokenizer.aligned([row.text for row in rows])
    pairs = list(zip(rows, texts, strict=True))
    tags = {
        task.name: [token_tags(row.spans[task.name], text.offsets, task) if task.name in row.spans else [] for row, text in pairs]
        for task in tasks
        if task.kind == "tokens"
    }
    found = {
        task.name: [_places(row.spans.get(task.name, ()), text.offsets, task) for row, text in pairs]
        for task in tasks
        if task.kind == "spans"
    }
    labels = {task.name: target_array(task, [row.labels.get(task.name) for row in rows]) for task in tasks if task.kind == "text"}
    return Encoded([text.ids for text in texts], labels, [row.source for row in rows], [text.inner for text in texts], tags, found)


def _places(spans: Sequence[Span], offsets: Offsets, task: TaskSpec) -> list[Place]:
    judged = [span for span in spans if span.label != UNKNOWN]
    return [
        (start, stop, task.label(span.label)) for span, (start, stop) in zip(judged, places(judged, offsets), strict=True) if stop > start
    ]
