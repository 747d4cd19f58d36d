"""Probabilities of texts, as the engine returns them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from squall.model.spans import Span
from squall.model.tasks import TaskSpec

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """The probabilities of n texts, in their order.

    Args:
        topic: float32, shape (n, 20), rows sum to 1, columns as `squall.core.records.TOPICS`.
        sentiment: float32, shape (n, 3), rows sum to 1, columns as `squall.core.records.SENTIMENTS`.
        model_version: the model that scored them; one for all texts of a call.
    """

    topic: Probabilities
    sentiment: Probabilities
    model_version: str

    def __len__(self) -> int:
        return len(self.topic)


@dataclass(frozen=True)
class Predictions:
    """The output of every head for n texts, in their order.

    Args:
        probabilities: per text task float32, shape (n, labels), rows sum to 1, columns as the task's labels.
        spans: per tokens task the spans of each text, sorted; offsets count in the text as it was given.
        tasks: the heads of the checkpoint.
        model_version: the model that scored them; one for all texts of a call.
    """

    probabilities: dict[str, Probabilities]
    spans: dict[str, list[list[Span]]]
    tasks: tuple[TaskSpec, ...]
    model_version: str


def softmax(logits: NDArray[np.float32]) -> Probabilities:
    """Return float32 probabilities over the last axis."""
    powers: Probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    return powers
