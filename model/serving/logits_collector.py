"""Collects the logits of one call, whose texts may be run in several batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from squall.model.serving.backends.base import Logits
from squall.model.tasks import TaskSpec


class LogitsCollector:
    """Collects a call's logits.

    Args:
        tasks: those wanted.
        texts: how many texts the call has.
    """

    def __init__(self, tasks: Sequence[TaskSpec], texts: int) -> None:
        self.text: dict[str, NDArray[np.float32]] = {
            task.name: np.zeros((texts, len(task.labels)), dtype=np.float32) for task in tasks if task.kind == "text"
        }
        """Per text task the logits, shape (texts, labels)."""
        self.tokens: dict[str, list[NDArray[np.float32]]] = {
            task.name: [np.zeros((0, len(task.labels)), dtype=np.float32)] * texts for task in tasks if task.kind == "tokens"
        }
        """Per tokens task and text the logits, shape (tokens or more, labels)."""

    def put(self, logits: Logits, rows: Sequence[int], positions: Sequence[int]) -> None:
        """Keep rows `rows` of `logits` as the results at `positions`."""
        for name, values in self.text.items():
            values[positions] = logits[name][rows]
        for name, per_text in self.tokens.items():
            for row, position in zip(rows, positions, strict=True):
                per_text[position] = logits[name][row].copy()
