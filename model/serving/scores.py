"""Probabilities of texts, as the engine returns them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def softmax(logits: NDArray[np.float32]) -> Probabilities:
    """Return float32 probabilities over the last axis."""
    powers: Probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    return powers
